"""
What one act leads to: scenes that go through requests, jobs and the system, tied by their ids.

A depot is closed and the system deletes its group; a report fails under Ana's hands and works a
little later; somebody asks for a role, another approves it, a third one grants it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from fleet.sample import PEOPLE, Person

Told = tuple[datetime, str, dict[str, Any]]
_SYSTEM: dict[str, Any] = {"kind": "system"}


class Who(Protocol):
    """Gives the fields of a person's request in a session."""

    def __call__(self, person: Person, session: str) -> dict[str, Any]: ...


class Token(Protocol):
    """Gives a new id with this prefix."""

    def __call__(self, prefix: str) -> str: ...


def _login(who: dict[str, Any]) -> dict[str, Any]:
    return {
        **who, "category": "authentication", "method": "UserLogin",
        "endpoint": "/auth/v3/login", "status": 303,
    }  # fmt: skip


def task_of(operation: str) -> str:
    """The Celery task behind an operation: `BuildReport` → `fleet.jobs.build_report`."""
    return "fleet.jobs" + re.sub("([A-Z])", r"_\1", operation).lower().replace("_", ".", 1)


def _entry(
    operation: str, queue: str, job: dict[str, Any], took_ms: int | None = None, **more: Any
) -> dict[str, Any]:
    state, task = job["state"], task_of(operation)
    return {
        "stream": "task", "category": "job", "method": f"Task{state.capitalize()}",
        "endpoint": task, "actor": {"kind": "task", "id": task, "name": task},
        "job": {"attempt": 1, "queue": queue, "worker": "w2", "duration_ms": took_ms, **job},
        **more,
    }  # fmt: skip


def close_depot(start: datetime, person: Person, who: Who, token: Token) -> Iterator[Told]:
    """A person closes a depot. A job cleans up, its own job removes groups, the system deletes."""
    session, root, child = token("s"), token("j"), token("j")
    depot = {"type": "depot", "id": token("d"), "name": "Depot west"}
    group = {"type": "group", "id": token("g"), "name": "Depot west night shift"}
    whole = {"id": root, "root_id": root}
    part = {"id": child, "root_id": root, "parent_id": root}

    def at(seconds: float) -> datetime:
        return start + timedelta(seconds=seconds)

    yield at(0), "LoginUser", _login(who(person, session))
    act = who(person, session)
    yield at(80), "CloseDepot", {
        **act, "category": "configuration", "method": "POST",
        "endpoint": "/depots/v1/{depot_id}/close", "status": 202, "targets": [depot],
        "changes": [{"path": "state", "before": "open", "after": "closed"}],
        "reason": "the site was given up", "severity": "notice",
    }  # fmt: skip
    request = {"request_id": act["request_id"]}
    yield (
        at(80.2),
        "CleanUpDepot",
        _entry("CleanUpDepot", "default", {**whole, "state": "queued", "worker": None}, **request),
    )
    yield at(81), "CleanUpDepot", _entry("CleanUpDepot", "default", {**whole, "state": "started"})
    yield at(82), "RemoveGroups", _entry("RemoveGroups", "default", {**part, "state": "started"})
    yield at(83), "DeleteGroup", {
        "stream": "system", "category": "data", "method": "RowDeleted", "outcome": "success",
        "endpoint": "/groups/v2/{row_id}", "actor": _SYSTEM, "targets": [group], "job": part,
        "changes": [{"path": "name", "before": group["name"], "after": None},
                    {"path": "assets", "before": 31, "after": None}],
    }  # fmt: skip
    yield (
        at(84),
        "RemoveGroups",
        _entry("RemoveGroups", "default", {**part, "state": "succeeded"}, 2_000),
    )
    yield (
        at(86),
        "CleanUpDepot",
        _entry("CleanUpDepot", "default", {**whole, "state": "succeeded"}, 5_000),
    )


