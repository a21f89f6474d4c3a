"""Steps of an actor and the tree of why an event happened, on a real index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration.search_index import Entries, Running

from indelible.errors import InvalidRequest, NotFound
from indelible.server.query.reach import Reach
from indelible.server.query.steps import Of, Steps, find_steps
from indelible.server.query.why import Why, find_why

pytestmark = pytest.mark.timeout(180)
ANA = {"kind": "user", "id": "u_1", "email": "Ana@example.com", "name": "Ana"}
SYSTEM = {"kind": "system"}


def at(minute: int, second: int = 0) -> str:
    return f"2026-11-20T09:{minute:02}:{second:02}Z"


def context(request: str | None = None, session: str | None = None) -> dict[str, Any]:
    return {"request_id": request, "session_id": session, "source": "fleet"}


def job(id_: str, state: str, parent: str | None = None, root: str | None = None) -> dict[str, Any]:
    return {"id": id_, "state": state, "parent_id": parent, "root_id": root, "attempt": 1}


STORY: list[dict[str, Any]] = [
    {"operation": "LoginUser", "occurred_at": at(0), "actor": ANA, "context": context("r0", "s1")},
    {"operation": "CloseDepot", "occurred_at": at(4), "actor": ANA, "context": context("r1", "s1"),
     "method": "POST", "endpoint": "/depots/v1/d_7/close", "status": 202},
    {"operation": "CleanUpDepot", "occurred_at": at(4, 1), "stream": "task",
     "actor": {"kind": "task", "name": "clean-up"}, "context": context("r1"),
     "job": job("j1", "queued", root="j1")},
    {"operation": "CleanUpDepot", "occurred_at": at(5), "stream": "task",
     "actor": {"kind": "task", "name": "clean-up"}, "job": job("j1", "started", root="j1")},
    {"operation": "RemoveGroups", "occurred_at": at(5, 1), "stream": "task",
     "job": job("j2", "started", parent="j1", root="j1")},
    {"operation": "DeleteGroup", "occurred_at": at(5, 2), "stream": "system", "actor": SYSTEM,
     "targets": [{"type": "group", "id": "g_1", "name": "Y"}], "context": context("r9"),
     "job": {"id": "j2", "parent_id": "j1", "root_id": "j1"}},
    {"operation": "NotifyPartner", "occurred_at": at(5, 3), "stream": "system", "actor": SYSTEM,
     "context": context("r9")},
    {"operation": "OpenReport", "occurred_at": at(9), "actor": ANA, "context": context("r2", "s1"),
     "method": "GET", "endpoint": "/reports/v1/r_1", "status": 500},
    {"operation": "Other", "occurred_at": at(9), "actor": {"email": "bo@example.com"},
     "context": context("r3", "s3")},
    # Jobs that claim to be each other's parent, and one whose parent nobody has seen.
    {"operation": "LoopA", "occurred_at": at(20), "stream": "task",
     "job": job("a", "started", parent="b")},
    {"operation": "LoopB", "occurred_at": at(21), "stream": "task",
     "job": job("b", "started", parent="a")},
    {"operation": "Orphan", "occurred_at": at(22), "stream": "task",
     "job": job("o", "started", parent="gone")},
]  # fmt: skip
CROWD = 400


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Entries]]:
    data = tmp_path_factory.mktemp("steps")
    entries = Entries(data)
    entries.add(*STORY)
    entries.add(
        *(
            {"operation": "Crowd", "occurred_at": at(30), "context": context("crowd")}
            for _ in range(CROWD)
        )
    )
    other = Entries(data, tenant_id=2)
    running = Running(data)
    running.wait(entries.size)
    running.wait(other.size, tenant_id=2)
    yield running, entries
    running.stop()


def steps(running: Running, of: Of, *, limit: int = 100, cursor: str | None = None) -> Steps:
    found: Steps = running.run(
        find_steps(running.index, running.filter(), of, tenant="main", limit=limit, cursor=cursor)
    )
    return found


def why(made: tuple[Running, Entries], operation: str) -> Why:
    running, entries = made
    event = next(e for e in entries.events.values() if e.operation == operation)
    found: Why = running.run(find_why(running.index, Reach(tenant_id=1), "main", event.id))
    return found


def labels(tree: Why) -> list[str]:
    return [f"{'  ' * node.depth}{node.kind} {node.label}" for node in tree.nodes]


@pytest.mark.parametrize("actor", ["ana@EXAMPLE.com", "u_1", "Ana"])
def test_steps_of_an_actor_in_order(made: tuple[Running, Entries], actor: str) -> None:
    found = steps(made[0], Of(actor=actor))
    assert [step.event["operation"] for step in found.steps] == [
        "LoginUser", "CloseDepot", "OpenReport",
    ]  # fmt: skip
    assert [step.gap_s for step in found.steps] == [None, 240.0, 300.0]
    assert [step.failed for step in found.steps] == [False, False, True]
    assert [step.new_session for step in found.steps] == [True, False, False]
    assert found.total == 3
    assert found.next_cursor is None


def test_steps_of_session_request_and_the_system(made: tuple[Running, Entries]) -> None:
    running, _ = made
    assert steps(running, Of(session="s1")).total == 3
    of_request = steps(running, Of(request="r1")).steps
    assert [step.event["stream"] for step in of_request] == ["user", "task"]
    assert [step.new_request for step in of_request] == [True, True]
    assert steps(running, Of(actor="ana@example.com", request="r1")).total == 1
    assert "DeleteGroup" in {
        step.event["operation"] for step in steps(running, Of(actor="system@main")).steps
    }
    assert steps(running, Of(actor="nobody@example.com")).steps == []


def test_pages_of_steps_go_on_where_they_ended(made: tuple[Running, Entries]) -> None:
    running, _ = made
    first = steps(running, Of(session="s1"), limit=2)
    assert first.next_cursor is not None
    second = steps(running, Of(session="s1"), limit=2, cursor=first.next_cursor)
    assert [step.number for step in (*first.steps, *second.steps)] == [1, 2, 3]
    assert second.steps[0].gap_s == 300.0
    with pytest.raises(InvalidRequest):
        steps(running, Of(session="s3"), cursor=first.next_cursor)


def test_why_leads_up_to_the_person(made: tuple[Running, Entries]) -> None:
    tree = why(made, "DeleteGroup")
    assert labels(tree) == [
        "actor Ana@example.com",
        "  session s1",
        "    request r1",
        "      event CloseDepot",
        "      job j1",
        "        event CleanUpDepot",
        "        event CleanUpDepot",
        "        job j2",
        "          event RemoveGroups",
        "          event DeleteGroup",
        "          request r9",
        "            event NotifyPartner",
    ]
    kinds = [key.partition(":")[0] for key in tree.path]
    assert kinds == ["actor", "session", "request", "job", "job", "event"]
    assert tree.because is not None
    assert tree.because["operation"] == "CloseDepot"
    assert tree.partial == []
    session = next(node for node in tree.nodes if node.kind == "session")
    assert session.event is not None
    assert session.event["operation"] == "LoginUser"


def test_why_is_the_same_tree_from_each_of_its_events(made: tuple[Running, Entries]) -> None:
    assert labels(why(made, "CloseDepot")) == labels(why(made, "DeleteGroup"))


def test_loops_are_cut_and_what_is_missing_is_said(made: tuple[Running, Entries]) -> None:
    tree = why(made, "LoopB")
    assert tree.partial == ["cycle"]
    assert labels(tree) == ["job a", "  event LoopA", "  job b", "    event LoopB"]
    orphan = why(made, "Orphan")
    assert orphan.partial == ["missing"]
    assert labels(orphan) == ["job gone", "  job o", "    event Orphan"]
    assert orphan.nodes[0].missing


def test_a_large_tree_is_bounded_and_says_so(made: tuple[Running, Entries]) -> None:
    tree = why(made, "Crowd")
    assert tree.partial == ["events"]
    assert 300 <= len(tree.nodes) <= 310
    assert tree.focus in {node.key for node in tree.nodes}


def test_another_tenants_event_is_not_there(made: tuple[Running, Entries]) -> None:
    running, entries = made
    event = next(iter(entries.events.values()))
    with pytest.raises(NotFound):
        running.run(find_why(running.index, Reach(tenant_id=2), "other", event.id))
