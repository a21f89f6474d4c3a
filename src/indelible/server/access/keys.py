"""API keys: made, found, revoked. Only the SHA-256 of a secret is stored."""

from __future__ import annotations

from hmac import compare_digest

import msgspec

from indelible.clock import Clock
from indelible.errors import InvalidRequest, NotFound
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.token import KeyKind, KeyText, parse_key

_COLUMNS = "id, tenant, name, kind, secret_hash, created_us, last_used_us, revoked_us"
_LONGEST_NAME = 100
_FRESH_S = 0.01


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a key; the secret is not."""

    id: str
    tenant_id: int
    name: str
    kind: KeyKind
    secret_hash: bytes
    created_us: int
    last_used_us: int | None
    revoked_us: int | None


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

    def add(self, tenant_id: int, key: KeyText, name: str, event: OwnEvent) -> ApiKey:
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
        )
        with self._control.write() as transaction:
            transaction.execute(
                f"INSERT INTO api_key({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, NULL, NULL)",
                (key.id, tenant_id, stored.name, key.kind, key.secret_hash, stored.created_us),
            )
            put(transaction, tenant_id, event)
        self._fresh_until_s = -1.0
        return stored

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

    def find(self, text: str) -> ApiKey | None:
        """The valid key of a Bearer text, or None. A mistyped one is known by its check digits."""
        given = parse_key(text)
        if given is None:
            return None
        key = self._keys().get(given.id)
        if key is None or key.kind != given.kind or key.revoked_us is not None:
            return None
        if not compare_digest(key.secret_hash, given.secret_hash):
            return None
        self._used[key.id] = self._clock.now_us()
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


def _key(row: tuple[object, ...]) -> ApiKey:
    names = ("id", "tenant_id", "name", "kind", "secret_hash", "created_us")
    values = dict(zip((*names, "last_used_us", "revoked_us"), row, strict=True))
    return msgspec.convert(values, ApiKey)
