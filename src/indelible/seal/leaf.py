"""
The bytes of a leaf, form "IND1": one function per entry type, and one strict parser for all.

Relies on nothing but its arguments; knows neither trees nor storage. A parsed leaf encodes back to
exactly the bytes it came from, or the parser refuses it (spec/leaf.md).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from indelible.errors import MalformedProof

MAGIC = b"IND1"
HEADER_SIZE = 12
# tlog-tiles frames an entry with a 16-bit length.
MAX_ENTRY = 65_535

# Bits of `parts` in a header, and at the same time the tags inside a commitment.
FACT, PERSON, CONTENT = 1, 2, 4
ALL_PARTS = FACT | PERSON | CONTENT
# Tag of the commitment to an erasure record; never a bit of `parts`.
RECORD = 8

EVENT, ERASURE, EXPIRY, POLICY, HOLD, KEYS, GENESIS = 1, 2, 3, 4, 5, 6, 7

# Reasons of an erasure.
DATA_SUBJECT, AUTHORITY, RECORDED_IN_ERROR, END_OF_CONTRACT, OTHER = 1, 2, 3, 4, 255
REASONS = frozenset({DATA_SUBJECT, AUTHORITY, RECORDED_IN_ERROR, END_OF_CONTRACT, OTHER})

PLACE, RELEASE = 1, 2
_NO_SELECTOR, _CLEAR, _COMMITTED = 0, 1, 2

_header = struct.Struct(">4sBBHI")
_erasure = struct.Struct(">QIH32s")
_expiry = struct.Struct(">IQQ")
_hold = struct.Struct(">BQB")
_selector = struct.Struct(">IIQQ")

JsonBody = TypeVar("JsonBody")


class Header(NamedTuple):
    """The first 12 bytes of every leaf."""

    type: int
    parts: int
    category_id: int
    day: int


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of a policy. Days count from the day of receipt; None keeps for ever."""

    id: int
    name: str
    enabled: bool = True
    fact_days: int | None = None
    person_days: int | None = None
    content_days: int | None = None


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A minimum that no policy may undercut before `until_day` (None: never)."""

    category: int
    parts: int
    min_days: int
    until_day: int | None = None


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is recorded and how long it is kept, from the entry after this one on."""

    version: int
    effective_day: int
    categories: tuple[Category, ...]
    floors: tuple[Floor, ...] = ()
    # SHA-256, lower-case hex, of the categorise and redact rules in force.
    rules: str = ""


class Genesis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the log is: its format version, its origin, and the keys it is signed with."""

    format: int
    origin: str
    keys: tuple[str, ...]


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of keys. Log keys sign checkpoints of size > `not_before`."""

    log_keys: tuple[str, ...]
    approver_keys: tuple[str, ...] = ()
    not_before: int = 0
    # SHA-256, lower-case hex, of the witness policy file; None when there is none.
    witness_policy: str | None = None


class Selection(msgspec.Struct, frozen=True):
    """What a hold covers, in clear; days are inclusive, indices half-open."""

    category_ids: tuple[int, ...]
    first_day: int
    last_day: int
    first_index: int
    stop_index: int


class EventLeaf(msgspec.Struct, frozen=True):
    """An event: one commitment per part that it had when it was sealed, in bit order."""

    header: Header
    commitments: tuple[bytes, ...]


class ErasureLeaf(msgspec.Struct, frozen=True):
    """Declares that parts of consecutive entries were erased on request."""

    header: Header
    first: int
    count: int
    reason: int
    record: bytes


class ExpiryLeaf(msgspec.Struct, frozen=True):
    """Declares that parts of one category, received before a day, were dropped."""

    header: Header
    cutoff_day: int
    upto: int
    policy_index: int


class PolicyLeaf(msgspec.Struct, frozen=True):
    """A policy entry."""

    header: Header
    policy: Policy


class HoldLeaf(msgspec.Struct, frozen=True):
    """Places or releases a hold; `selection` is None when it is committed to or not needed."""

    header: Header
    action: int
    hold_id: int
    selection: Selection | None
    record: bytes | None


class KeysLeaf(msgspec.Struct, frozen=True):
    """A keys entry."""

    header: Header
    keys: Keys


