"""Categories and retention over HTTP: previews, saving, conflicts, withdrawing, rules, skips."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from tests.integration.test_approvals import second_administrator

from .conftest import Login, RunningService, run_command, stay_within_a_day

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def admin(service: RunningService) -> Login:
    return service.set_up()


def state(admin: Login) -> dict[str, Any]:
    reply = admin.request("GET", "/v1/retention")
    assert reply.status == 200, reply.body
    found: dict[str, Any] = reply.json
    return found


def category(admin: Login, name: str) -> dict[str, Any]:
    return next(one for one in state(admin)["categories"] if one["name"] == name)


def put(admin: Login, **edit: Any) -> Any:
    body = {"base_version": state(admin)["version"], **edit}
    return admin.request("PUT", "/v1/retention", json=body)


@pytest.fixture(autouse=True)
def within_a_day() -> None:
    """Policies count in days; none of these tests may begin in one and end in the next."""
    stay_within_a_day(60)


def day(days: int) -> str:
    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)).isoformat()


def test_a_reduction_is_previewed_saved_pending_and_withdrawn(
    service: RunningService, admin: Login
) -> None:
    before = state(admin)
    assert category(admin, "audit")["recording"] == "always"
    assert category(admin, "authentication")["floors"][0]["min_days"] == 90
    service.send(*({"operation": "ShareFolder", "reason": f"r{n}"} for n in range(5)))
    service.settle()
    edit = {
        "base_version": before["version"],
        "categories": [{"name": "sharing", "keep": {"content": 90}}],
    }
    shown = admin.request("POST", "/v1/retention/preview", json=edit).json
    (one,) = shown["categories"]
    assert (one["category"], one["parts"], one["effect"]) == ("sharing", ["content"], "shorter")
    assert one["recorded"]["events"] == 5
    assert one["go"] == {"first_day": None, "last_day": None}, "what is there keeps its promise"
    assert one["new_events"]["first_gone_day"] == day(7 + 91)
    assert shown["needs_reason"]
    assert state(admin)["version"] == before["version"], "a preview saves nothing"

    assert admin.request("PUT", "/v1/retention", json=edit).status == 400, "no reason given"
    reply = admin.request("PUT", "/v1/retention", json={**edit, "reason": "OPS-1"})
    assert reply.status == 200, reply.body
    after = reply.json
    assert after["version"] == before["version"] + 1
    assert after["pending"]["effective_day"] == day(7)
    found = category(admin, "sharing")
    assert found["keep"]["content"] is None, "until then the earlier value holds"
    assert found["pending"] == {
        "effective_day": day(7), "recording": None, "keep": {"content": 90},
    }  # fmt: skip
    assert after["saved_by"] == "Ana"

    stale = admin.request("PUT", "/v1/retention", json={**edit, "reason": "again"})
    assert (stale.status, stale.code) == (409, "policy-changed")
    assert stale.json["conflict"]["by"] == "Ana"
    assert stale.json["conflict"]["changes"][0]["path"] == "content_days"

    body = {"base_version": after["version"], "reason": "not yet"}
    back = admin.request("POST", "/v1/retention/withdraw", json=body)
    assert back.status == 200, back.body
    assert back.json["pending"] is None
    assert category(admin, "sharing")["pending"] is None
    again = admin.request(
        "POST",
        "/v1/retention/withdraw",
        json={"base_version": back.json["version"], "reason": "nothing"},
    )
    assert again.code == "nothing-pending"
    history = admin.request("GET", "/v1/retention/history?limit=2").json
    assert history["more"]
    assert history["policies"][0]["withdraws"] == after["version"]
    assert history["policies"][1]["reason"] == "OPS-1"

    events = service.events(q="operation:UpdateRetention", stream="user")
    assert events[0]["changes"] == [{"path": "sharing.content_days", "before": None, "after": 90}]
    assert events[0]["reason"] == "OPS-1"


def test_the_rules_of_the_log_are_kept(admin: Login) -> None:
    for edit, path in (
        ({"categories": [{"name": "audit", "enabled": False}]}, "enabled"),
        ({"categories": [{"name": "authentication", "keep": {"fact": 30}}]}, "fact_days"),
        ({"categories": [{"name": "audit", "keep": {"fact": 365}}]}, "fact_days"),
        ({"categories": [{"name": "data", "keep": {"person": 0}}]}, "person_days"),
    ):
        reply = put(admin, reason="because", **edit)
        assert (reply.status, reply.code) == (400, "invalid-policy"), reply.body
        assert reply.json["faults"][0]["path"] == path
    assert put(admin, categories=[{"name": "nothing"}]).code == "invalid-request"
    floor = {"category": "export", "parts": ["fact"], "min_days": 400, "until_day": day(40)}
    assert put(admin, floors=[floor]).status == 200
    lower = {**floor, "min_days": 100}
    reply = put(admin, floors=[lower], reason="less")
    assert reply.json["faults"][0]["path"] == "floor"
    reply = put(admin, categories=[{"name": "export", "keep": {"fact": 399}}], reason="less")
    assert reply.json["faults"][0]["category"] == "export"


def test_own_categories_are_added_tried_and_used(service: RunningService, admin: Login) -> None:
    version = state(admin)["version"]
    body = {
        "base_version": version,
        "name": "billing",
        "label": "<b>Billing</b>",
        "rules": [{"operation": "*Invoice*"}, {"endpoint": "/pay/*"}],
        "keep": {"person": 365},
    }
    made = admin.request("POST", "/v1/categories", json=body)
    assert made.status == 201, made.body
    assert made.json["id"] == 25
    assert made.json["keep"] == {"fact": None, "person": 365, "content": None}
    assert admin.request("POST", "/v1/categories", json=body).code == "category-exists"
    tried = admin.request(
        "POST", "/v1/categories/test", json={"operation": "Look", "endpoint": "/pay/1?x=2"}
    ).json
    assert (tried["category"], tried["by"], tried["position"]) == ("billing", "rule", 1)
    assert [(one["category"], one["by"]) for one in tried["others"]] == [("data", "default")]
    service.send(
        {
            "operation": "SendInvoice",
            "id": "00000000-0000-7000-8000-0000000b1111",
            "actor": {"email": "bo@example.com"},
        }
    )
    service.settle()
    event = admin.request("GET", "/v1/events/00000000-0000-7000-8000-0000000b1111").json
    assert event["category"] == "billing"
    kept = event["kept"]
    assert (kept["fact_until"], kept["person_until"]) == (None, day(365))

    patch = {"base_version": version + 1, "rules": [{"method": "Bill"}]}
    assert admin.request("PATCH", "/v1/categories/billing", json=patch).status == 200
    tried = admin.request("POST", "/v1/categories/test", json={"operation": "SendInvoice"}).json
    assert (tried["category"], tried["by"]) == ("data", "default")
    for wrong in ("Billing", "a" * 41, "", "ä", "x\n", "../audit"):
        reply = admin.request("POST", "/v1/categories", json={**body, "name": wrong})
        assert reply.status == 400
    assert admin.request("PATCH", "/v1/categories/no", json=patch).status == 404


def test_a_reader_may_look_but_not_change(service: RunningService, admin: Login) -> None:
    key = service.key("r")
    assert service.request("GET", "/v1/retention", key=key).status == 200
    assert service.request("GET", "/v1/categories", key=key).status == 200
    presets = service.request("GET", "/v1/retention/presets", key=key).json["presets"]
    assert [one["name"] for one in presets] == [
        "pci-dss", "soc2", "iso27001", "hipaa", "sec-17a-4", "gdpr-minimal",
    ]  # fmt: skip
    for preset in presets:
        edit = {
            "base_version": state(admin)["version"],
            "categories": preset["categories"],
            "floors": preset["floors"],
        }
        shown = admin.request("POST", "/v1/retention/preview", json=edit).json
        assert shown["faults"] == [], preset["name"]
    for method, path in (("PUT", "/v1/retention"), ("POST", "/v1/retention/preview")):
        assert service.request(method, path, key=key, json={"base_version": 1}).status == 403


def test_the_command_line_shows_previews_and_sets(service: RunningService, admin: Login) -> None:
    where = ("--url", service.url, "--key", service.key("a"))
    version = state(admin)["version"]
    shown = run_command("retention", "show", *where)
    assert f"policy {version}" in shown.stdout
    change = ("--set", "approval.person=45", "--set", "integration=off")
    said = run_command("retention", "preview", *where, *change).stdout
    assert "approval person_days: None to 45" in said
    assert state(admin)["version"] == version
    refused = run_command("retention", "set", *where, *change, check=False)
    assert refused.returncode == 1
    assert "reason" in refused.stderr
    done = run_command("retention", "set", *where, *change, "--reason", "OPS-7")
    assert f"policy {version + 1} is saved" in done.stdout
    assert category(admin, "integration")["pending"]["recording"] == "off"
    assert "approval" in run_command("categories", "list", *where).stdout
    wrong = run_command("retention", "set", *where, "--set", "approval=45", check=False)
    assert wrong.returncode == 1


def test_a_reduction_waits_for_a_second_person(service: RunningService, admin: Login) -> None:
    on = {"on": True, "reason": "two of us"}
    assert admin.request("PUT", "/v1/four-eyes/retention_cut", json=on).status == 200
    version = state(admin)["version"]
    longer = put(admin, categories=[{"name": "approval", "keep": {"person": 60}}])
    assert (longer.status, longer.json["version"]) == (200, version + 1), "longer is for one"
    edit = [{"name": "approval", "keep": {"content": 30}}]
    asked = put(admin, categories=edit, reason="less is enough")
    assert asked.status == 202, asked.body
    assert asked.json["version"] == version + 1, "nothing is saved yet"
    approval = asked.json["approval"]
    assert approval["numbers"]["changes"][0]["after"] == 30
    bea = second_administrator(service, admin, "bea@example.com")
    decision = {"decision": "approve", "reason": "agreed"}
    done = bea.request("POST", f"/v1/approvals/{approval['id']}/decision", json=decision)
    assert done.status == 200, done.body
    after = state(admin)
    assert after["version"] == version + 2
    assert after["reason"] == "less is enough"
    assert category(admin, "approval")["pending"]["keep"]["content"] == 30
