"""Entries of holds: a release ends one for good, whatever was under way."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from indelible.clock import SystemClock
from indelible.server.access.approvals import Somebody
from indelible.server.access.control import ControlDatabase
from indelible.server.ledger import Desk, Ledger
from indelible.server.ledger.held import Held
from indelible.server.retention.hold import Holds
from indelible.server.retention.hold_desk import append_list, append_more, append_release
from indelible.server.retention.hold_table import Hold, HoldTable
from indelible.server.retention.hold_wish import Wish


def test_what_matched_before_a_release_does_not_open_a_hold_again(
    tmp_path: Path,
) -> None:
    clock = SystemClock()
    Ledger.create(tmp_path, clock, tenant="default", origin="host.example/default")
    ledger = Ledger.open(tmp_path, clock=clock)

    def random_bytes(count: int) -> bytes:
        return bytes(count)

    def do(act: Any) -> Any:
        return ledger.act_and_wait(1, act)

    try:
        do(lambda desk: append_list(desk, 7, [3, 4], random_bytes))
        assert do(lambda desk: append_more(desk, 7, [5], random_bytes)) is not None
        released = do(lambda desk: append_release(desk, 7))
        assert do(lambda desk: append_more(desk, 7, [6], random_bytes)) is None
        assert ledger.size(1) == released + 1
        assert not do(lambda desk: _held(desk).any_open)
    finally:
        ledger.close()


def _held(desk: Desk) -> Held:
    held = Held()
    held.catch_up(desk.connection, desk.tenant_id)
    return held


def test_learning_holds_does_not_read_the_leaves_of_events() -> None:
    """Each expired event has one: reading them all would stop the writer."""
    asked: list[str] = []
    connection = SimpleNamespace(
        execute=lambda sql, _: asked.append(sql) or SimpleNamespace(fetchall=list)
    )
    Held().catch_up(cast(sqlite3.Connection, connection), 1)
    assert "INDEXED BY declaration" in asked[0]


def test_a_hold_that_is_being_placed_stops_what_it_may_cover(tmp_path: Path) -> None:
    """The ledger may have it already: a crash between the two must not let events go."""
    control = ControlDatabase(tmp_path / "control.sqlite3")
    table = HoldTable(control)
    ana = Somebody("p_1", "Ana")
    hold = Hold(
        id=7, tenant_id=1, state="placing", name="case", reason="x", wish=Wish(actor="u_1"),
        owner=ana, placed_us=1, entry=None, through=40, matched=2,
    )  # fmt: skip
    holds = object.__new__(Holds)
    holds.table = table
    holds._ledger = cast(Any, SimpleNamespace(size=lambda _: 90))

    def event(_hold: Hold) -> dict[str, Any]:
        return {}

    try:
        assert holds.ready_through(1) == 90
        table.add(hold)
        assert holds.ready_through(1) == 40
        opened = table.placed(hold, 41, event)
        table.follow(opened, 80, 0)
        assert holds.ready_through(1) == 80
        table.releasing(opened, ana, "x", 2)
        assert holds.ready_through(1) == 80
        table.released(opened, 81, event)
        assert holds.ready_through(1) == 90
    finally:
        control.close()


def test_each_step_of_a_hold_makes_one_event_whoever_takes_it(tmp_path: Path) -> None:
    """The look for what a crash left may meet a request that is at the same hold."""
    control = ControlDatabase(tmp_path / "control.sqlite3")
    table = HoldTable(control)
    ana = Somebody("p_1", "Ana")
    hold = Hold(
        id=7, tenant_id=1, state="placing", name="case", reason="x", wish=Wish(actor="u_1"),
        owner=ana, placed_us=1, entry=None, through=40, matched=2,
    )  # fmt: skip
    told: list[str] = []

    def event(after: Hold) -> dict[str, Any]:
        told.append(after.state)
        return {}

    try:
        table.add(hold)
        table.placed(hold, 41, event)
        opened = table.placed(hold, 41, event)
        marked = table.releasing(opened, ana, "x", 2)
        assert table.released(marked, 81, event) == table.released(marked, 81, event)
        assert told == ["open", "released"]
        assert table.one(1, 7).release_entry == 81
    finally:
        control.close()


def test_what_a_request_is_at_is_not_taken_for_what_a_crash_left() -> None:
    hold = cast(Hold, SimpleNamespace(id=7, state="releasing"))
    holds = object.__new__(Holds)
    holds.table = cast(Any, SimpleNamespace(unfinished=lambda: [hold]))
    holds._own = cast(Any, SimpleNamespace(drain=lambda: asyncio.sleep(0)))
    holds._under_way = set()
    taken: list[str] = []

    async def release(*_: object) -> None:
        taken.append("released")

    holds.release = release  # type: ignore[method-assign, assignment]
    hold_fields = {"releaser": None, "owner": Somebody("p_1", "Ana"), "release_reason": "x"}
    vars(hold).update(hold_fields)
    with holds._working_on(hold):
        asyncio.run(holds._mend())
    assert taken == []
    asyncio.run(holds._mend())
    assert taken == ["released"]
