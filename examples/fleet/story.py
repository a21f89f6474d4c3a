"""
What happened in fleet on past days: scenes of people, keys, partners, jobs and the system itself.

All is invented and follows from the day and the name of the data folder, so the same folder always
tells the same story. Addresses are those of documentation (RFC 5737, RFC 3849).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fleet.consequences import close_depot, failing_report, grant_role, task_of, troubled_runs
from fleet.sample import KEYS, PEOPLE, ApiKey, Person

_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
_SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15"
)
_WHERE = {
    "u_8841": ("203.0.113.7", _FIREFOX),
    "u_8842": ("203.0.113.88", _CHROME),
    "u_8843": ("203.0.113.88", _SAFARI),
    "u_8844": ("2001:db8:4a::17", _CHROME),
    "u_8845": ("203.0.113.52", _CHROME),
    "u_8846": ("198.51.100.63", _SAFARI),
    "u_8847": ("198.51.100.24", _FIREFOX),
    "u_8848": ("198.51.100.7", _CHROME),
}
_KEY_FROM = {
    "k_3f9a": "192.0.2.40",
    "k_b71c": "192.0.2.40",
    "hr-sync.partner.example": "192.0.2.151",
}
_ATTACKER = "198.51.100.201"
_GROUPS = (("g_101", "Depot north"), ("g_102", "Depot south"), ("g_103", "Harbour cranes"))
_DASHBOARDS = (("d_418", "Arrivals today"), ("d_421", "Faults by depot"))
_WORKFLOWS = (("w_77", "Call a technician"), ("w_78", "Weekly depot digest"))
_PROFILES = (("p_12", "Depot north partners"), ("p_15", "Insurer view"))
_ROLES = ("viewer", "editor", "admin")
_REASONS = ("quarterly review", "moved to another team", "covering for a colleague", "OPS-118", "")

Told = tuple[datetime, str, dict[str, Any]]


@dataclass
class Day:
    """The dice of one day, and what its scenes have in common."""

    day: date
    dice: random.Random
    serial: int = field(default=0)

    def at(self, hour: float) -> datetime:
        """A moment of this day; `hour` may have a fraction."""
        start = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)
        return start + timedelta(hours=hour, milliseconds=self.dice.randrange(1000))

    def token(self, prefix: str) -> str:
        """An id that this day gave out."""
        self.serial += 1
        return f"{prefix}_{self.day:%m%d}{self.serial:02x}{self.dice.randrange(16):x}"

    def who(self, person: Person, session: str) -> dict[str, Any]:
        """The fields of a person's request."""
        return _who(person, self, session)

    @property
    def is_working_day(self) -> bool:
        return self.day.weekday() < 5


def tell_day(folder: str, day: date) -> list[Told]:
    """All that happened on this day, in order."""
    dice = random.Random(f"{folder}/{day}")
    scenes = Day(day, dice)
    told = [*_jobs(scenes), *_system(scenes), *_machines(scenes)]
    people = list(PEOPLE)
    dice.shuffle(people)
    for person in people[: dice.randint(5, 7) if scenes.is_working_day else dice.randint(0, 2)]:
        told += _shift(scenes, person)
    if scenes.is_working_day and dice.random() < 0.5:
        told += _approval(scenes)
    if scenes.is_working_day and dice.random() < 0.25:
        told += _impersonation(scenes)
    if day.day % 9 == 4:
        told += _attack(scenes)
    if day.weekday() == 2:
        told += close_depot(scenes.at(14.2), dice.choice(PEOPLE[1:3]), scenes.who, scenes.token)
    if day.weekday() == 1:
        asking = dice.choice(PEOPLE[3:6])
        told += grant_role(scenes.at(9.5), (asking, PEOPLE[1], PEOPLE[2]), scenes.who, scenes.token)
    return sorted(told, key=lambda item: item[0])


