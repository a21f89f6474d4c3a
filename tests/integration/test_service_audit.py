"""The service audits itself: which acts and reads leave an event, and which do not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.conftest import EMAIL, PASSWORD, Login, RunningService, run_command

pytestmark = pytest.mark.timeout(180)  # processes start and stop; two cores are shared

Start = Callable[..., RunningService]
# Not by the day: it may end while a test runs.
RANGE = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}


def own_events(service: RunningService, stream: str = "user") -> list[dict[str, Any]]:
    """Indelible's own events, oldest first, without those of reading them."""
    found = service.events(stream=stream, limit=1000, order="asc", **RANGE)
    return [
        event
        for event in found
        if event["category"] == "audit" and event["actor"]["kind"] != "api_key"
    ]


def wait_for(service: RunningService, operation: str, count: int = 1) -> list[dict[str, Any]]:
    """Held reads and acts by the command line appear within some seconds."""
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        found = [event for event in own_events(service) if event["operation"] == operation]
        if len(found) >= count:
            return found
        time.sleep(0.25)
    raise AssertionError(f"no {count} × {operation}: {own_events(service)}")


def test_acts_of_people(start_service: Start) -> None:
    service = start_service()
    login = service.set_up()
    service.request("POST", "/v1/session", json={"email": EMAIL, "password": "typed a wrong one"})
    service.request("POST", "/v1/session", json={"email": "my-password", "password": "x"})
    login.request("PATCH", "/v1/settings", json={"zone": "Asia/Kolkata", "week_start": "monday"})
    key = login.request("POST", "/v1/keys", json={"name": "fleet", "kind": "w"}).json
    login.request("DELETE", f"/v1/keys/{key['id']}")
    login.request("PATCH", "/v1/settings", json={"zone": "Asia/Kolkata"})
    login.request("PATCH", "/v1/settings", json={"zone": "UTC"})
    login.request("DELETE", "/v1/session")

    # The key that this test reads with is made by the command line, at any time.
    events = [e for e in own_events(service) if e["endpoint"] != "indelible keys create"]
    told = [(event["method"], event["operation"], event["status"]) for event in events]
    assert told == [
        ("Command", "InitializeLog", None),
        ("POST", "CreateAccount", 200),
        ("UserLogin", "LogIn", 200),
        ("LoginFailed", "LogIn", 401),
        ("LoginFailed", "LogIn", 401),
        ("PATCH", "UpdateSettings", 200),
        ("POST", "CreateApiKey", 201),
        ("DELETE", "RevokeApiKey", 204),
        ("PATCH", "UpdateSettings", 200),
        ("UserLogout", "LogOut", 204),
    ]
    for event in events:
        assert event["category"] == "audit"
        assert event["reported_by"] == "service"
        assert event["context"]["source"] == "indelible"
    known, unknown = events[3], events[4]
    assert (known["actor"]["email"], known["outcome"]) == (EMAIL, "failure")
    assert unknown["actor"]["kind"] == "anonymous"
    settings = events[5]
    assert settings["changes"] == [{"path": "zone", "before": "UTC", "after": "Asia/Kolkata"}]
    assert settings["actor"]["email"] == EMAIL
    assert settings["origin"]["ip"] == "127.0.0.1"
    assert settings["context"]["session_id"] == events[2]["context"]["session_id"]
    made = events[6]["targets"][0]
    assert (made["type"], made["id"], made["name"]) == ("api_key", key["id"], "fleet")
    text = json.dumps(events)
    for secret in (key["key"], PASSWORD, "typed a wrong one", "my-password"):
        assert secret not in text


def test_the_command_line_and_the_life_of_the_service(start_service: Start) -> None:
    service = start_service()
    service.set_up()
    run_command("users", "reset-link", EMAIL, "--data", str(service.data))
    (link,) = wait_for(service, "CreateOneTimeLink")
    assert link["actor"]["id"].startswith("os:")
    assert link["targets"][0]["type"] == "account"
    service.stop()
    # While the service is down an act waits in the control database.
    run_command("keys", "create", "--kind", "r", "--name", "at night", "--data", str(service.data))
    again = start_service(service.data)
    assert "at night" in json.dumps(wait_for(again, "CreateApiKey", 2))
    life = [event["operation"] for event in own_events(again, "system")]
    assert life == ["StartService", "StopService", "StartService"]


def open_page(login: Login, **query: Any) -> None:
    """What the screen asks for: the list, the counts of the tabs, the histogram."""
    for path, extra in (
        ("/v1/events", {"stream": "user", "limit": 100}),
        ("/v1/stats", {"stream": "user", "group": "stream"}),
        ("/v1/stats", {"stream": "user", "group": "time", "buckets": 60}),
    ):
        reply = login.request("GET", path, params={**RANGE, **extra, **query})
        assert reply.status == 200, reply.body


def test_reads(start_service: Start) -> None:
    """Opening, refreshing and paging are one event; so is typing; exports are always one each."""
    service = start_service()
    login = service.set_up()
    for number in range(5):
        service.send({"operation": f"Paged{number}"})
    service.settle()
    for _ in range(8):
        open_page(login)
        time.sleep(0.3)
    paging = {**RANGE, "stream": "user", "limit": 2}
    page = login.request("GET", "/v1/events", params=paging).json
    login.request("GET", "/v1/events", params={**paging, "cursor": page["next_cursor"]})
    wait_for(service, "ReadAuditLog")
    # One request a word: on a busy machine a whole page can take longer than typing may pause.
    for text in ("d", "de", "depot"):
        login.request("GET", "/v1/events", params={**RANGE, "stream": "user", "q": text})
    (search,) = wait_for(service, "SearchAuditLog")
    for _ in range(2):
        exported = login.request(
            "GET", "/v1/export", params={**RANGE, "format": "csv", "q": "nosuch"}
        )
        assert exported.status == 200
    time.sleep(2.5)

    reads = [event for event in own_events(service) if event["method"] == "GET"]
    assert [read["operation"] for read in reads] == ["ReadAuditLog", "SearchAuditLog"]
    assert search["metadata"]["query"]["q"] == "depot"
    assert search["actor"]["email"] == EMAIL
    exports = own_events(service, "task")
    assert [event["operation"] for event in exports] == ["ExportAuditLog", "FinishExport"] * 2
    assert exports[0]["metadata"]["count"] == 0


def test_reads_that_are_held_are_written_at_the_stop(start_service: Start) -> None:
    service = start_service()
    login = service.set_up()
    service.settle()
    open_page(login, q="last words")
    service.stop()
    again = start_service(service.data)
    (search,) = wait_for(again, "SearchAuditLog")
    assert search["metadata"]["query"]["q"] == "last words"


def test_rejected_events_leave_a_trace(start_service: Start) -> None:
    """Whoever sends nonsense is counted: one event per key, code and minute, also at the stop."""
    service = start_service()
    for _ in range(3):
        service.request("POST", "/v1/events", key=service.key("w"), json={"nonsense": 1})
    service.stop()
    again = start_service(service.data)
    found = [e for e in own_events(again, "system") if e["operation"] == "RejectEvents"]
    assert [event["metadata"]["count"] for event in found] == [3]
