"""The part of the log that somebody is bound to from the invitation on."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """JSON as in `person.scope`; null is all of it."""
    op.execute("ALTER TABLE link ADD COLUMN scope TEXT")
