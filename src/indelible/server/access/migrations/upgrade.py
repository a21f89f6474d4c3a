"""
Brings a control database to the present schema, all steps in one transaction.

A crash in the middle leaves the old schema: SQLite rolls back when the file is opened next. The
schema's number stands in `user_version` too, so that a database that needs nothing is opened
without loading Alembic, which takes longer than most commands do.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 17
"""How many revisions there are in `versions/`; a test counts."""

_FOLDER = Path(__file__).parent
_FIRST = "0001"


def upgrade(connection: sqlite3.Connection) -> None:
    """
    Runs the missing revisions on a connection in autocommit mode, whose schema is older.

    Raises sqlite3.Error; then nothing has changed. When another process was quicker, nothing is
    left to do.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    engine = create_engine(
        "sqlite://", creator=lambda: connection, poolclass=StaticPool, pool_reset_on_return=None
    )
    # The driver begins no transactions by itself, so that tables are made inside of ours.
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)

    def steps(found: Any, _context: Any) -> Any:
        # Databases from before Alembic carry only their number: it was the first revision.
        (number,) = connection.execute("PRAGMA user_version").fetchone()
        if not found and number:
            stamped = scripts._stamp_revs(_FIRST, ())
            return [*stamped, *scripts._upgrade_revs("head", _FIRST)]
        return scripts._upgrade_revs("head", found)

    try:
        with engine.connect() as bound, EnvironmentContext(config, scripts, fn=steps) as migration:
            migration.configure(
                connection=bound, transactional_ddl=True, transaction_per_migration=False
            )
            with migration.begin_transaction():
                migration.run_migrations()
                bound.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise error.orig from error
        raise
