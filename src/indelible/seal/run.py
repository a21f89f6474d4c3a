"""
Seals a run: salts, commitments and leaf hashes of up to 256 events, before any lock is taken.

Pure: randomness comes in as an argument, nothing is written. A run is immutable once sealed; its
seeds never leave the ledger. Written for speed, about 4 microseconds an event (spec/leaf.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256, shake_256

import msgspec

from indelible.seal.leaf import CONTENT, FACT, PERSON, event_header

# Also the width of a tile: a run is at most one bundle of entries.
MAX_RUN = 256
SEED_SIZE = 32
_SALT_LABEL = b"indelible/v1/salts"
_FACT_TAG, _PERSON_TAG, _CONTENT_TAG = bytes([FACT]), bytes([PERSON]), bytes([CONTENT])
_LEAF_PREFIX = b"\x00"


class PartedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event ready for sealing: its category and the stored bytes of its parts."""

    category_id: int
    fact: bytes
    person: bytes | None = None
    content: bytes | None = None


class Piece(msgspec.Struct, frozen=True):
    """The bytes of one part of all events of one category in a run, in the order of the run."""

    category_id: int
    part: int
    seed: bytes
    items: list[bytes]


class SealedRun(msgspec.Struct, frozen=True):
    """What the ledger stores of a run, and the leaf hashes that go into the tree."""

    day: int
    parts: bytes
    category_ids: list[int]
    leaf_hashes: list[bytes]
    pieces: list[Piece]


def expand_salts(seed: bytes, count: int) -> bytes:
    """The salts of positions 0 to count - 1 of a run, 32 bytes each, in one string."""
    return shake_256(seed + _SALT_LABEL).digest(32 * count)


def commitment(tag: int, salt: bytes, data: bytes) -> bytes:
    """SHA-256(salt, tag, data): binds to the data, and hides it while the salt is secret."""
    return sha256(b"%b%c%b" % (salt, tag, data)).digest()


def seal_run(
    events: Sequence[PartedEvent], day: int, random_bytes: Callable[[int], bytes]
) -> SealedRun:
    """
    Seals 1 to 256 events received on one day.

    `random_bytes` must come from the operating system's generator. Each (category, part) gets a
    seed of its own; the salt of an event is chosen by its position in the run, whether or not its
    neighbours have that part.
    """
    if not 1 <= len(events) <= MAX_RUN:
        raise ValueError(f"a run has 1 to {MAX_RUN} events, not {len(events)}")
    # One key per (category, part): category id * 8 + part bit.
    members: dict[int, list[bytes]] = {}
    last: dict[int, int] = {}
    parts_of = bytearray()
    for k, event in enumerate(events):
        base = event.category_id * 8
        parts = FACT
        try:
            members[base + FACT].append(event.fact)
        except KeyError:
            members[base + FACT] = [event.fact]
        last[base + FACT] = k
        person, content = event.person, event.content
        if person is not None:
            parts |= PERSON
            try:
                members[base + PERSON].append(person)
            except KeyError:
                members[base + PERSON] = [person]
            last[base + PERSON] = k
        if content is not None:
            parts |= CONTENT
            try:
                members[base + CONTENT].append(content)
            except KeyError:
                members[base + CONTENT] = [content]
            last[base + CONTENT] = k
        parts_of.append(parts)

    seeds: dict[int, bytes] = {}
    salts: dict[int, bytes] = {}
    for key, k in last.items():
        seed = random_bytes(SEED_SIZE)
        if len(seed) != SEED_SIZE:
            raise ValueError("the source of randomness came back short")
        seeds[key] = seed
        # Expanding no further than the last member saves most of the cost of rare categories.
        salts[key] = expand_salts(seed, k + 1)

    headers: dict[int, bytes] = {}
    leaf_hashes: list[bytes] = []
    add = leaf_hashes.append
    at = 0
    for event, parts in zip(events, parts_of, strict=True):
        base = event.category_id * 8
        header = headers.get(base + parts)
        if header is None:
            header = _LEAF_PREFIX + event_header(parts, event.category_id, day)
            headers[base + parts] = header
        end = at + 32
        leaf = header + sha256(salts[base + FACT][at:end] + _FACT_TAG + event.fact).digest()
        if parts & PERSON:
            # mypy: the bit says that it is there
            person = event.person or b""
            leaf += sha256(salts[base + PERSON][at:end] + _PERSON_TAG + person).digest()
        if parts & CONTENT:
            content = event.content or b""
            leaf += sha256(salts[base + CONTENT][at:end] + _CONTENT_TAG + content).digest()
        add(sha256(leaf).digest())
        at = end

    pieces = [Piece(key >> 3, key & 7, seeds[key], items) for key, items in members.items()]
    category_ids = [event.category_id for event in events]
    return SealedRun(day, bytes(parts_of), category_ids, leaf_hashes, pieces)
