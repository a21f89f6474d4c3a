"""Approvals: who may decide, what can be decided once, what is remembered, and their events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from indelible.clock import US_PER_DAY, FixedClock
from indelible.codec import decode_json
from indelible.errors import Conflict, Denied, InvalidRequest, NotFound
from indelible.server.access.approvals import (
    VALID_DAYS,
    Approval,
    Approvals,
    Somebody,
    Wanted,
    read_reason,
)
from indelible.server.access.control import ControlDatabase

ANA, BEA = Somebody("p_ana", "Ana"), Somebody("p_bea", "Bea")
START_US = 1_795_000_000_000_000


class World:
    def __init__(self, path: Path) -> None:
        self.control = ControlDatabase(path)
        self.clock = FixedClock(START_US)
        count = iter(range(1, 250))
        self.approvals = Approvals(self.control, self.clock, lambda n: bytes([next(count)] * n))

    def ask(self, target: str = "er_1", tenant: int = 1) -> Approval:
        wanted = Wanted(
            kind="erasure", title="Erase 12 parts", reason="case 7", target_type="erasure",
            target=target, act={"subject": "ana@example.com"}, shown={"parts": 12},
        )  # fmt: skip
        return self.approvals.ask(tenant, ANA, wanted, event)

    def events(self) -> list[Any]:
        return [decode_json(text) for (text,) in self.control.read("SELECT event FROM own_event")]


def event(before: Approval, after: Approval) -> dict[str, Any]:
    return {"before": before.state, "after": after.state}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "control.sqlite3")
    yield made
    made.control.close()


def test_somebody_else_approves_and_what_was_approved_is_done_once(world: World) -> None:
    asked = world.ask()
    assert world.approvals.needed(1, "erasure")
    assert world.approvals.waiting(1) == [asked]
    assert world.approvals.pending() == []
    with pytest.raises(Denied, match="own request"):
        world.approvals.decide(1, asked.id, ANA, approve=True, reason="x", event=event)
    decided = world.approvals.decide(1, asked.id, BEA, approve=True, reason="checked", event=event)
    assert (decided.state, decided.decider, decided.decision) == ("approved", BEA, "checked")
    with pytest.raises(Conflict, match="approved already"):
        world.approvals.decide(1, asked.id, BEA, approve=False, reason="late", event=event)
    assert world.approvals.pending() == [world.approvals.one(1, asked.id)] == [decided]
    world.approvals.finish(decided)
    assert world.approvals.pending() == []
    assert world.approvals.one(1, asked.id).act == {}
    assert world.events() == [
        {"before": "waiting", "after": "waiting"},
        {"before": "waiting", "after": "approved"},
    ]


def test_what_comes_to_nothing_is_forgotten(world: World, tmp_path: Path) -> None:
    first, second, third = world.ask("er_1"), world.ask("er_2"), world.ask("er_3")
    world.approvals.decide(1, first.id, BEA, approve=False, reason="wrong person", event=event)
    with pytest.raises(Denied, match="only who asked"):
        world.approvals.withdraw(1, second.id, BEA, event)
    world.approvals.withdraw(1, second.id, ANA, event)
    assert world.approvals.expire(event) == []
    world.clock.advance(VALID_DAYS * US_PER_DAY / 1_000_000)
    with pytest.raises(Conflict, match="expired already"):
        world.approvals.decide(1, third.id, BEA, approve=True, reason="x", event=event)
    assert [one.id for one in world.approvals.expire(event)] == [third.id]
    states = {one.id: one.state for one in world.approvals.all(1)}
    assert states == {first.id: "refused", second.id: "withdrawn", third.id: "expired"}
    world.control.close()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ana@example.com" not in left


def test_tenants_and_things_are_kept_apart(world: World) -> None:
    asked = world.ask()
    with pytest.raises(Conflict, match="already"):
        world.ask()
    assert world.ask(tenant=2).tenant_id == 2
    for call in (
        lambda: world.approvals.one(2, asked.id),
        lambda: world.approvals.decide(2, asked.id, BEA, approve=True, reason="x", event=event),
        lambda: world.approvals.withdraw(2, asked.id, ANA, event),
    ):
        with pytest.raises(NotFound):
            call()
    found = world.approvals.of_target(1, "erasure", "er_1")
    assert found is not None
    assert found.id == asked.id
    assert world.approvals.of_target(2, "erasure", "er_9") is None


def test_four_eyes_are_on_for_erasure_and_can_be_set(world: World) -> None:
    assert world.approvals.four_eyes(1) == {
        "erasure": True, "hold_release": False, "retention_cut": False, "key_export": False,
        "four_eyes": True, "clock": True, "tenant_deletion": True,
    }  # fmt: skip
    world.approvals.set_four_eyes(1, "erasure", False, {"set": 1})
    world.approvals.set_four_eyes(1, "hold_release", True, {"set": 2})
    assert not world.approvals.needed(1, "erasure")
    assert world.approvals.needed(1, "hold_release")
    assert world.approvals.needed(2, "erasure")
    # What takes the second person away always needs one.
    world.approvals.set_four_eyes(1, "four_eyes", False, {"set": 3})
    world.approvals.set_four_eyes(1, "clock", False, {"set": 4})
    assert world.approvals.needed(1, "four_eyes")
    assert world.approvals.needed(1, "clock")


def test_deciders_are_the_other_administrators(world: World) -> None:
    with world.control.write() as run:
        for number, (tenant, role) in enumerate([(1, "admin"), (1, "admin"), (1, "auditor"),
                                                 (2, "admin")]):  # fmt: skip
            run.execute(
                "INSERT INTO person(id, tenant, email, email_folded, name, role, password,"
                " created_us) VALUES(?, ?, ?, ?, 'N', ?, 'x', 0)",
                (f"p_{number}", tenant, f"{number}@x", f"{number}@x", role),
            )
    assert world.approvals.deciders(1, "p_0") == 1
    assert world.approvals.deciders(2, "p_3") == 0


@pytest.mark.parametrize("text", ["", "  ", "x" * 501, "a\x00b", "a\u202eb"])
def test_reasons_are_words(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_reason(text)
    assert read_reason(" two\nlines ") == "two\nlines"
    assert msgspec.json.encode(read_reason("Löschung")) == '"Löschung"'.encode()