def failing_report(start: datetime, who: Who, token: Token) -> Iterator[Told]:
    """Ana changes a dashboard, wants a report of it, and meets a 500."""
    ana = PEOPLE[0]
    session = token("s")
    board = [{"type": "dashboard", "id": "d_418", "name": "Arrivals today"}]

    def at(minutes: float) -> datetime:
        return start + timedelta(minutes=minutes)

    def web(method: str, endpoint: str, status: int, **more: Any) -> dict[str, Any]:
        given = who(ana, session)
        return {**given, "method": method, "endpoint": endpoint, "status": status, **more}

    yield at(0), "LoginUser", _login(who(ana, session))
    yield at(1.5), "UpdateDashboard", web(
        "POST", "/dashboards/v1/d_418", 303, category="configuration", targets=board,
        changes=[
            {"path": "widgets", "before": 6, "after": 7},
            {"path": "description",
             "before": "Trains that arrive today at the northern depots",
             "after": "Trains that arrive today at all depots, by platform"},
            {"path": "visibility", "before": "team", "after": "team"},
            {"path": "share_token", "before": "[redacted]", "after": "[redacted]"},
        ],
    )  # fmt: skip
    yield at(6), "CreateExport", web(
        "POST", "/reports/v1/exports", 201, category="export",
        targets=[{"type": "export", "id": token("e"), "name": "Arrivals today"}],
        changes=[{"path": "scope", "before": None, "after": "d_418"},
                 {"path": "format", "before": None, "after": "pdf"}],
    )  # fmt: skip
    yield at(7), "OpenReport", web(
        "GET", "/reports/v1/d_418/preview?page=2", 500, category="data", targets=board,
        outcome="failure", severity="warning", reason="report storage is away",
    )  # fmt: skip
    yield at(7.4), "OpenReport", web(
        "GET", "/reports/v1/d_418/preview?page=2", 500, category="data", targets=board,
        outcome="failure", severity="warning", reason="report storage is away",
    )  # fmt: skip
    yield (
        at(16),
        "OpenReport",
        web("GET", "/reports/v1/d_418/preview?page=1", 200, category="data", targets=board),
    )


def grant_role(
    start: datetime, people: tuple[Person, Person, Person], who: Who, token: Token
) -> Iterator[Told]:
    """One asks for the role of an administrator, another approves, a third one grants it."""
    asking, approving, granting = people
    approval = {"type": "approval", "id": token("a"), "name": f"Administrator for {asking.name}"}
    person = {"type": "user", "id": asking.id, "name": asking.email}

    def at(minutes: float) -> datetime:
        return start + timedelta(minutes=minutes)

    def web(who_: Person, endpoint: str, **more: Any) -> dict[str, Any]:
        given = who(who_, token("s"))
        return {**given, "method": "POST", "endpoint": endpoint, "status": 303, **more}

    yield at(0), "RequestApproval", web(
        asking, "/approvals/v1", category="approval", targets=[approval],
        changes=[{"path": "state", "before": None, "after": "requested"}],
        reason="on call over the holidays",
    )  # fmt: skip
    yield at(25), "ApproveRequest", web(
        approving, "/approvals/v1/{row_id}/approve", category="approval", targets=[approval],
        changes=[{"path": "state", "before": "requested", "after": "approved"}],
        reason="in line with the rota",
    )  # fmt: skip
    yield at(31), "AssignRole", web(
        granting, "/roles/v2/assignments", category="access", targets=[person, approval],
        changes=[{"path": "role", "before": asking.role, "after": "admin"}],
        reason=f"approved by {approving.email}", severity="notice",
    )  # fmt: skip


def troubled_runs(until: datetime, token: Token) -> Iterator[Told]:
    """A run that was left open, and one that gave up after its last attempt."""
    late = {"outcome": "failure", "reason": "SMTP 421, try again later"}
    stuck, mail = token("j"), token("j")
    begin = until - timedelta(minutes=55)
    yield (
        begin,
        "SyncFleetProfiles",
        _entry("SyncFleetProfiles", "sync", {"id": stuck, "root_id": stuck, "state": "started"}),
    )
    for attempt in (1, 2, 3):
        job = {"id": mail, "root_id": mail, "attempt": attempt, "worker": "w3"}
        moment = begin + timedelta(minutes=5 * attempt)
        yield (
            moment,
            "SendDepotDigest",
            _entry("SendDepotDigest", "mail", {**job, "state": "started"}),
        )
        state = "retried" if attempt < 3 else "failed"
        yield (
            moment + timedelta(seconds=30),
            "SendDepotDigest",
            _entry("SendDepotDigest", "mail", {**job, "state": state}, 30_000, **late),
        )
