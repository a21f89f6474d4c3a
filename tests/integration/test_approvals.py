"""Approvals over HTTP: two people, what each may do, and that every step is on record."""

from __future__ import annotations

import pytest
from tests.integration.conftest import Login, RunningService

pytestmark = pytest.mark.timeout(120)


def second_administrator(service: RunningService, admin: Login, email: str) -> Login:
    """Invites an administrator, and logs them in."""
    made = admin.request("POST", "/v1/users", json={"email": email, "role": "admin"})
    assert made.status == 201, made.body
    token = made.json["path"].removeprefix("/setup#token=")
    service.setup_token, first = token, service.setup_token
    try:
        return service.set_up(email)
    finally:
        service.setup_token = first


def test_taking_the_second_person_away_needs_a_second_person(service: RunningService) -> None:
    ana = service.set_up()
    off = {"on": False, "reason": "we are two people only"}
    by_key = service.request("PUT", "/v1/four-eyes/erasure", key=service.key("a"), json=off)
    assert (by_key.status, by_key.code) == (403, "person-needed")
    asked = ana.request("PUT", "/v1/four-eyes/erasure", json=off)
    assert asked.status == 202, asked.body
    assert asked.json["four_eyes"]["erasure"] is True
    approval = asked.json["approval"]
    # Alone, nothing happens, and the reply says what to do about that.
    assert approval["deciders"] == 0
    assert "invite another administrator" in approval["hint"]
    path = f"/v1/approvals/{approval['id']}"
    own = ana.request("POST", f"{path}/decision", json={"decision": "approve", "reason": "me"})
    assert (own.status, own.code) == (403, "own-request")
    again = ana.request("PUT", "/v1/four-eyes/erasure", json=off)
    assert (again.status, again.code) == (409, "already-waiting")

    bea = second_administrator(service, ana, "bea@example.com")
    assert bea.request("GET", "/v1/approvals/waiting").json == {"waiting": 1, "to_decide": 1}
    assert ana.request("GET", "/v1/approvals/waiting").json == {"waiting": 1, "to_decide": 0}
    (shown,) = bea.request("GET", "/v1/approvals").json["approvals"]
    assert (shown["mine"], shown["may_decide"], shown["deciders"]) == (False, True, 1)
    assert shown["asked_by"]["name"] == "Ana"
    not_hers = bea.request("POST", f"{path}/withdraw")
    assert (not_hers.status, not_hers.code) == (403, "not-yours")
    approved = bea.request(
        "POST", f"{path}/decision", json={"decision": "approve", "reason": "agreed"}
    )
    assert approved.status == 200, approved.body
    assert (approved.json["state"], approved.json["decided_by"]["name"]) == ("approved", "Ana")
    assert approved.json["done_at"] is not None
    assert bea.request("GET", "/v1/approvals").json["four_eyes"]["erasure"] is False
    late = bea.request("POST", f"{path}/decision", json={"decision": "refuse", "reason": "no"})
    assert (late.status, late.code) == (409, "decided")
    # On again is for one: it takes nothing away.
    on = ana.request("PUT", "/v1/four-eyes/erasure", json={"on": True, "reason": "better so"})
    assert (on.status, on.json["four_eyes"]["erasure"]) == (200, True)

    second = ana.request("PUT", "/v1/four-eyes/erasure", json=off).json["approval"]
    withdrawn = ana.request("POST", f"/v1/approvals/{second['id']}/withdraw")
    assert (withdrawn.status, withdrawn.json["state"]) == (200, "withdrawn")

    steps = [
        (event["operation"], event["actor"]["email"], event["changes"], event["reason"])
        for event in service.events(q="category:audit", order="asc")
        if event["operation"].endswith("Request") or event["operation"] == "RequestApproval"
    ]
    assert steps[:2] == [
        (
            "RequestApproval",
            "ana@example.com",
            [{"path": "state", "before": None, "after": "waiting"}],
            "we are two people only",
        ),
        (
            "ApproveRequest",
            "bea@example.com",
            [{"path": "state", "before": "waiting", "after": "approved"}],
            "agreed",
        ),
    ]
    assert [step[0] for step in steps[2:]] == ["RequestApproval", "WithdrawRequest"]
    (off_event,) = service.events(stream="system", q="operation:ChangeFourEyes")
    assert off_event["changes"] == [{"path": "erasure", "before": True, "after": False}]
    assert off_event["metadata"]["approval"] == approval["id"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/v1/four-eyes/four_eyes", {"on": False, "reason": "x"}, 404),
        ("PUT", "/v1/four-eyes/clock", {"on": False, "reason": "x"}, 404),
        ("PUT", "/v1/four-eyes/erasure", {"on": False, "reason": " "}, 400),
        ("PUT", "/v1/four-eyes/erasure", {"on": 1, "reason": "x"}, 400),
        ("POST", "/v1/approvals/ap_none/decision", {"decision": "approve", "reason": "x"}, 404),
        ("POST", "/v1/approvals/ap_none/decision", {"decision": "later", "reason": "x"}, 400),
        ("POST", "/v1/approvals/ap_none/withdraw", None, 404),
        ("GET", "/v1/approvals/ap_none", None, 404),
    ],
)
def test_wrong_requests(
    service: RunningService, method: str, path: str, body: object, status: int
) -> None:
    assert service.set_up().request(method, path, json=body).status == status
    assert service.request(method, path, key=service.key("r"), json=body).status == 403
