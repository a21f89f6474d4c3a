"""
Keys of kind s, which provision accounts by SCIM, and what a directory says of an account.

SQLite cannot widen a check: the table of keys is made anew, and with it the one that points there.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0009"

_KEYS = (
    """
    CREATE TABLE new_key(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL CHECK(kind IN ('w', 'r', 'a', 's')),
        secret_hash BLOB NOT NULL,
        created_us INTEGER NOT NULL,
        last_used_us INTEGER,
        revoked_us INTEGER,
        scope TEXT,
        expires_us INTEGER,
        networks TEXT,
        old_hash BLOB,
        old_until_us INTEGER
    ) STRICT
    """,
    """
    INSERT INTO new_key SELECT id, tenant, name, kind, secret_hash, created_us, last_used_us,
        revoked_us, scope, expires_us, networks, old_hash, old_until_us FROM api_key
    """,
    """
    CREATE TABLE new_token(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        api_key TEXT NOT NULL REFERENCES new_key(id),
        secret_hash BLOB NOT NULL,
        grant_json TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        expires_us INTEGER NOT NULL,
        revoked_us INTEGER
    ) STRICT
    """,
    """
    INSERT INTO new_token SELECT id, tenant, api_key, secret_hash, grant_json, created_us,
        expires_us, revoked_us FROM viewer_token
    """,
    "DROP TABLE viewer_token",
    "DROP TABLE api_key",
    "ALTER TABLE new_key RENAME TO api_key",
    "ALTER TABLE new_token RENAME TO viewer_token",
    "CREATE INDEX viewer_token_tenant ON viewer_token(tenant, expires_us)",
)
_PROVISIONING = (
    # `active` is what the directory says; the account is open when it has a role, too.
    """
    CREATE TABLE scim_user(
        person TEXT PRIMARY KEY REFERENCES person(id) ON DELETE CASCADE,
        tenant INTEGER NOT NULL,
        user_name TEXT NOT NULL,
        user_name_folded TEXT NOT NULL,
        external_id TEXT,
        active INTEGER NOT NULL,
        adopted INTEGER NOT NULL,
        attributes TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        changed_us INTEGER NOT NULL,
        UNIQUE(tenant, user_name_folded)
    ) STRICT
    """,
    "CREATE INDEX scim_member_person ON scim_member(person)",
)


def upgrade() -> None:
    """From the tables of holds and erasures."""
    for statement in (*_KEYS, *_PROVISIONING):
        op.execute(statement)
