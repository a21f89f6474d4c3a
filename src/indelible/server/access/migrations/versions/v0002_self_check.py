"""How far the service has checked its own ledger, and what it found."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One row per tenant: the round under way, the last whole one, the last fault."""
    op.execute(
        """
        CREATE TABLE self_check(
            tenant INTEGER PRIMARY KEY,
            next_index INTEGER NOT NULL,
            begun_us INTEGER NOT NULL,
            done_us INTEGER,
            done_size INTEGER,
            fault_us INTEGER,
            fault_index INTEGER,
            fault TEXT
        ) STRICT
        """
    )
