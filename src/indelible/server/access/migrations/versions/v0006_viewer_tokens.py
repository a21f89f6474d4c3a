"""Viewer tokens: what a host's backend asks for, so that its people see a part of the log."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0008"


def upgrade() -> None:
    """One row per token; `grant_json` is what it grants, and never changes."""
    op.execute(
        """
        CREATE TABLE viewer_token(
            id TEXT PRIMARY KEY,
            tenant INTEGER NOT NULL,
            api_key TEXT NOT NULL REFERENCES api_key(id),
            secret_hash BLOB NOT NULL,
            grant_json TEXT NOT NULL,
            created_us INTEGER NOT NULL,
            expires_us INTEGER NOT NULL,
            revoked_us INTEGER
        ) STRICT
        """
    )
    op.execute("CREATE INDEX viewer_token_tenant ON viewer_token(tenant, expires_us)")
