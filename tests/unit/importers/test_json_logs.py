"""GitHub, Okta and django-auditlog records as events."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from indelible.event import parse_event
from indelible.importers import FORMATS, BadRecord, Record

GITHUB = {
    "@timestamp": 1_764_061_200_123,
    "_document_id": "8Zz0x-2fQ",
    "action": "repo.add_member",
    "actor": "ana",
    "actor_id": 8841,
    "actor_ip": "203.0.113.7",
    "actor_location": {"country_code": "DE"},
    "user": "tomas",
    "user_id": 12,
    "repo": "meridian/fleet",
    "repo_id": 77,
    "org": "meridian",
    "operation_type": "modify",
    "user_agent": "Mozilla/5.0",
    "hashed_token": "c2VjcmV0",
    "old_permission": "read",
    "permission": "admin",
}
OKTA = {
    "uuid": "5eed0000-0000-4000-8000-00000000000a",
    "published": "2026-11-20T10:15:04.123Z",
    "eventType": "user.session.start",
    "displayMessage": "User login to Okta",
    "severity": "WARN",
    "actor": {
        "id": "00u1", "type": "User", "alternateId": "ana@example.com", "displayName": "Ana",
    },
    "client": {
        "ipAddress": "203.0.113.7",
        "userAgent": {"rawUserAgent": "Mozilla/5.0"},
        "geographicalContext": {"country": "Germany"},
    },
    "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
    "target": [
        {
            "id": "0oa1", "type": "AppInstance", "displayName": "Fleet",
            "changeDetails": {"from": {"status": "ACTIVE"}, "to": {"status": "INACTIVE"}},
        }
    ],
    "transaction": {"type": "WEB", "id": "W1"},
    "authenticationContext": {"externalSessionId": "s1"},
    "debugContext": {"debugData": {"requestUri": "/api/v1/authn"}},
}  # fmt: skip
DJANGO = {
    "model": "auditlog.logentry",
    "pk": 7,
    "fields": {
        "content_type": ["fleet", "dashboard"],
        "object_pk": "12",
        "object_repr": "Depot north",
        "action": 1,
        "changes": {
            "title": ["Old", "New"],
            "owners": {"type": "m2m", "operation": "add", "objects": ["Ana"]},
        },
        "actor": 8841,
        "actor_email": "ana@example.com",
        "cid": "r-1",
        "remote_addr": "203.0.113.7",
        "remote_port": 443,
        "timestamp": "2026-11-20T10:15:04.123Z",
    },
}
SAMPLES = {"github": GITHUB, "okta": OKTA, "django-auditlog": DJANGO}


def read(format_name: str, content: bytes) -> list[Record | BadRecord]:
    return list(FORMATS[format_name](io.BytesIO(content)))


def one(format_name: str, record: dict[str, Any]) -> dict[str, Any]:
    (found,) = read(format_name, json.dumps([record]).encode())
    assert isinstance(found, Record), found
    sent = parse_event(json.dumps(found.event).encode())
    assert sent.context is not None
    assert sent.context.altered is None
    return found.event


def test_github() -> None:
    event = one("github", GITHUB)
    assert event["operation"] == "repo.add_member"
    assert event["category"] == "access"
    assert event["occurred_at"] == "2025-11-25T09:00:00.123000Z"
    assert event["actor"] == {"kind": "api_key", "id": "8841", "name": "ana"}
    assert event["origin"] == {"ip": "203.0.113.7", "user_agent": "Mozilla/5.0"}
    assert [target["name"] for target in event["targets"]] == [
        "tomas", "meridian/fleet", "meridian",
    ]  # fmt: skip
    assert event["changes"] == [{"path": "permission", "before": "read", "after": "admin"}]
    assert "c2VjcmV0" not in json.dumps(event)
    failed = one("github", {**GITHUB, "action": "user.failed_login"})
    assert (failed["method"], failed["outcome"]) == ("LoginFailed", "failure")
    robot = one("github", {**GITHUB, "actor_is_bot": True})
    assert (robot["stream"], robot["actor"]["kind"]) == ("system", "service")


def test_okta() -> None:
    event = one("okta", OKTA)
    assert event["id"] == OKTA["uuid"]
    assert (event["method"], event["outcome"]) == ("LoginFailed", "failure")
    assert event["category"] == "authentication"
    assert event["severity"] == "warning"
    assert event["reason"] == "INVALID_CREDENTIALS"
    assert event["endpoint"] == "/api/v1/authn"
    assert event["actor"] == {
        "kind": "user", "id": "00u1", "email": "ana@example.com", "name": "Ana",
    }  # fmt: skip
    assert event["changes"] == [{"path": "status", "before": "ACTIVE", "after": "INACTIVE"}]
    assert event["context"]["session_id"] == "s1"
    right = one("okta", {**OKTA, "outcome": {"result": "SUCCESS"}})
    assert (right["method"], right["outcome"]) == ("UserLogin", "success")
    assert one("okta", {**OKTA, "outcome": {"result": "DENY"}})["outcome"] == "denied"


def test_django_auditlog() -> None:
    event = one("django-auditlog", DJANGO)
    assert (event["operation"], event["method"]) == ("UpdateDashboard", "UPDATE")
    assert event["targets"] == [{"type": "fleet.dashboard", "id": "12", "name": "Depot north"}]
    assert event["changes"] == [
        {"path": "title", "before": "Old", "after": "New"},
        {"path": "owners", "before": None, "after": ["Ana"]},
    ]
    text = {**DJANGO, "fields": {**DJANGO["fields"], "changes": '{"a": ["1", "2"]}'}}  # type: ignore[dict-item]
    assert one("django-auditlog", text)["changes"] == [{"path": "a", "before": "1", "after": "2"}]
    nobody = {
        **DJANGO,
        "fields": {**DJANGO["fields"], "actor": None, "actor_email": None},  # type: ignore[dict-item]
    }
    assert one("django-auditlog", nobody)["stream"] == "system"


@pytest.mark.parametrize("format_name", SAMPLES)
def test_lists_objects_and_lines_are_the_same(format_name: str) -> None:
    sample = SAMPLES[format_name]
    forms: list[Callable[[], bytes]] = [
        lambda: json.dumps([sample, sample]).encode(),
        lambda: json.dumps([sample, sample], indent=2).encode(),
        lambda: b"\n".join(json.dumps(sample).encode() for _ in range(2)),
    ]
    found = [read(format_name, form()) for form in forms]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 2


@pytest.mark.parametrize("format_name", SAMPLES)
def test_what_is_no_record_is_named_and_the_rest_read(format_name: str) -> None:
    sample = json.dumps(SAMPLES[format_name]).encode()
    found = read(format_name, sample + b'\n{"x": 1}\nnot json\n[]\n' + sample)
    assert [type(record) for record in found] == [
        Record, BadRecord, BadRecord, BadRecord, Record,
    ]  # fmt: skip
    assert [record.number for record in found] == [1, 2, 3, 4, 5]
    assert isinstance(read(format_name, b"not json at all")[0], BadRecord)
    assert isinstance(read(format_name, b'"text"')[0], BadRecord)
    assert read(format_name, b"\n \n") == []


@pytest.mark.parametrize("format_name", SAMPLES)
def test_the_same_record_has_the_same_id(format_name: str) -> None:
    sample = SAMPLES[format_name]
    assert one(format_name, sample)["id"] == one(format_name, sample)["id"]


def test_times_that_are_none() -> None:
    for at in ("x", None, True, 1e300, -1e300):
        (found,) = read("github", json.dumps([{**GITHUB, "@timestamp": at}]).encode())
        assert isinstance(found, BadRecord)
