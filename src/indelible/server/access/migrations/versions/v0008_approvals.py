"""Acts that wait for a second person, and the kinds of act that do."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0004"

_TABLES = (
    """
    CREATE TABLE approval(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL CHECK(state IN
            ('waiting', 'approved', 'refused', 'withdrawn', 'expired')),
        title TEXT NOT NULL,
        reason TEXT NOT NULL,
        target_type TEXT NOT NULL,
        target TEXT NOT NULL,
        act TEXT NOT NULL,
        shown TEXT NOT NULL,
        asker TEXT NOT NULL,
        asker_name TEXT NOT NULL,
        asked_us INTEGER NOT NULL,
        expires_us INTEGER NOT NULL,
        decider TEXT,
        decider_name TEXT,
        decided_us INTEGER,
        decision TEXT,
        done_us INTEGER
    ) STRICT
    """,
    "CREATE INDEX approval_tenant ON approval(tenant, asked_us)",
    """
    CREATE TABLE four_eyes(
        tenant INTEGER NOT NULL,
        kind TEXT NOT NULL,
        is_on INTEGER NOT NULL CHECK(is_on IN (0, 1)),
        PRIMARY KEY(tenant, kind)
    ) STRICT
    """,
)


def upgrade() -> None:
    """Makes the tables."""
    for table in _TABLES:
        op.execute(table)