def tell_lately(folder: str, until: datetime) -> list[Told]:
    """What happened just before `until`, so that the present day is never empty."""
    scenes = Day(until.date(), random.Random(f"{folder}/{until}"))
    midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
    begin = max(midnight, until - timedelta(hours=2))
    told: list[Told] = []
    for person in PEOPLE[1:5]:  # Ana has a story of her own
        told += _shift(scenes, person)
    told += _jobs(scenes)[-6:]
    told += _system(scenes)[-2:]
    told += list(_attack(scenes))[:7]
    told.sort(key=lambda item: item[0])
    step = (until - begin) / (len(told) + 1)
    spread = [
        (begin + step * (place + 1), operation, fields)
        for place, (_, operation, fields) in enumerate(told)
    ]
    # These keep their own times: what followed from what, and how long after.
    half_an_hour = timedelta(minutes=28)
    spread += failing_report(until - half_an_hour, scenes.who, scenes.token)
    spread += close_depot(until - half_an_hour * 1.5, PEOPLE[1], scenes.who, scenes.token)
    spread += grant_role(
        until - half_an_hour * 2, (PEOPLE[3], PEOPLE[1], PEOPLE[2]), scenes.who, scenes.token
    )
    spread += troubled_runs(until, scenes.token)
    return sorted(spread, key=lambda item: item[0])


def _who(person: Person, day: Day, session: str) -> dict[str, Any]:
    ip, agent = _WHERE[person.id]
    return {
        "stream": "user",
        "actor": {"kind": "user", "id": person.id, "email": person.email, "name": person.name},
        "origin": {"ip": ip, "peer_ip": "10.20.0.4", "user_agent": agent},
        "session_id": session,
        "request_id": day.token("r"),
    }


def _target(kind: str, thing: tuple[str, str]) -> list[dict[str, str]]:
    return [{"type": kind, "id": thing[0], "name": thing[1]}]


def _change(path: str, before: Any, after: Any) -> list[dict[str, Any]]:
    return [{"path": path, "before": before, "after": after}]


def _shift(day: Day, person: Person) -> Iterator[Told]:
    """A person logs in, does a few things, and leaves or forgets to."""
    dice = day.dice
    hour = 6.8 + dice.random() * 3 if day.is_working_day else 9 + dice.random() * 6
    session = day.token("s")
    if dice.random() < 0.15:
        failed = {**_who(person, day, session), "session_id": None}
        yield day.at(hour - 0.01), "LoginUser", {
            **failed, "category": "authentication", "method": "LoginFailed", "status": 401,
            "outcome": "failure", "endpoint": "/auth/v3/login",
            "reason": "wrong e-mail or password", "severity": "warning",
        }  # fmt: skip
    yield day.at(hour), "LoginUser", {
        **_who(person, day, session), "category": "authentication", "method": "UserLogin",
        "endpoint": "/auth/v3/login", "status": 303,
    }  # fmt: skip
    for _ in range(dice.randint(1, 4) if day.is_working_day else 1):
        hour += 0.05 + dice.random() * 2
        operation, fields = _act(day, person)
        yield day.at(min(hour, 19)), operation, {**_who(person, day, session), **fields}
    hour = min(hour + 0.2 + dice.random(), 20)
    over = {"category": "authentication"}
    if dice.random() < 0.6:
        yield day.at(hour), "LogoutUser", {
            **_who(person, day, session), **over, "method": "UserLogout",
            "endpoint": "/auth/v3/logout", "status": 303,
        }  # fmt: skip
    else:
        yield day.at(hour), "CloseSession", {
            **_who(person, day, session), **over, "method": "SessionExpired",
            "endpoint": "/auth/v3/session", "request_id": None,
        }  # fmt: skip


