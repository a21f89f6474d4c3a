"""Elastic Common Schema 8.17, one JSON document per line. The mapping: docs/how-to/export.md."""

from __future__ import annotations

from typing import Any, Final

from indelible.codec import encode_json

ECS_VERSION: Final = "8.17.0"

# Category of ours: category and type of the schema.
_KINDS: Final = {
    "authentication": (["authentication"], ["info"]),
    "access": (["iam"], ["change"]),
    "configuration": (["configuration"], ["change"]),
    "data": (["database"], ["change"]),
    "sharing": (["iam"], ["change"]),
    "export": (["database"], ["access"]),
    "approval": (["iam"], ["info"]),
    "integration": (["api"], ["info"]),
    "job": (["process"], ["info"]),
}
_OUTCOMES: Final = {"success": "success", "failure": "failure", "denied": "failure"}
_LEVELS: Final = {"info": 1, "notice": 2, "warning": 3, "critical": 4}


def ecs_line(event: dict[str, Any]) -> bytes:
    """The event as a document; all that the schema has no place for is kept under `indelible`."""
    return encode_json(ecs_document(event))


def ecs_document(event: dict[str, Any]) -> dict[str, Any]:
    """The event as a document."""
    actor, origin = event["actor"], event["origin"] or {}
    context, job = event["context"] or {}, event["job"] or {}
    behalf = actor["on_behalf_of"] or {}
    category, kind = _KINDS.get(event["category"], (["api"], ["info"]))
    if event["outcome"] == "denied":
        kind = ["denied"]
    status = event["status"]
    return _filled(
        {
            "@timestamp": event["occurred_at"],
            "ecs": {"version": ECS_VERSION},
            "message": event["operation"],
            "event": {
                "kind": "event",
                "category": category,
                "type": kind,
                "action": event["operation"],
                "outcome": _OUTCOMES.get(event["outcome"], "unknown"),
                "id": event["id"],
                "created": event["occurred_at"],
                "ingested": event["received_at"],
                "sequence": event["index"],
                "hash": event["leaf_hash"],
                "module": "indelible",
                "dataset": f"indelible.{event['stream']}",
                "provider": context.get("source"),
                "reason": event["reason"],
                "severity": _LEVELS.get(event["severity"] or ""),
                "duration": _ns(job.get("duration_ms")),
            },
            "user": {
                "id": actor["id"],
                "email": actor["email"],
                "name": actor["name"],
                "effective": {name: behalf.get(name) for name in ("id", "email", "name")},
            },
            "source": {"ip": origin.get("ip"), "address": origin.get("ip")},
            "device": {"id": origin.get("device_id")},
            "user_agent": {"original": origin.get("user_agent")},
            "http": {
                "request": {"method": event["method"], "id": context.get("request_id")},
                "response": {"status_code": status},
            },
            "url": {"path": event["endpoint"]},
            "trace": {"id": context.get("trace_id")},
            "service": {
                "name": context.get("source"),
                "version": context.get("source_version"),
                "node": {"name": context.get("source_instance")},
            },
            "related": {
                "ip": [ip for ip in (origin.get("ip"), origin.get("peer_ip")) if ip],
                "user": list(
                    dict.fromkeys(
                        value
                        for value in (actor["id"], actor["email"], actor["name"], behalf.get("id"))
                        if value
                    )
                ),
            },
            "indelible": {
                "stream": event["stream"],
                "category": event["category"],
                "outcome": event["outcome"],
                "actor_kind": actor["kind"],
                "on_behalf_of": behalf,
                "peer_ip": origin.get("peer_ip"),
                "targets": event["targets"],
                "changes": encode_json(event["changes"]).decode() if event["changes"] else None,
                "metadata": encode_json(event["metadata"]).decode() if event["metadata"] else None,
                "context": context,
                "job": job,
                "severity": event["severity"],
                "reported_by": event["reported_by"],
                "late": event["late"],
                "conflict_of": event["conflict_of"],
                "state": dict(event["state"]),
            },
        }
    )


def _ns(ms: int | None) -> int | None:
    return None if ms is None else ms * 1_000_000


def _filled(value: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: an absent field and an empty one are the same to the schema."""
    found = {name: _dense(item) for name, item in value.items()}
    return {name: item for name, item in found.items() if item not in (None, {}, [])}


def _dense(value: Any) -> Any:
    if isinstance(value, dict):
        return _filled(value)
    return [_dense(item) for item in value] if isinstance(value, list) else value
