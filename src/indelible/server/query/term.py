"""The search term that finds the events with one value of a field, quoted as the grammar asks."""

from __future__ import annotations

from typing import Final

PAIR: Final = "actor_ip"
"""An actor and an address together; its key has both, with `APART` between them."""
APART: Final = "\x1f"

# Group of the counts → field of the query language.
FIELDS: Final = {
    "category": "category",
    "operation": "operation",
    "outcome": "outcome",
    "method": "method",
    "endpoint": "endpoint",
    "source": "source",
    "kind": "kind",
    "actor.kind": "kind",
    "actor": "by",
    "actor.email": "actor",
    "actor.id": "actor",
    "ip": "ip",
    "origin.ip": "ip",
    "device": "device",
    "origin.device_id": "device",
    "severity": "severity",
    "behalf": "behalf",
    "request": "request",
    "session": "session",
    "trace": "trace",
    "job": "job",
    "state": "state",
    "queue": "queue",
    "worker": "worker",
    "target_type": "target.type",
    "change": "change",
}
# Fields whose absence `has:` can name.
_HAS: Final = frozenset(
    {"behalf", "ip", "device", "endpoint", "method", "request", "session", "trace", "job"}
    | {"source"}
)


def term_of(group: str, key: str | None) -> str | None:
    """The term, or None where the query language cannot say it."""
    if group in ("status", "status_class"):
        return f"status:{key or 'none'}"
    if group == PAIR:
        who, _, ip = (key or "").rpartition(APART)
        return f"{term_of('actor', who or None)} {term_of('ip', ip or None)}"
    field = FIELDS.get(group)
    if field is None:
        return None
    if group == "actor" and key is None:
        return "-has:actor"
    if key is None:
        return f"-has:{field}" if field in _HAS else None
    return f"{field}:{quoted(key)}"


def quoted(value: str) -> str:
    """A value between quotes, so that it is compared whole and as it is."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
