"""
Scopes of people and keys, keys that end and are replaced, second factors, passkeys, logins with a
time at which they were last confirmed, accounts of identity providers, groups of provisioning.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0007"

_ADDED = (
    # What a person sees of the log, as JSON; null is all of it.
    "ALTER TABLE person ADD COLUMN scope TEXT",
    "ALTER TABLE person ADD COLUMN active INTEGER NOT NULL DEFAULT 1",
    # Who vouches for the account: null, an OIDC issuer, `proxy` or `scim`; and its name there.
    "ALTER TABLE person ADD COLUMN issuer TEXT",
    "ALTER TABLE person ADD COLUMN subject TEXT",
    "CREATE UNIQUE INDEX person_subject ON person(issuer, subject) WHERE subject IS NOT NULL",
    "ALTER TABLE api_key ADD COLUMN scope TEXT",
    "ALTER TABLE api_key ADD COLUMN expires_us INTEGER",
    "ALTER TABLE api_key ADD COLUMN networks TEXT",
    # The secret before the last rotation, and until when it is still taken.
    "ALTER TABLE api_key ADD COLUMN old_hash BLOB",
    "ALTER TABLE api_key ADD COLUMN old_until_us INTEGER",
    "ALTER TABLE session ADD COLUMN confirmed_us INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE session ADD COLUMN way TEXT NOT NULL DEFAULT 'password'",
)
_TABLES = (
    """
    CREATE TABLE totp(
        person TEXT PRIMARY KEY REFERENCES person(id) ON DELETE CASCADE,
        secret TEXT NOT NULL,
        confirmed_us INTEGER,
        last_step INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    """
    CREATE TABLE recovery_code(
        person TEXT NOT NULL REFERENCES person(id) ON DELETE CASCADE,
        code_hash BLOB NOT NULL,
        PRIMARY KEY(person, code_hash)
    ) STRICT
    """,
    """
    CREATE TABLE passkey(
        id TEXT PRIMARY KEY,
        person TEXT NOT NULL REFERENCES person(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        public_key BLOB NOT NULL,
        sign_count INTEGER NOT NULL,
        transports TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        used_us INTEGER
    ) STRICT
    """,
    # A login that has begun and waits for its next step; `data` is JSON.
    """
    CREATE TABLE login_step(
        token_hash BLOB PRIMARY KEY,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        expires_us INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE scim_group(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        name TEXT NOT NULL,
        external_id TEXT,
        created_us INTEGER NOT NULL,
        changed_us INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE scim_member(
        scim_group TEXT NOT NULL REFERENCES scim_group(id) ON DELETE CASCADE,
        person TEXT NOT NULL REFERENCES person(id) ON DELETE CASCADE,
        PRIMARY KEY(scim_group, person)
    ) STRICT
    """,
)


def upgrade() -> None:
    """From the tables of the views and exports."""
    for statement in (*_ADDED, *_TABLES):
        op.execute(statement)