def _act(day: Day, person: Person) -> tuple[str, dict[str, Any]]:
    """One thing that a person does; a viewer is refused, others sometimes fail."""
    dice = day.dice
    group, board = dice.choice(_GROUPS), dice.choice(_DASHBOARDS)
    flow, profile = dice.choice(_WORKFLOWS), dice.choice(_PROFILES)
    other = dice.choice([p for p in PEOPLE if p is not person])
    low = dice.choice(_ROLES[:2])
    number = dice.randint(3, 12)
    assets = dice.randint(40, 240)
    ticket = {"ticket": f"OPS-{dice.randint(80, 240)}"}
    acts: list[tuple[str, dict[str, Any]]] = [
        ("UpdateGroup", {
            "category": "data", "method": "POST", "endpoint": "/groups/v2/{row_id}", "status": 303,
            "targets": _target("group", group), "changes": _change("assets", assets, assets + 2)}),
        ("UpdateDashboard", {
            "category": "configuration", "method": "POST", "endpoint": "/dashboards/v1/{row_id}",
            "status": 303, "targets": _target("dashboard", board),
            "changes": _change("widgets", number, number + 1)}),
        ("UpdateWorkflow", {
            "category": "configuration", "method": "POST", "endpoint": "/workflows/v2/{row_id}",
            "status": 303, "targets": _target("workflow", flow),
            "changes": _change("state", "active", "paused"), "metadata": ticket}),
        ("CreateDetailsSharingProfile", {
            "category": "sharing", "method": "POST", "endpoint": "/profiles/v3/share-details",
            "status": 303, "targets": _target("sharing profile", profile),
            "changes": _change("visibility", None, "team")}),
        ("ShareProfile", {
            "category": "sharing", "method": "POST", "endpoint": "/profiles/v3/{profile_id}/share",
            "status": 303, "targets": _target("sharing profile", profile),
            "changes": _change("shared_with", "", "Insurer AG")}),
        ("DownloadExport", {
            "category": "export", "method": "GET",
            "endpoint": "/reports/v1/exports/{row_id}/download", "status": 200,
            "targets": [{"type": "export", "id": day.token("e"), "name": "Groups"}],
            "metadata": {"rows": dice.randint(100, 4000), "format": "csv"}}),
        ("DeleteDashboard", {
            "category": "configuration", "method": "POST", "status": 404,
            "endpoint": "/dashboards/v1/{row_id}/delete",
            "targets": [{"type": "dashboard", "id": f"d_{dice.randint(500, 900)}"}]}),
        ("UpdateGroup", {
            "category": "data", "method": "POST", "endpoint": "/groups/v2/{row_id}", "status": 422,
            "targets": _target("group", group), "reason": "Assets is a whole number"}),
    ]  # fmt: skip
    roles = ("AssignRole", {
        "category": "access", "method": "POST", "endpoint": "/roles/v2/assignments", "status": 303,
        "targets": _target("user", (other.id, other.email)),
        "changes": _change("role", low, _ROLES[_ROLES.index(low) + 1]),
        "reason": dice.choice(_REASONS) or None, "severity": "notice"})  # fmt: skip
    operation, fields = dice.choice(acts if person.role != "admin" else [*acts, roles, roles])
    if person.role == "viewer" and fields["method"] == "POST":
        # The refusal names what was asked for, and nothing changed.
        fields = {**fields, "status": 403, "changes": None}
    return operation, fields


def _approval(day: Day) -> Iterator[Told]:
    """One asks, another decides."""
    dice = day.dice
    asking, deciding = PEOPLE[dice.randint(3, 7)], PEOPLE[dice.randint(0, 2)]
    group = dice.choice(_GROUPS)
    target = [{"type": "approval", "id": day.token("a"), "name": f"Access to {group[1]}"}]
    hour = 8 + dice.random() * 4
    yield day.at(hour), "RequestApproval", {
        **_who(asking, day, day.token("s")), "category": "approval", "method": "POST",
        "endpoint": "/approvals/v1", "status": 303, "targets": target,
        "changes": _change("state", None, "requested"), "reason": "covering for a colleague",
    }  # fmt: skip
    verdict = dice.choice(("approve", "approve", "reject"))
    state = "approved" if verdict == "approve" else "rejected"
    yield day.at(hour + 0.2 + dice.random() * 4), f"{verdict.capitalize()}Request", {
        **_who(deciding, day, day.token("s")), "category": "approval", "method": "POST",
        "endpoint": f"/approvals/v1/{{row_id}}/{verdict}", "status": 303, "targets": target,
        "changes": _change("state", "requested", state),
        "reason": "in line with the depot plan" if verdict == "approve" else "not needed any more",
    }  # fmt: skip


