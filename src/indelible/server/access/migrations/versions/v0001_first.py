"""Accounts, one-time links, logins, API keys, limits of attempts, settings, own events."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE person(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        email TEXT NOT NULL,
        email_folded TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK(role IN ('viewer', 'auditor', 'admin')),
        password TEXT NOT NULL,
        created_us INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE link(
        token_hash BLOB PRIMARY KEY,
        tenant INTEGER NOT NULL,
        person TEXT REFERENCES person(id),
        email TEXT,
        role TEXT NOT NULL CHECK(role IN ('viewer', 'auditor', 'admin')),
        created_us INTEGER NOT NULL,
        expires_us INTEGER NOT NULL,
        used_us INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE session(
        token_hash BLOB PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        person TEXT NOT NULL REFERENCES person(id),
        created_us INTEGER NOT NULL,
        seen_us INTEGER NOT NULL,
        ip TEXT,
        user_agent TEXT
    ) STRICT
    """,
    "CREATE INDEX session_person ON session(person)",
    """
    CREATE TABLE api_key(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL CHECK(kind IN ('w', 'r', 'a')),
        secret_hash BLOB NOT NULL,
        created_us INTEGER NOT NULL,
        last_used_us INTEGER,
        revoked_us INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE attempt(
        bucket BLOB PRIMARY KEY,
        level REAL NOT NULL,
        at_us INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE tenant_setting(
        tenant INTEGER NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY(tenant, name)
    ) STRICT
    """,
    """
    CREATE TABLE own_event(
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant INTEGER NOT NULL,
        event TEXT NOT NULL
    ) STRICT
    """,
)


def upgrade() -> None:
    """From an empty file."""
    for statement in _TABLES:
        op.execute(statement)
