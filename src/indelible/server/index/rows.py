"""
An entry of the ledger as a row of the index; `shown.py` makes the event of a row again.

Rows hold all that lists, CSV and JSONL show, so these never touch the ledger. What has a column of
its own is not repeated in `rest`. An entry whose bytes cannot be read becomes a stub row: it keeps
its place, index and leaf hash, and says that it is unreadable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from indelible.clock import US_PER_DAY, to_us
from indelible.event import (
    Change,
    Context,
    Job,
    Origin,
    Principal,
    decode_content,
    decode_fact,
    decode_person,
)
from indelible.event.parts import Fact, Person
from indelible.server.index import folding
from indelible.server.index import schema as table
from indelible.server.index.endpoint import template_of
from indelible.server.index.text import changes_text, leaves

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
    def category_id(self) -> int: ...
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
    """What fact and person say that no column holds. Written as JSON, `{}` as the empty string."""

    peer_ip: str | None = None
    behalf: Principal | None = None
    # Which types and ids of targets are null, where "" in their columns does not tell.
    targets: list[tuple[str | None, str | None]] | None = None
    context: Context | None = None
    scheduled_for: datetime | None = None
    conflict_of: str | None = None
    blank: list[str] | None = None  # columns that hold "" because the event says "", not null


_MAY_BE_BLANK: Final = (
    "method",
    "endpoint",
    "actor_id",
    "actor_email",
    "actor_name",
    "ip",
    "device_id",
    "user_agent",
    "request_id",
    "session_id",
    "trace_id",
    "source",
    "job_id",
    "job_root",
    "job_parent",
    "queue",
    "worker",
)

_encode_rest = msgspec.json.Encoder().encode
_NO_ORIGIN = Origin()
_NO_CONTEXT = Context()
_NO_JOB = Job()
_NO_PERSON = decode_person(b"{}")
_NO_CONTENT = decode_content(b"{}")


Gone = Mapping[int, str]
"""Part bit → what took it away, as `expired 9100`."""
_ALL_THERE: Final[Gone] = {}
_GONE_FLAGS: Final = table.NO_FACT | table.NO_PERSON | table.NO_CONTENT


def row_of(
    tenant: int, entry: LedgerEntry, gone: Gone = _ALL_THERE, category: str = ""
) -> tuple[Any, ...]:
    """
    The row of an event's entry, its values in the order of `schema.COLUMNS`.

    Parts in `gone` are left out whether or not the ledger has them still; `category` is what the
    leaf says, for an event whose fact is not there.

    Reads the parts directly, without making an event of them: this runs for every event.
    Raises `msgspec.DecodeError` or ValueError when the bytes are not parts of an event.
    """
    if gone:
        entry = _Shorn(entry, gone)
    flags = _gone(entry) if entry.parts else 0
    if entry.fact is None:
        return stub_row(tenant, entry, flags, category, gone_text(flags, gone))
    fact = decode_fact(entry.fact)
    person = _NO_PERSON if entry.person is None else decode_person(entry.person)
    content = _NO_CONTENT if entry.content is None else decode_content(entry.content)
    # In our JSON a control character stands as an escape: no backslash, no mark.
    marks = (
        b"\\" in entry.fact
        or (entry.person is not None and b"\\" in entry.person)
        or (entry.content is not None and b"\\" in entry.content)
    )
    # And an empty text as two quotes.
    may_be_blank = b'""' in entry.fact or (entry.person is not None and b'""' in entry.person)
    pieces: list[str] = []
    add = pieces.append

    endpoint = person.endpoint or fact.endpoint or ""
    endpoint_sent = ""
    if endpoint:
        template = template_of(endpoint)
        if template != endpoint:
            add(folding.ENDPOINT + endpoint)
            endpoint, endpoint_sent = template, endpoint

    origin = person.origin
    if origin is None:
        origin = _NO_ORIGIN
    else:
        flags |= table.HAS_ORIGIN
        if origin.peer_ip:
            add(folding.OTHER + origin.peer_ip)

    behalf = ""
    other: Principal | None = None
    if fact.on_behalf_of is not None:
        other = _behalf(fact.on_behalf_of, person.on_behalf_of)
        behalf = other.email or other.name or other.id or ""
        for text in (other.email, other.name, other.id):
            if text:
                add(folding.BEHALF + text)

    changes = ""
    # Tuples of texts, and one empty one: what holds no lists costs the collector nothing.
    types: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    pairs = fact.targets
    if pairs:
        if person.target_ids:
            pairs = _with_personal_ids(pairs, person.target_ids)
        types = tuple([kind or "" for kind, _ in pairs])
        ids = tuple([target_id or "" for _, target_id in pairs])
        _add_targets(pairs, content.target_names, add)
    if content.changes:
        changes = changes_text(content.changes)
        paths = tuple([change.path for change in content.changes])
        _add_changes(content.changes, add)

    context = fact.context
    more: Context | None = None
    if context is None:
        context = _NO_CONTEXT
    else:
        flags |= table.HAS_CONTEXT
        for mark, value in (
            (folding.REQUEST, context.request_id),
            (folding.SESSION, context.session_id),
            (folding.TRACE, context.trace_id),
        ):
            if value and (value.casefold() != value or marks):
                add(mark + value)
        more = _more(context, add)

    job = fact.job
    if job is None:
        job = _NO_JOB
    else:
        flags |= table.HAS_JOB
        _add_job(job, marks, add)

    if content.reason:
        add(folding.REASON + content.reason)
    if content.metadata:
        for text in leaves(content.metadata):
            add(folding.OTHER + text)

    rest = _encode_rest(
        Rest(
            peer_ip=origin.peer_ip,
            behalf=other,
            targets=pairs if pairs and _says_blank(pairs) else None,
            context=more,
            scheduled_for=job.scheduled_for,
            conflict_of=fact.conflict_of,
            blank=_blank(fact, person, origin, context, job) if may_be_blank else None,
        )
    )
    return (
        tenant,
        entry.index,
        to_us(fact.occurred_at),
        to_us(fact.received_at),
        fact.id,
        entry.leaf_hash,
        table.NO_STATUS if fact.status is None else fact.status,
        flags,
        entry.parts,
        table.NO_NUMBER if job.attempt is None else job.attempt,
        table.NO_NUMBER if job.duration_ms is None else job.duration_ms,
        fact.stream,
        fact.category,
        fact.operation,
        fact.outcome,
        fact.severity or "",
        fact.actor_kind,
        fact.reported_by,
        fact.method or "",
        endpoint,
        person.actor_id or fact.actor_id or "",
        person.email or "",
        person.name or "",
        behalf,
        origin.ip or "",
        origin.device_id or "",
        origin.user_agent or "",
        context.source or "",
        job.state or "",
        job.queue or "",
        job.worker or "",
        gone_text(flags, gone) if flags & _GONE_FLAGS else "",
        endpoint_sent,
        context.request_id or "",
        context.session_id or "",
        context.trace_id or "",
        job.id or "",
        job.root_id or "",
        job.parent_id or "",
        changes,
        folding.join_pieces(pieces, may_hold_marks=marks),
        "" if entry.content is None else entry.content.decode(),
        "" if rest == b"{}" else rest.decode(),
        types,
        ids,
        paths,
    )


Add = Callable[[str], None]


def _behalf(other: Principal, personal: Principal | None) -> Principal:
    if personal is None:
        return other
    return Principal(
        kind=other.kind, id=personal.id or other.id, email=personal.email, name=personal.name
    )


def _with_personal_ids(
    pairs: list[tuple[str | None, str | None]], personal: dict[str, str]
) -> list[tuple[str | None, str | None]]:
    return [
        (kind, personal.get(str(position), target_id))
        for position, (kind, target_id) in enumerate(pairs)
    ]


def _add_targets(
    pairs: list[tuple[str | None, str | None]], names: list[str | None] | None, add: Add
) -> None:
    for _kind, target_id in pairs:
        if target_id:
            add(folding.TARGET + target_id)
    for name in names or ():
        if name:
            add(folding.TARGET_NAME + name)


def _says_blank(pairs: list[tuple[str | None, str | None]]) -> bool:
    """Whether a type or id is "": its column holds that for null."""
    return any(kind == "" or target_id == "" for kind, target_id in pairs)


def _add_changes(changes: list[Change], add: Add) -> None:
    for change in changes:
        for mark, value in ((folding.BEFORE, change.before), (folding.AFTER, change.after)):
            if type(value) is str:
                if value:
                    add(mark + value)
            elif value is not None:
                for text in leaves(value):
                    add(mark + text)


def _more(context: Context, add: Add) -> Context | None:
    """What the context says besides its columns."""
    version, instance = context.source_version, context.source_instance
    if (
        version is None
        and instance is None
        and context.source_seq is None
        and context.altered is None
    ):
        return None
    if version:
        add(folding.OTHER + version)
    if instance:
        add(folding.OTHER + instance)
    return Context(
        source_version=version,
        source_instance=instance,
        source_seq=context.source_seq,
        altered=context.altered,
    )


def _add_job(job: Job, marks: bool, add: Add) -> None:
    """Adds the pieces of a job that no column of the values table holds."""
    if job.id and (marks or job.id.casefold() != job.id):
        add(folding.JOB + job.id)
    for text in (job.root_id, job.parent_id):
        if text:
            add(folding.JOB + text)


def stub_row(
    tenant: int,
    entry: LedgerEntry,
    flags: int = table.UNREADABLE,
    category: str = "",
    gone: str = "",
) -> tuple[Any, ...]:
    """The row of an entry of which only the leaf is known; its time is the day of receipt."""
    at_us = entry.day * US_PER_DAY
    few = dict.fromkeys(table.FEW, "")
    few.update(stream="system", category=category, outcome="unknown", reported_by="service")
    few.update(gone=gone)
    return (
        tenant, entry.index, at_us, at_us, NO_ID, entry.leaf_hash, table.NO_STATUS, flags,
        entry.parts, table.NO_NUMBER, table.NO_NUMBER,
        *few.values(), *("" for _ in table.MANY), *(() for _ in table.LISTS),
    )  # fmt: skip


def gone_text(flags: int, gone: Gone) -> str:
    """What took which parts away, as the column `gone` holds it."""
    return "; ".join(
        f"{name} {gone.get(part, 'missing')}" for part, flag, name in _PART_FLAGS if flags & flag
    )


_PART_FLAGS: Final = (
    (FACT, table.NO_FACT, "fact"),
    (PERSON, table.NO_PERSON, "person"),
    (CONTENT, table.NO_CONTENT, "content"),
)


class _Shorn:
    """An entry without some of its parts."""

    __slots__ = (
        "category_id",
        "content",
        "day",
        "fact",
        "index",
        "leaf_hash",
        "leaf_type",
        "parts",
        "person",
    )

    def __init__(self, entry: LedgerEntry, gone: Gone) -> None:
        self.index = entry.index
        self.leaf_type = entry.leaf_type
        self.parts = entry.parts
        self.category_id = entry.category_id
        self.day = entry.day
        self.leaf_hash = entry.leaf_hash
        self.fact = None if FACT in gone else entry.fact
        self.person = None if PERSON in gone else entry.person
        self.content = None if CONTENT in gone else entry.content


def _gone(entry: LedgerEntry) -> int:
    flags = 0
    if entry.parts & FACT and entry.fact is None:
        flags |= table.NO_FACT
    if entry.parts & PERSON and entry.person is None:
        flags |= table.NO_PERSON
    if entry.parts & CONTENT and entry.content is None:
        flags |= table.NO_CONTENT
    return flags


def _blank(
    fact: Fact, person: Person, origin: Origin, context: Context, job: Job
) -> list[str] | None:
    values = (
        fact.method,
        fact.endpoint,
        person.actor_id or fact.actor_id,
        person.email,
        person.name,
        origin.ip,
        origin.device_id,
        origin.user_agent,
        context.request_id,
        context.session_id,
        context.trace_id,
        context.source,
        job.id,
        job.root_id,
        job.parent_id,
        job.queue,
        job.worker,
    )
    if "" not in values:
        return None
    return [name for name, value in zip(_MAY_BE_BLANK, values, strict=True) if value == ""]
