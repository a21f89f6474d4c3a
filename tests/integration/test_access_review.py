"""Who can see what: for auditors and administrators, told whole, and on record."""

from __future__ import annotations

import csv
import io

import pytest
from tests.integration.conftest import EMAIL, RunningService

pytestmark = pytest.mark.timeout(120)
_PATH = "/v1/access-review"


def test_the_review_names_people_invitations_and_keys(service: RunningService) -> None:
    admin = service.set_up()
    admin.request("POST", "/v1/users", json={"email": "bo@example.com", "role": "auditor"})
    body = {
        "name": "=1+1",
        "kind": "w",
        "scope": {"sources": ["fleet"]},
        "networks": ["10.0.0.0/8"],
    }
    made = admin.request("POST", "/v1/keys", json=body).json
    admin.request("DELETE", f"/v1/keys/{made['id']}")
    review = admin.request("GET", _PATH).json
    assert [(one["email"], one["role"], one["logins"]) for one in review["people"]] == [
        (EMAIL, "admin", 1)
    ]
    assert review["people"][0]["last_seen_at"]
    assert review["people"][0]["factors"] == []
    assert review["people"][0]["scope"] is None
    assert [(one["email"], one["role"]) for one in review["invitations"]] == [
        ("bo@example.com", "auditor")
    ]
    (key,) = [one for one in review["keys"] if one["id"] == made["id"]]
    assert (key["name"], key["kind"], key["last_used_at"]) == ("=1+1", "w", None)
    assert key["revoked_at"]
    assert (key["scope"], key["networks"]) == ({"sources": ["fleet"]}, ["10.0.0.0/8"])

    reply = admin.request("GET", _PATH, params={"format": "csv"})
    assert reply.headers["content-type"].startswith("text/csv")
    assert reply.headers["content-disposition"].startswith('attachment; filename="access-review-')
    rows = list(csv.DictReader(io.StringIO(reply.body.decode())))
    assert {row["What"] for row in rows} == {"person", "invitation", "key"}
    (row,) = [row for row in rows if row["Id"] == made["id"]]
    assert row["Name"] == "'=1+1"
    assert row["State"].startswith("revoked 2")
    assert (row["Sees"], row["From networks"]) == ('{"sources":["fleet"]}', "10.0.0.0/8")
    (person,) = [row for row in rows if row["What"] == "person"]
    assert (person["Sees"], person["Second factor"]) == ("everything", "none")

    found = [
        event
        for event in service.events(stream="user", q="category:audit")
        if event["operation"] == "ExportAccessReview"
    ]
    assert [event["metadata"]["people"] for event in found] == [1]
    assert found[0]["actor"]["email"] == EMAIL


def test_only_auditors_administrators_and_administering_keys_may(service: RunningService) -> None:
    assert service.request("GET", _PATH).status == 401
    assert service.request("GET", _PATH, key=service.key("r")).status == 403
    assert service.request("GET", _PATH, key=service.key("w")).status == 403
    assert service.request("GET", _PATH, key=service.key("a")).status == 200
    wrong = service.request("GET", _PATH, key=service.key("a"), params={"format": "pdf"})
    assert (wrong.status, wrong.code) == (400, "invalid-request")
