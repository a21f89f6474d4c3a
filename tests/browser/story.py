"""
One day in June 2022 that the tests of runs, steps and causes look at, far from the sample's days.

Ana logs in, changes things, closes a depot, and meets a 500. Closing the depot starts a job, the
job starts another, and that deletes a group in the name of the system.
"""

from __future__ import annotations

from typing import Any

DAY = "2022-06-14"
ANA = {"kind": "user", "id": "u_1", "email": "ana.keller@meridian.example", "name": "Ana Keller"}
DELETED = "018e0000-0000-7000-8000-0000000d0001"
PROSE = "018e0000-0000-7000-8000-0000000d0002"
CLOSED = "018e0000-0000-7000-8000-0000000d0003"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def story_events() -> list[dict[str, Any]]:
    """All of the day."""
    return [*_ana(), *_cleaning(), *_runs()]


def _at(time: str) -> str:
    return f"{DAY}T{time}Z"


def _user(time: str, operation: str, request: str, **more: Any) -> dict[str, Any]:
    return {
        "operation": operation, "occurred_at": _at(time), "actor": ANA,
        "origin": {"ip": "203.0.113.7", "peer_ip": "10.0.0.4", "user_agent": AGENT},
        "context": {"request_id": request, "session_id": "ses_ana", "trace_id": "trace_1",
                    "source": "fleet-web"},
        **more,
    }  # fmt: skip


def _ana() -> list[dict[str, Any]]:
    return [
        _user("09:00:00", "LoginUser", "req_1", method="UserLogin", endpoint="/auth/v3/login"),
        _user(
            "09:04:10", "UpdateProfile", "req_2", id=PROSE, method="PUT",
            endpoint="/profiles/v3/p_12", status=200,
            targets=[{"type": "profile", "id": "p_12", "name": "Depot north"}],
            changes=[
                {"path": "note", "before": "Gate closes at six in the evening",
                 "after": "Gate closes at seven in the evening"},
                {"path": "owner", "before": "north", "after": "north"},
                {"path": "api_token", "before": "[redacted]", "after": "[redacted]"},
                {"path": "expires_at", "before": None, "after": "2022-12-01"},
            ],
            metadata={"headers": {"Accept-Language": "de-DE"}, "nested": {"a": [1, {"b": True}]}},
        ),
        _user("09:04:12", "ReadProfile", "req_2b", method="GET", endpoint="/profiles/v3/p_12",
              status=200),
        _user("09:10:00", "CloseDepot", "req_3", id=CLOSED, method="POST",
              endpoint="/depots/v1/{depot_id}/close", status=202,
              targets=[{"type": "depot", "id": "d_7", "name": "Depot seven"}]),
        _user("09:21:00", "OpenReport", "req_4", method="GET", endpoint="/reports/v1/r_9",
              status=500, reason="report storage is away"),
        _user("09:58:00", "LogoutUser", "req_5", method="UserLogout", endpoint="/auth/v3/logout"),
    ]  # fmt: skip


def _job(time: str, operation: str, run: str, state: str | None, **more: Any) -> dict[str, Any]:
    job = {
        "id": more.pop("job_id", run), "root_id": run, "parent_id": more.pop("parent", None),
        "attempt": more.pop("attempt", 1), "state": state, "queue": more.pop("queue", "default"),
        "worker": more.pop("worker", "w1"), "duration_ms": more.pop("took", None),
    }  # fmt: skip
    return {"stream": "task", "operation": operation, "occurred_at": _at(time), "job": job, **more}


def _cleaning() -> list[dict[str, Any]]:
    """What the closing of the depot sets off, down to a deletion by the system."""
    request = {"context": {"request_id": "req_3", "source": "fleet-web"}}
    return [
        _job("09:10:01", "CleanUpDepot", "j_clean", "queued", worker=None, **request),
        _job("09:10:02", "CleanUpDepot", "j_clean", "started"),
        _job("09:10:04", "RemoveGroups", "j_clean", "started", job_id="j_groups", parent="j_clean"),
        {"stream": "system", "id": DELETED, "operation": "DeleteGroup", "method": "RowDeleted",
         "outcome": "success", "occurred_at": _at("09:10:05"), "actor": {"kind": "system"},
         "targets": [{"type": "group", "id": "g_y", "name": "Group Y"}],
         "job": {"id": "j_groups", "root_id": "j_clean", "parent_id": "j_clean"}},
        _job("09:10:06", "RemoveGroups", "j_clean", "succeeded", job_id="j_groups",
             parent="j_clean", took=2_000),
        _job("09:10:08", "CleanUpDepot", "j_clean", "succeeded", took=6_000),
    ]  # fmt: skip


def _runs() -> list[dict[str, Any]]:
    late = {"outcome": "failure", "reason": "TimeoutError: depot-api, 60 s"}
    sync = {"queue": "sync"}
    return [
        _job("06:00:00", "SyncFleetProfiles", "j_sync1", "started", **sync),
        _job("06:03:00", "SyncFleetProfiles", "j_sync1", "succeeded", took=180_000, **sync),
        _job("07:00:00", "SyncFleetProfiles", "j_sync2", "started", **sync),
        _job("07:01:00", "SyncFleetProfiles", "j_sync2", "retried", took=60_000, **sync, **late),
        _job("07:01:30", "SyncFleetProfiles", "j_sync2", "started", attempt=2, worker="w2", **sync),
        _job("07:04:30", "SyncFleetProfiles", "j_sync2", "succeeded", attempt=2, worker="w2",
             took=180_000, reason="1,204 profiles, 3 changed", **sync),
        _job("08:00:00", "SendDepotDigest", "j_mail", "started", queue="mail", worker="w3"),
        _job("08:00:30", "SendDepotDigest", "j_mail", "failed", queue="mail", worker="w3",
             took=30_000, outcome="failure", reason="SMTP 421, gave up"),
        _job("08:30:00", "ExportArrivals", "j_exp", "cancelled", queue="reports"),
        _job("10:00:00", "SyncFleetProfiles", "j_stuck", "started", **sync),
    ]  # fmt: skip