def _impersonation(day: Day) -> Iterator[Told]:
    """m.lind helps out in the name of j.osei; events name both."""
    lind, osei = PEOPLE[2], PEOPLE[1]
    session = day.token("s")
    hour = 10 + day.dice.random() * 5
    behalf = {"kind": "user", "id": osei.id, "email": osei.email, "name": osei.name}
    person = dict(_who(lind, day, session))
    yield day.at(hour), "StartImpersonation", {
        **person, "category": "access", "method": "POST", "endpoint": "/auth/v3/impersonation",
        "status": 303, "targets": _target("user", (osei.id, osei.email)), "severity": "warning",
    }  # fmt: skip
    operation, fields = _act(day, osei)
    acting = {**_who(lind, day, session), **fields}
    acting["actor"] = {**acting["actor"], "on_behalf_of": behalf}
    yield day.at(hour + 0.1), operation, acting


def _attack(day: Day) -> Iterator[Told]:
    """Somebody tries passwords from one address."""
    hour = 2 + day.dice.random() * 2
    for n in range(day.dice.randint(14, 22)):
        email = day.dice.choice(PEOPLE).email if n % 4 else "admin@meridian.example"
        yield day.at(hour + n * 0.004), "LoginUser", {
            "stream": "user", "category": "authentication", "method": "LoginFailed",
            "endpoint": "/auth/v3/login", "status": 401 if n < 12 else 429, "outcome": "failure",
            "actor": {"kind": "anonymous", "email": email},
            "origin": {"ip": _ATTACKER, "user_agent": "python-requests/2.32"},
            "request_id": day.token("r"), "reason": "wrong e-mail or password",
            "severity": "warning",
        }  # fmt: skip


def _machines(day: Day) -> Iterator[Told]:
    """API keys and the partner's system call the JSON endpoints."""
    dice = day.dice
    for key in KEYS:
        for _ in range(dice.randint(1, 2)):
            yield day.at(4 + dice.random() * 17), *_call(day, key)


def _call(day: Day, key: ApiKey) -> tuple[str, dict[str, Any]]:
    group = day.dice.choice(_GROUPS)
    assets = day.dice.randint(40, 240)
    who = {
        "stream": "user",
        "actor": {"kind": key.kind, "id": key.id, "name": key.name},
        "origin": {
            "ip": _KEY_FROM[key.id], "peer_ip": "10.20.0.4", "user_agent": f"{key.name}/2.4",
        },
        "request_id": day.token("r"),
    }  # fmt: skip
    if key.id == "k_3f9a":
        return "UpdateGroup", {
            **who, "category": "data", "method": "PATCH", "endpoint": "/api/groups/v2/{row_id}",
            "status": 200, "targets": _target("group", group),
            "changes": _change("assets", assets, assets + 1),
        }  # fmt: skip
    if key.id == "k_b71c":
        return "CreateExport", {
            **who, "category": "export", "method": "POST", "endpoint": "/api/reports/v1/exports",
            "status": day.dice.choice((201, 201, 429)),
            "targets": [{"type": "export", "id": day.token("e"), "name": "Billing"}],
        }  # fmt: skip
    return "CreateUser", {
        **who, "category": "integration", "method": "POST", "endpoint": "/api/users/v3",
        "status": day.dice.choice((201, 403, 409)),
        "targets": [{"type": "user", "id": day.token("u"), "name": "new.hire@meridian.example"}],
    }  # fmt: skip


