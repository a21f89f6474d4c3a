"""Accounts over HTTP: who may, what each role may then do, and that all of it is on record."""

from __future__ import annotations

import pytest
from tests.integration.conftest import EMAIL, PASSWORD, RunningService

pytestmark = pytest.mark.timeout(120)


def test_an_auditor_from_invitation_to_removal(service: RunningService) -> None:
    admin = service.set_up()
    made = admin.request("POST", "/v1/users", json={"email": "bo@example.com", "role": "auditor"})
    assert made.status == 201, made.body
    token = made.json["path"].removeprefix("/setup#token=")
    listed = admin.request("GET", "/v1/users").json
    assert [one["email"] for one in listed["users"]] == [EMAIL]
    assert [one["email"] for one in listed["invitations"]] == ["bo@example.com"]

    service.setup_token, first = token, service.setup_token
    bo = service.set_up("bo@example.com")
    service.setup_token = first
    assert bo.session["person"]["role"] == "auditor"
    assert bo.request("GET", "/v1/events", params={"period": "day"}).status == 200
    for method, path, body in (
        ("GET", "/v1/users", None),
        ("GET", "/v1/keys", None),
        ("POST", "/v1/users", {"email": "eve@example.com", "role": "admin"}),
        ("PATCH", "/v1/settings", {"zone": "UTC"}),
    ):
        assert bo.request(method, path, json=body).status == 403, path

    people = {one["email"]: one for one in admin.request("GET", "/v1/users").json["users"]}
    assert people[EMAIL]["is_you"]
    assert people["bo@example.com"]["logins"] == 1
    changed = admin.request(
        "PATCH", f"/v1/users/{people['bo@example.com']['id']}", json={"role": "admin"}
    )
    assert changed.json["role"] == "admin"
    assert bo.request("GET", "/v1/keys").status == 200
    last = bo.request("PATCH", f"/v1/users/{people[EMAIL]['id']}", json={"role": "auditor"})
    assert last.status == 200
    refused = bo.request("DELETE", f"/v1/users/{people['bo@example.com']['id']}")
    assert (refused.status, refused.code) == (409, "last-administrator")
    bo.request("PATCH", f"/v1/users/{people[EMAIL]['id']}", json={"role": "admin"})
    gone = admin.request("DELETE", f"/v1/users/{people['bo@example.com']['id']}")
    assert gone.status == 204
    assert bo.request("GET", "/v1/events").status == 401

    acts = [
        (event["operation"], event["actor"]["email"], event.get("changes") or None)
        for event in service.events(stream="user", q="category:audit", order="asc")
        if event["operation"] in ("InviteUser", "ChangeUserRole", "DeleteUser")
    ]
    assert acts == [
        ("InviteUser", EMAIL, None),
        (
            "ChangeUserRole",
            EMAIL,
            [{"path": "role", "before": "auditor", "after": "admin"}],
        ),
        (
            "ChangeUserRole",
            "bo@example.com",
            [{"path": "role", "before": "admin", "after": "auditor"}],
        ),
        (
            "ChangeUserRole",
            "bo@example.com",
            [{"path": "role", "before": "auditor", "after": "admin"}],
        ),
        ("DeleteUser", EMAIL, None),
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "no address", "role": "auditor"}, 400, "invalid-request"),
        ({"email": "bo@example.com", "role": "owner"}, 400, "invalid-request"),
        ({"email": "bo@example.com"}, 400, "invalid-request"),
        ({"email": EMAIL, "role": "auditor"}, 409, "account-exists"),
        (
            {"email": "a@example.com", "role": "admin", "scope": {"streams": ["task"]}},
            400,
            "invalid-request",
        ),
        (
            {"email": "a@example.com", "role": "viewer", "scope": {"streams": []}},
            400,
            "invalid-request",
        ),
    ],
)
def test_wrong_invitations(
    service: RunningService, body: dict[str, object], status: int, code: str
) -> None:
    reply = service.set_up().request("POST", "/v1/users", json=body)
    assert (reply.status, reply.code) == (status, code)


def test_an_invitation_with_a_scope(service: RunningService) -> None:
    admin = service.set_up()
    scope = {"streams": ["task"]}
    body = {"email": "el@example.com", "role": "auditor", "scope": scope}
    made = admin.request("POST", "/v1/users", json=body)
    review = admin.request("GET", "/v1/access-review").json["invitations"]
    assert [one["scope"] for one in review if one["email"] == "el@example.com"] == [scope]
    first = service.setup_token
    service.setup_token = made.json["path"].removeprefix("/setup#token=")
    el = service.set_up("el@example.com")
    service.setup_token = first
    service.send({"operation": "Hidden"}, {"operation": "Shown", "stream": "task"})
    service.settle()
    counts = [
        el.request("GET", "/v1/events", params={"stream": stream}).json["events"]
        for stream in ("user", "task")
    ]
    assert [one["operation"] for one in counts[1] if one["operation"] == "Shown"] == ["Shown"]
    assert counts[0] == []
    told = service.events(stream="user", q="operation:InviteUser")
    assert [e["metadata"]["scope"] for e in told if "scope" in e["metadata"]] == [scope]


def test_a_link_for_an_account_sets_a_new_password(service: RunningService) -> None:
    admin = service.set_up()
    (me,) = [one for one in admin.request("GET", "/v1/users").json["users"] if one["is_you"]]
    made = admin.request("POST", f"/v1/users/{me['id']}/link")
    assert made.status == 201
    token = made.json["path"].removeprefix("/setup#token=")
    body = {"token": token, "email": EMAIL, "name": "Ana", "password": PASSWORD}
    assert service.request("POST", "/v1/setup", json=body).status == 200
    assert admin.request("GET", "/v1/users").status == 401
    for path in ("/v1/users/p_none/link", "/v1/users/p_none"):
        method = "POST" if path.endswith("link") else "DELETE"
        assert service.set_up().request(method, path).status == 404
