"""API keys: made, found, revoked. Only the SHA-256 of a secret is stored."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from hmac import compare_digest
from typing import Any

import msgspec

from indelible.clock import Clock
from indelible.codec import decode_json, encode_json
from indelible.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.scope import Scope, check_scope, parse_scope, scope_text
from indelible.server.access.token import KeyKind, KeyText, parse_key

_COLUMNS = (
    "id, tenant, name, kind, secret_hash, created_us, last_used_us, revoked_us, scope, expires_us,"
    " networks, old_hash, old_until_us"
)
_LONGEST_NAME = 100
_MOST_NETWORKS = 50
LONGEST_OVERLAP_HOURS = 720
_FRESH_S = 0.01


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a key is bound to: a part of the log, a last moment, and from where it may be used."""

    scope: Scope | None = None
    expires_us: int | None = None
    networks: tuple[str, ...] = ()


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is known of a key; the secret is not. After a rotation the secret before it is taken until
    `old_until_us`.
    """

    id: str
    tenant_id: int
    name: str
    kind: KeyKind
    secret_hash: bytes
    created_us: int
    last_used_us: int | None
    revoked_us: int | None
    bounds: Bounds = Bounds()
    old_hash: bytes | None = None
    old_until_us: int | None = None


class KeyRefused(Unauthenticated):
    """A key that is known and right, and may not be used now or from here."""

    code = "key-refused"


def read_networks(texts: Iterable[str]) -> tuple[str, ...]:
    """Networks in their usual spelling; one address is a network too. Raises InvalidRequest."""
    found: list[str] = []
    for text in texts:
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError:
            raise InvalidRequest(
                f"{text[:60]!r} is no network", parameter="networks", expected="like 10.0.0.0/8"
            ) from None
    if len(found) > _MOST_NETWORKS:
        raise InvalidRequest(f"at most {_MOST_NETWORKS} networks", parameter="networks")
    return tuple(dict.fromkeys(found))


def read_bounds(
    kind: KeyKind,
    scope: Scope | None,
    expires_us: int | None,
    networks: Iterable[str],
    now_us: int,
) -> Bounds:
    """What a new key is bound to. Raises InvalidRequest."""
    scope = check_scope(scope)
    if scope is not None and kind == "s":
        raise InvalidRequest("a key that provisions accounts sees no events", parameter="scope")
    if scope is not None and kind == "a":
        raise InvalidRequest(
            "a key that administers sees all of the log",
            parameter="scope",
            hint="make a key of kind r or w for a part of it",
        )
    if scope is not None and kind == "w" and scope.targets is not None:
        raise InvalidRequest("targets bind keys that read", parameter="scope.targets")
    if expires_us is not None and expires_us <= now_us:
        raise InvalidRequest("this moment is over already", parameter="expires_at")
    return Bounds(scope=scope, expires_us=expires_us, networks=read_networks(networks))


@lru_cache(maxsize=4096)
def _is_within(address: str | None, networks: tuple[str, ...]) -> bool:
    if address is None:
        return False
    parsed = ipaddress.ip_address(address)
    return any(parsed in ipaddress.ip_network(network) for network in networks)


def read_name(text: str) -> str:
    """The name of a key. Raises InvalidRequest."""
    name = text.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidRequest(
            f"the name of a key has 1 to {_LONGEST_NAME} printable characters", parameter="name"
        )
    return name


class Keys:
    """
    The keys of all tenants.

    Known keys are kept in memory. A change by this process counts at once, one by another within
    ten milliseconds, which is how often the database is asked. Called from event loop and threads.
    """

    def __init__(self, control: ControlDatabase, clock: Clock) -> None:
        self._control = control
        self._clock = clock
        # Replaced as a whole, never changed: (version of the database, keys by id).
        self._known: tuple[int, dict[str, ApiKey]] = (-1, {})
        self._fresh_until_s = -1.0
        # Owned by the event loop; written down by `write_uses`.
        self._used: dict[str, int] = {}

    def add(
        self,
        tenant_id: int,
        key: KeyText,
        name: str,
        event: OwnEvent,
        bounds: Bounds = Bounds(),  # noqa: B008 - frozen
    ) -> ApiKey:
        """Stores a new key, with its event."""
        stored = ApiKey(
            id=key.id,
            tenant_id=tenant_id,
            name=read_name(name),
            kind=key.kind,
            secret_hash=key.secret_hash,
            created_us=self._clock.now_us(),
            last_used_us=None,
            revoked_us=None,
            bounds=bounds,
        )
        with self._control.write() as transaction:
            transaction.execute(
                "INSERT INTO api_key(id, tenant, name, kind, secret_hash, created_us, scope,"
                " expires_us, networks) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (key.id, tenant_id, stored.name, key.kind, key.secret_hash, stored.created_us,
                 scope_text(bounds.scope), bounds.expires_us,
                 encode_json(bounds.networks).decode()),
            )  # fmt: skip
            put(transaction, tenant_id, event)
        self._fresh_until_s = -1.0
        return stored

    def rotate(self, key: ApiKey, new: KeyText, old_until_us: int, event: OwnEvent) -> ApiKey:
        """
        Gives a key a new secret; the one before it is taken until `old_until_us`.

        Raises Conflict when the key was revoked or rotated meanwhile.
        """
        with self._control.write() as transaction:
            changed = transaction.execute(
                "UPDATE api_key SET secret_hash = ?, old_hash = ?, old_until_us = ?"
                " WHERE tenant = ? AND id = ? AND secret_hash = ? AND revoked_us IS NULL",
                (new.secret_hash, key.secret_hash, old_until_us, key.tenant_id, key.id,
                 key.secret_hash),
            ).rowcount  # fmt: skip
            if not changed:
                raise Conflict("this key was revoked or rotated meanwhile", hint="load it again")
            put(transaction, key.tenant_id, event)
        self._fresh_until_s = -1.0
        return msgspec.structs.replace(
            key, secret_hash=new.secret_hash, old_hash=key.secret_hash, old_until_us=old_until_us
        )

    def all(self, tenant_id: int) -> list[ApiKey]:
        """The keys of a tenant, revoked ones too, newest first."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM api_key WHERE tenant = ? ORDER BY created_us DESC, id",
            (tenant_id,),
        )
        return [self._with_last_use(_key(row)) for row in rows]

    def _with_last_use(self, key: ApiKey) -> ApiKey:
        used_us = self._used.get(key.id)
        return key if used_us is None else msgspec.structs.replace(key, last_used_us=used_us)

    def one(self, tenant_id: int, key_id: str) -> ApiKey:
        """One key of a tenant. Raises NotFound."""
        for key in self.all(tenant_id):
            if key.id == key_id:
                return key
        raise NotFound(f"there is no key {key_id}")

    def revoke(self, tenant_id: int, key_id: str, event: OwnEvent) -> bool:
        """Refuses the key from now on, for ever; False when it was revoked before."""
        with self._control.write() as transaction:
            changed = transaction.execute(
                "UPDATE api_key SET revoked_us = ?"
                " WHERE tenant = ? AND id = ? AND revoked_us IS NULL",
                (self._clock.now_us(), tenant_id, key_id),
            ).rowcount
            if changed:
                put(transaction, tenant_id, event)
        self._fresh_until_s = -1.0
        return bool(changed)

    def find(self, text: str, address: str | None) -> ApiKey | None:
        """
        The valid key of a Bearer text that came from an address, or None. A mistyped one is known
        by its check digits. Raises KeyRefused for a right one after its end or from elsewhere.
        """
        given = parse_key(text)
        if given is None:
            return None
        key = self._keys().get(given.id)
        if key is None or key.kind != given.kind or key.revoked_us is not None:
            return None
        now_us = self._clock.now_us()
        if not compare_digest(key.secret_hash, given.secret_hash):
            is_old = key.old_hash is not None and (key.old_until_us or 0) > now_us
            if not is_old or not compare_digest(key.old_hash or b"", given.secret_hash):
                return None
        bounds = key.bounds
        if bounds.expires_us is not None and bounds.expires_us <= now_us:
            raise KeyRefused("this key has expired", hint="make a new one, or ask for it")
        if bounds.networks and not _is_within(address, bounds.networks):
            raise KeyRefused(
                "this key may not be used from this address",
                hint="behind a proxy, service.trusted_proxies makes the sender's address known",
            )
        self._used[key.id] = now_us
        return key

    def write_uses(self) -> None:
        """Writes down when keys were used last; called about once a minute and at the end."""
        used, self._used = self._used, {}
        if not used:
            return
        with self._control.write() as transaction:
            transaction.executemany(
                "UPDATE api_key SET last_used_us = max(coalesce(last_used_us, 0), ?) WHERE id = ?",
                [(used_us, key_id) for key_id, used_us in used.items()],
            )

    def _keys(self) -> dict[str, ApiKey]:
        known_version, known = self._known
        now_s = self._clock.monotonic_s()
        if now_s < self._fresh_until_s:
            return known
        version = self._control.version()
        if version != known_version:
            known = {
                key.id: key
                for key in map(_key, self._control.read(f"SELECT {_COLUMNS} FROM api_key"))
            }
            self._known = (version, known)
        self._fresh_until_s = now_s + _FRESH_S
        return known


def _key(row: tuple[Any, ...]) -> ApiKey:
    names = ("id", "tenant_id", "name", "kind", "secret_hash", "created_us", "last_used_us",
             "revoked_us")  # fmt: skip
    bounds = Bounds(
        scope=parse_scope(row[8]),
        expires_us=row[9],
        networks=tuple(decode_json(row[10])) if row[10] else (),
    )
    return ApiKey(
        **dict(zip(names, row[:8], strict=True)),
        bounds=bounds,
        old_hash=row[11],
        old_until_us=row[12],
    )
