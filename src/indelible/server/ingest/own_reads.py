"""
Which reads of the log become events: the rules of design.md, section 5, without input or output.

One search is one event per person, filter and period within ten minutes of its last repetition.
Paging, refresh and live tail repeat a search. Typing replaces it: a search is held for two
seconds, and one whose text goes on from the held one takes its place. Counts and histograms that
a page asks for along with its list belong to the same search. Keys wait for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from indelible.codec import encode_sorted_json
from indelible.server.access.outbox import OwnEvent

SAME_SEARCH_S = 600.0
HOLD_S = 2.0
LONGEST_HOLD_S = 10.0
COUNT = "CountAuditLog"
_REMEMBERED = 20_000
# These page through, refresh, sort or cut one search; they do not make it another.
_NOT_THE_SEARCH = frozenset({"cursor", "limit", "order", "min_index", "buckets", "group", "live"})

Who = tuple[int, str]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """One read, taken apart. `place` is operation, filter and period without the text."""

    who: Who
    operation: str
    place: bytes
    base: bytes
    text: str
    event: OwnEvent


class _Held(msgspec.Struct):
    read: Read
    first_s: float
    due_s: float


def filter_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """What is recorded of a query: the filter and the period, in plain values."""
    return {
        name: query[name]
        for name in sorted(query)
        if name not in _NOT_THE_SEARCH and query[name] is not None
    }


def make_read(who: Who, operation: str, query: Mapping[str, Any], event: OwnEvent) -> Read:
    """Takes a read apart for comparison."""
    rest = filter_of(query)
    text = str(rest.pop("q", ""))
    streamless = {name: value for name, value in rest.items() if name != "stream"}
    return Read(
        who=who,
        operation=operation,
        place=encode_sorted_json([operation, rest]),
        base=encode_sorted_json([streamless, text]),
        text=text,
        event=event,
    )


class ReadMerger:
    """Decides. Times are seconds of one monotonic clock. Not safe for several threads."""

    def __init__(self) -> None:
        self._held: list[_Held] = []
        # When a recorded read was last repeated; in order of that, so the oldest go first.
        self._recent: dict[tuple[Who, bytes, str], float] = {}
        self._bases: dict[tuple[Who, bytes], float] = {}

    def take_now(self, read: Read, now_s: float) -> list[Read]:
        """A read by a key: itself at once, or none when it repeats."""
        return [] if self._repeats(read, now_s) else [self._remember(read, now_s)]

    def hold(self, read: Read, now_s: float) -> None:
        """A read by a person: held, merged into a held one, or known as a repetition."""
        for held in self._held:
            other = held.read
            if other.who != read.who or other.place != read.place:
                continue
            if other.text == read.text:
                return
            if other.text and read.text.startswith(other.text):
                held.read = read
                held.due_s = min(now_s + HOLD_S, held.first_s + LONGEST_HOLD_S)
                return
        if not self._repeats(read, now_s):
            self._held.append(_Held(read, now_s, now_s + HOLD_S))

    def next_due_s(self) -> float | None:
        """When `due` has something to give next."""
        return min((held.due_s for held in self._held), default=None)

    def due(self, now_s: float) -> list[Read]:
        """The reads whose holding is over, in order."""
        ready = [held for held in self._held if held.due_s <= now_s]
        return self._release(ready, now_s)

    def flush(self, now_s: float) -> list[Read]:
        """All held reads."""
        return self._release(list(self._held), now_s)

    def _release(self, ready: list[_Held], now_s: float) -> list[Read]:
        found = []
        for held in ready:
            read = held.read
            if read.operation == COUNT and self._is_part_of_a_search(read, now_s):
                continue
            if not self._repeats(read, now_s):
                found.append(self._remember(read, now_s))
        released = {id(held) for held in ready}
        self._held = [held for held in self._held if id(held) not in released]
        return found

    def _is_part_of_a_search(self, read: Read, now_s: float) -> bool:
        if self._is_recent(self._bases.get((read.who, read.base)), now_s):
            return True
        return any(
            held.read.operation != COUNT
            and held.read.who == read.who
            and held.read.base == read.base
            for held in self._held
        )

    def _repeats(self, read: Read, now_s: float) -> bool:
        key = (read.who, read.place, read.text)
        if not self._is_recent(self._recent.get(key), now_s):
            return False
        del self._recent[key]
        self._recent[key] = now_s
        if read.operation != COUNT:
            self._bases[read.who, read.base] = now_s
        return True

    def _remember(self, read: Read, now_s: float) -> Read:
        self._recent.pop((read.who, read.place, read.text), None)
        self._recent[read.who, read.place, read.text] = now_s
        if read.operation != COUNT:
            self._bases.pop((read.who, read.base), None)
            self._bases[read.who, read.base] = now_s
        _forget(self._recent, now_s)
        _forget(self._bases, now_s)
        return read

    @staticmethod
    def _is_recent(last_s: float | None, now_s: float) -> bool:
        return last_s is not None and now_s - last_s < SAME_SEARCH_S


def _forget(times: dict[Any, float], now_s: float) -> None:
    """Drops what is too old or too many, from the front: the oldest."""
    for key, last_s in list(times.items())[:100]:
        if now_s - last_s >= SAME_SEARCH_S or len(times) > _REMEMBERED:
            del times[key]
