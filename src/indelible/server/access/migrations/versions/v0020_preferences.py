"""How each person likes their screen: columns, density, times."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0022"

_TABLE = """
    CREATE TABLE preference(
        tenant INTEGER NOT NULL,
        person TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        changed_us INTEGER NOT NULL,
        PRIMARY KEY(tenant, person, name)
    ) STRICT
"""


def upgrade() -> None:
    """Makes the table."""
    op.execute(_TABLE)
