"""
Follows the log for one reader: what has come since a place in it, in steps, with nothing queued.

The reader pulls: while it is slow nothing is read for it, so memory stays flat. What came too fast
is counted and told, not sent; the list has it. Each step asks the index once, and rests longer when
the asking took longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, Literal, Protocol

import msgspec

from indelible.clock import Clock

MOST_ROWS: Final = 200
STEP_S: Final = 0.5
CHECK_S: Final = 1.0
SLOW_S: Final = 10.0
_REST: Final = 4  # rest this many times as long as the asking took

Reason = Literal["time", "access", "slow", "stopping"]


class Newer(msgspec.Struct, frozen=True, kw_only=True):
    """
    Events with an index from some place to `through`, oldest first.

    `skipped` counts the older ones of them that were too many to send.
    """

    events: list[dict[str, Any]]
    skipped: int
    through: int


class Ended(msgspec.Struct, frozen=True):
    """The last thing that a reader is told: why nothing more comes."""

    reason: Reason


class Hello(msgspec.Struct, frozen=True):
    """The first thing that a reader is told: from which index on it hears everything."""

    through: int


class Moving(Protocol):
    """What following needs of the index."""

    async def wait_for(self, tenant_id: int, index: int, limit_s: float) -> bool:
        """Waits until entry `index` can be found, for so long at most."""
        ...


Step = Callable[[int], Awaitable[Newer]]
"""What has come since an index."""


async def follow(
    index: Moving,
    step: Step,
    *,
    tenant_id: int,
    after: int,
    clock: Clock,
    longest_s: float,
    may_go_on: Callable[[], bool],
    is_stopping: Callable[[], bool],
) -> AsyncGenerator[Hello | Newer | Ended]:
    """
    What happens after index `after`, as it comes.

    Ends by itself when its time is over, when the reader may no longer read, when it takes more
    than `SLOW_S` to accept what it is sent, or when the service stops.
    """
    end_s = clock.monotonic_s() + longest_s
    yield Hello(after)
    while True:
        if is_stopping():
            yield Ended("stopping")
            return
        if not may_go_on():
            yield Ended("access")
            return
        left_s = end_s - clock.monotonic_s()
        has_more = await index.wait_for(tenant_id, after, max(0.0, min(CHECK_S, left_s)))
        if has_more and may_go_on():
            begun_s = clock.monotonic_s()
            newer = await step(after)
            took_s = clock.monotonic_s() - begun_s
            after = newer.through
            if newer.events:
                sent_s = clock.monotonic_s()
                yield newer
                if clock.monotonic_s() - sent_s > SLOW_S:
                    yield Ended("slow")
                    return
            if clock.monotonic_s() < end_s and not is_stopping():
                await asyncio.sleep(max(STEP_S, _REST * took_s))
        if clock.monotonic_s() >= end_s:
            yield Ended("time")
            return
