"""
How much of the bodies of all requests may be in memory at once, and how much may wait.

Without the first limit a thousand slow senders of large bodies would take 32 GiB: a body counts as
it arrives, not as it is announced, until its events are stored or refused. Without the second a
flood of requests would all be taken and answered after minutes, when their senders have long given
up: a whole body is refused at once when those before it would take too long, at the pace of the
last seconds. Where several tenants send, one that has less than its share waiting is still taken:
the flood of another must not turn it away.
"""

from __future__ import annotations

import math
from types import TracebackType
from typing import Final, Self

from indelible.clock import Clock
from indelible.errors import Pushback

MAX_BODIES_BYTES: Final = 128 * 1024 * 1024
MAX_WAIT_S: Final = 2.0
# So much may wait whatever the pace seems to be: small requests share commits, so many of them at
# once are stored faster than the few before them were.
_ALWAYS_BYTES: Final = 4 * 1024 * 1024
_REMEMBERED_S: Final = 5.0
_LONGEST_RETRY_S: Final = 10  # the pace may be one of much smaller requests, and soon be another
_ENOUGH_S: Final = 0.2  # of work, before a pace is believed


class Room:
    """Owned by the event loop: not safe for several threads."""

    def __init__(self, clock: Clock, limit_bytes: int = MAX_BODIES_BYTES) -> None:
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._used_bytes = 0
        self._waiting_bytes = 0
        self._waiting_of: dict[int, int] = {}  # bytes by tenant, of those that have any
        # Both fade with work: bytes that were done, and seconds in which there was any to do.
        self._done_bytes = 0.0
        self._worked_s = 0.0
        self._seen_s = clock.monotonic_s()

    def claim(self, tenant_id: int) -> Claim:
        """What one request may hold; it is given back when its `with` block is left."""
        return Claim(self, tenant_id)

    @property
    def wait_s(self) -> float:
        """How long what waits now would take, at the pace that is remembered; 0 if none is."""
        if self._worked_s < _ENOUGH_S or self._done_bytes <= 0:
            return 0.0
        return self._waiting_bytes * self._worked_s / self._done_bytes

    def _take(self, number: int, *, first: bool) -> None:
        # One request alone always fits, so that no setting of the limits can stop all of them.
        if self._used_bytes + number > self._limit_bytes and not (first and not self._used_bytes):
            raise Pushback("too many large requests at once", code="bodies-full")
        self._used_bytes += number

    def _give_back(self, number: int) -> None:
        self._used_bytes -= number

    def _begin(self, tenant_id: int, number: int) -> None:
        self._look_at_the_clock()
        if (
            self._waiting_bytes > _ALWAYS_BYTES
            and self.wait_s > MAX_WAIT_S
            and not self._is_within_share(tenant_id, number)
        ):
            raise Pushback(
                f"what waits to be stored takes {self.wait_s:.1f} s already",
                retry_after_s=min(math.ceil(self.wait_s), _LONGEST_RETRY_S),
                code="ingest-full",
            )
        self._waiting_bytes += number
        if number:
            self._waiting_of[tenant_id] = self._waiting_of.get(tenant_id, 0) + number

    def _is_within_share(self, tenant_id: int, number: int) -> bool:
        """
        Whether a tenant has less waiting than its part of what may wait, shared by all that send
        now. What waits in all stays below twice the limit, however many they are.
        """
        most_bytes = max(_ALWAYS_BYTES, MAX_WAIT_S * self._waiting_bytes / self.wait_s)
        sharing = len(self._waiting_of) + (tenant_id not in self._waiting_of)
        return (
            self._waiting_of.get(tenant_id, 0) + number <= most_bytes / sharing
            and self._waiting_bytes + number <= 2 * most_bytes
        )

    def _end(self, tenant_id: int, number: int) -> None:
        self._look_at_the_clock()
        self._waiting_bytes -= number
        left = self._waiting_of.get(tenant_id, 0) - number
        if left:
            self._waiting_of[tenant_id] = left
        else:
            self._waiting_of.pop(tenant_id, None)
        self._done_bytes += number

    def _look_at_the_clock(self) -> None:
        """Counts the time since the last look as work if there was any; then the past fades."""
        now_s = self._clock.monotonic_s()
        passed_s, self._seen_s = now_s - self._seen_s, now_s
        # A flood after a quiet hour is held against the pace before it: better than against none.
        if not self._waiting_bytes:
            return
        fade = math.exp(-passed_s / _REMEMBERED_S)
        self._done_bytes *= fade
        self._worked_s = self._worked_s * fade + passed_s


class Claim:
    """What one request holds."""

    def __init__(self, room: Room, tenant_id: int) -> None:
        self._room = room
        self._tenant_id = tenant_id
        self._held_bytes = 0
        self._is_whole = False

    def add(self, number: int) -> None:
        """Takes more. Raises Pushback, taking nothing, when there is no room."""
        self._room._take(number, first=not self._held_bytes)
        self._held_bytes += number

    def queue(self) -> None:
        """
        The body is whole and waits to be stored from now on.

        Raises Pushback when those before it would take too long.
        """
        self._room._begin(self._tenant_id, self._held_bytes)
        self._is_whole = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_whole:
            self._room._end(self._tenant_id, self._held_bytes)
        self._room._give_back(self._held_bytes)
        self._held_bytes = 0
