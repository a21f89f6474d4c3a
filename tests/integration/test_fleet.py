"""The sample product over HTTP against the real service: every act leaves the right event."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from tests.integration.conftest import ROOT, RunningService

pytestmark = pytest.mark.timeout(120)

ANA = {"kind": "user", "id": "u_8841", "email": "ana@meridian.example", "name": "Ana Keller"}
PASSWORD = "depot-north-42"
SYNC_KEY = "fk_sample_fleet_sync_3f9a"
HR_KEY = "fk_sample_hr_sync"
ADDRESS = "203.0.113.7"


@dataclass
class Fleet:
    """A running fleet, as a browser or a script sees it."""

    url: str
    process: subprocess.Popen[str]
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def request(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        parts = urlsplit(self.url)
        sent = {
            "X-Forwarded-For": ADDRESS,
            "User-Agent": "test browser",
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if self.cookie:
            sent["Cookie"] = self.cookie
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=sent)
            reply = connection.getresponse()
            found = {name.lower(): value for name, value in reply.getheaders()}
            return reply.status, reply.read().decode(), found
        finally:
            connection.close()

    def post(self, path: str, **form: str) -> int:
        """A form of a page; remembers the session cookie."""
        status, _, headers = self.request(
            "POST", path, urlencode(form), content_type="application/x-www-form-urlencoded"
        )
        if "set-cookie" in headers:
            self.cookie = headers["set-cookie"].split(";", 1)[0]
        return status

    def call(self, method: str, path: str, key: str, given: dict[str, Any] | None = None) -> Any:
        """A JSON endpoint with an API key."""
        body = None if given is None else json.dumps(given)
        status, text, _ = self.request(
            method, "/api" + path, body, x_api_key=key, content_type="application/json"
        )
        return status, json.loads(text) if text else None

    def log_in(self, email: str = "ana@meridian.example", password: str = PASSWORD) -> int:
        self.cookie = ""
        return self.post("/auth/v3/login", email=email, password=password)

    def row_id(self, path: str, name: str) -> str:
        """The id of a row, from the page that lists it."""
        _, page, _ = self.request("GET", path)
        found = re.search(rf'<td class="mono">(\w+)</td>\s*<td>{re.escape(name)}</td>', page)
        assert found is not None, name
        return found[1]


def start_fleet(
    data: Path, service: RunningService, *arguments: str, module: str = "examples/fleet"
) -> Fleet:
    """Starts fleet as a person would, on a free port."""
    environment = {**os.environ, "FLEET_AUDIT_KEY": service.key("w")}
    environment.pop("PYTHONPATH", None)
    process = subprocess.Popen(
        [sys.executable, module, "--url", service.url, "--data", str(data), "--port", "0",
         "--jobs-every", "0", "--trusted-proxies", "127.0.0.1", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on "), line
    return Fleet(line.split()[-1], process)


@pytest.fixture(scope="module")
def fleet(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    fleet = start_fleet(tmp_path_factory.mktemp("fleet"), service)
    yield fleet
    fleet.process.send_signal(signal.SIGTERM)
    fleet.process.communicate(timeout=60)
    assert fleet.process.returncode == 0  # with its worker and its Redis


def find(service: RunningService, count: int = 1, **wanted: Any) -> list[dict[str, Any]]:
    """The newest events that have these values, oldest first; waits until there are `count`."""
    stream = wanted.pop("stream", "user")
    until = time.monotonic() + 60
    while True:
        page = service.events(stream=stream, limit=500, own="hide")
        hits = [
            event
            for event in page
            if all(value(event) if callable(value) else event[name] == value
                   for name, value in wanted.items())
        ]  # fmt: skip
        if len(hits) >= count or time.monotonic() > until:
            assert len(hits) >= count, (wanted, [event["operation"] for event in page])
            return list(reversed(hits[:count]))
        time.sleep(0.1)


def find_one(service: RunningService, **wanted: Any) -> dict[str, Any]:
    return find(service, 1, **wanted)[0]


def on(target_id: str) -> Callable[[dict[str, Any]], bool]:
    """A condition for `find`: the event is about this thing."""
    return lambda event: target_id in [target["id"] for target in event["targets"] or []]


def changes(event: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        change["path"]: (change.get("before"), change.get("after"))
        for change in event["changes"] or []
    }


def person(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event["actor"].items() if value is not None}


MODULES = {
    "/groups/v2": ("Group", "group", {"region": "south", "assets": "9"}, ("region", "east")),
    "/dashboards/v1": ("Dashboard", "dashboard", {"widgets": "3"}, ("visibility", "public")),
    "/workflows/v2": ("Workflow", "workflow", {"trigger": "fault"}, ("state", "active")),
    "/users/v3": ("User", "user", {"email": "{name}@meridian.example"}, ("role", "editor")),
    "/profiles/v3/share-details": (
        "DetailsSharingProfile", "sharing profile", {"visibility": "team"}, ("shared_with", "AG"),
    ),
    "/reports/v1/exports": ("Export", "export", {"scope": "groups"}, ("scope", "users")),
    "/approvals/v1": ("", "approval", {"kind": "access", "reason": "r"}, ("reason", "another")),
}  # fmt: skip
OPERATIONS = {
    "/approvals/v1": ("RequestApproval", "UpdateApprovalRequest", "WithdrawApprovalRequest"),
    **{
        path: (f"Create{one}", f"Update{one}", f"Delete{one}")
        for path, (one, *_) in MODULES.items()
        if one
    },
}


@pytest.mark.parametrize("path", MODULES)
def test_a_person_creates_edits_and_deletes(
    fleet: Fleet, service: RunningService, path: str
) -> None:
    _, kind, given, (changed, value) = MODULES[path]
    create, update, delete = OPERATIONS[path]
    name = f"by-a-person{path.replace('/', '-')}"
    given = {key: text.format(name=name[:20]) for key, text in given.items()}
    fleet.log_in()
    assert fleet.post(path, name=name, **given) == 303
    row_id = fleet.row_id(path, name)
    assert fleet.post(f"{path}/{row_id}", **{changed: value}) == 303
    assert fleet.post(f"{path}/{row_id}/delete") == 303

    event = find_one(service, operation=create, about=on(row_id))
    assert person(event) == ANA
    assert (event["method"], event["endpoint"], event["status"]) == ("POST", path, 303)
    assert (event["outcome"], event["reported_by"]) == ("success", "client")
    assert event["origin"]["ip"] == ADDRESS
    assert event["origin"]["user_agent"] == "test browser"
    assert event["targets"] == [{"type": kind, "id": row_id, "name": name}]
    assert changes(event)["name"] == (None, name)
    assert event["context"]["source"] == "fleet-web"
    assert event["context"]["session_id"].startswith("s_")

    event = find_one(service, operation=update, about=on(row_id))
    assert event["endpoint"] == f"{path}/{{row_id}}"
    before, after = changes(event)[changed]
    assert (before != after, after) == (True, value)

    event = find_one(service, operation=delete, about=on(row_id))
    assert changes(event)["name"] == (name, None)


@pytest.mark.parametrize("path", MODULES)
def test_an_api_key_creates_edits_and_deletes(
    fleet: Fleet, service: RunningService, path: str
) -> None:
    _, kind, given, (changed, value) = MODULES[path]
    name = f"by-a-key{path.replace('/', '-')}"
    given = {key: text.format(name=name[:20]) for key, text in given.items()}
    fleet.cookie = ""
    status, row = fleet.call("POST", path, SYNC_KEY, {"name": name, **given})
    assert status == 201
    at = f"{path}/{row['id']}"
    assert fleet.call("PATCH", at, SYNC_KEY, {changed: value})[0] == 200
    assert fleet.call("DELETE", at, SYNC_KEY)[0] == 204

    found = [find_one(service, operation=name, about=on(row["id"])) for name in OPERATIONS[path]]
    for event, method in zip(found, ("POST", "PATCH", "DELETE"), strict=True):
        assert person(event) == {"kind": "api_key", "id": "k_3f9a", "name": "fleet-sync"}
        assert event["method"] == method
        assert event["endpoint"].startswith(f"/api{path}")
        assert event["targets"][0]["type"] == kind
        assert event["context"].get("session_id") is None
    assert changes(found[1])[changed][1] == value


def test_a_job_creates_edits_and_deletes_in_every_module(
    fleet: Fleet, service: RunningService
) -> None:
    fleet.log_in()
    for run in range(2):
        assert fleet.post("/jobs/v1/partner-sync/runs") == 303
        find(service, run + 1, stream="task", method="TaskSucceeded", operation="SyncFleetProfiles")
    ended = find(service, 2, stream="task", method="TaskSucceeded", operation="SyncFleetProfiles")
    job_id = ended[-1]["job"]["id"]
    # Told by another process than the rest: it may be stored, and even have happened, later.
    find_one(service, stream="task", method="TaskQueued", run=lambda e: e["job"]["id"] == job_id)
    of_job = service.events(stream="task", limit=500, own="hide")
    of_job = [event for event in of_job if event["job"]["id"] == job_id]
    states = [event["job"]["state"] for event in of_job if event["job"]["state"]]
    assert sorted(states) == ["queued", "started", "succeeded"]
    for what in ("group", "dashboard", "workflow", "user", "sharing profile", "approval", "export"):
        rows = [
            event for event in of_job if event["targets"] and event["targets"][0]["type"] == what
        ]
        assert {event["method"] for event in rows} == {"RowCreated", "RowUpdated", "RowDeleted"}
    queued = next(event for event in of_job if event["job"]["state"] == "queued")
    assert person(queued) == ANA
    task = "fleet.jobs.sync_fleet_profiles"
    for event in of_job:
        if event is queued:
            continue
        assert (event["actor"]["kind"], event["actor"]["id"]) == ("task", task)
        assert event["context"]["source"] == "fleet-worker"
        caused_by = {k: v for k, v in event["actor"]["on_behalf_of"].items() if v is not None}
        assert caused_by == ANA


def test_a_job_that_fails_once_is_retried(fleet: Fleet, service: RunningService) -> None:
    fleet.log_in()
    for run in range(3):
        assert fleet.post("/jobs/v1/weekly-report/runs") == 303
        find(service, run + 1, stream="task", method="TaskSucceeded", operation="BuildReport")
    retried = find_one(service, stream="task", method="TaskRetried")
    assert (retried["outcome"], retried["reason"]) == (
        "failure", "TryAgain: report storage is busy",
    )  # fmt: skip
    ended = find_one(
        service,
        stream="task",
        method="TaskSucceeded",
        same_job=lambda event: event["job"]["id"] == retried["job"]["id"],
    )
    assert (retried["job"]["attempt"], ended["job"]["attempt"]) == (1, 2)


def test_logins_failures_and_logouts(fleet: Fleet, service: RunningService) -> None:
    assert fleet.log_in("greta.holm@meridian.example") == 303
    session = find_one(service, method="UserLogin", actor=lambda e: e["actor"]["id"] == "u_8844")
    assert (session["operation"], session["outcome"]) == ("LoginUser", "success")
    assert fleet.post("/auth/v3/logout") == 303
    out = find_one(service, method="UserLogout", actor=lambda e: e["actor"]["id"] == "u_8844")
    assert out["context"]["session_id"] == session["context"]["session_id"]

    assert fleet.log_in("greta.holm@meridian.example", "wrong") == 401
    failed = find_one(service, method="LoginFailed", actor=lambda e: e["actor"]["kind"] == "user")
    assert (failed["actor"]["email"], failed["status"]) == ("greta.holm@meridian.example", 401)
    assert failed["outcome"] == "denied"
    assert fleet.log_in("nobody@elsewhere.example", "wrong") == 401
    failed = find_one(
        service, method="LoginFailed", actor=lambda e: e["actor"]["kind"] == "anonymous"
    )
    assert failed["actor"]["email"] == "nobody@elsewhere.example"
    assert "wrong" not in json.dumps({**failed, "reason": None})


def test_who_may_not_is_denied_and_recorded(fleet: Fleet, service: RunningService) -> None:
    fleet.log_in("lena.fischer@meridian.example")
    assert fleet.post("/groups/v2", name="not mine") == 403
    event = find_one(service, operation="CreateGroup", status=403)
    assert (event["outcome"], event["actor"]["id"]) == ("denied", "u_8848")
    assert event["changes"] is None or event["changes"] == []

    fleet.cookie = ""
    assert fleet.post("/groups/v2", name="whose?") == 401
    event = find_one(service, operation="CreateGroup", status=401)
    assert (event["outcome"], event["actor"]["kind"]) == ("denied", "anonymous")
    assert fleet.call("GET", "/groups/v2", "fk_wrong")[0] == 401
    event = find_one(service, endpoint="/api/groups/v2", status=401)
    assert (event["method"], event["actor"]["kind"]) == ("GET", "api_key")


def test_partners_are_external_and_bad_input_changes_nothing(
    fleet: Fleet, service: RunningService
) -> None:
    fleet.cookie = ""
    status, problem = fleet.call("POST", "/groups/v2", HR_KEY, {"name": "x", "region": "moon"})
    assert (status, problem["detail"]) == (422, "Region is one of north, south, east, west.")
    event = find_one(service, status=422, endpoint="/api/groups/v2")
    assert person(event) == {
        "kind": "external",
        "id": "hr-sync.partner.example",
        "name": "hr-sync.partner.example",
    }
    assert (event["outcome"], event["targets"] or []) == ("failure", [])
    assert fleet.call("POST", "/users/v3", HR_KEY, {"name": "y", "email": "y@x.example"})[0] == 403


def test_roles_sharing_and_passwords(fleet: Fleet, service: RunningService) -> None:
    fleet.log_in()
    assert fleet.post(
        "/roles/v2/assignments", user_id="u_8847", role="editor", reason="covers for Paul"
    ) == 303  # fmt: skip
    event = find_one(service, operation="AssignRole")
    assert (event["category"], event["endpoint"]) == ("access", "/roles/v2/assignments")
    assert changes(event) == {"role": ("viewer", "editor")}
    assert event["reason"] == "covers for Paul"
    assert event["targets"][0]["id"] == "u_8847"

    assert fleet.post("/profiles/v3/p_12/share", shared_with="Insurer AG") == 303
    event = find_one(service, operation="ShareProfile")
    assert changes(event) == {"shared_with": ("Kühne AG", "Insurer AG")}
    assert (event["category"], event["endpoint"]) == ("sharing", "/profiles/v3/{profile_id}/share")

    assert fleet.post("/users/v3/u_8845/password") == 303
    event = find_one(service, operation="ResetPassword")
    assert changes(event) == {"password_hash": ("[redacted]", "[redacted]")}


def test_approvals_need_somebody_else(fleet: Fleet, service: RunningService) -> None:
    fleet.log_in()
    fleet.post("/approvals/v1", name="Two more cranes", kind="purchase", reason="season")
    row_id = fleet.row_id("/approvals/v1", "Two more cranes")
    assert fleet.post(f"/approvals/v1/{row_id}/approve") == 403
    own = find_one(service, operation="ApproveRequest", status=403)
    assert (own["outcome"], own["actor"]["id"]) == ("denied", "u_8841")
    fleet.log_in("j.osei@meridian.example")
    assert fleet.post(f"/approvals/v1/{row_id}/reject", reason="not this year") == 303
    event = find_one(service, operation="RejectRequest", about=on(row_id))
    assert (event["category"], event["reason"]) == ("approval", "not this year")
    assert changes(event) == {
        "state": ("requested", "rejected"),
        "decided_by": (None, "j.osei@meridian.example"),
    }


def test_a_download_is_a_read_that_is_recorded(fleet: Fleet, service: RunningService) -> None:
    fleet.log_in()
    fleet.post("/reports/v1/exports", name="All groups", scope="groups")
    row_id = fleet.row_id("/reports/v1/exports", "All groups")
    status, text, headers = fleet.request("GET", f"/reports/v1/exports/{row_id}/download")
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    event = find_one(service, operation="DownloadExport")
    assert (event["method"], event["category"]) == ("GET", "export")
    assert event["metadata"]["rows"] == len(text.splitlines()) - 1


def test_acting_for_another_names_both(fleet: Fleet, service: RunningService) -> None:
    fleet.log_in("m.lind@meridian.example")
    assert fleet.post("/auth/v3/impersonation", user_id="u_8842") == 303
    assert fleet.post("/groups/v2", name="for Joseph", region="west") == 303
    assert fleet.post("/auth/v3/impersonation") == 303
    event = find_one(service, operation="CreateGroup", named=lambda e: "for Joseph" in str(e))
    assert event["actor"]["email"] == "m.lind@meridian.example"
    assert event["actor"]["on_behalf_of"]["email"] == "j.osei@meridian.example"
    fleet.log_in("lena.fischer@meridian.example")
    assert fleet.post("/auth/v3/impersonation", user_id="u_8841") == 403


def test_sessions_run_out_and_the_system_tells_start_and_stop(
    service: RunningService, tmp_path: Path
) -> None:
    # Here also with kombu's folder as the broker, as on a machine without Redis.
    fleet = start_fleet(tmp_path, service, "--session-minutes", "0.005", "--broker", "files")
    try:
        assert fleet.request("POST", "/jobs/v1/clean-up/runs", x_api_key=SYNC_KEY)[0] == 303
        ended = find_one(service, stream="task", method="TaskSucceeded", operation="CleanUpExports")
        assert ended["actor"]["on_behalf_of"]["name"] == "fleet-sync"
        assert fleet.log_in("paul.nwosu@meridian.example") == 303
        event = find_one(
            service, method="SessionExpired", actor=lambda e: e["actor"]["id"] == "u_8845"
        )
        assert (event["operation"], event["status"]) == ("CloseSession", None)
        assert (event["origin"]["ip"], event["outcome"]) == (ADDRESS, "success")
        assert fleet.post("/groups/v2", name="too late") == 401
    finally:
        fleet.process.send_signal(signal.SIGTERM)
        fleet.process.communicate(timeout=60)
    stopped = find_one(service, stream="system", operation="StopService")
    assert person(stopped) == {"kind": "system", "name": "fleet"}
    assert find_one(service, stream="system", operation="StartService")["outcome"] == "success"


def test_history_fills_all_tabs_once(
    start_service: Callable[..., RunningService], tmp_path: Path
) -> None:
    service = start_service()

    def seed() -> str:
        done = subprocess.run(
            [sys.executable, "examples/fleet/seed.py", "--url", service.url,
             "--key", service.key("w"), "--data", str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def totals() -> dict[str, int]:
        size = service.request("GET", "/v1/status", key=service.key("r")).json["ledger"]["size"]
        counts = {}
        for stream in ("user", "system", "task"):
            params = {"stream": stream, "own": "hide", "min_index": size - 1}
            params |= {"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
            reply = service.request("GET", "/v1/stats", key=service.key("r"), params=params)
            counts[stream] = reply.json["total"]
        return counts

    told = int(seed().split()[0])
    first = totals()
    assert told == sum(first.values()) >= 400
    assert min(first.values()) >= 30
    day_ago = datetime.now(UTC) - timedelta(days=1)
    lately = service.events(stream="user", own="hide", **{"from": day_ago.isoformat()})
    assert len(lately) >= 5
    assert seed().startswith("0 events")
    # A run that was broken off before it could note its end is sent again, and stores nothing.
    plan = tmp_path / "seed.json"
    plan.write_text(plan.read_text().replace('"done":true', '"done":false'))
    assert seed().startswith(f"{told} events")
    assert totals() == first


def test_a_wrong_start_says_why(service: RunningService, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "examples/fleet", "--url", "nowhere", "--key", "k",
         "--data", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "fleet: not an address of a service: 'nowhere'\n"
