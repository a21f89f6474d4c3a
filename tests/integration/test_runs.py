"""Runs put together from the entries of the Tasks stream, on a real index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration.search_index import NOW_US, Entries, Running

from indelible.errors import InvalidRequest, NotFound
from indelible.server.query.reach import Reach
from indelible.server.query.run_detail import RunDetail, find_run
from indelible.server.query.runs import Run, Runs, find_runs

pytestmark = pytest.mark.timeout(180)
ANA = {"kind": "user", "id": "u_1", "email": "ana@example.com"}


def entry(run: str, state: str | None, time: str, operation: str = "Sync", **more: Any) -> Any:
    """An entry on 20 November; `time` as HH:MM:SS, or a whole moment."""
    job = {
        "id": more.pop("job_id", run), "root_id": run, "parent_id": more.pop("parent", None),
        "attempt": more.pop("attempt", 1), "state": state, "queue": "nightly",
        "worker": more.pop("worker", "w1"), "duration_ms": more.pop("took", None),
    }  # fmt: skip
    moment = time if "T" in time else f"2026-11-20T{time}Z"
    return {"stream": "task", "operation": operation, "occurred_at": moment, "job": job, **more}


STORY: list[dict[str, Any]] = [
    # A person's request begins a run with two attempts and something that it did.
    {"operation": "StartSync", "occurred_at": "2026-11-20T09:59:58Z", "actor": ANA,
     "context": {"request_id": "r1"}},
    entry("j1", "queued", "09:59:59", context={"request_id": "r1"}),
    entry("j1", "started", "10:00:00"),
    entry("j1", None, "10:00:10", operation="UpdateGroup"),
    entry("j1", "retried", "10:01:00", took=60_000, outcome="failure", reason="TimeoutError"),
    entry("j1", "started", "10:01:30", attempt=2, worker="w2"),
    entry("j1", "succeeded", "10:03:00", attempt=2, worker="w2", took=90_000),
    # Only its end was told, with how long it took.
    entry("j2", "failed", "11:00:30", took=30_000, outcome="failure", reason="SMTP 421"),
    # One that fans out: a child fails, the parent is well.
    entry("j3", "started", "12:00:00", operation="Report"),
    entry("j3", "started", "12:00:01", operation="Part", job_id="j3a", parent="j3"),
    entry("j3", "failed", "12:00:09", operation="Part", job_id="j3a", parent="j3"),
    entry("j3", "succeeded", "12:00:20", operation="Report"),
    # Each attempt a job of its own.
    entry("j4", "retried", "13:00:01", took=1_000),
    entry("j4", "succeeded", "13:00:05", job_id="j4-2", parent="j4", attempt=2, took=2_000),
    entry("j5", "cancelled", "14:00:00"),
    # Left open on the day; usual is a few minutes at most.
    entry("j6", "started", "15:00:00", actor={"kind": "task", "name": "sync",
                                              "on_behalf_of": {"email": "bo@example.com"}}),
    entry("j7", "queued", "15:00:01", operation="NeverSeen"),
    entry("j8", "retried", "15:00:02", operation="Flaky", took=500),
    # Begun before midnight, ended after it.
    entry("j9", "started", "2026-11-20T23:59:50Z"),
    entry("j9", "succeeded", "2026-11-21T00:00:10Z"),
    # A task's event without a job is a run of its own.
    {"stream": "task", "operation": "Loose", "occurred_at": "2026-11-20T16:00:00Z"},
    {"stream": "task", "operation": "LooseFailed", "occurred_at": "2026-11-20T16:00:01Z",
     "outcome": "failure"},
]  # fmt: skip
DAY = {"from_": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("runs")
    entries = Entries(data)
    entries.add(*STORY)
    running = Running(data)
    running.wait(entries.size)
    yield running
    running.stop()


def find(running: Running, **asked: Any) -> Runs:
    limit, cursor, state = (
        asked.pop("limit", 100),
        asked.pop("cursor", None),
        asked.pop("state", None),
    )
    found: Runs = running.run(
        find_runs(
            running.index, running.filter(**{**DAY, **asked}), now_us=NOW_US, limit=limit,
            cursor=cursor, state=state,
        )
    )  # fmt: skip
    return found


def by_id(running: Running) -> dict[str, Run]:
    return {run.id: run for run in find(running).runs}


def detail(running: Running, job_id: str) -> RunDetail:
    found: RunDetail = running.run(find_run(running.index, Reach(tenant_id=1), job_id, NOW_US))
    return found


def test_one_row_per_run_newest_first(made: Running) -> None:
    found = find(made)
    named = [run.id if len(run.id) < 9 else run.operation for run in found.runs]
    assert named == [
        "j9", "LooseFailed", "Loose", "j8", "j7", "j6", "j5", "j4", "j3", "j2", "j1",
    ]  # fmt: skip
    assert found.totals is not None
    assert found.totals.runs == 11
    assert found.totals.by_state == {
        "cancelled": 1, "failed": 3, "queued": 1, "retrying": 1, "running": 1, "succeeded": 3,
        "unknown": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("run", "state", "attempts", "duration_ms", "started"),
    [
        ("j1", "succeeded", 2, 180_000, "10:00:00"),
        ("j2", "failed", 1, 30_000, "11:00:00"),
        ("j3", "failed", 2, 20_000, "12:00:00"),
        ("j4", "succeeded", 2, 5_000, "13:00:00"),
        ("j5", "cancelled", 1, 0, "14:00:00"),
        ("j6", "running", 1, None, "15:00:00"),
        ("j7", "queued", 1, None, "15:00:01"),
        ("j8", "retrying", 1, None, "15:00:01.500000"),
        ("j9", "succeeded", 1, 20_000, "23:59:50"),
    ],
)
def test_state_attempts_and_duration(
    made: Running, run: str, state: str, attempts: int, duration_ms: int | None, started: str
) -> None:
    found = by_id(made)[run]
    assert (found.state, found.attempts, found.duration_ms) == (state, attempts, duration_ms)
    assert found.started_at == f"2026-11-20T{started}Z"


def test_a_run_belongs_to_the_day_on_which_it_started(made: Running) -> None:
    assert find(made, from_="2026-11-21T00:00:00Z", to="2026-11-22T00:00:00Z").runs == []


def test_who_caused_it(made: Running) -> None:
    runs = by_id(made)
    by = runs["j1"].caused_by
    assert by is not None
    assert (by.kind, by.name) == ("user", "ana@example.com")
    assert by.event_id is not None
    other = runs["j6"].caused_by
    assert other is not None
    assert (other.name, other.event_id) == ("bo@example.com", None)
    assert runs["j2"].caused_by is None
    assert (runs["j1"].operation, runs["j1"].queue, runs["j1"].worker) == ("Sync", "nightly", "w2")


def test_open_past_the_usual_time_is_marked(made: Running) -> None:
    runs = by_id(made)
    # The finished Sync runs took 180, 30, 5 and 20 s.
    assert runs["j6"].usual_ms is not None
    assert 5_000 <= runs["j6"].usual_ms <= 180_000
    assert runs["j6"].overdue
    assert [run.id for run in runs.values() if run.overdue] == ["j6"], "others have no usual time"
    assert [run.id for run in find(made, state="overdue").runs] == ["j6"]
    assert {run.id for run in find(made, state="open").runs} == {"j6", "j7", "j8"}
    assert not made.run(
        find_runs(
            made.index, made.filter(**DAY), now_us=1_795_186_830_000_000, limit=9, cursor=None,
            state="overdue",
        )
    ).runs, "half a minute after the start of j6"  # fmt: skip


def test_pages_hold_each_run_once(made: Running) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        page = find(made, limit=2, cursor=cursor)
        assert (page.totals is None) == (cursor is not None)
        seen += [run.id for run in page.runs]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [run.id for run in find(made).runs]
    with pytest.raises(InvalidRequest):
        find(made, cursor=find(made, limit=2).next_cursor, state="open")


def test_a_search_finds_runs_by_any_entry(made: Running) -> None:
    assert [run.id for run in find(made, q="SMTP").runs] == ["j2"]
    found = find(made, q="UpdateGroup").runs
    assert [(run.id, run.attempts, run.operation) for run in found] == [("j1", 2, "Sync")]
    assert find(made, q="nothing-has-this").runs == []


def test_a_run_with_its_attempts(made: Running) -> None:
    found = detail(made, "j1")
    first, second = found.attempts
    assert (first.attempt, first.state, first.reason) == (1, "retried", "TimeoutError")
    assert (first.duration_ms, first.worker) == (60_000, "w1")
    assert [one["operation"] for one in first.entries] == ["Sync", "Sync", "UpdateGroup", "Sync"]
    assert (second.attempt, second.state, second.worker) == (2, "succeeded", "w2")
    assert not found.cut
    assert found.run.id == "j1"


def test_a_job_inside_a_run_leads_to_the_whole_run(made: Running) -> None:
    found = detail(made, "j3a")
    assert found.run.id == "j3"
    assert [(one.job_id, one.state) for one in found.attempts] == [
        ("j3", "succeeded"), ("j3a", "failed"),
    ]  # fmt: skip
    loose = next(run for run in find(made).runs if run.operation == "LooseFailed")
    assert [one.state for one in detail(made, loose.id).attempts] == ["failed"]
    with pytest.raises(NotFound):
        detail(made, "no-such-job")
