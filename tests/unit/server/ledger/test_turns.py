"""In which order the writer takes what waits, and whom a full queue turns away."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from indelible.clock import FixedClock
from indelible.errors import Pushback
from indelible.event import complete, parse_event
from indelible.seal import PartedEvent
from indelible.server.ledger import Incoming, Ledger, Stored
from indelible.server.ledger.desk import Act, Desk
from indelible.server.ledger.submission import Answer, Submission
from indelible.server.ledger.turns import Turns


def sent(tenant_id: int, name: str, events: int = 1, weight_bytes: int = 0) -> Submission:
    item = Incoming(name, PartedEvent(11, b"{}", None, None))
    return Submission(
        tenant_id=tenant_id,
        scope=name,
        kind=0,
        day=0,
        items=[item] * events,
        weight_bytes=weight_bytes,
        notify=lambda _answer: None,
        split=lambda _event: item.parted,
    )


def names(turns: Turns) -> list[str]:
    return [one.scope if isinstance(one, Submission) else "act" for one in turns.take_all()]


def test_of_one_tenant_what_came_first_is_taken_first() -> None:
    turns = Turns(10, 10)
    turns.put(sent(1, "a"))
    turns.put(Act(1, lambda _desk: None, lambda _answer: None))
    turns.put(sent(1, "b"))
    assert len(turns) == 3
    assert names(turns) == ["a", "act", "b"]
    assert (len(turns), turns.events, turns.weight_bytes) == (0, 0, 0)


def test_tenants_are_taken_in_turn() -> None:
    turns = Turns(100, 100)
    for number in range(3):
        turns.put(sent(1, f"flood {number}"))
    turns.put(sent(2, "other"))
    turns.put(sent(3, "third"))
    turns.put(sent(2, "other again"))
    assert turns.next is turns.take()
    assert names(turns) == ["other", "third", "flood 1", "other again", "flood 2"]


def test_a_full_queue_turns_away_who_filled_it_alone() -> None:
    turns = Turns(max_events=10, max_bytes=1000)
    assert turns.has_room_for(sent(1, "one alone always may", 11))
    for _ in range(10):
        assert turns.has_room_for(sent(1, "flood"))
        turns.put(sent(1, "flood"))
    assert not turns.has_room_for(sent(1, "flood"))
    assert turns.has_room_for(sent(2, "other", 5))
    assert not turns.has_room_for(sent(2, "other", 6))
    assert not turns.has_room_for(sent(2, "heavy", 1, weight_bytes=501))
    turns.put(sent(2, "other", 5))
    assert not turns.has_room_for(sent(2, "other"))
    turns.put(sent(3, "third", 3))
    # Twice the limit is the end for everybody.
    turns.put(sent(4, "fourth", 2))
    assert turns.events == 20
    assert not turns.has_room_for(sent(5, "fifth"))


def test_the_writer_answers_another_tenant_amid_a_flood(tmp_path: Path, clock: FixedClock) -> None:
    for name in ("one", "two"):
        Ledger.create(tmp_path, clock, tenant=name, origin=f"host.example/{name}")
    ledger = Ledger.open(tmp_path, clock=clock, max_queued_events=40)
    answered: list[str] = []
    begun, may_end, all_done = threading.Event(), threading.Event(), threading.Event()

    def hold(_desk: Desk) -> None:
        begun.set()
        assert may_end.wait(60)

    def send(tenant_id: int, name: str) -> None:
        parsed = parse_event(json.dumps({"operation": name}).encode())
        whole = complete(
            parsed, received_us=clock.now_us(), reported_by="client", new_id=lambda: name
        )

        def notify(answer: Answer) -> None:
            assert isinstance(answer, Stored)
            answered.append(name)
            if len(answered) == 41:
                all_done.set()

        ledger.append(
            tenant_id,
            [Incoming(name, ledger.part(tenant_id, whole))],
            received_us=clock.now_us(),
            scope="k",
            notify=notify,
        )

    try:
        ledger.act(1, hold, lambda _answer: None)
        assert begun.wait(60)
        for number in range(40):
            send(1, f"flood {number}")
        with pytest.raises(Pushback) as refused:
            send(1, "too much")
        assert refused.value.code == "ingest-full"
        send(2, "other")
        may_end.set()
        assert all_done.wait(60)
    finally:
        may_end.set()
        ledger.close()
    assert answered[:2] == ["flood 0", "other"]
    assert answered[2:] == [f"flood {number}" for number in range(1, 40)]
