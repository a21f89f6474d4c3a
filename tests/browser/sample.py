"""
The events that the browser tests look at: one busy Friday long ago, and a few around it.

The browser's clock is set to that Friday, so that "today" is the same day on every run; timers run
as they are.
"""

from __future__ import annotations

from typing import Any

TODAY = "2024-03-15"  # a Friday
NOW = "2024-03-15T14:45:10Z"
USER_COUNT = 900
SYSTEM_COUNT = 40
TASK_COUNT = 12
YESTERDAY_COUNT = 5

BIDI = "\u202e"
HOSTILE_OPERATION = f"<img src=x onerror=window.hacked=1>{BIDI}gpj.exe"
HOSTILE_EMAIL = "<script>window.hacked=1</script>@example.com"

_PEOPLE = ("ana.keller", "tomas.brandt", "greta.holm", "lena.fischer", "paul.nwosu")
_ACTS = (
    ("POST", "/roles/v2/assignments", "AssignRole"),
    ("UserLogin", "/auth/v3/login", "LoginUser"),
    ("PUT", "/profiles/v3/share-details", "UpdateSharingProfile"),
    ("DELETE", "/dashboards/v1/418", "DeleteDashboard"),
)
_STATUSES = (200, 200, 201, 401, 403, 404, 409, 500, None)


def event_id(number: int) -> str:
    """A UUID that tells which sample it is."""
    return f"018e0000-0000-7000-8000-{number:012x}"


def user_event(number: int) -> dict[str, Any]:
    """One of today's events; number 0 is the newest, at 14:44:30, each next is 50 s older."""
    method, endpoint, operation = _ACTS[number % len(_ACTS)]
    second = 14 * 3600 + 44 * 60 + 30 - 50 * number
    event: dict[str, Any] = {
        "id": event_id(number),
        "operation": operation,
        "method": method,
        "endpoint": endpoint,
        "status": _STATUSES[number % len(_STATUSES)],
        "occurred_at": moment(TODAY, second),
        "actor": {"kind": "user", "email": f"{_PEOPLE[number % len(_PEOPLE)]}@meridian.example"},
        "origin": {"ip": f"203.0.113.{number % 200}", "peer_ip": "10.0.0.4"},
        "targets": [{"type": "role", "id": "r_1", "name": "Administrator"}],
        "changes": [
            {"path": "role", "before": "viewer", "after": "admin"},
            {"path": "scope", "before": None, "after": ["all", "depots"]},
        ],
        "context": {"request_id": f"req_{number}", "source": "fleet-web"},
        "reason": "Holiday cover",
    }
    if number == 2:
        event["actor"] = {
            "kind": "user",
            "email": "m.lind@meridian.example",
            "on_behalf_of": {"kind": "user", "email": "j.osei@meridian.example"},
        }
    elif number == 3:
        event["actor"] = {"kind": "api_key", "name": "fleet-sync (3f9a)"}
        event["origin"] = {"device_id": "dev-7KQ2-41"}
    elif number == 4:
        event |= {"status": None, "outcome": "denied", "origin": None, "endpoint": None}
    return event


def moment(day: str, second: int) -> str:
    """RFC 3339 of a second of a day."""
    return f"{day}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def sample_events() -> list[dict[str, Any]]:
    """All of them."""
    events = [user_event(number) for number in range(USER_COUNT)]
    events += [
        {
            "stream": "system",
            "operation": "RotateKey",
            "method": "Schedule",
            "endpoint": "vault",
            "occurred_at": moment(TODAY, 60 * number),
        }
        for number in range(SYSTEM_COUNT)
    ]
    events += [
        {
            "stream": "task",
            "operation": "NightlyExport",
            "occurred_at": moment(TODAY, 3600 + 60 * number),
            "job": {"id": f"j_{number}", "state": "succeeded", "queue": "nightly"},
        }
        for number in range(TASK_COUNT)
    ]
    events += [
        {
            "operation": "ImportUsers",
            "occurred_at": moment("2024-03-14", 36_000 + number),
            "actor": {"kind": "external", "name": "hr-sync.partner.example"},
        }
        for number in range(YESTERDAY_COUNT)
    ]
    # A Saturday of the week before, for hostile text; and one event in July of another year.
    events.append(
        {
            "operation": HOSTILE_OPERATION,
            "endpoint": "=cmd|'/c calc'!A1",
            "occurred_at": "2024-03-09T12:00:00Z",
            "actor": {"kind": "user", "email": HOSTILE_EMAIL, "name": f"Eve{BIDI}nA"},
            "targets": [{"type": "page", "name": "javascript:window.hacked=1"}],
            "changes": [{"path": f"a{BIDI}b", "before": "<b>x</b>", "after": "\u200bhidden"}],
            "reason": "long " * 300,
            "metadata": {"<svg onload=window.hacked=1>": f"x{BIDI}y"},
        }
    )
    events.append({"operation": "FoundIt", "occurred_at": "2023-07-10T12:00:00Z"})
    return events
