"""Holds, and requests to erase parts of events."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0006"

_TABLES = (
    """
    CREATE TABLE hold(
        id INTEGER NOT NULL,
        tenant INTEGER NOT NULL,
        state TEXT NOT NULL CHECK(state IN ('placing', 'open', 'releasing', 'released')),
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        wanted TEXT NOT NULL,
        owner TEXT NOT NULL,
        owner_name TEXT NOT NULL,
        placed_us INTEGER NOT NULL,
        entry INTEGER,
        through INTEGER NOT NULL,
        matched INTEGER NOT NULL,
        releaser TEXT,
        releaser_name TEXT,
        release_reason TEXT,
        released_us INTEGER,
        release_entry INTEGER,
        PRIMARY KEY(tenant, id)
    ) STRICT
    """,
    """
    CREATE TABLE erasure(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        state TEXT NOT NULL CHECK(state IN
            ('waiting', 'approved', 'removing', 'done', 'refused', 'withdrawn', 'expired')),
        asked TEXT NOT NULL,
        case_number TEXT NOT NULL,
        reason INTEGER NOT NULL,
        parts INTEGER NOT NULL,
        asker TEXT NOT NULL,
        asker_name TEXT NOT NULL,
        asked_us INTEGER NOT NULL,
        approver TEXT,
        approver_name TEXT,
        due_us INTEGER,
        ended_us INTEGER,
        outcome TEXT NOT NULL,
        certificate TEXT
    ) STRICT
    """,
    "CREATE INDEX erasure_tenant ON erasure(tenant, asked_us)",
)


def upgrade() -> None:
    """Makes the tables."""
    for table in _TABLES:
        op.execute(table)
