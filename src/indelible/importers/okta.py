"""
The Okta System Log: the JSON of the API (`/api/v1/logs`), as a list or a record a line.

Specified in spec/import.md. What has no field of its own goes to `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from indelible.importers.fields import NotAnEvent, present, read_objects, uuid_of, words
from indelible.importers.record import BadRecord, Record

_OUTCOMES = {
    "SUCCESS": "success",
    "ALLOW": "success",
    "FAILURE": "failure",
    "DENY": "denied",
    "SKIPPED": "unknown",
    "CHALLENGE": "unknown",
    "UNKNOWN": "unknown",
}
_SEVERITIES = {"DEBUG": "info", "INFO": "info", "WARN": "warning", "ERROR": "critical"}
_METHODS = {
    ("user.session.start", True): "UserLogin",
    ("user.session.start", False): "LoginFailed",
    ("user.session.end", True): "UserLogout",
    ("user.session.expire", True): "SessionExpired",
}
_KINDS = {
    "User": "user",
    "SystemPrincipal": "system",
    "PublicClientApp": "service",
    "AppInstance": "service",
    "Token": "api_key",
}
# Beginnings of an event type → category, the longest first.
_CATEGORIES = (
    ("user.account.privilege", "access"),
    ("user.authentication", "authentication"),
    ("user.session", "authentication"),
    ("user.mfa", "authentication"),
    ("group.user_membership", "access"),
    ("group.privilege", "access"),
    ("iam.", "access"),
    ("system.api_token", "access"),
    ("application.", "integration"),
    ("policy.", "configuration"),
    ("zone.", "configuration"),
    ("org.", "configuration"),
)
_USED = frozenset(
    {"uuid", "published", "eventType", "actor", "client", "outcome", "target", "severity",
     "displayMessage", "version"}
)  # fmt: skip


def read_okta(file: IO[bytes]) -> Iterator[Record | BadRecord]:
    """The events of one file in order."""
    yield from read_objects(file, event_of, "events")


def event_of(record: dict[str, Any]) -> dict[str, Any]:
    """One record as an event. Raises NotAnEvent with the reason."""
    operation, at = words(record.get("eventType")), words(record.get("published"))
    if operation is None or at is None:
        raise NotAnEvent(f"{'eventType' if operation is None else 'published'} is missing")
    actor, client = _object(record, "actor"), _object(record, "client")
    result = words(_object(record, "outcome").get("result"))
    kind = _KINDS.get(words(actor.get("type")) or "", "external")
    debug = _object(_object(record, "debugContext"), "debugData")
    event = {
        "id": uuid_of("okta", words(record.get("uuid")), record),
        "stream": "system" if kind == "system" else "user",
        "category": next((to for start, to in _CATEGORIES if operation.startswith(start)), None),
        "operation": operation,
        "method": _METHODS.get((operation, result != "FAILURE")),
        "endpoint": words(debug.get("requestUri")),
        "outcome": _OUTCOMES.get(result or "", "unknown"),
        "occurred_at": at,
        "actor": present({"kind": kind, **_named(actor)}),
        "origin": present(
            {
                "ip": words(client.get("ipAddress")),
                "device_id": words(_object(client, "device").get("id")) or words(client.get("id")),
                "user_agent": words(_object(client, "userAgent").get("rawUserAgent")),
            }
        )
        or None,
        "targets": _targets(record) or None,
        "changes": _changes(record) or None,
        "context": present(
            {
                "request_id": words(_object(record, "transaction").get("id")),
                "session_id": words(
                    _object(record, "authenticationContext").get("externalSessionId")
                ),
                "source": "okta-system-log",
            }
        ),
        "severity": _SEVERITIES.get(words(record.get("severity")) or ""),
        "reason": words(_object(record, "outcome").get("reason")),
        "metadata": present(
            {
                **{key: value for key, value in record.items() if key not in _USED},
                "message": words(record.get("displayMessage")),
                "place": client.get("geographicalContext"),
            }
        ),
    }
    return present(event)


def _object(record: dict[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _named(who: dict[str, Any]) -> dict[str, Any]:
    """Okta puts the e-mail address of a person in `alternateId`."""
    other = words(who.get("alternateId"))
    return present(
        {
            "id": words(who.get("id")) or other,
            "email": other if other is not None and "@" in other else None,
            "name": words(who.get("displayName")),
        }
    )


def _targets(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        present(
            {
                "type": words(item.get("type")),
                "id": words(item.get("id")) or words(item.get("alternateId")),
                "name": words(item.get("displayName")) or words(item.get("alternateId")),
            }
        )
        for item in _targets_of(record)
    ][:100]


def _targets_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    found = record.get("target")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _changes(record: dict[str, Any]) -> list[dict[str, Any]]:
    changes = []
    for item in _targets_of(record):
        detail = _object(item, "changeDetails")
        before, after = _object(detail, "from"), _object(detail, "to")
        changes += [
            {"path": path, "before": before.get(path), "after": after.get(path)}
            for path in dict.fromkeys([*before, *after])
        ]
    return changes
