"""A row of the index as the event that it was made of, in the shape in which the API shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from indelible.clock import format_us, to_us
from indelible.codec import decode_json
from indelible.event import is_late
from indelible.server.index import schema as table

Said = Callable[[str, str], str | None]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row as the engine gives it, in JSON."""

    idx: int
    occurred_us: int
    received_us: int
    id: str
    leaf: str
    status: int
    flags: int
    attempt: int
    duration_ms: int
    stream: str
    category: str
    operation: str
    outcome: str
    severity: str
    kind: str
    reported_by: str
    method: str
    endpoint: str
    actor_id: str
    actor_email: str
    actor_name: str
    ip: str
    device_id: str
    user_agent: str
    source: str
    job_state: str
    queue: str
    worker: str
    gone: str
    endpoint_sent: str
    request_id: str
    session_id: str
    trace_id: str
    job_id: str
    job_root: str
    job_parent: str
    content: str
    rest: str
    target_types: list[str]
    target_ids: list[str]


ROW_SELECT: Final = ", ".join(
    "lower(hex(leaf_hash)) AS leaf" if name == "leaf" else name for name in Row.__struct_fields__
)

_PRINCIPAL: Final = ("kind", "id", "email", "name")
_NOTHING: Final[dict[str, Any]] = {}


def row_to_json(row: Row) -> dict[str, Any]:
    """
    The event of a row in the shape of api.md (Read), as `event_to_json` gives it for an event.

    Made straight from the row, since lists and JSONL do this for every event; tests hold the two
    equal.
    """
    rest = decode_json(row.rest) if row.rest else _NOTHING
    content = decode_json(row.content) if row.content else _NOTHING
    blank = rest.get("blank") or ()
    unknown = row.flags & (table.UNREADABLE | table.NO_FACT)

    def said(name: str, value: str) -> str | None:
        return value or ("" if name in blank else None)

    behalf = rest.get("behalf")
    return {
        "id": None if unknown else row.id,
        "stream": row.stream,
        "category": row.category,
        "operation": row.operation,
        "method": said("method", row.method),
        "endpoint": row.endpoint_sent or said("endpoint", row.endpoint),
        "status": None if row.status == table.NO_STATUS else row.status,
        "outcome": row.outcome,
        "occurred_at": format_us(row.occurred_us),
        "actor": {
            "kind": row.kind or None,
            "id": said("actor_id", row.actor_id),
            "email": said("actor_email", row.actor_email),
            "name": said("actor_name", row.actor_name),
            "on_behalf_of": None
            if behalf is None
            else {name: behalf.get(name) for name in _PRINCIPAL},
        },
        "origin": {
            "ip": said("ip", row.ip),
            "peer_ip": rest.get("peer_ip"),
            "device_id": said("device_id", row.device_id),
            "user_agent": said("user_agent", row.user_agent),
        }
        if row.flags & table.HAS_ORIGIN
        else None,
        "targets": _targets(row, rest.get("targets"), content.get("target_names")),
        "changes": [
            {"path": change["path"], "before": change.get("before"), "after": change.get("after")}
            for change in content.get("changes") or ()
        ],
        "context": _context(row, rest.get("context") or _NOTHING, said)
        if row.flags & table.HAS_CONTEXT
        else None,
        "job": _job(row, rest.get("scheduled_for"), said) if row.flags & table.HAS_JOB else None,
        "severity": row.severity or None,
        "reason": content.get("reason"),
        "metadata": content.get("metadata") or {},
        "index": row.idx,
        "received_at": format_us(row.received_us),
        "leaf_hash": row.leaf,
        "reported_by": row.reported_by,
        "late": is_late(row.occurred_us, row.received_us),
        "conflict_of": rest.get("conflict_of"),
        "state": state_of(row.flags, row.gone),
        **({"explained_by": explained_by(row.gone)} if row.gone else _NOTHING),
    }


def _context(row: Row, more: dict[str, Any], said: Said) -> dict[str, Any]:
    return {
        "request_id": said("request_id", row.request_id),
        "session_id": said("session_id", row.session_id),
        "trace_id": said("trace_id", row.trace_id),
        "source": said("source", row.source),
        "source_version": more.get("source_version"),
        "source_instance": more.get("source_instance"),
        "source_seq": more.get("source_seq"),
        "altered": more.get("altered"),
    }


def _job(row: Row, due: str | None, said: Said) -> dict[str, Any]:
    return {
        "id": said("job_id", row.job_id),
        "root_id": said("job_root", row.job_root),
        "parent_id": said("job_parent", row.job_parent),
        "attempt": None if row.attempt == table.NO_NUMBER else row.attempt,
        "state": row.job_state or None,
        "queue": said("queue", row.queue),
        "worker": said("worker", row.worker),
        "scheduled_for": due and format_us(to_us(datetime.fromisoformat(due))),
        "duration_ms": None if row.duration_ms == table.NO_NUMBER else row.duration_ms,
    }


def _targets(
    row: Row, exact: list[list[str | None]] | None, names: list[str | None] | None
) -> list[dict[str, str | None]]:
    if not row.target_types:
        return []
    pairs: Sequence[Sequence[str | None]] = exact or [
        (kind or None, target_id or None)
        for kind, target_id in zip(row.target_types, row.target_ids, strict=True)
    ]
    return [
        {"type": kind, "id": target_id, "name": names[position] if names is not None else None}
        for position, (kind, target_id) in enumerate(pairs)
    ]


_PRESENT: Final = {"fact": "present", "person": "present", "content": "present"}


def state_of(flags: int, gone: str = "") -> Mapping[str, str]:
    """The state of each part, as the API shows it."""
    if flags < table.UNREADABLE:
        return _PRESENT
    if flags & table.UNREADABLE:
        return dict.fromkeys(("fact", "person", "content"), "unreadable")
    masked = {
        part: "masked"
        for part, bit in (("person", table.MASKED_PERSON), ("content", table.MASKED_CONTENT))
        if flags & bit
    }
    return {**_PRESENT, **masked, **{part: how for part, how, _ in _read_gone(gone)}}


def explained_by(gone: str) -> dict[str, int]:
    """For each part that is gone the entry that explains it."""
    return {part: int(index) for part, _, index in _read_gone(gone) if index}


def _read_gone(gone: str) -> list[tuple[str, str, str]]:
    """`person expired 9100; content missing` → parts, how, and the entry's index or nothing."""
    return [
        (part, how, index)
        for part, how, index in (f"{one}  ".split(" ", 2) for one in gone.split("; ") if one)
        for index in (index.strip(),)
    ]
