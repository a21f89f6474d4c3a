"""
One address may have an account in several tenants.

SQLite cannot take a constraint off, so the table is made again from its own text. Who upgrades has
foreign keys switched off (`control.py`): else what belongs to an account would go with the old
table.
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0020"

_BEFORE = "email_folded TEXT NOT NULL UNIQUE"
_AFTER = "email_folded TEXT NOT NULL"


def upgrade() -> None:
    """From addresses that are unique in the whole folder."""
    connection = op.get_bind()
    rows = connection.exec_driver_sql(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'person' AND sql IS NOT NULL"
    ).fetchall()
    table = next(sql for kind, sql in rows if kind == "table")
    if _BEFORE not in table:
        raise RuntimeError("the table of accounts is not as this version knows it")
    new = table.replace(_BEFORE, _AFTER).replace("person", "person_new", 1)
    op.execute(new)
    op.execute("INSERT INTO person_new SELECT * FROM person")
    op.execute("DROP TABLE person")
    op.execute("ALTER TABLE person_new RENAME TO person")
    for kind, sql in rows:
        if kind == "index":
            op.execute(sql)
    op.execute("CREATE UNIQUE INDEX person_email ON person(email_folded, tenant)")
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"{len(broken)} rows would lose what they belong to")
