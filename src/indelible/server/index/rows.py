"""
An entry of the ledger as a row of the index, and back to the event as it reads over the API.

Rows hold all that lists, CSV and JSONL show, so these never touch the ledger. What has a column of
its own is not repeated in `rest`. An entry whose bytes cannot be read becomes a stub row: it keeps
its place, index and leaf hash, and says that it is unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec

from indelible.clock import US_PER_DAY, to_datetime, to_us
from indelible.event import (
    Actor,
    Change,
    Context,
    Event,
    Job,
    Origin,
    Principal,
    Target,
    event_to_json,
    join,
)
from indelible.server.index import folding
from indelible.server.index import schema as table
from indelible.server.index.endpoint import template_of
from indelible.server.index.text import (
    changes_text,
    leaves,
    targets_text,
)

NO_ID: Final = "00000000-0000-0000-0000-000000000000"
EVENT: Final = 1
FACT: Final = 1
PERSON: Final = 2
CONTENT: Final = 4


class LedgerEntry(Protocol):
    """What the index needs to know of an entry of the ledger."""

    @property
    def index(self) -> int: ...
    @property
    def leaf_type(self) -> int: ...
    @property
    def parts(self) -> int: ...
    @property
    def day(self) -> int: ...
    @property
    def fact(self) -> bytes | None: ...
    @property
    def person(self) -> bytes | None: ...
    @property
    def content(self) -> bytes | None: ...
    @property
    def leaf_hash(self) -> bytes: ...


class Rest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event says that no column holds. Written as JSON, `{}` as the empty string."""

    peer_ip: str | None = None
    behalf: Principal | None = None
    targets: list[Target] | None = None
    changes: list[Change] | None = None
    context: Context | None = None
    job: Job | None = None
    reason: str | None = None
    metadata: dict[str, Any] | None = None
    conflict_of: str | None = None
    blank: list[str] | None = None  # columns that hold "" because the event says "", not null


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
    rest: str


ROW_SELECT: Final = ", ".join(
    "lower(hex(leaf_hash)) AS leaf" if name == "leaf" else name for name in Row.__struct_fields__
)

_encode_rest = msgspec.json.Encoder().encode
_decode_rest = msgspec.json.Decoder(Rest).decode
_NO_REST = Rest()
_NO_ORIGIN = Origin()
_NO_CONTEXT = Context()


def row_of(tenant: int, entry: LedgerEntry) -> tuple[Any, ...]:
    """
    The row of an event's entry, its values in the order of `schema.COLUMNS`.

    Raises `msgspec.DecodeError` or ValueError when the bytes are not parts of an event.
    """
    if entry.fact is None:
        return stub_row(tenant, entry, _gone(entry))
    person, content = entry.person, entry.content
    event = join(entry.fact, person, content)
    actor = event.actor
    flags = _gone(entry)
    blank: list[str] | None = None
    pieces: list[str] = []
    add = pieces.append

    endpoint = event.endpoint or ""
    endpoint_sent = ""
    if endpoint:
        template = template_of(endpoint)
        if template != endpoint:
            add(folding.ENDPOINT + endpoint)
            endpoint, endpoint_sent = template, endpoint

    peer_ip = None
    origin = event.origin
    if origin is None:
        origin = _NO_ORIGIN
    else:
        flags |= table.HAS_ORIGIN
        peer_ip = origin.peer_ip
        if peer_ip:
            add(folding.OTHER + peer_ip)

    behalf = ""
    other = actor.on_behalf_of
    if other is not None:
        behalf = other.email or other.name or other.id or ""
        for value in (other.email, other.name, other.id):
            if value:
                add(folding.BEHALF + value)

    targets = ""
    if event.targets:
        targets = targets_text(event.targets)
        for target in event.targets:
            if target.type:
                add(folding.TARGET + target.type)
            if target.id:
                add(folding.TARGET + target.id)
            if target.name:
                add(folding.TARGET + target.name)

    changes = ""
    if event.changes:
        changes = changes_text(event.changes)
        for change in event.changes:
            add(folding.CHANGE + change.path)
            for leaf in leaves(change.before):
                add(folding.CHANGE + leaf)
            for leaf in leaves(change.after):
                add(folding.CHANGE + leaf)

    request_id = session_id = trace_id = source = ""
    more: Context | None = None
    context = event.context
    if context is None:
        context = _NO_CONTEXT
    else:
        flags |= table.HAS_CONTEXT
        request_id = context.request_id or ""
        session_id = context.session_id or ""
        trace_id = context.trace_id or ""
        source = context.source or ""
        if request_id and folding.fold(request_id) != request_id:
            add(folding.REQUEST + request_id)
        if session_id and folding.fold(session_id) != session_id:
            add(folding.SESSION + session_id)
        if trace_id and folding.fold(trace_id) != trace_id:
            add(folding.OTHER + trace_id)
        if (
            context.source_version is not None
            or context.source_instance is not None
            or context.source_seq is not None
            or context.altered is not None
        ):
            more = Context(
                source_version=context.source_version,
                source_instance=context.source_instance,
                source_seq=context.source_seq,
                altered=context.altered,
            )
            if context.source_version:
                add(folding.OTHER + context.source_version)
            if context.source_instance:
                add(folding.OTHER + context.source_instance)

    job_id = ""
    job = event.job
    if job is not None:
        flags |= table.HAS_JOB
        job_id = job.id or ""
        if job_id and folding.fold(job_id) != job_id:
            add(folding.JOB + job_id)
        for value in (job.root_id, job.parent_id):
            if value:
                add(folding.JOB + value)
        for value in (job.state, job.queue, job.worker):
            if value:
                add(folding.OTHER + value)
        job = msgspec.structs.replace(job, id=None)

    if event.reason:
        add(folding.OTHER + event.reason)
    if event.metadata:
        for leaf in leaves(event.metadata):
            add(folding.OTHER + leaf)

    # A control character stands in our JSON as an escape, so its absence there is quick to see.
    marks = (
        b"\\u00" in entry.fact
        or (person is not None and b"\\u00" in person)
        or (content is not None and b"\\u00" in content)
    )
    values = (
        tenant,
        entry.index,
        to_us(event.occurred_at),
        to_us(event.received_at),
        event.id,
        entry.leaf_hash,
        table.NO_STATUS if event.status is None else event.status,
        flags,
        event.stream,
        event.category,
        event.operation,
        event.outcome,
        event.severity or "",
        actor.kind or "",
        event.reported_by,
        event.method or "",
        endpoint,
        actor.id or "",
        actor.email or "",
        actor.name or "",
        behalf,
        origin.ip or "",
        origin.device_id or "",
        origin.user_agent or "",
        source,
        endpoint_sent,
        request_id,
        session_id,
        trace_id,
        job_id,
        targets,
        changes,
        folding.join_pieces(pieces, may_hold_marks=marks),
    )
    if _has_blank(event, actor, origin, context):
        blank = _blank(event)
    rest = _encode_rest(
        Rest(
            peer_ip=peer_ip,
            behalf=other,
            targets=event.targets,
            changes=event.changes,
            context=more,
            job=job,
            reason=event.reason,
            metadata=event.metadata,
            conflict_of=event.conflict_of,
            blank=blank,
        )
    )
    return (*values, "" if rest == b"{}" else rest.decode())