class GenesisLeaf(msgspec.Struct, frozen=True):
    """Entry 0 of every log."""

    header: Header
    genesis: Genesis


class UnknownLeaf(msgspec.Struct, frozen=True):
    """A well-formed header with a type this version does not know: nothing can be said of it."""

    header: Header
    body: bytes


Leaf = (
    EventLeaf
    | ErasureLeaf
    | ExpiryLeaf
    | PolicyLeaf
    | HoldLeaf
    | KeysLeaf
    | GenesisLeaf
    | UnknownLeaf
)


def event_header(parts: int, category_id: int, day: int) -> bytes:
    """The 12 header bytes of an event."""
    return _header.pack(MAGIC, EVENT, parts, category_id, day)


def event_leaf(parts: int, category_id: int, day: int, commitments: Sequence[bytes]) -> bytes:
    """An event's leaf; `commitments` in the order fact, person, content, one per set bit."""
    if not parts & FACT or parts & ~ALL_PARTS or category_id < 1:
        raise ValueError(f"an event needs a fact and a category, got {parts=} {category_id=}")
    if len(commitments) != parts.bit_count() or any(len(c) != 32 for c in commitments):
        raise ValueError(f"{len(commitments)} commitments do not fit parts {parts}")
    return event_header(parts, category_id, day) + b"".join(commitments)


def erasure_leaf(
    parts: int, day: int, *, first: int, count: int, reason: int, record: bytes
) -> bytes:
    """An erasure of `parts` of entries [first, first + count); `record` is a commitment."""
    head = _header.pack(MAGIC, ERASURE, parts, 0, day)
    return _checked(head + _erasure.pack(first, count, reason, record))


def expiry_leaf(
    parts: int, category_id: int, day: int, *, cutoff_day: int, upto: int, policy_index: int
) -> bytes:
    """An expiry of `parts` of a category: received before `cutoff_day`, index below `upto`."""
    head = _header.pack(MAGIC, EXPIRY, parts, category_id, day)
    return _checked(head + _expiry.pack(cutoff_day, upto, policy_index))


def policy_leaf(policy: Policy, day: int) -> bytes:
    """A policy entry's leaf."""
    return _json_leaf(POLICY, day, policy)


def keys_leaf(keys: Keys, day: int) -> bytes:
    """A keys entry's leaf."""
    return _json_leaf(KEYS, day, keys)


def genesis_leaf(genesis: Genesis, day: int) -> bytes:
    """The leaf of entry 0."""
    return _json_leaf(GENESIS, day, genesis)


def hold_leaf(
    action: int,
    hold_id: int,
    day: int,
    *,
    selection: Selection | None = None,
    record: bytes | None = None,
) -> bytes:
    """A hold; placing needs a selection in clear or a commitment to a list, releasing neither."""
    if selection is not None:
        form = _CLEAR
        ids = selection.category_ids
        body = struct.pack(f">H{len(ids)}H", len(ids), *ids) + _selector.pack(
            selection.first_day, selection.last_day, selection.first_index, selection.stop_index
        )
    elif record is not None:
        form, body = _COMMITTED, record
    else:
        form, body = _NO_SELECTOR, b""
    head = _header.pack(MAGIC, HOLD, 0, 0, day)
    return _checked(head + _hold.pack(action, hold_id, form) + body)


def parse_header(leaf: bytes) -> Header:
    """The header of a leaf. Raises MalformedProof when it is not an IND1 leaf."""
    if not HEADER_SIZE <= len(leaf) <= MAX_ENTRY:
        raise MalformedProof(f"a leaf of {len(leaf)} bytes cannot be")
    magic, kind, parts, category_id, day = _header.unpack_from(leaf)
    if magic != MAGIC:
        raise MalformedProof(f"a leaf starts with {MAGIC!r}, not with {magic!r}")
    return Header(kind, parts, category_id, day)


