"""A directory provisions accounts: by the book, as Entra ID and Okta do it, against the rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from tests.integration.conftest import EMAIL, Reply, RunningService, init_folder
from tests.integration.people import account

pytestmark = pytest.mark.timeout(120)
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, start_service: Callable[..., RunningService]
) -> RunningService:
    """A service whose groups are mapped to roles, with one administrator."""
    data: Path = tmp_path_factory.mktemp("scim") / "data"
    token = init_folder(data)["token"]
    (data / "indelible.toml").write_text(
        '[oidc]\nroles = { staff = "viewer", security = "auditor", owners = "admin" }\n'
    )
    running = start_service(data)
    running.setup_token = token
    running.set_up()
    return running


def scim(service: RunningService, method: str, path: str, body: Any = None, **more: Any) -> Reply:
    return service.request(
        method, f"/scim/v2{path}", key=service.key("s"), json=body,
        headers={"content-type": "application/scim+json", **more},
    )  # fmt: skip


def patch(service: RunningService, path: str, *operations: dict[str, Any]) -> Reply:
    return scim(service, "PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})


def make_user(service: RunningService, email: str, **more: Any) -> str:
    made = scim(service, "POST", "/Users", {"schemas": [USER], "userName": email, **more})
    assert made.status == 201, made.body
    assert made.headers["location"].endswith(f"/scim/v2/Users/{made.json['id']}")
    return str(made.json["id"])


def make_group(service: RunningService, name: str, *members: str, **more: Any) -> str:
    values = [{"value": member} for member in members]
    made = scim(
        service, "POST", "/Groups",
        {"schemas": [GROUP], "displayName": name, "members": values, **more},
    )  # fmt: skip
    assert made.status == 201, made.body
    return str(made.json["id"])


def acts(service: RunningService, operation: str) -> list[dict[str, Any]]:
    return service.events(stream="user", q=f"category:audit operation:{operation}")


def test_the_public_checker_finds_nothing(service: RunningService) -> None:
    client = httpx2.Client(
        base_url=f"{service.url}/scim/v2",
        headers={"authorization": f"Bearer {service.key('s')}"},
        timeout=30,
    )
    with client:
        results = check_server(SyncSCIMClient(client))
    assert len(results) > 50
    assert not [
        (one.title, one.reason)
        for one in results
        if one.status not in (Status.SUCCESS, Status.SKIPPED)
    ]


def test_groups_give_roles_and_take_them(service: RunningService) -> None:
    admin = service.log_in()
    bo = make_user(
        service, "bo@example.com", externalId="00u1", active=True, displayName="Bo",
        name={"givenName": "Bo", "familyName": "Berg"}, phoneNumbers=[{"value": "+49 1"}],
        emails=[{"value": "bo@example.com", "type": "work", "primary": True}],
    )  # fmt: skip
    # In no group that is mapped: there, and not let in.
    shown = account(admin, "bo@example.com")
    assert (shown["active"], shown["provisioned"], shown["issuer"]) == (False, True, "scim")
    assert "phoneNumbers" not in scim(service, "GET", f"/Users/{bo}").json

    staff = make_group(service, "staff", bo)
    auditors = make_group(service, "Auditors of the log", externalId="security")
    assert account(admin, "bo@example.com")["role"] == "viewer"
    added = {"op": "Add", "path": "members", "value": [{"value": bo}]}
    assert patch(service, f"/Groups/{auditors}", added).status == 200
    shown = account(admin, "bo@example.com")
    assert (shown["role"], shown["active"]) == ("auditor", True)  # the group that may most wins
    assert shown["groups"] == ["Auditors of the log", "staff"]
    listed = scim(service, "GET", f"/Users/{bo}").json["groups"]
    assert {one["value"] for one in listed} == {staff, auditors}

    gone = {"op": "remove", "path": f'members[value eq "{bo}"]'}
    assert "members" not in patch(service, f"/Groups/{auditors}", gone).json
    assert account(admin, "bo@example.com")["role"] == "viewer"
    assert scim(service, "DELETE", f"/Groups/{staff}").status == 204
    assert account(admin, "bo@example.com")["active"] is False
    changes = [event["changes"] for event in acts(service, "ChangeUserRole")]
    assert [{"path": "open", "before": True, "after": False}] in changes
    assert [{"path": "role", "before": "viewer", "after": "auditor"}] in changes
    [told] = [one for one in acts(service, "DeleteGroup") if one["targets"][0]["id"] == staff]
    assert told["actor"]["kind"] == "api_key"
    assert {"path": "members", "before": [bo], "after": None} in told["changes"]
    review = admin.request("GET", "/v1/access-review").json["people"]
    assert [one["groups"] for one in review if one["id"] == bo] == [[]]


def test_inactive_ends_logins_at_once(service: RunningService) -> None:
    admin = service.log_in()
    made = admin.request("POST", "/v1/users", json={"email": "cy@example.com", "role": "auditor"})
    first, service.setup_token = service.setup_token, made.json["path"].split("token=")[1]
    cy = service.set_up("cy@example.com")
    service.setup_token = first
    found = scim(service, "GET", "/Users?filter=userName%20eq%20%22CY%40example.com%22").json
    assert found["totalResults"] == 1
    person = found["Resources"][0]
    assert person["active"] is True
    # As Entra ID writes it: the word as a text, and an extension that is not kept.
    off = {"op": "Replace", "path": "active", "value": "False"}
    manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
    more = {"op": "Add", "path": manager, "value": "Depot"}
    assert patch(service, f"/Users/{person['id']}", off, more).json["active"] is False
    assert cy.request("GET", "/v1/session").status == 401
    credentials = {"email": "cy@example.com", "password": "correct horse battery staple"}
    assert service.request("POST", "/v1/session", json=credentials).status == 401
    targets = [event["targets"][0]["type"] for event in acts(service, "EndLogin")]
    assert "login" in targets
    # Back, as Okta writes it. The role is that of the groups now, and there is none.
    back = {"op": "replace", "value": {"active": True}}
    assert patch(service, f"/Users/{person['id']}", back).json["active"] is True
    assert account(admin, "cy@example.com")["active"] is False
    make_group(service, "security", person["id"])
    assert service.log_in("cy@example.com").session["person"]["role"] == "auditor"


def test_the_last_administrator_stays(service: RunningService) -> None:
    admin = service.log_in()
    me = account(admin, EMAIL)["id"]
    for refused in (
        scim(service, "DELETE", f"/Users/{me}"),
        patch(service, f"/Users/{me}", {"op": "replace", "path": "active", "value": False}),
    ):
        assert refused.status == 409
        assert "last administrator" in refused.json["detail"]
        assert refused.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    owners = make_group(service, "owners", me)
    other = make_user(service, "di@example.com")
    swap = {"op": "replace", "path": "members", "value": [{"value": other}]}
    assert patch(service, f"/Groups/{owners}", swap).status == 200  # another one takes over
    back = {"op": "replace", "path": "members", "value": [{"value": me}]}
    assert patch(service, f"/Groups/{owners}", back).status == 200
    assert account(service.log_in(), EMAIL)["role"] == "admin"
    assert scim(service, "DELETE", f"/Groups/{owners}").status == 409
    assert scim(service, "GET", f"/Groups/{owners}").status == 200  # nothing of it was done


def test_lists_versions_and_mistakes(service: RunningService) -> None:
    one = make_user(service, "el@example.com", externalId="x-1")
    make_user(service, "em@example.com", externalId="x-2")
    found = scim(service, "GET", "/Users?filter=externalId%20sw%20%22x-%22&count=1&sortBy=userName")
    assert (found.json["totalResults"], found.json["itemsPerPage"]) == (2, 1)
    second = scim(
        service, "GET",
        "/Users?filter=externalId%20sw%20%22x-%22&count=1&startIndex=2&sortBy=userName"
        "&attributes=userName",
    ).json["Resources"]  # fmt: skip
    assert [sorted(row) for row in second] == [["id", "schemas", "userName"]]
    assert second[0]["userName"] == "em@example.com"

    read = scim(service, "GET", f"/Users/{one}")
    version = {"if-none-match": read.headers["etag"]}
    assert scim(service, "GET", f"/Users/{one}", **version).status == 304
    renamed = {"schemas": [USER], "userName": "el@example.com", "displayName": "El"}
    assert scim(service, "PUT", f"/Users/{one}", renamed).json["displayName"] == "El"
    outdated = scim(service, "PUT", f"/Users/{one}", renamed, **{"if-match": read.headers["etag"]})
    assert (outdated.status, outdated.json["scimType"]) == (412, "invalidVers")

    taken = scim(service, "POST", "/Users", {"schemas": [USER], "userName": "EM@example.com"})
    assert (taken.status, taken.json["scimType"]) == (409, "uniqueness")
    for path, body, kind in (
        ("/Users?filter=userName%20xx%20%22a%22", None, "invalidFilter"),
        ("/Users", {"schemas": [USER], "userName": "no address"}, "invalidValue"),
        ("/Groups", {"schemas": [GROUP], "displayName": "g", "members": [{"value": "p_no"}]},
         "invalidValue"),
    ):  # fmt: skip
        refused = scim(service, "POST" if body else "GET", path, body)
        assert (refused.status, refused.json["scimType"]) == (400, kind)
    assert scim(service, "GET", "/Groups?filter=displayName%20eq%20%22g%22").json[
        "totalResults"
    ] == 0  # fmt: skip


def test_only_keys_of_kind_s_provision_and_they_do_nothing_else(service: RunningService) -> None:
    for kind in ("w", "r", "a"):
        refused = service.request("GET", "/scim/v2/Users", key=service.key(kind))
        assert refused.status == 403
        assert refused.headers["content-type"].startswith("application/scim+json")
    assert service.request("GET", "/scim/v2/Users").status == 401
    assert service.log_in().request("GET", "/scim/v2/Users").status == 403
    for path in ("/v1/events", "/v1/users", "/v1/keys"):
        assert service.request("GET", path, key=service.key("s")).status == 403
    assert service.send({"operation": "Still"})["stored"] == 1
