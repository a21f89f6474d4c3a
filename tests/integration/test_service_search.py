"""Search over HTTP: the query's description, facets, completion and the feed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.conftest import Reply, RunningService

pytestmark = pytest.mark.timeout(180)


def test_search_over_http(start_service: Callable[..., RunningService]) -> None:
    service = start_service()
    key = service.key("r")
    service.send(
        *(
            {"operation": name, "actor": {"email": "ana@example.com"}, "status": status}
            for name, status in (("AssignRole", 200), ("AssignRole", 403), ("CreateGroup", 201))
        )
    )
    service.settle()

    def get(path: str, **params: Any) -> Reply:
        return service.request("GET", path, key=key, params=params)

    said = get("/v1/query", q="operation:AssignRole OR -status:2xx").json
    assert said["explained"].startswith("whose operation is AssignRole, or whose status is not 2xx")
    assert [chip["field"] for chip in said["chips"]] == ["operation", "status"]
    assert get("/v1/query", q="a (").json["error"]["position"] == 2
    assert get("/v1/query", q="a b", remove="0-1").json["text"] == "b"
    assert get("/v1/query", q="a b", replace="0-1").status == 400

    refused = get("/v1/events", q="ana oprtaion:x")
    assert (refused.status, refused.code) == (400, "bad-query")
    assert (refused.json["position"], refused.json["end"]) == (4, 12)
    assert "operation" in refused.json["hint"]

    facets = get("/v1/facets", fields="operation,status_class", own="hide").json
    assert facets["total"] == 3
    assert facets["facets"][0]["values"][0] == {
        "value": "AssignRole", "count": 2, "include": 'operation:"AssignRole"',
        "exclude": '-operation:"AssignRole"',
    }  # fmt: skip
    assert get("/v1/facets", fields="nonsense").status == 400

    offered = get("/v1/complete", q="operation:ass", at=13).json["items"]
    assert offered == [
        {"insert": "operation:AssignRole", "label": "AssignRole", "description": None, "count": 2}
    ]
    offered = get("/v1/complete", field="operation", prefix="group").json["items"]
    assert [item["label"] for item in offered] == ["CreateGroup"]
    assert get("/v1/complete", field="nonsense").status == 400

    first = get("/v1/feed", own="hide", limit=2).json
    assert [event["status"] for event in first["events"]] == [200, 403]
    assert first["more"]
    second = get("/v1/feed", own="hide", after=first["next_after"]).json
    assert [event["operation"] for event in second["events"]] == ["CreateGroup"]
    assert not second["more"]

    # A reader that waits gets the next event as soon as it can be found.
    replies: list[Reply] = []
    waiting = threading.Thread(
        target=lambda: replies.append(
            get("/v1/feed", q="operation:Late", after=second["next_after"], wait_s=30)
        )
    )
    waiting.start()
    service.send({"operation": "Other"}, {"operation": "Late"})
    waiting.join()
    assert [event["operation"] for event in replies[0].json["events"]] == ["Late"]
