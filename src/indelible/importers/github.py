"""
GitHub audit logs: the JSON of an export or of the API, as a list, as `{"events": […]}`, or a line
each. Specified in spec/import.md. What has no field of its own goes to `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from indelible.importers.fields import NotAnEvent, present, read_objects, time_of_ms, uuid_of, words
from indelible.importers.record import BadRecord, Record

_OUTCOMES = {"failed_login": "failure", "two_factor_authentication_failed": "failure"}
# Fields that became fields of the event.
_USED = frozenset(
    {"@timestamp", "created_at", "_document_id", "action", "actor", "actor_id", "actor_ip",
     "actor_location", "user_agent", "request_id", "external_identity_nameid", "actor_is_bot",
     "external_id"}
)  # fmt: skip
# What the event was done to, the most telling first: (field, type, field of its id).
_TARGETS = (
    ("user", "user", "user_id"),
    ("team", "team", "team_id"),
    ("repo", "repository", "repo_id"),
    ("org", "organization", "org_id"),
    ("business", "enterprise", "business_id"),
)
# The first word of an action → category; the rules for names know only words in capitals.
_CATEGORIES = {
    "deploy_key": "access",
    "enterprise_team": "access",
    "org_credential_authorization": "access",
    "personal_access_token": "access",
    "public_key": "access",
    "role": "access",
    "team": "access",
    "two_factor_authentication": "authentication",
    "hook": "integration",
    "integration_installation": "integration",
    "oauth_application": "integration",
    "oauth_authorization": "integration",
    "codespaces_policy": "configuration",
    "environment": "configuration",
    "protected_branch": "configuration",
    "repository_ruleset": "configuration",
    "repository_vulnerability_alerts": "configuration",
}
_MEMBERS = frozenset({"add_member", "remove_member", "update_member", "invite_member"})
_EXPORTS = frozenset({"download_zip", "clone", "audit_log_export"})
# Credentials may stand in a log as hashes; the hash of a token is none of a reader's business.
_HIDDEN = frozenset({"hashed_token", "token_id"})


def read_github(file: IO[bytes]) -> Iterator[Record | BadRecord]:
    """The events of one file in order."""
    yield from read_objects(file, event_of, "events")


def event_of(record: dict[str, Any]) -> dict[str, Any]:
    """One record as an event. Raises NotAnEvent with the reason."""
    action = words(record.get("action"))
    at = record.get("@timestamp") or record.get("created_at")
    if action is None:
        raise NotAnEvent("action is missing")
    if not isinstance(at, int | float) or isinstance(at, bool):
        raise NotAnEvent("@timestamp is missing")
    name = action.rsplit(".", 1)[-1]
    ip = words(record.get("actor_ip"))
    event = {
        "id": uuid_of("github", words(record.get("_document_id")), record),
        "stream": "user" if _is_person(record) else "system",
        "category": _category(action),
        "operation": action,
        "method": _method(action, record),
        "endpoint": f"github.com/{words(record.get('repo')) or words(record.get('org')) or action}",
        "outcome": _OUTCOMES.get(name, "success"),
        "occurred_at": time_of_ms(at),
        "actor": present(
            {
                "kind": _kind(record),
                "id": words(record.get("actor_id")) or words(record.get("actor")),
                "name": words(record.get("actor")),
                "email": _email(record.get("external_identity_nameid")),
            }
        ),
        "origin": present({"ip": ip, "user_agent": words(record.get("user_agent"))}) or None,
        "targets": _targets(record) or None,
        "changes": _changes(record) or None,
        "context": present(
            {"request_id": words(record.get("request_id")), "source": "github-audit-log"}
        ),
        "metadata": present(
            {
                **{
                    key: value
                    for key, value in record.items()
                    if key not in _USED and key not in _HIDDEN
                },
                "location": record.get("actor_location"),
            }
        ),
    }
    return present(event)


def _category(action: str) -> str | None:
    """None where the rules of spec/event.md decide."""
    first, _, rest = action.partition(".")
    if rest in _MEMBERS:
        return "access"
    if rest in _EXPORTS:
        return "export"
    return _CATEGORIES.get(first)


def _is_person(record: dict[str, Any]) -> bool:
    return bool(words(record.get("actor"))) and record.get("actor_is_bot") is not True


def _kind(record: dict[str, Any]) -> str:
    if record.get("actor_is_bot") is True:
        return "service"
    if words(record.get("programmatic_access_type")) or words(record.get("hashed_token")):
        return "api_key"
    return "user" if words(record.get("actor")) else "system"


def _method(action: str, record: dict[str, Any]) -> str | None:
    if action == "user.login":
        return "UserLogin"
    if action == "user.failed_login":
        return "LoginFailed"
    if action == "user.logout":
        return "UserLogout"
    return words(record.get("operation_type"))


def _email(value: Any) -> str | None:
    text = words(value)
    return text if text is not None and "@" in text else None


def _targets(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        present({"type": kind, "id": words(record.get(id_)) or name, "name": name})
        for field, kind, id_ in _TARGETS
        if (name := words(record.get(field))) is not None and name != words(record.get("actor"))
    ]


def _changes(record: dict[str, Any]) -> list[dict[str, Any]]:
    """`old_x` beside `x`: what x was before."""
    return [
        {"path": name[4:], "before": record[name], "after": record.get(name[4:])}
        for name in record
        if name.startswith("old_")
    ]
