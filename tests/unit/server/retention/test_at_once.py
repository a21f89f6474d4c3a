"""Two at the same thing at once, and what a crash leaves between two steps: forced, one by one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from indelible.clock import FixedClock, SystemClock
from indelible.errors import Conflict, Error, FatalError, PolicyChanged, StorageError
from indelible.server.access.approvals import Approval, Approvals, Somebody, Wanted
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import waiting
from indelible.server.access.policy_notes import PolicyNotes
from indelible.server.ingest.own import OwnAudit
from indelible.server.ledger import Ledger
from indelible.server.retention.acts import Acts
from indelible.server.retention.edit import CategoryEdit, Edit, Keep, edited
from indelible.server.retention.erasure_table import Asked, Erasure, ErasureTable, insert
from indelible.server.retention.hold import Holds
from indelible.server.retention.hold_table import HoldTable
from indelible.server.retention.hold_wish import Wish
from indelible.server.retention.policies import Policies
from indelible.server.retention.subject import Identifier

ANA, BEA = Somebody("p_ana", "Ana"), Somebody("p_bea", "Bea")
START_US = 1_795_000_000_000_000


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlDatabase]:
    made = ControlDatabase(tmp_path / "control.sqlite3")
    yield made
    made.close()


@pytest.fixture
def approvals(control: ControlDatabase) -> Approvals:
    count = iter(range(1, 250))
    return Approvals(control, FixedClock(START_US), lambda n: bytes([next(count)] * n))


def event(_before: Approval, after: Approval) -> dict[str, Any]:
    return {"state": after.state}


def erasure(number: int, **more: Any) -> Erasure:
    fields = {"state": "waiting", **more}
    return Erasure(
        id=f"er_{number}", tenant_id=1, case="7", reason=1, parts=2, asker=ANA, asked_us=START_US,
        asked=Asked(identifiers=(Identifier("email", "cleo@example.com"),)), **fields,
    )  # fmt: skip


def ask(approvals: Approvals, one: Erasure) -> Approval:
    wanted = Wanted(
        kind="erasure", title="Erase", reason="x", target_type="erasure", target=one.id,
        act={"erasure": one.id}, shown={},
    )  # fmt: skip
    return approvals.ask(1, ANA, wanted, event, lambda run: insert(run, one, {"asked": one.id}))


# -- erasures and their approvals


def test_a_request_to_erase_is_there_with_its_approval_or_not_at_all(
    control: ControlDatabase, approvals: Approvals
) -> None:
    table = ErasureTable(control)
    ask(approvals, erasure(1))
    with pytest.raises(Conflict, match="waits for a second person already"):
        ask(approvals, erasure(1))
    with pytest.raises(StorageError):  # the id is taken: then there is no approval either
        approvals.ask(
            1, BEA,
            Wanted(kind="erasure", title="Erase", reason="x", target_type="erasure",
                   target="er_2", act={}, shown={}),
            event, lambda run: insert(run, erasure(1), {}),
        )  # fmt: skip
    assert [one.id for one in table.all(1)] == ["er_1"]
    assert [one.target for one in approvals.waiting(1)] == ["er_1"]
    assert [one.event for one in waiting(control)] == [{"asked": "er_1"}, {"state": "waiting"}]


def test_a_request_that_came_to_nothing_is_forgotten_though_a_crash_came_between(
    control: ControlDatabase, approvals: Approvals, tmp_path: Path
) -> None:
    table = ErasureTable(control)
    requests = [ask(approvals, erasure(number)) for number in range(1, 5)]
    approvals.decide(1, requests[0].id, BEA, approve=False, reason="no", event=event)
    approvals.withdraw(1, requests[1].id, ANA, event)
    approvals.decide(1, requests[2].id, BEA, approve=True, reason="yes", event=event)
    assert {one.state for one in table.all(1)} == {"waiting"}  # none of them was told

    assert table.end_told(START_US + 1) == 2
    assert table.end_told(START_US + 2) == 0
    states = {one.id: (one.state, one.ended_us) for one in table.all(1)}
    assert states == {
        "er_1": ("refused", START_US + 1),
        "er_2": ("withdrawn", START_US + 1),
        "er_3": ("waiting", None),
        "er_4": ("waiting", None),
    }
    assert table.one(1, "er_1").asked == table.one(1, "er_2").asked == Asked()
    assert table.one(1, "er_4").asked.identifiers


def test_what_needs_no_second_person_never_waits_for_one(control: ControlDatabase) -> None:
    table = ErasureTable(control)
    table.add(erasure(1, state="approved", approver=ANA, due_us=5), {"asked": 1})
    assert table.one(1, "er_1").approver == ANA
    assert [one.id for one in table.due(5)] == ["er_1"]


# -- what was approved is done


def acts_of(approvals: Approvals) -> Acts:
    own = SimpleNamespace(drain=lambda: asyncio.sleep(0), new_id=lambda: "e1")
    return Acts(approvals, cast(OwnAudit, own), FixedClock(START_US))


def approved(approvals: Approvals, kind: Any, target: str) -> Approval:
    wanted = Wanted(
        kind=kind, title="x", reason="x", target_type="x", target=target, act={}, shown={}
    )
    asked = approvals.ask(1, ANA, wanted, event)
    return approvals.decide(1, asked.id, BEA, approve=True, reason="x", event=event)


def test_two_that_do_what_was_approved_do_it_once(approvals: Approvals) -> None:
    """The request that approved it, and the regular look at what is not done yet."""
    done: list[str] = []

    async def both() -> None:
        acts, is_in, may_go = acts_of(approvals), asyncio.Event(), asyncio.Event()

        async def run(approval: Approval) -> None:
            done.append(approval.target)
            is_in.set()
            await may_go.wait()

        acts.register("hold_release", run)
        approved(approvals, "hold_release", "7")
        first = asyncio.create_task(acts.do_approved())
        await is_in.wait()
        second = asyncio.create_task(acts.do_approved())
        await asyncio.sleep(0)  # it stands before the first one's end
        may_go.set()
        await asyncio.gather(first, second)

    asyncio.run(both())
    assert done == ["7"]
    assert approvals.pending() == []


def test_an_act_that_fails_does_not_keep_later_ones_waiting(approvals: Approvals) -> None:
    async def run(approval: Approval) -> None:
        if approval.target == "broken":
            raise ValueError("a defect")

    acts = acts_of(approvals)
    acts.register("hold_release", run)
    broken = approved(approvals, "hold_release", "broken")
    approved(approvals, "hold_release", "whole")
    asyncio.run(acts.do_approved())
    assert [one.id for one in approvals.pending()] == [broken.id]


def test_a_switch_that_is_set_twice_has_one_event(
    control: ControlDatabase, approvals: Approvals
) -> None:
    for number in (1, 2):
        approvals.set_four_eyes(1, "hold_release", True, {"set": number})
    for number in (3, 4):
        approvals.set_four_eyes(1, "erasure", False, {"set": number})
    approvals.set_four_eyes(2, "hold_release", False, {"set": 5})  # it was off there
    assert [one.event["set"] for one in waiting(control)] == [1, 3]


# -- policies


class _Watched:
    """A lock that tells when somebody comes to it while another has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.second_came = threading.Event()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self.second_came.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_of_two_who_save_a_policy_at_once_a_crash_leaves_no_doubt_who_saved(
    control: ControlDatabase, tmp_path: Path
) -> None:
    clock = SystemClock()
    Ledger.create(tmp_path, clock, tenant="default", origin="host.example/default")
    ledger = Ledger.open(tmp_path, clock=clock)
    notes = PolicyNotes(control)
    lock = _Watched()
    open_notes: list[str] = []
    others: list[threading.Thread] = []
    failed: list[Error] = []
    ids = iter(("n1", "n2"))

    def save(who: Somebody, days: int) -> None:
        edit = Edit(
            base_version=version,
            categories=[CategoryEdit(name="data", keep=Keep(content=days))],
        )
        try:
            policies.save(
                1, who, lambda standing, day: edited(standing, edit, day), lambda *_: {},
                base_version=version, reason="less is needed",
            )  # fmt: skip
        except Error as error:
            failed.append(error)

    def act_and_wait(tenant_id: int, act: Any) -> Any:
        if not others:  # Ana's save is at its most delicate: Bea saves now
            others.append(threading.Thread(target=save, args=(BEA, 300)))
            others[0].start()
            assert lock.second_came.wait(30)
            open_notes.extend(note.person_name for note in notes.unfinished())
        return ledger.act_and_wait(tenant_id, act)

    watched = SimpleNamespace(
        standing=ledger.standing, policies=ledger.policies, act_and_wait=act_and_wait
    )
    policies = Policies(cast(Ledger, watched), notes, clock, lambda: next(ids))
    policies._saving = cast(threading.Lock, lock)
    version = ledger.policies(1).newest.policy.version
    try:
        save(ANA, 400)
        others[0].join()
        assert open_notes == ["Ana"]
        (error,) = failed
        assert isinstance(error, PolicyChanged)
        assert "Ana saved policy" in error.message
        assert [note.person_name for note in notes.saved(1).values()] == ["Ana"]
        assert notes.unfinished() == []
    finally:
        ledger.close()


# -- holds


@pytest.mark.parametrize(
    ("error", "left"),
    [
        pytest.param(StorageError("the disk is full"), [], id="had no effect"),
        pytest.param(FatalError("nobody knows"), ["placing"], id="nobody knows"),
    ],
)
def test_a_hold_that_the_log_may_have_is_not_forgotten(
    control: ControlDatabase, error: Error, left: list[str]
) -> None:
    async def settled(_tenant: int) -> int:
        return 0

    async def matches(*_: object) -> int:
        return 0

    def act_and_wait(*_: object) -> None:
        raise error

    holds = object.__new__(Holds)
    holds.table = HoldTable(control)
    holds._ledger = cast(Ledger, SimpleNamespace(act_and_wait=act_and_wait))
    holds._clock, holds._random_bytes, holds._under_way = FixedClock(START_US), bytes, set()
    vars(holds).update(_settled=settled, matches=matches)
    wish = msgspec.convert({"categories": ["data"]}, Wish)
    placing = holds.place(
        1, name="case", reason="x", wish=wish, owner=ANA, event=lambda _: {}
    )  # fmt: skip
    with pytest.raises(type(error)):
        asyncio.run(placing)
    assert [one.state for one in holds.table.unfinished()] == left
    assert holds._under_way == set()
