"""A caller who sees a part of the log: nothing of the rest shows, whatever is asked and how."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import Any

import msgspec
import pytest
from tests.integration.search_index import NOW_US, Entries, Running

from indelible.clock import format_us
from indelible.errors import NotFound
from indelible.server.query import Page, Reach
from indelible.server.query.changes import find_changes
from indelible.server.query.compare import compare_ranges
from indelible.server.query.complete import complete, place_of
from indelible.server.query.facets import FACETS, MAX_FIELDS, count_facets
from indelible.server.query.feed import read_feed
from indelible.server.query.gaps import find_gaps
from indelible.server.query.history import find_history
from indelible.server.query.profile import find_profile
from indelible.server.query.reach import Target
from indelible.server.query.run_detail import find_run
from indelible.server.query.runs import find_runs
from indelible.server.query.steps import Of, find_steps
from indelible.server.query.summary import summarise
from indelible.server.query.why import find_why

pytestmark = pytest.mark.timeout(300)

MINE = Target("group", "7")
# All that is outside says this word somewhere, so that one look tells whether any of it shows.
SECRET = "outside"


def _event(minute: int, operation: str, *targets: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "operation": operation,
        "occurred_at": format_us(NOW_US - minute * 60_000_000),
        "targets": [{"type": kind, "id": id_} for kind, id_ in targets],
        "context": {"source": "fleet", "request_id": "r1", "session_id": "s1"},
        **more,
    }


EVENTS = [
    _event(50, "OutsideLogin", ("user", "outside"), actor={"email": "outside@example.com"}),
    _event(40, "CreateGroup", ("group", "7"), actor={"email": "ana@example.com"}),
    _event(39, "DeleteGroup", ("dashboard", "7"), ("group", "outside"), reason="outside"),
    _event(38, "RenameGroup", ("group", "7"), ("user", "u1"), actor={"email": "ana@example.com"}),
    _event(37, "RenameGroup", ("Group", "7"), reason="outside: another letter"),
    _event(
        36, "SyncGroup", ("group", "7"), stream="task",
        job={"id": "j1", "root_id": "j1", "state": "started"},
    ),
    _event(
        35, "OutsideSync", ("group", "outside"), stream="task",
        job={"id": "j2", "root_id": "j1", "state": "succeeded", "worker": "outside"},
    ),
    _event(34, "Outside", category="outside", metadata={"group": "7"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Entries, list[int]]]:
    data = tmp_path_factory.mktemp("reach")
    entries = Entries(data)
    indices = entries.add(*EVENTS)
    other = Entries(data, tenant_id=2, seed=2)
    other.add(_event(30, "OutsideGroup", ("group", "7"), ("user", "outside")))
    running = Running(data)
    try:
        running.wait(entries.size)
        running.wait(other.size, tenant_id=2)
        yield running, entries, indices
    finally:
        running.stop()


def shown(found: object) -> str:
    return msgspec.json.encode(found).decode()


PARTS = [
    Reach(tenant_id=1, targets=(MINE,)),
    Reach(tenant_id=1, targets=(Target("group", "none"), MINE)),
    Reach(tenant_id=1, targets=(MINE,), streams=("user", "task"), sources=("fleet",)),
    Reach(tenant_id=1, query="operation:CreateGroup OR (RenameGroup has:actor) OR worker:w9 "
                             "OR operation:SyncGroup"),
]  # fmt: skip


@pytest.mark.parametrize("reach", PARTS[-2:])
def test_nothing_from_outside_shows(log: tuple[Running, Entries, list[int]], reach: Reach) -> None:
    running, entries, indices = log
    index, run = running.index, running.run
    mine = {indices[1], indices[3], indices[5]}
    filter_ = running.filter(reach=reach)
    page = run(running.query.events(filter_, Page(limit=100)))
    assert {event["index"] for event in page.events} == mine
    # Nor can a search widen it.
    for q in (
        "outside",
        "-CreateGroup",
        "outside OR group",
        'NOT "no such text"',
        "has:target",
        "target.id:outside OR target.id:7",
        ") OR (1=1",
        "index:>=0 OR id:*",
    ):
        try:
            asked = running.filter(reach=reach, q=q)
        except Exception:  # noqa: BLE001 - what is no query finds nothing
            continue
        page = run(running.query.events(asked, Page(limit=100)))
        assert {event["index"] for event in page.events} <= mine, q
        assert run(running.query.count(asked)) == len(page.events)
    day = running.filter(reach=reach, period="day", date="2026-11-23")
    compared = compare_ranges(day.range, "previous", NOW_US, "monday")
    prepared = run(running.query.prepare(filter_))
    answers: list[Any] = [
        run(running.query.total(filter_)),
        *(run(running.query.group(filter_, name, 100)) for name in
          ("stream", "operation", "actor", "source", "category", "target", "target_type")),
        run(running.query.histogram(filter_, 50)),
        run(running.query.newer(filter_, 0, 100)),
        run(count_facets(index, prepared, FACETS[:MAX_FIELDS], 100, "")),
        run(count_facets(index, prepared, FACETS[MAX_FIELDS:], 100, "")),
        run(read_feed(index, run(running.query.prepare(filter_)), -1, 100)),
        run(summarise(index, day, compared, by="operation", sort="count", ascending=False,
                      limit=100)),
        run(find_changes(index, day, compared, 100)),
        run(find_steps(index, filter_, Of(request="r1"), tenant="t", limit=100, cursor=None)),
        run(find_why(index, reach, "t", entries.events[indices[1]].id)),
        run(find_runs(index, filter_, now_us=NOW_US, limit=100, cursor=None)),
        run(find_runs(index, running.filter(reach=reach, q="group OR outside"), now_us=NOW_US,
                      limit=100, cursor=None)),
        run(find_run(index, reach, "j1", NOW_US)),
        run(find_gaps(index, reach, day.range, NOW_US)),
        run(find_profile(index, filter_, "actor", "ana@example.com", "")),
        run(find_profile(index, filter_, "operation", "RenameGroup", "")),
        run(find_profile(index, filter_, "target", "7", "group")),
        run(find_history(index, filter_, "group", "7", 100)),
        *(run(complete(index, reach, place_of(text, len(text)), 100)) for text in
          ("o", "out", "outside", "g", "gr", "operation:", "actor:", "source:", "category:",
           "target.type:", "worker:", "status:", "ip:", "target:", "change.path:")),
    ]  # fmt: skip
    for answer in answers:
        assert SECRET not in shown(answer).lower(), answer
    total, streams = answers[0], answers[1]
    assert total.total == 3
    assert {group.key: group.count for group in streams.groups} == {"user": 2, "task": 1}
    assert answers[2].total == sum(group.count for group in answers[2].groups) == 3
    run_detail = run(find_run(index, reach, "j1", NOW_US))
    assert run_detail.run.entries == 1
    assert run_detail.run.state == "running"
    completed = run(complete(index, reach, place_of("operation:", 10), 100))
    assert {item.label for item in completed.items} == {"CreateGroup", "RenameGroup", "SyncGroup"}
    assert all(item.count == 1 for item in completed.items)
    # What was there before the period is that of the part, too.
    assert run(summarise(index, day, compared, by="operation", sort="count", ascending=False,
                         limit=9)).operations.first_time == 3  # fmt: skip


@pytest.mark.parametrize("reach", PARTS)
def test_what_is_outside_is_not_there(
    log: tuple[Running, Entries, list[int]], reach: Reach
) -> None:
    running, entries, indices = log
    for place, at in enumerate(indices):
        event_id = entries.events[at].id
        asked: list[Coroutine[Any, Any, Any]] = [
            running.query.event(reach, event_id),
            running.query.entry(reach, at),
            running.query.require_entry(reach, at),
            find_why(running.index, reach, "t", event_id),
        ]
        for ask in asked:
            if place in (1, 3, 5):
                running.run(ask)
            else:
                with pytest.raises(NotFound):
                    running.run(ask)
    # An entry that is no event belongs to no part; one that was never written is not there either.
    for at in (0, 1, 10_000):
        with pytest.raises(NotFound):
            running.run(running.query.entry(reach, at))
    with pytest.raises(NotFound):
        running.run(find_run(running.index, reach, "j2", NOW_US))


def test_a_reach_of_nothing_and_of_another_tenant(
    log: tuple[Running, Entries, list[int]],
) -> None:
    running, entries, indices = log
    theirs = Reach(tenant_id=2, targets=(MINE,))
    assert running.run(running.query.count(running.filter(reach=theirs))) == 1
    with pytest.raises(NotFound):
        running.run(running.query.event(theirs, entries.events[indices[1]].id))
    for reach in (
        Reach(tenant_id=1, targets=()),
        Reach(tenant_id=1, streams=()),
        Reach(tenant_id=1, query="no-such-word"),
        Reach(tenant_id=1, targets=(Target("group", "7' OR '1'='1"),)),
    ):
        assert running.run(running.query.count(running.filter(reach=reach))) == 0
        with pytest.raises(NotFound):
            running.run(running.query.event(reach, entries.events[indices[1]].id))
    whole = Reach(tenant_id=1)
    assert whole.is_whole
    assert not any(part.is_whole for part in PARTS)
    assert running.run(running.query.count(running.filter(reach=whole))) == len(EVENTS)
