"""
How much of the bodies of all requests may be in memory at once.

Without it a thousand slow senders of large bodies would take 32 GiB. A body counts as it arrives,
not as it is announced, until its events are stored or refused.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from indelible.errors import Pushback

MAX_BODIES_BYTES = 128 * 1024 * 1024


class Room:
    """Owned by the event loop: not safe for several threads."""

    def __init__(self, limit_bytes: int = MAX_BODIES_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._used_bytes = 0

    def claim(self) -> Claim:
        """The share of one request; it is given back when its `with` block is left."""
        return Claim(self)

    def _take(self, number: int, *, first: bool) -> None:
        # One request alone always fits, so that no setting of the limits can stop all of them.
        if self._used_bytes + number > self._limit_bytes and not (first and not self._used_bytes):
            raise Pushback("too many large requests at once", code="bodies-full")
        self._used_bytes += number

    def _give_back(self, number: int) -> None:
        self._used_bytes -= number


class Claim:
    """What one request holds."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held_bytes = 0

    def add(self, number: int) -> None:
        """Takes more. Raises Pushback, taking nothing, when there is no room."""
        self._room._take(number, first=not self._held_bytes)
        self._held_bytes += number

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._room._give_back(self._held_bytes)
        self._held_bytes = 0