def parse_leaf(leaf: bytes) -> Leaf:
    """
    Reads a whole leaf of any type.

    A type of a newer version comes back as UnknownLeaf. Everything else that this module would not
    have written byte for byte raises MalformedProof.
    """
    header = parse_header(leaf)
    parse = _PARSERS.get(header.type)
    if parse is None:
        return UnknownLeaf(header, leaf[HEADER_SIZE:])
    try:
        return parse(header, leaf[HEADER_SIZE:])
    except (struct.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedProof(f"malformed leaf of type {header.type}: {error}") from error


def _parse_event(header: Header, body: bytes) -> EventLeaf:
    _require(header.parts & FACT and not header.parts & ~ALL_PARTS, "parts of an event")
    _require(header.category_id >= 1, "category of an event")
    _require(len(body) == 32 * header.parts.bit_count(), "commitments of an event")
    return EventLeaf(header, tuple(body[at : at + 32] for at in range(0, len(body), 32)))


def _parse_erasure(header: Header, body: bytes) -> ErasureLeaf:
    first, count, reason, record = _erasure.unpack(body)
    _require(header.parts and not header.parts & ~ALL_PARTS, "parts of an erasure")
    _require(header.category_id == 0, "category of an erasure")
    _require(count >= 1 and first + count <= 1 << 63, "range of an erasure")
    _require(reason in REASONS, "reason of an erasure")
    return ErasureLeaf(header, first, count, reason, record)


def _parse_expiry(header: Header, body: bytes) -> ExpiryLeaf:
    _require(header.parts and not header.parts & ~ALL_PARTS, "parts of an expiry")
    _require(header.category_id >= 1, "category of an expiry")
    return ExpiryLeaf(header, *_expiry.unpack(body))


def _parse_hold(header: Header, body: bytes) -> HoldLeaf:
    _no_parts(header)
    action, hold_id, form = _hold.unpack_from(body)
    rest = body[_hold.size :]
    _require(action in (PLACE, RELEASE), "action of a hold")
    _require((form == _NO_SELECTOR) == (action == RELEASE), "selector of a hold")
    if form == _CLEAR:
        (count,) = struct.unpack_from(">H", rest)
        ids = struct.unpack_from(f">{count}H", rest, 2)
        selection = Selection(ids, *_selector.unpack(rest[2 + 2 * count :]))
        return HoldLeaf(header, action, hold_id, selection, None)
    _require(form in (_NO_SELECTOR, _COMMITTED), "selector of a hold")
    _require(len(rest) == (32 if form == _COMMITTED else 0), "selector of a hold")
    return HoldLeaf(header, action, hold_id, None, rest or None)


def _parse_policy(header: Header, body: bytes) -> PolicyLeaf:
    return PolicyLeaf(header, _parse_json(header, body, Policy))


def _parse_keys(header: Header, body: bytes) -> KeysLeaf:
    return KeysLeaf(header, _parse_json(header, body, Keys))


def _parse_genesis(header: Header, body: bytes) -> GenesisLeaf:
    return GenesisLeaf(header, _parse_json(header, body, Genesis))


_PARSERS: dict[int, Callable[[Header, bytes], Leaf]] = {
    EVENT: _parse_event,
    ERASURE: _parse_erasure,
    EXPIRY: _parse_expiry,
    POLICY: _parse_policy,
    HOLD: _parse_hold,
    KEYS: _parse_keys,
    GENESIS: _parse_genesis,
}


def _json_leaf(kind: int, day: int, body: msgspec.Struct) -> bytes:
    return _checked(_header.pack(MAGIC, kind, 0, 0, day) + msgspec.json.encode(body))


def _parse_json(header: Header, body: bytes, form: type[JsonBody]) -> JsonBody:
    _no_parts(header)
    value = msgspec.json.decode(body, type=form)
    # Duplicate names, spaces and other spellings would make two byte strings of one value.
    _require(msgspec.json.encode(value) == body, "spelling of its JSON")
    return value


def _no_parts(header: Header) -> None:
    _require(header.parts == 0 and header.category_id == 0, "parts and category")


def _checked(leaf: bytes) -> bytes:
    """The leaf itself, once the parser accepts it: what cannot be read is never written."""
    parse_leaf(leaf)
    return leaf


def _require(holds: object, what: str) -> None:
    if not holds:
        raise MalformedProof(f"malformed leaf: wrong {what}")
