"""
OCSF 1.9, one JSON object per line. The mapping: docs/how-to/export.md.

The class follows from the category and the operation; what the schema has no place for is kept
under `unmapped`, so nothing of an event is lost.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from indelible.clock import to_us
from indelible.codec import encode_json
from indelible.server.version import version

OCSF_VERSION: Final = "1.9.0"

AUTHENTICATION: Final = (3, 3002)
ACCOUNT_CHANGE: Final = (3, 3001)
ENTITY: Final = (3, 3004)
ACCESS: Final = (3, 3005)
GROUP: Final = (3, 3006)
API: Final = (6, 6003)
_OTHER: Final = 99

_ACCOUNTS: Final = ("user", "account", "person", "member")
# First word of an operation: activity of each class. Words not listed are "other".
_LOGIN: Final = (("logout", 2), ("logoff", 2), ("signout", 2), ("expired", 2), ("endsession", 2),
                 ("login", 1), ("logon", 1), ("signin", 1))  # fmt: skip
_ACCOUNT_ACTS: Final = (("enablemfa", 10), ("disablemfa", 11), ("resetpassword", 4),
                        ("changepassword", 3), ("setpassword", 3), ("password", 3),
                        ("unlock", 12), ("lock", 9), ("enable", 2), ("disable", 5),
                        ("delete", 6), ("remove", 6), ("create", 1), ("invite", 1))  # fmt: skip
_ENTITY_ACTS: Final = (("create", 1), ("add", 1), ("read", 2), ("view", 2), ("download", 2),
                       ("update", 3), ("rename", 3), ("change", 3), ("set", 3), ("edit", 3),
                       ("delete", 4), ("remove", 4), ("move", 5), ("enable", 8), ("disable", 9),
                       ("start", 10), ("suspend", 11), ("resume", 12))  # fmt: skip
_API_ACTS: Final = {"POST": 1, "GET": 2, "HEAD": 2, "PUT": 3, "PATCH": 3, "DELETE": 4}
_ASSIGN: Final = (("unassign", 2), ("revoke", 2), ("unshare", 2), ("assign", 1), ("grant", 1),
                  ("share", 1))  # fmt: skip
_SEVERITIES: Final = {"info": 1, "notice": 2, "warning": 3, "critical": 5}
_STATUSES: Final = {"success": (1, "Success"), "failure": (2, "Failure"), "denied": (2, "Failure")}
_ACTOR_TYPES: Final = {"user": 1, "service": 3, "system": 3, "task": 3}


def classify(event: dict[str, Any]) -> tuple[tuple[int, int], int]:
    """Category and class, and the activity within it."""
    operation = "".join(c for c in event["operation"].lower() if c.isalnum())
    said = operation + (event["method"] or "").lower().replace("_", "")
    kind = ((event["targets"] or [{}])[0].get("type") or "").lower()
    if event["category"] == "authentication":
        if "password" in operation or "mfa" in operation:
            return ACCOUNT_CHANGE, _first(operation, _ACCOUNT_ACTS)
        return AUTHENTICATION, _first(said, _LOGIN)
    if event["category"] in ("access", "sharing") and _first(operation, _ASSIGN) != _OTHER:
        return ACCESS, _first(operation, _ASSIGN)
    if kind in _ACCOUNTS and _first(operation, _ACCOUNT_ACTS) != _OTHER:
        return ACCOUNT_CHANGE, _first(operation, _ACCOUNT_ACTS)
    if event["targets"] and event["stream"] != "task":
        return ENTITY, _begins(operation, _ENTITY_ACTS)
    return API, _API_ACTS.get((event["method"] or "").upper(), _OTHER)


def _first(text: str, acts: tuple[tuple[str, int], ...]) -> int:
    return next((number for word, number in acts if word in text), _OTHER)


def _begins(text: str, acts: tuple[tuple[str, int], ...]) -> int:
    return next((number for word, number in acts if text.startswith(word)), _OTHER)


def ocsf_line(event: dict[str, Any]) -> bytes:
    """The event as an object."""
    return encode_json(ocsf_object(event))


def ocsf_object(event: dict[str, Any]) -> dict[str, Any]:
    """The event as an object, with every attribute that its class requires."""
    (category, class_), activity = classify(event)
    actor, origin = event["actor"], event["origin"] or {}
    context = event["context"] or {}
    status_id, status = _STATUSES.get(event["outcome"], (0, "Unknown"))
    made: dict[str, Any] = {
        "category_uid": category,
        "class_uid": class_,
        "activity_id": activity,
        "type_uid": class_ * 100 + activity,
        "severity_id": _SEVERITIES.get(event["severity"] or "", 1),
        "time": _ms(event["occurred_at"]),
        "status_id": status_id,
        "status": status,
        "message": event["operation"],
        "metadata": _dense(
            {
                "version": OCSF_VERSION,
                "product": {"name": "Indelible", "vendor_name": "Indelible", "version": version()},
                "uid": event["id"],
                "event_code": event["operation"],
                "sequence": event["index"],
                "logged_time": _ms(event["received_at"]),
                "correlation_uid": context.get("request_id"),
                "trace_uid": context.get("trace_id"),
                "log_name": event["stream"],
            }
        ),
        "actor": {"user": _user(actor), **_session(context)},
        "unmapped": _dense(_unmapped(event)),
    }
    if activity == _OTHER:
        made["activity_name"] = event["operation"]
    if event["status"] is not None:
        made["status_code"] = str(event["status"])
    if event["reason"]:
        made["status_detail"] = event["reason"]
    endpoint = _dense({"ip": origin.get("ip"), "uid": origin.get("device_id")}) or {
        "name": "unknown"
    }
    made["src_endpoint"] = endpoint
    if origin.get("user_agent") or event["endpoint"]:
        made["http_request"] = _dense(
            {
                "user_agent": origin.get("user_agent"),
                "http_method": event["method"],
                "url": {"path": event["endpoint"]} if event["endpoint"] else None,
                "uid": context.get("request_id"),
            }
        )
    made.update(_of_class(class_, event))
    return made


def _of_class(class_: int, event: dict[str, Any]) -> dict[str, Any]:
    """What single classes require."""
    targets = event["targets"] or [{}]
    service = {"name": (event["context"] or {}).get("source") or "unknown"}
    if class_ == AUTHENTICATION[1]:
        return {"user": _user(event["actor"]), "service": service}
    if class_ == ACCOUNT_CHANGE[1]:
        return {"user": _account(targets[0], event["actor"])}
    if class_ == ACCESS[1]:
        return {
            "user": _account(targets[0], event["actor"]),
            "privileges": [str(one["after"]) for one in event["changes"] if one["after"]]
            or [event["operation"]],
            "resources": [_resource(target) for target in event["targets"]],
        }
    if class_ == ENTITY[1]:
        return {"entity": _resource(targets[0])}
    return {
        "api": {"operation": event["operation"], "service": service},
        "resources": [_resource(target) for target in event["targets"]],
    }


def _user(actor: dict[str, Any]) -> dict[str, Any]:
    """Never empty: the schema wants at least one name."""
    kind = actor["kind"] or "unknown"
    user = _dense({"uid": actor["id"], "email_addr": actor["email"], "name": actor["name"]})
    return {
        **(user or {"name": kind}),
        "type_id": _ACTOR_TYPES.get(kind, _OTHER),
        "type": kind,
    }


def _account(target: dict[str, Any], actor: dict[str, Any]) -> dict[str, Any]:
    if (target.get("type") or "").lower() not in _ACCOUNTS:
        return _user(actor)
    return _dense({"uid": target.get("id"), "name": target.get("name")}) or {"name": "unknown"}


def _resource(target: dict[str, Any]) -> dict[str, Any]:
    return _dense(
        {"type": target.get("type"), "uid": target.get("id"), "name": target.get("name")}
    ) or {"name": "unknown"}


def _session(context: dict[str, Any]) -> dict[str, Any]:
    session = context.get("session_id")
    return {"session": {"uid": session}} if session else {}


def _unmapped(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "stream": event["stream"],
        "category": event["category"],
        "outcome": event["outcome"],
        "method": event["method"],
        "leaf_hash": event["leaf_hash"],
        "actor_kind": event["actor"]["kind"],
        "on_behalf_of": event["actor"]["on_behalf_of"],
        "peer_ip": (event["origin"] or {}).get("peer_ip"),
        "targets": event["targets"],
        "changes": event["changes"],
        "metadata": event["metadata"],
        "context": event["context"],
        "job": event["job"],
        "reported_by": event["reported_by"],
        "late": event["late"],
        "conflict_of": event["conflict_of"],
        "state": dict(event["state"]),
    }


def _dense(value: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if item not in (None, "", {}, [])}


def _ms(text: str) -> int:
    return to_us(datetime.fromisoformat(text)) // 1000
