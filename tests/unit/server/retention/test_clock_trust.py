"""The clock of expiry: what is doubted, across restarts too, and that two people end a doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indelible.clock import US_PER_S, Uptime
from indelible.errors import Conflict
from indelible.server.access.approvals import Approval, Approvals, Somebody
from indelible.server.access.control import ControlDatabase
from indelible.server.access.removals import RemovalNotes
from indelible.server.ingest.own import OwnAudit
from indelible.server.retention.clock_trust import ClockTrust, Doubt, Reading, find_doubt

ANA, BEA = Somebody("p_ana", "Ana"), Somebody("p_bea", "Bea")
START_S, UP_S = 1_795_000_000, 5_000
HOUR_S, DAY_S = 3600, 86_400


def reading(wall_s: int = 0, up_s: int = 0, boot: str = "one") -> Reading:
    clock_us = (START_S + wall_s) * US_PER_S
    return Reading(clock_us, boot, clock_us - (UP_S + up_s) * US_PER_S)


@pytest.mark.parametrize(
    ("now", "may_pause", "doubt"),
    [
        (reading(60, 60), False, None),
        (reading(30 * DAY_S, 30 * DAY_S), False, None),  # stopped for long, and the machine knows
        (reading(30 * DAY_S, 60), False, Doubt("jump", 30 * DAY_S - 60)),
        (reading(30 * DAY_S, 60), True, Doubt("jump", 30 * DAY_S - 60)),
        (reading(-2 * HOUR_S, 0), False, Doubt("jump", -2 * HOUR_S)),
        (reading(HOUR_S, 0), False, None),
        (reading(3 * DAY_S, 0, "two"), False, None),
        (reading(4 * DAY_S + 1, 0, "two"), False, Doubt("pause", 4 * DAY_S + 1)),
        (reading(4 * DAY_S + 1, 0, "two"), True, None),
        (reading(-2 * HOUR_S, 0, "two"), True, Doubt("behind", 2 * HOUR_S)),
    ],
)
def test_what_is_doubted(now: Reading, may_pause: bool, doubt: Doubt | None) -> None:
    assert find_doubt(reading(), now, may_pause=may_pause) == doubt


class World:
    """A control database and a machine whose clock, uptime and starts the test sets."""

    def __init__(self, path: Path) -> None:
        self.wall_s, self.up_s, self.boot = START_S, UP_S, "one"
        self.control = ControlDatabase(path)
        self.notes = RemovalNotes(self.control)
        self.recorded: list[dict[str, Any]] = []
        count = iter(range(1, 250))
        self.approvals = Approvals(self.control, self, lambda n: bytes([next(count)] * n))
        self.restart()

    def now_us(self) -> int:
        return self.wall_s * US_PER_S

    def monotonic_s(self) -> float:
        return float(self.up_s)

    def restart(self) -> None:
        own = OwnAudit(self.control, self._record, self, lambda: f"id-{len(self.recorded)}")
        self.trust = ClockTrust(
            self.notes, own, self, lambda: Uptime(self.boot, self.up_s * US_PER_S)
        )

    async def _record(self, _tenant_id: int, event: dict[str, Any]) -> None:
        if event:  # the steps of approvals tell of nothing here
            self.recorded.append(event)

    def go_on(self, wall_s: int, up_s: int | None = None) -> None:
        self.wall_s += wall_s
        self.up_s += wall_s if up_s is None else up_s

    def sweep(self, *, can_expire: bool = True) -> bool:
        holds = asyncio.run(self.trust.holds(1, can_expire=can_expire))
        if holds:
            self.notes.put_sweep(1, self.trust.swept(1))
        return holds

    def ask(self) -> Approval:
        return self.approvals.ask(1, ANA, self.trust.wanted(1, "by GPS"), lambda _b, _a: {})

    def approve(self, asked: Approval) -> bool:
        self.approvals.decide(
            1, asked.id, BEA, approve=True, reason="by NTP", event=lambda _b, _a: {}
        )
        (approved,) = self.approvals.pending()
        done = asyncio.run(self.trust.confirm(approved))
        self.approvals.finish(approved)
        return done


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "control.sqlite3")
    yield made
    made.control.close()


def test_a_clock_set_ahead_while_stopped_waits_for_two(world: World) -> None:
    assert world.sweep()
    with pytest.raises(Conflict, match="nothing waits"):
        world.trust.wanted(1, "x")
    world.go_on(30 * DAY_S, 120)
    world.restart()
    assert not world.sweep()
    note = world.notes.sweep(1)
    assert (note.doubt, note.doubt_s) == ("jump", 30 * DAY_S - 120)
    assert not world.sweep(), "it stays, and is told of once"
    world.restart()
    assert not world.sweep()
    assert [one["operation"] for one in world.recorded] == ["StopExpiry"]

    asked = world.ask()
    assert asked.shown["doubt"] == "jump"
    world.go_on(600)
    assert world.approve(asked)
    assert world.sweep()
    last = world.recorded[-1]
    assert (last["operation"], last["reason"]) == ("ConfirmClock", "by GPS")
    told = last["metadata"]
    assert (told["asked_by"], told["approved_by"]) == ("p_ana", "p_bea")
    assert asyncio.run(world.trust.confirm(asked)) is False, "done twice it changes nothing"
    # Many small jumps are one large one.
    for _ in range(2):
        world.go_on(2400 + 60, 60)
    assert not world.sweep()


def test_a_clock_that_jumps_again_before_the_approval_is_another_doubt(world: World) -> None:
    world.sweep()
    world.go_on(2 * DAY_S, 60)
    assert not world.sweep()
    asked = world.ask()
    world.go_on(5 * DAY_S, 60)
    assert not world.approve(asked)
    assert not world.sweep()
    assert world.notes.sweep(1).doubt_s == 5 * DAY_S - 60
    assert [one["operation"] for one in world.recorded] == ["StopExpiry", "StopExpiry"]
    assert world.approve(world.ask())
    assert world.sweep()


def test_a_long_stop_is_asked_about_where_something_can_expire(world: World) -> None:
    world.sweep()
    world.boot, world.up_s = "two", 30
    world.go_on(20 * DAY_S, 0)
    world.restart()
    assert world.sweep(can_expire=False)
    world.boot = "three"
    world.go_on(20 * DAY_S, 0)
    assert not world.sweep()
    assert world.notes.sweep(1).doubt == "pause"
