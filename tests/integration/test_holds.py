"""Holds on a running service: placed, followed, in the way of erasures, released by two."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.integration.conftest import RunningService, run_command
from tests.integration.test_approvals import second_administrator
from tests.integration.test_erasures import wait_for

pytestmark = pytest.mark.timeout(300)

CLEAR = {"categories": ["data"]}
LISTED = {"actor": "mel@example.org", "categories": ["sharing"]}


def act(category: str, number: int) -> dict[str, Any]:
    return {
        "operation": f"Act{number}", "category": category,
        "actor": {"kind": "user", "id": "u_mel", "email": "mel@example.org"},
    }  # fmt: skip


def test_a_hold_from_placing_to_release(service: RunningService) -> None:
    ana = service.set_up()
    bea = second_administrator(service, ana, "bea@example.com")
    service.send(*(act("data", n) for n in range(3)), *(act("sharing", n) for n in range(2)))
    service.settle()

    seen = ana.request("POST", "/v1/holds/preview", json={"wish": LISTED}).json
    assert (seen["events"], seen["form"]) == (2, "list")
    listed = ana.request(
        "POST", "/v1/holds", json={"name": "Case 9", "reason": "claim", "wish": LISTED}
    )
    assert listed.status == 201, listed.body
    assert (listed.json["form"], listed.json["events"]) == ("list", 2)
    clear = ana.request(
        "POST", "/v1/holds", json={"name": "Data", "reason": "audit", "wish": CLEAR}
    )
    assert (clear.json["form"], clear.json["events"]) == ("clear", 3)
    again = ana.request("POST", "/v1/holds", json={"name": "Data", "reason": "x", "wish": CLEAR})
    assert (again.status, again.code) == (409, "hold-exists")

    # What comes later is held too: categories at once, a list once the index has followed.
    service.send(act("sharing", 7), act("access", 8))
    service.settle()
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        holds = {one["name"]: one for one in ana.request("GET", "/v1/holds").json["holds"]}
        if holds["Case 9"]["events"] == 3:
            break
        time.sleep(0.2)
    assert holds["Case 9"]["events"] == 3

    # A shorter period is previewed with what each hold keeps of it; what two keep counts once.
    both = {"name": "Both", "reason": "x", "wish": {"query": "operation:Act1"}}
    second = ana.request("POST", "/v1/holds", json=both).json
    service.settle()
    keep = [{"name": name, "keep": {"person": 90}} for name in ("data", "sharing", "access")]
    shorter = ana.request(
        "POST", "/v1/retention/preview", json={"base_version": 1, "categories": keep}
    )
    assert shorter.status == 200, shorter.body
    told = {one["category"]: one["held"] for one in shorter.json["categories"]}
    assert told == {
        "data": {
            "events": 3, "holds": ["Both", "Data"],
            "by": [{"name": "Both", "events": 1}, {"name": "Data", "events": 3}],
        },
        "sharing": {
            "events": 3, "holds": ["Both", "Case 9"],
            "by": [{"name": "Both", "events": 1}, {"name": "Case 9", "events": 3}],
        },
        "access": {"events": 0, "holds": [], "by": []},
    }  # fmt: skip
    assert shorter.json["totals"]["held"] == 6
    ended = ana.request("POST", f"/v1/holds/{second['id']}/release", json={"reason": "x"})
    assert ended.status == 200, ended.body

    # An erasure takes what no hold covers, and says which hold kept the rest.
    wanted = {"identifiers": [{"kind": "email", "value": "mel@example.org"}], "parts": ["person"]}
    found = ana.request("POST", "/v1/erasures/preview", json=wanted).json
    held = {one["category"]: one for one in found["left"] if one["why"] == "hold"}
    assert {name: (one["events"], one["holds"]) for name, one in held.items()} == {
        "data": (3, ["Data"]),
        "sharing": (3, ["Case 9"]),
    }
    assert found["parts"]["person"] == 1
    only_held = {"entries": held["data"]["indices"], "parts": ["person"]}
    ask = {**only_held, "reason": "error", "case": "C-1", "note": "pasted by mistake"}
    asked = ana.request("POST", "/v1/erasures", json=ask).json
    path = f"/v1/approvals/{asked['approval']['id']}/decision"
    bea.request("POST", path, json={"decision": "approve", "reason": "ok"})
    refused = wait_for(ana, asked["id"], "refused")
    assert [(one["why"], one["holds"]) for one in refused["left"]] == [("hold", ["Data"])]

    release = f"/v1/holds/{clear.json['id']}/release"
    on = {"on": True, "reason": "policy"}
    assert ana.request("PUT", "/v1/four-eyes/hold_release", json=on).status == 200
    waits = ana.request("POST", release, json={"reason": "settled"})
    assert waits.status == 202, waits.body
    shown = next(h for h in ana.request("GET", "/v1/holds").json["holds"] if h["name"] == "Data")
    assert (shown["state"], shown["approval"]) == ("open", waits.json["approval"]["id"])
    path = f"/v1/approvals/{waits.json['approval']['id']}/decision"
    agreed = bea.request("POST", path, json={"decision": "approve", "reason": "ok"})
    assert agreed.json["done_at"] is not None
    shown = next(h for h in ana.request("GET", "/v1/holds").json["holds"] if h["name"] == "Data")
    assert (shown["state"], shown["released_by"]["name"]) == ("released", "Ana")
    late = ana.request("POST", release, json={"reason": "x"})
    assert (late.status, late.code) == (409, "released")

    again = ana.request("POST", "/v1/erasures", json={**ask, "case": "C-2"}).json
    path = f"/v1/approvals/{again['approval']['id']}/decision"
    bea.request("POST", path, json={"decision": "approve", "reason": "ok"})
    assert wait_for(ana, again["id"], "done")["erased"]["person"] == 3

    told = [
        (event["operation"], event["changes"][0]["after"])
        for event in service.events(q="target.type:hold", order="asc")
        if event["operation"].endswith("Hold")
    ]
    assert told == [("PlaceHold", "open")] * 3 + [("ReleaseHold", "released")] * 2
    denied = service.events(q="operation:RefuseErasure")
    assert [one["outcome"] for one in denied] == ["denied"]
    service.stop()
    assert run_command("verify", "--data", str(service.data), check=False).returncode == 0


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"categories": ["none"]},
        {"first_day": "2026-13-01"},
        {"first_day": "2026-02-02", "last_day": "2026-02-01"},
        {"query": "status:("},
        {"from": "yesterday"},
        {"actor": "x" * 301},
        {"what": "else"},
    ],
)
def test_wrong_wishes(start_service: Any, wish: dict[str, Any], wrong: RunningService) -> None:
    reply = wrong.request("POST", "/v1/holds/preview", key=wrong.key("a"), json={"wish": wish})
    assert reply.status == 400, reply.body


@pytest.fixture(scope="module")
def wrong(start_service: Any) -> RunningService:
    running: RunningService = start_service()
    return running
