"""Exports that run in the background, and those that have."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One row per export; `job` is all that never changes once it was asked for."""
    op.execute(
        """
        CREATE TABLE export_job(
            id TEXT PRIMARY KEY,
            tenant INTEGER NOT NULL,
            state TEXT NOT NULL CHECK(state IN
                ('waiting', 'running', 'done', 'failed', 'cancelled', 'expired')),
            job TEXT NOT NULL,
            created_us INTEGER NOT NULL,
            started_us INTEGER,
            ended_us INTEGER,
            rows INTEGER,
            bytes INTEGER,
            sha256 TEXT,
            reason TEXT
        ) STRICT
        """
    )
    op.execute("CREATE INDEX export_job_tenant ON export_job(tenant, created_us)")
