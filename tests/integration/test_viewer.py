"""A viewer over HTTP: no route, file or proof says what is masked, and each search says why not."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from tests.integration.conftest import EMAIL, Login, RunningService
from tests.integration.people import account, invite
from tests.integration.test_masked_index import SECRETS, SENT

from indelible.server.web.route import Api
from indelible.server.web.table import all_routes

pytestmark = pytest.mark.timeout(240)

SECRET_EMAIL = "ana.secret@example.com"
HIDDEN = (*SECRETS, SECRET_EMAIL, EMAIL)
WHEN = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "stream": "all"}


@pytest.fixture(scope="module")
def people(service: RunningService) -> tuple[RunningService, Login, Login, dict[str, Any]]:
    admin = service.set_up()
    viewer = invite(service, admin, "vi@example.com", "viewer")
    job = {"operation": "RunReport", "stream": "task", "actor": SENT[1]["actor"],
           "origin": SENT[0]["origin"], "context": {"request_id": "req-1", "session_id": "ses-1"},
           "job": {"id": "job-1", "root_id": "job-1", "state": "failed"}}  # fmt: skip
    own = {"operation": "ChangeName", "actor": {"email": "vi@example.com", "name": "Vi"},
           "origin": {"ip": "192.0.2.44"}}  # fmt: skip
    sent = service.send(*SENT, job, own)
    admin.request("GET", "/v1/events", params={**WHEN, "q": SECRET_EMAIL})
    service.settle()
    return service, admin, viewer, sent


def _leaks(body: bytes) -> list[str]:
    """What of the hidden texts a reply holds, in the clear or in the base64 of a proof."""
    text = body.decode("utf-8", "replace")
    for chunk in re.findall(r"[A-Za-z0-9+/=]{40,}", text):
        text += base64.b64decode(chunk + "=" * (-len(chunk) % 4)).decode("utf-8", "replace")
    return [hidden for hidden in HIDDEN if hidden in text]


def _asked(api: Api, receipts: list[dict[str, Any]]) -> list[tuple[str, dict[str, str]]]:
    """Requests to a route that would show the hidden, if it showed it."""
    path = api.path
    for name, value in (
        ("{id}", receipts[0]["id"]), ("{index:int}", str(receipts[0]["index"])),
        ("{index}", str(receipts[0]["index"])), ("{job}", "job-1"), ("{n:path}", "000.p/1"),
        ("{level:int}", "0"), ("{tenant}", "main"),
    ):  # fmt: skip
        path = path.replace(name, value)
    given = {param.name for param in api.params}
    base = {name: value for name, value in WHEN.items() if name in given}
    asked = [dict(base)]
    for name, values in (
        ("q", (f"actor:{SECRET_EMAIL}", "ip:203.0.113.0/24 OR operation:CreateShare")),
        ("of", ("actor", "ip", "target")),
        ("group", ("actor", "ip", "actor.email", "device", "target")),
        ("by", ("actor", "ip", "operation")),
        ("fields", ("actor,ip,device,agent,behalf,target,change,endpoint",)),
        ("format", ("jsonl", "parquet", "ocsf", "cef")),
        ("field", ("actor", "ip", "endpoint")),
        ("columns", ("all",)),
        ("actor", (SECRET_EMAIL, "u_8841")),
        ("session", ("ses-1",)),
        ("request", ("req-1",)),
        ("sort", ("key",)),
    ):
        if name in given:
            asked += [{**base, name: value} for value in values]
    for one in asked:
        for name, value in (("value", SECRET_EMAIL), ("type", "user"), ("seconds", "0")):
            if name in given:
                one.setdefault(name, value)
        if "id" in given and "{id}" not in api.path:
            one.setdefault("id", "tel.secret@example.com")
    return [(path, one) for one in asked]


def test_no_reading_route_says_what_is_masked(
    people: tuple[RunningService, Login, Login, dict[str, Any]],
) -> None:
    _, admin, viewer, sent = people
    answered: set[str] = set()
    seen_by_admin: set[str] = set()
    for api in all_routes():
        # One's own activity and exports hold what one did and typed oneself.
        apart = ("/metrics", "/v1/session/activity", "/v1/exports")
        if api.method != "GET" or api.permit != "read" or api.path in apart:
            continue
        for path, parameters in _asked(api, sent["receipts"]):
            reply = viewer.request("GET", path, params=parameters)
            assert reply.status < 500, (path, parameters, reply.body)
            # What was asked for may stand in the answer: it is no secret to who asked it.
            asked = " ".join(parameters.values())
            leaks = [one for one in _leaks(reply.body) if one not in asked]
            assert leaks == [], (api.path, parameters)
            if reply.status == 200:
                answered.add(api.path)
            plain = admin.request("GET", path, params=parameters)
            if plain.status == 200 and _leaks(plain.body):
                seen_by_admin.add(api.path)
    exports = viewer.request("GET", "/v1/exports").json["exports"]
    assert {one["requested_by"] for one in exports} == {"vi@example.com"}
    # The test would show a leak if there were one: others see the values by the same requests.
    assert {"/v1/events", "/v1/events/{id}", "/v1/events/{id}/proof", "/v1/facets", "/v1/stats",
            "/v1/export", "/v1/complete", "/v1/profile"} <= seen_by_admin  # fmt: skip
    assert seen_by_admin - answered <= {"/v1/access-review", "/v1/approvals", "/v1/exports"}


def test_a_search_for_an_email_finds_nothing_and_says_why(
    people: tuple[RunningService, Login, Login, dict[str, Any]],
) -> None:
    _, admin, viewer, _ = people
    params = {**WHEN, "q": SECRET_EMAIL}
    assert admin.request("GET", "/v1/events", params=params).json["events"]
    reply = viewer.request("GET", "/v1/events", params=params).json
    assert reply["events"] == []
    assert reply["nearest"] == {"before": None, "after": None}
    assert "Your role does not see names, e-mail" in reply["query"]["explained"]
    assert viewer.request("GET", "/v1/stats", params=params).json["total"] == 0
    operation = {**WHEN, "q": "operation:CreateShare"}
    found = viewer.request("GET", "/v1/events", params=operation).json
    assert "does not see" not in found["query"]["explained"]
    (event,) = found["events"]
    assert event["state"]["person"] == "masked"
    described = viewer.request("GET", "/v1/query", params={"q": "ip:10.0.0.0/8"}).json
    assert "does not see" in described["explained"]


def test_what_others_do_on_ones_behalf_is_not_ones_own(
    people: tuple[RunningService, Login, Login, dict[str, Any]],
) -> None:
    service, _, viewer, _ = people
    behalf = {"kind": "user", "id": "u_7", "email": "vi@example.com"}
    actor = {"email": "helper@example.com", "name": "A Helper", "on_behalf_of": behalf}
    service.send({"operation": "HelpSomebody", "actor": actor, "origin": {"ip": "203.0.113.99"}})
    service.settle()
    reply = viewer.request("GET", "/v1/session/activity", params=WHEN)
    assert b"helper@example.com" not in reply.body
    assert b"203.0.113.99" not in reply.body


def test_ones_own_activity_is_ones_own(
    people: tuple[RunningService, Login, Login, dict[str, Any]],
) -> None:
    service, _, viewer, _ = people
    service.settle()
    mine = viewer.request("GET", "/v1/session/activity", params=WHEN).json["events"]
    assert {event["actor"]["email"] for event in mine} == {"vi@example.com"}
    change = next(event for event in mine if event["operation"] == "ChangeName")
    assert change["origin"]["ip"] == "192.0.2.44"
    others = viewer.request(
        "GET", "/v1/session/activity", params={**WHEN, "q": f"actor:{SECRET_EMAIL}"}
    )
    assert others.json["events"] == []
    key = service.request("GET", "/v1/session/activity", key=service.key("r"))
    assert (key.status, key.code) == (403, "denied")


def test_a_scope_narrows_what_is_seen_and_is_on_record(
    people: tuple[RunningService, Login, Login, dict[str, Any]],
) -> None:
    service, admin, _, sent = people
    bo = invite(service, admin, "bo@example.com", "auditor")
    path = f"/v1/users/{account(admin, 'bo@example.com')['id']}"
    empty = admin.request("PATCH", path, json={"role": "auditor", "scope": {"streams": []}})
    assert (empty.status, empty.json["parameter"]) == (400, "scope.streams")
    scope = {"streams": ["task"]}
    changed = admin.request("PATCH", path, json={"role": "auditor", "scope": scope})
    assert changed.json["scope"] == scope
    seen = bo.request("GET", "/v1/events", params=WHEN).json["events"]
    assert {event["stream"] for event in seen} == {"task"}
    outside = sent["receipts"][0]["id"]
    assert bo.request("GET", f"/v1/events/{outside}").status == 404
    assert bo.request("GET", "/v1/log/checkpoint").code == "beyond-reach"
    refused = admin.request("PATCH", path, json={"role": "admin", "scope": scope})
    assert refused.status == 400
    admin.request("PATCH", path, json={"role": "auditor", "scope": None})
    assert bo.request("GET", f"/v1/events/{outside}").status == 200
    acts = service.events(**WHEN, q="operation:ChangeUserRole", order="asc")
    assert [one["changes"] for one in acts] == [
        [{"path": "scope", "before": None, "after": scope}],
        [{"path": "scope", "before": scope, "after": None}],
    ]
