"""A row of the index as the event that it was made of, in the shape in which the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from indelible.clock import to_datetime
from indelible.event import (
    Actor,
    Context,
    Event,
    Job,
    Origin,
    Target,
    decode_content,
    event_to_json,
)
from indelible.server.index import schema as table
from indelible.server.index.rows import Rest


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row as the engine gives it, in JSON."""

    idx: int
    occurred_us: int
    received_us: int
    id: str
    leaf: str
    status: int
    flags: int
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
    endpoint_sent: str
    request_id: str
    session_id: str
    trace_id: str
    job_id: str
    content: str
    rest: str


ROW_SELECT: Final = ", ".join(
    "lower(hex(leaf_hash)) AS leaf" if name == "leaf" else name for name in Row.__struct_fields__
)

_decode_rest = msgspec.json.Decoder(Rest).decode
_NO_REST = Rest()
_NO_CONTEXT = Context()
_NO_CONTENT = decode_content(b"{}")


def event_of(row: Row) -> Event:
    """The event of a row. What its columns leave out, `rest` has."""
    rest = _decode_rest(row.rest) if row.rest else _NO_REST
    content = decode_content(row.content.encode()) if row.content else _NO_CONTENT
    blank = rest.blank or ()

    def text(name: str) -> str | None:
        value: str = getattr(row, name)
        return value or ("" if name in blank else None)

    origin = context = None
    if row.flags & table.HAS_ORIGIN:
        origin = Origin(
            ip=text("ip"),
            peer_ip=rest.peer_ip,
            device_id=text("device_id"),
            user_agent=text("user_agent"),
        )
    if row.flags & table.HAS_CONTEXT:
        more = rest.context or _NO_CONTEXT
        context = Context(
            request_id=text("request_id"),
            session_id=text("session_id"),
            trace_id=text("trace_id"),
            source=text("source"),
            source_version=more.source_version,
            source_instance=more.source_instance,
            source_seq=more.source_seq,
            altered=more.altered,
        )
    job = None
    if row.flags & table.HAS_JOB:
        job = msgspec.structs.replace(rest.job or Job(), id=text("job_id"))
    return Event(
        id=row.id,
        # The columns hold what the event type allowed when it was stored; a stub holds "".
        stream=row.stream,  # type: ignore[arg-type]
        category=row.category,
        operation=row.operation,
        outcome=row.outcome,  # type: ignore[arg-type]
        occurred_at=to_datetime(row.occurred_us),
        received_at=to_datetime(row.received_us),
        reported_by=row.reported_by,  # type: ignore[arg-type]
        actor=Actor(
            kind=row.kind or None,  # type: ignore[arg-type]
            id=text("actor_id"),
            email=text("actor_email"),
            name=text("actor_name"),
            on_behalf_of=rest.behalf,
        ),
        method=text("method"),
        endpoint=row.endpoint_sent or text("endpoint"),
        status=None if row.status == table.NO_STATUS else row.status,
        origin=origin,
        targets=_targets(rest.targets, content.target_names),
        changes=content.changes,
        context=context,
        job=job,
        severity=row.severity or None,  # type: ignore[arg-type]
        reason=content.reason,
        metadata=content.metadata,
        conflict_of=rest.conflict_of,
    )


def _targets(
    pairs: list[tuple[str | None, str | None]] | None, names: list[str | None] | None
) -> list[Target] | None:
    if pairs is None:
        return None
    return [
        Target(type=kind, id=target_id, name=names[position] if names is not None else None)
        for position, (kind, target_id) in enumerate(pairs)
    ]


def state_of(flags: int) -> Mapping[str, str]:
    """The state of each part, as the API shows it."""
    if flags & table.UNREADABLE:
        return dict.fromkeys(("fact", "person", "content"), "unreadable")
    return {
        "fact": "erased" if flags & table.NO_FACT else "present",
        "person": "erased" if flags & table.NO_PERSON else "present",
        "content": "erased" if flags & table.NO_CONTENT else "present",
    }


def row_to_json(row: Row) -> dict[str, Any]:
    """The event of a row in the shape of api.md (Read)."""
    shown = event_to_json(
        event_of(row),
        index=row.idx,
        leaf_hash=bytes.fromhex(row.leaf),
        state=state_of(row.flags),
    )
    if row.flags & (table.UNREADABLE | table.NO_FACT):
        shown["id"] = None
    return shown