def stub_row(tenant: int, entry: LedgerEntry, flags: int = table.UNREADABLE) -> tuple[Any, ...]:
    """The row of an entry of which only the leaf is known; its time is the day of receipt."""
    at_us = entry.day * US_PER_DAY
    few = dict.fromkeys(table.FEW, "")
    few.update(stream="system", category="", operation="", outcome="unknown", reported_by="service")
    return (
        tenant, entry.index, at_us, at_us, NO_ID, entry.leaf_hash, table.NO_STATUS, flags,
        *few.values(), *("" for _ in table.MANY),
    )  # fmt: skip


def _gone(entry: LedgerEntry) -> int:
    flags = 0
    if entry.parts & FACT and entry.fact is None:
        flags |= table.NO_FACT
    if entry.parts & PERSON and entry.person is None:
        flags |= table.NO_PERSON
    if entry.parts & CONTENT and entry.content is None:
        flags |= table.NO_CONTENT
    return flags


def _has_blank(event: Event, actor: Actor, origin: Origin, context: Context) -> bool:
    # Compared with "" by identity of value, not truth: None is the usual case and not blank.
    return "" in (
        event.method, event.endpoint, actor.id, actor.email, actor.name,
        origin.ip, origin.device_id, origin.user_agent,
        context.request_id, context.session_id, context.trace_id, context.source,
        event.job and event.job.id,
    )  # fmt: skip


def _blank(event: Event) -> list[str]:
    origin = event.origin or _NO_ORIGIN
    context = event.context or _NO_CONTEXT
    said = {
        "method": event.method,
        "endpoint": event.endpoint,
        "actor_id": event.actor.id,
        "actor_email": event.actor.email,
        "actor_name": event.actor.name,
        "ip": origin.ip,
        "device_id": origin.device_id,
        "user_agent": origin.user_agent,
        "request_id": context.request_id,
        "session_id": context.session_id,
        "trace_id": context.trace_id,
        "source": context.source,
        "job_id": event.job.id if event.job is not None else None,
    }
    return [name for name, value in said.items() if value == ""]


def event_of(row: Row) -> Event:
    """The event of a row. What its columns leave out, `rest` has."""
    rest = _decode_rest(row.rest) if row.rest else _NO_REST
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
        targets=rest.targets,
        changes=rest.changes,
        context=context,
        job=job,
        severity=row.severity or None,  # type: ignore[arg-type]
        reason=rest.reason,
        metadata=rest.metadata,
        conflict_of=rest.conflict_of,
    )


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