def _system(day: Day) -> list[Told]:
    """What fleet does by itself."""
    system = {"stream": "system", "actor": {"kind": "system", "name": "fleet"}}
    told: list[Told] = [
        (day.at(0.1), "RotateSigningKey", {
            **system, "category": "configuration", "method": "KeyRotated", "outcome": "success",
            "endpoint": "/service/keys", "changes": _change("key", f"k{day.day - timedelta(1):%j}",
                                                           f"k{day.day:%j}")}),
        (day.at(3.2), "CheckBackup", {
            **system, "category": "configuration", "method": "BackupVerified",
            "endpoint": "/service/backup",
            "outcome": "success" if day.day.day % 11 else "failure",
            "metadata": {"gigabytes": 4 + day.day.day % 3}}),
        (day.at(12.5), "RefreshCertificate" if day.day.day % 10 == 2 else "CheckStorage", {
            **system, "category": "configuration", "method": "ServiceEvent", "outcome": "success",
            "endpoint": "/service"}),
    ]  # fmt: skip
    if day.dice.random() < 0.2:
        for hour, operation in ((5.0, "StopService"), (5.02, "StartService")):
            told.append((day.at(hour), operation, {
                **system, "category": "configuration", "method": "ServiceEvent",
                "endpoint": "/service", "outcome": "success",
                "reason": "update to 3.1"}))  # fmt: skip
    return told


def _jobs(day: Day) -> list[Told]:
    """The nightly runs, with the attempts that they needed."""
    dice = day.dice
    kinds = [
        (1.0, "SyncFleetProfiles", "sync", None, 240_000),
        (2.0, "CleanUpExports", "default", None, 2_100),
    ]
    if day.is_working_day:
        kinds.append((5.5, "SendDepotDigest", "mail", None, 22_400))
    told: list[Told] = []
    for hour, operation, queue, person, duration_ms in kinds:
        told += _run(day, hour, operation, queue, person, duration_ms)
    if day.is_working_day and dice.random() < 0.4:
        told += _run(day, 9 + dice.random() * 6, "BuildReport", "reports",
                     dice.choice(PEOPLE[:6]), 8_300)  # fmt: skip
    return told


def _run(
    day: Day,
    hour: float,
    operation: str,
    queue: str,
    person: Person | None,
    duration_ms: int,
) -> Iterator[Told]:
    dice = day.dice
    job, worker = day.token("j"), f"w{dice.randint(1, 3)}"
    attempts = dice.choices((1, 2, 3), (85, 10, 5))[0]
    fails = attempts == 3 and dice.random() < 0.5
    task = task_of(operation)
    actor: dict[str, Any] = {"kind": "task", "id": task, "name": task}
    if person is not None:
        actor["on_behalf_of"] = {
            "kind": "user", "id": person.id, "email": person.email, "name": person.name,
        }  # fmt: skip
    base = {"stream": "task", "category": "job", "actor": actor, "endpoint": task}
    moment = day.at(hour)
    scheduled = moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")

    def entry(state: str, attempt: int, took_ms: int | None = None) -> dict[str, Any]:
        return {**base, "method": f"Task{state.capitalize()}", "job": {
            "id": job, "root_id": job, "attempt": attempt, "state": state, "queue": queue,
            "worker": worker if state != "queued" else None, "scheduled_for": scheduled,
            "duration_ms": took_ms}}  # fmt: skip

    yield moment, operation, entry("queued", 1)
    for attempt in range(1, attempts + 1):
        moment += timedelta(seconds=1 + dice.random() * 20)
        yield moment, operation, entry("started", attempt)
        good = attempt == attempts and not fails
        took_ms = int(duration_ms * (0.7 + dice.random() * 0.6)) if good else 60_000
        moment += timedelta(milliseconds=took_ms)
        state = "succeeded" if good else "failed" if attempt == attempts else "retried"
        fields = entry(state, attempt, took_ms)
        if not good:
            fields |= {"outcome": "failure", "reason": "TimeoutError: depot-api, 60 s"}
        yield moment, operation, fields
