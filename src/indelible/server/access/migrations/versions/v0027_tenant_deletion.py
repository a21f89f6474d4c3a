"""Deletions of tenants: announced, withdrawn, under way and done, with their certificates."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"

_ONE_AT_A_TIME = (
    "CREATE UNIQUE INDEX tenant_deletion_leaving ON tenant_deletion(leaving)"
    " WHERE state NOT IN ('withdrawn', 'refused')"
)
# No column is called `tenant`: what belongs to a tenant goes with it, and this stays.
_TABLES = (
    """
    CREATE TABLE tenant_deletion(
        id TEXT PRIMARY KEY,
        leaving INTEGER NOT NULL,
        name TEXT NOT NULL,
        origin TEXT NOT NULL,
        home INTEGER NOT NULL,
        state TEXT NOT NULL CHECK(state IN
            ('announced', 'closing', 'removing', 'deleted', 'withdrawn', 'refused')),
        approval TEXT NOT NULL,
        reason TEXT NOT NULL,
        asker TEXT NOT NULL,
        asker_name TEXT NOT NULL,
        asked_us INTEGER NOT NULL,
        approver TEXT NOT NULL,
        approver_name TEXT NOT NULL,
        approved_us INTEGER NOT NULL,
        due_us INTEGER NOT NULL,
        ended_us INTEGER,
        note TEXT,
        numbers TEXT NOT NULL,
        certificate TEXT
    ) STRICT
    """,
    "CREATE UNIQUE INDEX tenant_deletion_approval ON tenant_deletion(approval)",
    _ONE_AT_A_TIME,
)


def upgrade() -> None:
    """One at a time for a tenant; one that was deleted is never another's."""
    for statement in _TABLES:
        op.execute(statement)
