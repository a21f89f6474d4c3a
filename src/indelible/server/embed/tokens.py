"""
Viewer tokens: made for a host's backend, found by each request, ended by time, by hand or with
the key that asked for them. Only the SHA-256 of a secret is stored.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

import msgspec

from indelible.clock import Clock
from indelible.codec import decode_json, encode_json
from indelible.errors import Conflict, NotFound
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.token import ViewerText, parse_viewer
from indelible.server.embed.grant import Grant

MOST: Final = 20_000
"""Tokens of one tenant that can be used at the same time."""
_KEPT_US: Final = 24 * 3600 * 1_000_000
_COLUMNS: Final = "id, tenant, api_key, secret_hash, grant_json, created_us, expires_us, revoked_us"

_NAMED: Final = ", ".join(f"t.{column}" for column in _COLUMNS.split(", "))
# The columns are ours. A token ends with the key that asked for it.
_USABLE: Final = (
    f"SELECT {_NAMED} FROM viewer_token t JOIN api_key k ON k.id = t.api_key"  # noqa: S608
    " WHERE t.expires_us > ? AND t.revoked_us IS NULL AND k.revoked_us IS NULL"
    " AND (k.expires_us IS NULL OR k.expires_us > ?)"
)


class ViewerToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token without its secret."""

    id: str
    tenant_id: int
    key_id: str
    secret_hash: bytes
    grant: Grant
    created_us: int
    expires_us: int
    revoked_us: int | None


class ViewerTokens:
    """The viewer tokens of all tenants. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def add(
        self, text: ViewerText, key_id: str, grant: Grant, lifetime_s: int, event: OwnEvent
    ) -> ViewerToken:
        """Stores a new token, with its event. Raises Conflict when too many are in use."""
        now_us = self._clock.now_us()
        tenant_id = grant.reach.tenant_id
        token = ViewerToken(
            id=text.id,
            tenant_id=tenant_id,
            key_id=key_id,
            secret_hash=text.secret_hash,
            grant=grant,
            created_us=now_us,
            expires_us=now_us + lifetime_s * 1_000_000,
            revoked_us=None,
        )
        with self._control.write() as transaction:
            transaction.execute(
                "DELETE FROM viewer_token WHERE expires_us < ?", (now_us - _KEPT_US,)
            )
            (number,) = transaction.execute(
                "SELECT count(*) FROM viewer_token"
                " WHERE tenant = ? AND expires_us > ? AND revoked_us IS NULL",
                (tenant_id, now_us),
            ).fetchone()
            if number >= MOST:
                raise Conflict(
                    f"{MOST:,} viewer tokens can be used already",
                    hint="ask for shorter ones, and revoke them when somebody logs out",
                    code="too-many",
                )
            transaction.execute(
                f"INSERT INTO viewer_token({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    token.id,
                    tenant_id,
                    key_id,
                    token.secret_hash,
                    encode_json(grant).decode(),
                    now_us,
                    token.expires_us,
                ),
            )
            put(transaction, tenant_id, event)
        return token

    def find(self, text: str) -> ViewerToken | None:
        """The token of a Bearer text if it can be used now, and the key that asked for it, too."""
        given = parse_viewer(text)
        if given is None:
            return None
        now_us = self._clock.now_us()
        rows = self._control.read(
            f"{_USABLE} AND t.id = ?",
            (now_us, now_us, given.id),
        )
        if not rows:
            return None
        token = _token(rows[0])
        return token if compare_digest(token.secret_hash, given.secret_hash) else None

    def one(self, tenant_id: int, token_id: str) -> ViewerToken:
        """One token of a tenant. Raises NotFound."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM viewer_token WHERE tenant = ? AND id = ?",  # noqa: S608
            (tenant_id, token_id),
        )
        if not rows:
            raise NotFound(f"there is no viewer token {token_id[:40]!r}")
        return _token(rows[0])

    def usable(self, tenant_id: int, limit: int) -> list[ViewerToken]:
        """The newest tokens of a tenant that can be used now."""
        now_us = self._clock.now_us()
        rows = self._control.read(
            f"{_USABLE} AND t.tenant = ? ORDER BY t.created_us DESC, t.id LIMIT ?",
            (now_us, now_us, tenant_id, limit),
        )
        return [_token(row) for row in rows]

    def revoke(self, token: ViewerToken, event: OwnEvent) -> bool:
        """Refuses the token from now on, with its event; False when it was revoked before."""
        with self._control.write() as transaction:
            changed = transaction.execute(
                "UPDATE viewer_token SET revoked_us = ?"
                " WHERE tenant = ? AND id = ? AND revoked_us IS NULL",
                (self._clock.now_us(), token.tenant_id, token.id),
            ).rowcount
            if changed:
                put(transaction, token.tenant_id, event)
        return bool(changed)


def _token(row: Row) -> ViewerToken:
    names = ("id", "tenant_id", "key_id", "secret_hash", "grant", "created_us", "expires_us",
             "revoked_us")  # fmt: skip
    values = dict(zip(names, row, strict=True))
    values["grant"] = decode_json(values["grant"])
    return msgspec.convert(values, ViewerToken)
