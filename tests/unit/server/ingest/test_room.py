"""What may be in memory, and what may wait."""

from __future__ import annotations

import pytest

from indelible.clock import FixedClock
from indelible.errors import Pushback
from indelible.server.ingest.room import MAX_WAIT_S, Claim, Room

MIB = 1024 * 1024


def whole(room: Room, size: int, tenant_id: int = 1) -> Claim:
    """A request whose body has arrived and waits."""
    claim = room.claim(tenant_id)
    claim.add(size)
    try:
        claim.queue()
    except Pushback:
        claim.__exit__(None, None, None)
        raise
    return claim


def done(claim: Claim) -> None:
    claim.__exit__(None, None, None)


def at_a_pace_of(clock: FixedClock, room: Room, bytes_per_s: int) -> None:
    """A while in which one request after the other was stored."""
    for _ in range(100):
        claim = whole(room, bytes_per_s // 10)
        clock.advance(0.1)
        done(claim)


def test_one_request_alone_always_fits() -> None:
    room = Room(FixedClock(0), limit_bytes=10)
    claim = room.claim(1)
    claim.add(11)
    with pytest.raises(Pushback, match="too many large requests"):
        room.claim(1).add(1)
    done(claim)
    room.claim(1).add(10)


def test_more_than_two_seconds_of_waiting_are_refused() -> None:
    clock = FixedClock(0)
    room = Room(clock)
    at_a_pace_of(clock, room, 8 * MIB)
    waiting = [whole(room, MIB) for _ in range(int(8 * MAX_WAIT_S) - 1)]
    assert room.wait_s < MAX_WAIT_S
    waiting.append(whole(room, 2 * MIB))
    assert room.wait_s > MAX_WAIT_S
    with pytest.raises(Pushback) as refused:
        whole(room, MIB)
    assert refused.value.code == "ingest-full"
    assert refused.value.retry_after_s == 3
    for claim in waiting:
        done(claim)
    assert room.wait_s == 0
    whole(room, MIB)


def test_a_slow_pace_refuses_no_small_requests() -> None:
    """Small ones share commits: that there were few of them says nothing about many."""
    clock = FixedClock(0)
    room = Room(clock)
    at_a_pace_of(clock, room, 1000)
    for _ in range(10_000):
        whole(room, 400)


def test_idle_time_is_no_work() -> None:
    clock = FixedClock(0)
    room = Room(clock)
    at_a_pace_of(clock, room, 8 * MIB)
    clock.advance(3)
    claim = whole(room, 8 * MIB)
    assert room.wait_s == pytest.approx(1.0, rel=0.05)
    done(claim)


def test_a_flood_after_a_quiet_hour_is_held_against_the_pace_before_it() -> None:
    clock = FixedClock(0)
    room = Room(clock)
    at_a_pace_of(clock, room, 2 * MIB)
    clock.advance(3600)
    waiting = [whole(room, MIB) for _ in range(5)]
    with pytest.raises(Pushback) as refused:
        whole(room, MIB)
    assert refused.value.retry_after_s == 3
    for claim in waiting:
        done(claim)


def test_nobody_is_sent_away_for_long() -> None:
    """A pace of tiny requests says little of large ones."""
    clock = FixedClock(0)
    room = Room(clock)
    at_a_pace_of(clock, room, 1000)
    whole(room, 5 * MIB)
    with pytest.raises(Pushback) as refused:
        whole(room, MIB)
    assert refused.value.retry_after_s == 10


def test_a_body_that_still_arrives_waits_for_nobody() -> None:
    clock = FixedClock(0)
    room = Room(clock)
    at_a_pace_of(clock, room, MIB)
    slow = room.claim(1)
    slow.add(100 * MIB)
    whole(room, MIB)
    assert room.wait_s == pytest.approx(1.0, rel=0.05)


def test_one_tenants_flood_turns_no_other_away() -> None:
    clock = FixedClock(0)
    room = Room(clock)
    at_a_pace_of(clock, room, 8 * MIB)
    flood = [whole(room, MIB) for _ in range(15)] + [whole(room, 2 * MIB)]
    with pytest.raises(Pushback):
        whole(room, MIB)
    # Half of the 16 MiB of two seconds is the share of each.
    others = [whole(room, MIB, tenant_id=2) for _ in range(7)]
    with pytest.raises(Pushback):
        whole(room, 2 * MIB, tenant_id=2)
    with pytest.raises(Pushback):
        whole(room, MIB)
    for claim in (*flood, *others):
        done(claim)
    assert room.wait_s == 0


def test_many_floods_wait_no_longer_than_twice_the_limit() -> None:
    clock = FixedClock(0)
    room = Room(clock)
    at_a_pace_of(clock, room, 8 * MIB)
    for tenant_id in range(1, 100):
        try:
            while True:
                whole(room, MIB // 16, tenant_id)
        except Pushback:
            continue
    assert room.wait_s <= 2 * MAX_WAIT_S


def test_empty_bodies_of_a_tenant_are_counted_out_as_they_were_in() -> None:
    room = Room(FixedClock(0))
    first, second, third = whole(room, 0), whole(room, 0), whole(room, 5)
    for claim in (first, third, second):
        done(claim)
    assert room.wait_s == 0
