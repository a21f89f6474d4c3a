"""The bounded queue: stages in order, the three policies, gaps told in their place."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indelible.client.buffer import Buffer, Gap, MemoryStage, Policy, QueueFull
from indelible.client.spool import Spool


def gap_line(gap: Gap, seq: int) -> bytes:
    return json.dumps({"seq": seq, "gap": gap.count, "of": [gap.first_seq, gap.last_seq]}).encode()


def make(
    policy: Policy = "drop_and_count", room: int = 3, spool: Spool | None = None, **settings: Any
) -> Buffer:
    memory = MemoryStage(room, settings.pop("room_bytes", 1 << 20))
    older = settings.pop("older", [])
    return Buffer(
        memory=memory,
        spool=spool,
        older=older,
        policy=policy,
        now_us=lambda: 7,
        make_gap=gap_line,
    )


def put(buffer: Buffer) -> bool:
    return buffer.put(lambda seq: b'{"seq":%d}' % seq)


def take(buffer: Buffer, most: int = 100) -> list[dict[str, Any]]:
    found = buffer.peek(most, 1 << 20)
    if found is None:
        return []
    stage, lines = found
    buffer.settle(stage, len(lines))
    return [json.loads(line) for line in lines]


def take_all(buffer: Buffer) -> list[dict[str, Any]]:
    taken: list[dict[str, Any]] = []
    while batch := take(buffer):
        taken.extend(batch)
    return taken


def test_events_leave_in_the_order_of_their_numbers() -> None:
    buffer = make(room=10)
    assert all(put(buffer) for _ in range(5))
    assert [event["seq"] for event in take(buffer, 3) + take(buffer, 3)] == [0, 1, 2, 3, 4]
    assert buffer.waiting() == 0


def test_what_is_dropped_is_told_in_its_place() -> None:
    buffer = make(room=2)
    assert [put(buffer) for _ in range(5)] == [True, True, False, False, False]
    assert (buffer.dropped, buffer.pending_gap()) == (3, 3)
    assert take(buffer) == [{"seq": 0}, {"seq": 1}]
    assert put(buffer)
    assert take_all(buffer) == [{"seq": 5, "gap": 3, "of": [2, 4]}, {"seq": 6}]
    assert (buffer.dropped, buffer.pending_gap()) == (3, 0)


def test_a_gap_is_told_even_if_nothing_more_is_recorded() -> None:
    buffer = make(room=1)
    put(buffer)
    put(buffer)
    assert take_all(buffer) == [{"seq": 0}, {"seq": 2, "gap": 1, "of": [1, 1]}]


def test_the_policy_raise_raises_and_still_counts() -> None:
    buffer = make("raise", room=1)
    put(buffer)
    with pytest.raises(QueueFull):
        put(buffer)
    assert take_all(buffer)[-1]["gap"] == 1


def test_the_policy_block_waits_for_room_and_loses_nothing() -> None:
    buffer = make("block", room=2)
    writer = threading.Thread(target=lambda: [put(buffer) for _ in range(50)])
    writer.start()
    seen: list[dict[str, Any]] = []
    while len(seen) < 50:
        with buffer.changed:
            while not buffer.waiting():
                buffer.changed.wait(5)
        seen += take(buffer)
    writer.join()
    assert ([event["seq"] for event in seen], buffer.dropped) == (list(range(50)), 0)


def test_closing_lets_a_blocked_writer_go() -> None:
    buffer = make("block", room=1)
    put(buffer)
    kept: list[bool] = []
    writer = threading.Thread(target=lambda: kept.append(put(buffer)))
    writer.start()
    buffer.close()
    writer.join()
    assert (kept, buffer.dropped) == ([False], 1)


def test_memory_is_bounded_in_bytes_too() -> None:
    buffer = make(room=100, room_bytes=25)
    assert [put(buffer) for _ in range(4)] == [True, True, False, False]


def test_older_spools_then_the_own_then_memory(tmp_path: Path) -> None:
    left = Spool.create(tmp_path, "0001", max_bytes=1 << 20)
    left.append(b'{"seq":"left"}')
    left.abandon()
    own = Spool.create(tmp_path, "0002", max_bytes=20)  # room for two lines
    buffer = make(spool=own, older=list(Spool.adopt_all(tmp_path)), room=3)
    assert [put(buffer) for _ in range(4)] == [True] * 4
    assert len(own) == 2
    assert [event["seq"] for event in take_all(buffer)] == ["left", 0, 1, 2, 3]


def test_newer_events_do_not_overtake_through_the_file(tmp_path: Path) -> None:
    own = Spool.create(tmp_path, "0001", max_bytes=10)
    buffer = make(spool=own, room=10)
    put(buffer)  # file
    put(buffer)  # memory, the file is full
    take(buffer, 1)
    own._max_bytes = 1000  # the file has room again
    put(buffer)
    assert [event["seq"] for event in take_all(buffer)] == [1, 2]


def test_lines_lost_on_disk_leave_a_gap_event(tmp_path: Path) -> None:
    own = Spool.create(tmp_path, "0001", max_bytes=1000)
    buffer = make(spool=own)
    put(buffer)
    put(buffer)
    (tmp_path / "0001" / "00000001.jsonl").unlink()
    assert take(buffer) == []
    put(buffer)
    assert take_all(buffer)[0] == {"seq": 2, "gap": 2, "of": [None, None]}
    assert buffer.waiting() == 0


@given(st.lists(st.sampled_from(["put", "take"]), max_size=80), st.integers(1, 5))
def test_every_number_is_delivered_or_told_as_lost(steps: list[str], room: int) -> None:
    buffer = make(room=room)
    seen: list[dict[str, Any]] = []
    for step in steps:
        if step == "put":
            put(buffer)
        else:
            seen += take(buffer, 2)
    seen += take_all(buffer)
    assert [event["seq"] for event in seen] == sorted(event["seq"] for event in seen)
    recorded = steps.count("put")
    gaps = [event for event in seen if "gap" in event]
    assert len(seen) - len(gaps) + sum(event["gap"] for event in gaps) == recorded
    assert buffer.waiting() == buffer.pending_gap() == 0


def test_the_sender_is_woken_when_it_asked_to_be_not_for_each_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buffer = make(room=10)
    woken: list[int] = []
    monkeypatch.setattr(buffer.changed, "notify_all", lambda: woken.append(buffer.waiting()))
    put(buffer)  # a sender that has nothing to do waits for the first
    buffer.wake_at = 4
    for _ in range(4):
        put(buffer)
    assert woken == [1, 4, 5]
