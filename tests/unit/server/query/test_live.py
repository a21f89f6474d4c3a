"""Following for one reader: what ends it, and that nothing is read ahead of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from indelible.clock import FixedClock
from indelible.server.query import live
from indelible.server.query.live import SLOW_S, Ended, Hello, Newer, follow


class Source:
    """A log that grows by one entry whenever it is asked whether it has."""

    def __init__(self) -> None:
        self.size = 5
        self.steps: list[int] = []
        self.may = True
        self.stopping = False
        self.clock = FixedClock(0)

    async def wait_for(self, tenant_id: int, index: int, limit_s: float) -> bool:
        assert tenant_id == 7
        assert limit_s <= live.CHECK_S
        self.size += 1
        return self.size > index

    async def step(self, after: int) -> Newer:
        self.steps.append(after)
        events: list[dict[str, Any]] = [{"index": number} for number in range(after, self.size)]
        return Newer(events=events, skipped=0, through=self.size)

    def follow(self, longest_s: float = 60.0) -> AsyncGenerator[Hello | Newer | Ended]:
        return follow(
            self,
            self.step,
            tenant_id=7,
            after=5,
            clock=self.clock,
            longest_s=longest_s,
            may_go_on=lambda: self.may,
            is_stopping=lambda: self.stopping,
        )


def run(source: Source, upset: str, monkeypatch: Any) -> list[Hello | Newer | Ended]:
    """The messages of a reader that changes something after the first events."""
    monkeypatch.setattr(live, "STEP_S", 0.0)

    async def read() -> list[Hello | Newer | Ended]:
        told: list[Hello | Newer | Ended] = []
        async for message in source.follow():
            told.append(message)
            if isinstance(message, Newer):
                if upset == "slow":
                    source.clock.advance(SLOW_S + 1)
                elif upset == "access":
                    source.may = False
                elif upset == "stopping":
                    source.stopping = True
        return told

    return asyncio.run(read())


def test_each_end_is_told(monkeypatch: Any) -> None:
    for upset in ("access", "stopping", "slow"):
        source = Source()
        told = run(source, upset, monkeypatch)
        assert told[0] == Hello(5)
        assert isinstance(told[1], Newer)
        assert told[1].events == [{"index": 5}]
        assert told[2:] == [Ended(upset)]
        assert source.steps == [5], "nothing is read for a reader that is to go"


def test_a_slow_reader_is_read_nothing_ahead(monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "STEP_S", 0.0)
    source = Source()

    async def read_two() -> list[Hello | Newer | Ended]:
        stream = source.follow()
        told = [await anext(stream), await anext(stream)]
        await asyncio.sleep(0)
        await stream.aclose()
        return told

    assert len(asyncio.run(read_two())) == 2
    assert source.steps == [5]


def test_a_stream_without_time_says_what_is_there_and_ends() -> None:
    source = Source()

    async def read() -> list[Hello | Newer | Ended]:
        return [message async for message in source.follow(longest_s=0.0)]

    hello, newer, end = asyncio.run(read())
    assert hello == Hello(5)
    assert isinstance(newer, Newer)
    assert end == Ended("time")
