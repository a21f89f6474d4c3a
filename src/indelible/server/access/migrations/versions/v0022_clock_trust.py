"""What the sweeper knows of the clock, so that a jump is noticed across a restart."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"

_COLUMNS = (
    "boot TEXT NOT NULL DEFAULT ''",
    "offset_us INTEGER NOT NULL DEFAULT 0",
    "doubt TEXT CHECK(doubt IN ('jump', 'behind', 'pause'))",
    "doubt_s INTEGER NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    """Adds the columns; what stands still for an unnamed reason does so for a jump."""
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE sweep ADD COLUMN {column}")
    op.execute("UPDATE sweep SET doubt = 'jump' WHERE stopped IS NOT NULL")
