"""What an identity provider said of a login, and logout tokens that were taken already."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """`grades` is JSON: the values of acr and amr; `sid` the provider's name of the login."""
    op.execute("ALTER TABLE session ADD COLUMN sid TEXT")
    op.execute("ALTER TABLE session ADD COLUMN grades TEXT NOT NULL DEFAULT '[]'")
    op.execute(
        "CREATE TABLE logout_token(jti_hash BLOB PRIMARY KEY, until_us INTEGER NOT NULL) STRICT"
    )
