"""Own events reach the ledger in order, once, and late rather than never."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from indelible.clock import FixedClock
from indelible.errors import StorageError
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import put, waiting
from indelible.server.ingest.own import OwnAudit
from indelible.server.query import Reach
from indelible.server.web.route import Caller


class FakeLedger:
    """Keeps what it is given; knows an id again, as the ledger does; fails when told to."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.failures = 0

    async def record(self, tenant_id: int, event: dict[str, Any]) -> None:
        if self.failures:
            self.failures -= 1
            raise StorageError("disk full")
        if event["id"] not in [known["id"] for known in self.events]:
            self.events.append(event)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlDatabase]:
    opened = ControlDatabase(tmp_path / "control.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


Body = Callable[[OwnAudit], Coroutine[Any, Any, None]]


def run(control: ControlDatabase, ledger: FakeLedger, body: Body) -> None:
    numbers = iter(range(1000))

    async def main() -> None:
        clock = FixedClock(1_700_000_000_000_000)
        await body(OwnAudit(control, ledger.record, clock, lambda: f"id{next(numbers)}"))

    asyncio.run(main())


def caller(kind: str) -> Caller:
    return Caller(
        reach=Reach(tenant_id=1), tenant="main", kind=kind, id="x1", name="Ana",  # type: ignore[arg-type]
        permissions=frozenset(), email="ana@example.com" if kind == "person" else None,
        ip="203.0.113.7", request_id="r1",
    )  # fmt: skip


def leave(control: ControlDatabase, *ids: str) -> None:
    with control.write() as transaction:
        for event_id in ids:
            put(transaction, 1, {"id": event_id})


def test_what_waits_is_moved_in_order(control: ControlDatabase, ledger: FakeLedger) -> None:
    leave(control, *(f"e{number}" for number in range(1200)))

    async def body(own: OwnAudit) -> None:
        await asyncio.gather(own.drain(), own.drain())

    run(control, ledger, body)
    assert [event["id"] for event in ledger.events] == [f"e{number}" for number in range(1200)]
    assert waiting(control) == []


def test_a_full_ledger_delays_and_loses_nothing(
    control: ControlDatabase, ledger: FakeLedger
) -> None:
    leave(control, "a", "b")
    ledger.failures = 2

    async def body(own: OwnAudit) -> None:
        await own.drain()
        assert [item.event["id"] for item in waiting(control)] == ["a", "b"]
        await own.record(1, {"id": "c"})
        assert [item.event["id"] for item in waiting(control)] == ["a", "b", "c"]
        await own.drain()

    run(control, ledger, body)
    assert [event["id"] for event in ledger.events] == ["a", "b", "c"]
    assert waiting(control) == []


def test_a_crash_between_ledger_and_outbox_doubles_nothing(
    control: ControlDatabase, ledger: FakeLedger
) -> None:
    leave(control, "a")
    ledger.events.append({"id": "a"})

    async def body(own: OwnAudit) -> None:
        await own.drain()

    run(control, ledger, body)
    assert ledger.events == [{"id": "a"}]


def test_a_key_s_read_is_there_when_it_is_answered(
    control: ControlDatabase, ledger: FakeLedger
) -> None:
    async def body(own: OwnAudit) -> None:
        for _ in range(2):
            await own.read(
                caller("key"), "SearchAuditLog", method="GET", endpoint="/v1/events",
                query={"q": "ana", "cursor": "c", "stream": "user"},
            )  # fmt: skip

    run(control, ledger, body)
    (event,) = ledger.events
    assert event["actor"] == {"kind": "api_key", "id": "x1", "name": "Ana"}
    assert event["metadata"] == {"query": {"q": "ana", "stream": "user"}}
    assert event["context"]["request_id"] == "r1"
    assert (event["stream"], event["category"]) == ("user", "audit")


def test_an_export_is_a_task_each_time(control: ControlDatabase, ledger: FakeLedger) -> None:
    async def body(own: OwnAudit) -> None:
        for _ in range(2):
            await own.read(
                caller("person"), "ExportAuditLog", method="GET", endpoint="/v1/export",
                query={"format": "csv"}, count=7,
            )  # fmt: skip

    run(control, ledger, body)
    assert [event["stream"] for event in ledger.events] == ["task", "task"]
    assert ledger.events[0]["metadata"] == {"query": {"format": "csv"}, "count": 7}
    assert ledger.events[0]["job"] == {"id": ledger.events[0]["id"], "state": "succeeded"}


def test_a_person_s_read_waits_and_is_written_at_the_end(
    control: ControlDatabase, ledger: FakeLedger
) -> None:
    async def body(own: OwnAudit) -> None:
        await own.read(
            caller("person"), "ReadAuditLog", method="GET", endpoint="/v1/events", query={}
        )
        assert ledger.events == []
        await own.flush()
        assert len(ledger.events) == 1

    run(control, ledger, body)
