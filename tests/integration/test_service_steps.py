"""Steps, runs and the tree of why, over HTTP: shapes, refusals, and what is recorded of a read."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.conftest import Reply, RunningService

pytestmark = pytest.mark.timeout(120)
ID = "018e0000-0000-7000-8000-00000000a001"


@pytest.fixture(scope="module")
def story(service: RunningService) -> RunningService:
    ana = {"email": "ana@example.com"}
    service.send(
        {"id": ID, "operation": "CloseDepot", "method": "POST", "endpoint": "/depots/v1/{id}/close",
         "status": 500, "actor": ana, "context": {"request_id": "r1", "session_id": "s1"},
         "targets": [{"type": "depot", "id": "d_7"}], "occurred_at": "2026-11-20T09:00:00Z"},
        {"stream": "task", "operation": "CleanUp", "job": {"id": "j1", "state": "failed"},
         "context": {"request_id": "r1"}, "occurred_at": "2026-11-20T09:00:05Z"},
    )  # fmt: skip
    service.settle()
    return service


def get(service: RunningService, path: str, **params: Any) -> Reply:
    return service.request("GET", path, key=service.key("r"), params=params)


def test_steps_as_json_and_as_code(story: RunningService) -> None:
    reply = get(story, "/v1/steps", actor="ana@example.com", **{"from": "2026-11-20"}).json
    assert [step["event"]["id"] for step in reply["steps"]] == [ID]
    assert reply["steps"][0]["failed"]
    assert reply["of"]["actor"] == "ana@example.com"
    assert reply["range"]["from"] == "2026-11-20T00:00:00Z"
    copy = get(story, "/v1/steps/copy", session="s1", format="curl")
    assert copy.headers["content-type"].startswith("text/plain")
    assert copy.headers["content-disposition"] == 'attachment; filename="steps.sh"'
    assert "/depots/v1/d_7/close" in copy.body.decode()


def test_steps_refuse_what_makes_no_sense(story: RunningService) -> None:
    assert get(story, "/v1/steps").status == 400
    assert get(story, "/v1/steps", actor="x" * 501).status == 400
    assert get(story, "/v1/steps", actor="a", q="x").status == 400
    assert get(story, "/v1/steps/copy", actor="a", format="perl").status == 400
    assert story.request("GET", "/v1/steps", params={"actor": "a"}).status == 401
    assert (
        story.request("GET", "/v1/steps", key=story.key("w"), params={"actor": "a"}).status == 403
    )


def test_runs_and_one_run(story: RunningService) -> None:
    reply = get(story, "/v1/runs", period="day", date="2026-11-20").json
    (run,) = reply["runs"]
    assert (run["id"], run["state"]) == ("j1", "failed")
    assert run["caused_by"] == {"kind": "user", "name": "ana@example.com", "event_id": ID}
    assert reply["totals"]["by_state"] == {"failed": 1}
    assert get(story, "/v1/runs/j1").json["attempts"][0]["entries"][0]["operation"] == "CleanUp"
    assert get(story, "/v1/runs/none").status == 404
    assert get(story, "/v1/runs", stream="user").status == 400


def test_why(story: RunningService) -> None:
    tree = get(story, f"/v1/events/{ID}/why").json
    assert [node["kind"] for node in tree["nodes"]] == [
        "actor", "session", "request", "event", "job", "event",
    ]  # fmt: skip
    assert get(story, "/v1/events/nonsense/why").status == 400
    assert get(story, "/v1/events/018e0000-0000-7000-8000-00000000ffff/why").status == 404


def test_each_read_is_an_event_and_a_copy_is_an_export(story: RunningService) -> None:
    login = story.set_up()
    login.request("GET", "/v1/steps/copy?session=s1&format=pytest")
    login.request("GET", "/v1/runs/j1")
    found = story.events(q="endpoint:/v1/steps/copy operation:ExportAuditLog", limit=1)
    assert found[0]["metadata"]["query"] == {"format": "pytest", "session": "s1"}
    assert found[0]["metadata"]["count"] == 1
    assert story.events(q="operation:ReadSteps")
    assert story.events(q="operation:ReadRelatedEvents")
