"""Views of the list that people saved, and which one opens for whom."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = (
    """
    CREATE TABLE saved_view(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        owner TEXT NOT NULL,
        owner_name TEXT NOT NULL,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        shared INTEGER NOT NULL CHECK(shared IN (0, 1)),
        version INTEGER NOT NULL,
        created_us INTEGER NOT NULL,
        changed_us INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX saved_view_tenant ON saved_view(tenant, owner)",
    """
    CREATE TABLE view_mark(
        tenant INTEGER NOT NULL,
        owner TEXT NOT NULL,
        view TEXT NOT NULL,
        starred INTEGER NOT NULL CHECK(starred IN (0, 1)),
        opens INTEGER NOT NULL CHECK(opens IN (0, 1)),
        PRIMARY KEY(tenant, owner, view)
    ) STRICT
    """,
)


def upgrade() -> None:
    """Makes the tables."""
    for table in _TABLES:
        op.execute(table)
