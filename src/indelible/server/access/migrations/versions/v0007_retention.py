"""Who saved which policy and why, what the sweeper is about, and its completed removals."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0005"

_TABLES = (
    """
    CREATE TABLE policy_note(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        version INTEGER NOT NULL,
        is_saved INTEGER NOT NULL CHECK(is_saved IN (0, 1)),
        person TEXT NOT NULL,
        person_name TEXT NOT NULL,
        reason TEXT,
        saved_us INTEGER NOT NULL,
        withdraws INTEGER,
        event TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX policy_note_version ON policy_note(tenant, version)",
    """
    CREATE TABLE removal(
        tenant INTEGER NOT NULL,
        idx INTEGER NOT NULL,
        state TEXT NOT NULL CHECK(state IN ('declared', 'indexed', 'removed', 'done')),
        events INTEGER NOT NULL,
        changed_us INTEGER NOT NULL,
        PRIMARY KEY(tenant, idx)
    ) STRICT
    """,
    """
    CREATE TABLE sweep(
        tenant INTEGER PRIMARY KEY,
        swept_us INTEGER NOT NULL,
        clock_us INTEGER NOT NULL,
        stopped TEXT
    ) STRICT
    """,
)


def upgrade() -> None:
    """Makes the tables."""
    for table in _TABLES:
        op.execute(table)
