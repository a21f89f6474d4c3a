"""
Remembers which event ids were stored, so that a repeated event stores nothing (formats.md B).

On disk: one row per commit with 8-byte keys of its ids, appended in the commit's own transaction.
In memory: a Bloom filter over the keys of the window and the newest places. Only a filter hit is
looked up, and a hit is a duplicate only when the stored event really has that id, so neither a
filter error nor two equal keys can swallow an event.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable
from hashlib import blake2b
from itertools import islice

from rbloom import Bloom

WINDOW_US = 72 * 3600 * 1_000_000
MAX_WINDOW_KEYS = 50_000_000
# Ids of imports are kept without a window: the same file imported next year must store nothing.
WINDOWED, KEPT = 0, 1

_RECENT = 200_000  # places kept at hand for retries, which come soon after the first try
_FIRST_CAPACITY = 500_000
_FALSE_HITS = 1e-6


def key_of(scope: str, event_id: str) -> int:
    """The key of an id under its sending key or import format, below 2**61."""
    return key_maker(scope)(event_id)


def key_maker(scope: str) -> Callable[[str], int]:
    """`key_of` for many ids of one scope."""
    prefix = scope + "\0"

    def key(event_id: str) -> int:
        digest = blake2b((prefix + event_id).encode(), digest_size=8).digest()
        # Python's hash of an int is the int itself below 2**61 - 1; the filter hashes with it.
        return int.from_bytes(digest, "big") >> 3

    return key


class Seen:
    """
    The ids of one tenant. Owned by the writer thread: call from there only.

    What `add` takes is in memory only; the caller writes the row in its transaction and calls
    `add` after COMMIT, so that memory is never ahead of the disk.
    """

    def __init__(self, connection: sqlite3.Connection, tenant_id: int, now_us: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._recent: dict[int, int] = {}  # oldest first
        self._filters: list[Bloom] = []
        self._left = 0  # how many keys the newest filter still takes
        self._count = 0
        self._load(now_us)

    def __len__(self) -> int:
        return self._count

    def places_of(self, keys: list[int]) -> dict[int, list[int]]:
        """The entry indices under which each key may have been stored, newest first."""
        wanted = set(keys)
        recent = self._recent
        found = {key: [recent[key]] for key in recent.keys() & wanted}
        unknown = {key for filter_ in self._filters for key in wanted if key in filter_}.difference(
            found
        )
        if unknown:
            self._search(unknown, found)
        return found

    def add(self, keys: list[int], places: list[int]) -> None:
        """Takes keys whose row is durable."""
        self._to_filter(keys)
        recent = self._recent
        recent.update(zip(keys, places, strict=True))
        over = len(recent) - _RECENT
        if over > _RECENT // 8:  # seldom, and then many at once
            for key in list(islice(recent, over)):
                del recent[key]

    @staticmethod
    def row(keys: list[int], places: list[int]) -> tuple[bytes, bytes | None]:
        """Keys and places as stored; places are left out when they follow each other."""
        packed = array("Q", keys).tobytes()
        if places[-1] - places[0] == len(places) - 1:
            return packed, None
        return packed, array("Q", places).tobytes()

    def forget_before(self, us: int) -> None:
        """Deletes rows that left the window; call inside the writer's transaction."""
        self._connection.execute(
            "DELETE FROM seen WHERE tenant = ? AND kind = ? AND at_us < ?",
            (self._tenant_id, WINDOWED, us),
        )

    def reload(self, now_us: int) -> None:
        """Builds the filters again from the rows that are left, so that memory shrinks too."""
        self._filters, self._left, self._count = [], 0, 0
        self._load(now_us)

    def _load(self, now_us: int) -> None:
        for (packed,) in self._connection.execute(
            "SELECT keys FROM seen WHERE tenant = ? AND (kind = ? OR at_us >= ?) ORDER BY first",
            (self._tenant_id, KEPT, now_us - WINDOW_US),
        ):
            keys = array("Q")
            keys.frombytes(packed)
            self._to_filter(keys.tolist())

    def _to_filter(self, keys: list[int]) -> None:
        self._count += len(keys)
        while keys:
            if self._left == 0:
                # Four times the last one: few filters to ask, little memory when little comes.
                capacity = min(_FIRST_CAPACITY * 4 ** len(self._filters), MAX_WINDOW_KEYS)
                self._filters.append(Bloom(capacity, _FALSE_HITS))
                self._left = capacity
            taken, keys = keys[: self._left], keys[self._left :]
            self._filters[-1].update(taken)
            self._left -= len(taken)

    def _search(self, wanted: set[int], found: dict[int, list[int]]) -> None:
        """One pass over the rows, newest first."""
        for first, packed, places in self._connection.execute(
            "SELECT first, keys, places FROM seen WHERE tenant = ? ORDER BY first DESC",
            (self._tenant_id,),
        ):
            keys = array("Q")
            keys.frombytes(packed)
            hits = wanted.intersection(keys)
            if not hits:
                continue
            at = array("Q")
            if places is not None:
                at.frombytes(places)
            for key in hits:
                position = keys.index(key)
                place = at[position] if places is not None else first + position
                found.setdefault(key, []).append(place)
