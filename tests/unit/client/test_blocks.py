"""Blocks and decorators: one event for an operation, a start and one end for a job."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from indelible.client import Indelible, audit_context, describe
from indelible.client.carry import pack
from indelible.errors import SettingsError
from indelible.testing import MemoryAudit, assert_audited

ANA = {"kind": "user", "id": "u_1", "email": "ana@meridian.example"}


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


def test_an_operation_leaves_one_event_with_what_was_said_inside(audit: MemoryAudit) -> None:
    with audit_context(actor=ANA, request_id="r_1"), audit.operation("ShareProfile", reason="Q4"):
        describe(targets=[{"type": "profile", "id": "p_1"}], changes={"public": (False, True)})
    (event,) = audit.events
    assert (event["operation"], event["outcome"], event["reason"]) == (
        "ShareProfile",
        "success",
        "Q4",
    )
    assert event["targets"] == [{"type": "profile", "id": "p_1"}]
    assert event["changes"] == [{"path": "public", "before": False, "after": True}]
    assert (event["actor"], event["context"]["request_id"]) == (ANA, "r_1")


@pytest.mark.parametrize(
    ("error", "outcome"), [(ValueError("secret=hunter2"), "failure"), (PermissionError(), "denied")]
)
def test_an_operation_that_raises_is_told_and_goes_on_raising(
    audit: MemoryAudit, error: Exception, outcome: str
) -> None:
    with pytest.raises(type(error)), audit.operation("RotateKeys"):
        raise error
    assert audit.events[0]["outcome"] == outcome
    assert audit.events[0]["metadata"] == {"error": type(error).__name__}


def test_an_operation_decorates_functions_and_coroutines(audit: MemoryAudit) -> None:
    @audit.operation("Plain", metadata={"a": 1})
    def plain(n: int) -> int:
        return plain(n - 1) + 1 if n else 0

    @audit.operation("Awaited")
    async def awaited() -> str:
        describe(metadata={"b": 2})
        return "x"

    async def both() -> list[str]:
        return list(await asyncio.gather(awaited(), awaited()))

    assert plain(2) == 2
    assert asyncio.run(both()) == ["x", "x"]
    assert [event["operation"] for event in audit.events] == ["Plain"] * 3 + ["Awaited"] * 2
    assert (plain.__name__, audit.events[-1]["metadata"]) == ("plain", {"b": 2})


def test_an_operation_may_be_left_out(audit: MemoryAudit) -> None:
    with audit.operation("Quiet"):
        describe(record=False)
    assert audit.events == []


def test_a_job_tells_start_and_end_and_acts_in_the_name_of_who_caused_it(
    audit: MemoryAudit,
) -> None:
    with audit_context(actor=ANA, trace_id="0" * 31 + "1"):
        carried = pack()
    with audit.job("shop.sync_groups", id="j_1", queue="low", attempt=2, carried=carried):
        audit.record("UpdateGroup")
    started, inside, ended = audit.events
    assert [event["operation"] for event in audit.events] == [
        "SyncGroups",
        "UpdateGroup",
        "SyncGroups",
    ]
    assert (started["method"], ended["method"]) == ("TaskStarted", "TaskSucceeded")
    assert (started["stream"], started["category"], started["endpoint"]) == (
        "task",
        "job",
        "shop.sync_groups",
    )
    assert ended["job"].pop("duration_ms") >= 0
    assert ended["job"].pop("worker")
    assert ended["job"] == {
        "id": "j_1",
        "root_id": "j_1",
        "attempt": 2,
        "state": "succeeded",
        "queue": "low",
    }
    for event in (started, inside, ended):
        assert event["actor"]["kind"] == "task"
        assert event["actor"]["on_behalf_of"] == ANA
        assert (event["job"]["id"], event["context"]["trace_id"]) == ("j_1", "0" * 31 + "1")


@pytest.mark.parametrize(
    ("error", "method", "reason"),
    [
        (ValueError("password=hunter2 is wrong"), "TaskFailed", "password=[redacted] is wrong"),
        (asyncio.CancelledError(), "TaskCancelled", "CancelledError"),
        (KeyboardInterrupt(), "TaskCancelled", "KeyboardInterrupt"),
    ],
)
def test_a_job_that_ends_early_says_how(
    audit: MemoryAudit, error: BaseException, method: str, reason: str
) -> None:
    with pytest.raises(type(error)), audit.job("nightly"):
        raise error
    assert audit.events[-1]["method"] == method
    assert reason in audit.events[-1]["reason"]
    assert "hunter2" not in str(audit.events)


def test_a_job_has_one_end(audit: MemoryAudit) -> None:
    with audit.job("nightly") as run:
        run.retry("the other side is away")
        run.fail("told twice")
    assert [event["method"] for event in audit.events] == ["TaskStarted", "TaskRetried"]


def test_a_job_queued_by_a_job_names_its_parent_its_root_and_the_person(
    audit: MemoryAudit,
) -> None:
    @audit.job("child")
    async def child() -> None:
        audit.record("Work")

    with (
        audit_context(actor=ANA),
        audit.job("root", id="j_1"),
        audit.job("middle", id="j_2", carried=pack()),
    ):
        asyncio.run(child())
    work = assert_audited(audit, operation="Work")
    assert (work["job"]["root_id"], work["job"]["parent_id"]) == ("j_1", "j_2")
    assert work["actor"]["on_behalf_of"] == ANA


@pytest.mark.parametrize(
    "carried",
    [None, "text", {"person": 7}, {"person": {"email": 7, "extra": "x"}}, {"trace_id": []}],
)
def test_what_a_queue_brings_is_read_with_care(audit: MemoryAudit, carried: Any) -> None:
    with audit.job("child", carried=carried):
        pass
    assert "on_behalf_of" not in audit.events[0]["actor"]


def test_mode_outbox_writes_the_row_and_lets_the_database_fail(audit: MemoryAudit) -> None:
    rows: list[tuple[str, bytes]] = []

    def write(event_id: str, line: bytes) -> None:
        if rows:
            raise OSError("no table")
        rows.append((event_id, line))

    with Indelible(
        "http://127.0.0.1:9", "k", source="unit", mode="outbox", outbox=write, on_sigterm="leave"
    ) as client:
        receipt = client.record("UpdateGroup")
        assert receipt is not None
        assert rows[0][0] == receipt.id
        assert audit.keep(rows[0][1])["operation"] == "UpdateGroup"
        with pytest.raises(OSError, match="no table"):
            client.record("UpdateGroup")
        assert client.health().queued == 0
    with pytest.raises(SettingsError):
        Indelible("http://127.0.0.1:9", "k", source="unit", mode="outbox")


def test_an_assertion_says_what_was_recorded_instead(audit: MemoryAudit) -> None:
    with audit_context(actor=ANA):
        audit.record("CreateGroup", targets=[{"type": "group", "id": "g_1"}], status=201)
    assert_audited(audit, operation="CreateGroup", target="g_1", actor="u_1", status=201, times=1)
    with pytest.raises(
        AssertionError, match=r"no event with .*DeleteGroup.*recorded was:\n.*Creat"
    ):
        assert_audited(audit, operation="DeleteGroup")
