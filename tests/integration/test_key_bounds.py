"""Keys over HTTP that are bound to a part of the log, to networks and to a time; rotation."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.integration.conftest import RunningService, run_command

pytestmark = pytest.mark.timeout(180)


def test_a_key_sees_and_writes_its_part(service: RunningService) -> None:
    admin = service.set_up()
    service.send({"operation": "Seen", "context": {"source": "fleet"}}, {"operation": "Other"})
    made = admin.request("POST", "/v1/keys", json={
        "name": "fleet reader", "kind": "r", "scope": {"sources": ["fleet"]},
    })  # fmt: skip
    assert made.status == 201, made.body
    reader = made.json["key"]
    service.settle()
    seen = service.request("GET", "/v1/events", key=reader, params={"stream": "all"}).json
    assert {event["operation"] for event in seen["events"]} == {"Seen"}
    assert service.request("GET", "/v1/status", key=reader).code == "beyond-reach"

    made = run_command("keys", "create", "--kind", "w", "--data", str(service.data), "--json",
                       "--stream", "task", "--source", "fleet", "--category", "job",
                       "--network", "127.0.0.0/8", "--days", "3")  # fmt: skip
    writer = json.loads(made.stdout)
    events = [
        {"operation": "Run", "stream": "task", "context": {"source": "fleet"}},
        {"operation": "Run", "stream": "user", "context": {"source": "fleet"}},
        {"operation": "Run", "stream": "task", "context": {"source": "other"}},
        {"operation": "Run", "stream": "task", "category": "access",
         "context": {"source": "fleet"}},
    ]  # fmt: skip
    reply = service.request("POST", "/v1/events", key=writer["key"], json=events).json
    assert reply["stored"] == 1
    assert [(one["position"], one["code"]) for one in reply["rejected"]] == [
        (1, "beyond-scope"), (2, "beyond-scope"), (3, "beyond-scope"),
    ]  # fmt: skip

    listed = {one["id"]: one for one in admin.request("GET", "/v1/keys").json["keys"]}
    shown = listed[writer["id"]]
    assert shown["networks"] == ["127.0.0.0/8"]
    assert shown["scope"] == {"streams": ["task"], "categories": ["job"], "sources": ["fleet"]}
    assert shown["expires_at"] > shown["created_at"]
    assert shown["last_used_at"]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"kind": "a", "scope": {"streams": ["user"]}}, "scope"),
        ({"kind": "w", "scope": {"targets": [{"type": "a", "id": "b"}]}}, "scope.targets"),
        ({"kind": "r", "scope": {"categories": []}}, "scope.categories"),
        ({"kind": "r", "networks": ["10.0.0.0/33"]}, "networks"),
        ({"kind": "r", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ],
)
def test_bounds_that_make_no_sense(
    service: RunningService, body: dict[str, object], parameter: str
) -> None:
    reply = service.request("POST", "/v1/keys", key=service.key("a"), json={"name": "x", **body})
    assert (reply.status, reply.json["parameter"]) == (400, parameter)


def test_a_key_from_elsewhere_is_refused(service: RunningService) -> None:
    made = service.request("POST", "/v1/keys", key=service.key("a"), json={
        "name": "office", "kind": "r", "networks": ["198.51.100.0/24"],
    })  # fmt: skip
    refused = service.request("GET", "/v1/events", key=made.json["key"])
    assert (refused.status, refused.code) == (401, "key-refused")
    # A header that nobody trusted sets does not lend the address.
    claimed = service.request("GET", "/v1/events", key=made.json["key"],
                              headers={"x-forwarded-for": "198.51.100.7"})  # fmt: skip
    assert claimed.status == 401


def test_rotation_overlaps_and_then_ends(service: RunningService) -> None:
    made = service.request(
        "POST", "/v1/keys", key=service.key("a"), json={"name": "turning", "kind": "r"}
    ).json
    path = f"/v1/keys/{made['id']}/rotate"
    turned = service.request("POST", path, key=service.key("a"), json={"overlap_hours": 1}).json
    assert turned["key"] != made["key"]
    assert turned["old_until"] > turned["created_at"]
    for text in (made["key"], turned["key"]):
        assert service.request("GET", "/v1/status", key=text).status == 200
    again = run_command("keys", "rotate", made["id"], "--data", str(service.data),
                        "--overlap-hours", "0").stdout.strip()  # fmt: skip
    for text, status in ((made["key"], 401), (turned["key"], 401), (again, 200)):
        assert service.request("GET", "/v1/status", key=text).status == status
    # What a command did comes into the log a moment later.
    until_s = time.monotonic() + 30
    acts: list[dict[str, Any]] = []
    while len(acts) < 2 and time.monotonic() < until_s:
        acts = service.events(stream="all", q="operation:RotateApiKey")
    assert {act["method"] for act in acts} == {"POST", "Command"}
