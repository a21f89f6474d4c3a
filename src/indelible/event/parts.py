"""
Splits an event into fact, person and content, and joins them again (formats.md B, Parts).

Fact says what happened and holds no personal data: ids that are e-mail addresses or phone numbers
become aliases, and an endpoint that carries such text becomes a template; the originals lie in
person. The bytes made here are committed to and stored verbatim, never encoded a second time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from indelible.event.model import (
    Actor,
    ActorKind,
    Change,
    Context,
    Event,
    Job,
    Origin,
    Outcome,
    Principal,
    ReportedBy,
    SentEvent,
    Severity,
    Stream,
    Target,
)

Alias = Callable[[str], str]
"""Gives the stable random alias of a subject; owned by the ledger, per tenant."""


class EventParts(msgspec.Struct, frozen=True, gc=False):
    """The three parts as bytes of JSON; None where an event has nothing of that part."""

    fact: bytes
    person: bytes | None
    content: bytes | None


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What happened, without personal data."""

    id: str
    stream: Stream
    category: str
    occurred_at: datetime
    received_at: datetime
    reported_by: ReportedBy
    operation: str
    outcome: Outcome
    actor_kind: ActorKind
    method: str | None = None
    endpoint: str | None = None
    status: int | None = None
    severity: Severity | None = None
    actor_id: str | None = None
    on_behalf_of: Principal | None = None  # kind and id only
    targets: list[tuple[str | None, str | None]] | None = None  # (type, id)
    context: Context | None = None
    job: Job | None = None
    conflict_of: str | None = None


class Person(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who, in personal data."""

    email: str | None = None
    name: str | None = None
    actor_id: str | None = None
    on_behalf_of: Principal | None = None  # e-mail and name, id when it is personal
    endpoint: str | None = None
    origin: Origin | None = None
    target_ids: dict[str, str] | None = None  # position in the list of targets → id


class Content(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Names, values and free data."""

    target_names: list[str | None] | None = None
    changes: list[Change] | None = None
    reason: str | None = None
    metadata: dict[str, Any] | None = None


_encode = msgspec.json.Encoder().encode
_decode_fact = msgspec.json.Decoder(Fact).decode
_decode_person = msgspec.json.Decoder(Person).decode
_decode_content = msgspec.json.Decoder(Content).decode

_EMAIL_IN_TEXT = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"^\+\d[\d ()./-]{6,}$")
_PHONE_IN_TEXT = re.compile(r"(?:\+|%2[Bb])\d[\d-]{6,}")


def is_personal_id(value: str) -> bool:
    """Whether an id is itself personal data: an e-mail address or a phone number."""
    return "@" in value or ("+" in value and _PHONE.match(value) is not None)


def endpoint_template(endpoint: str) -> str:
    """The endpoint with e-mail addresses and phone numbers replaced by `{email}` and `{phone}`."""
    if "@" in endpoint or "%40" in endpoint:
        endpoint = _EMAIL_IN_TEXT.sub("{email}", endpoint)
    if "+" in endpoint or "%2" in endpoint:
        endpoint = _PHONE_IN_TEXT.sub("{phone}", endpoint)
    return endpoint


def split(event: Event, alias: Alias) -> EventParts:
    """
    The event's parts as bytes. `alias` gives the stand-in for an id that is personal data.

    Thread safety: pure but for `alias`.
    """
    return split_as(
        event,
        event.actor,
        alias,
        event.id,
        event.stream,
        event.category,
        event.occurred_at,
        event.received_at,
        event.reported_by,
        event.outcome,
        event.actor.kind or "anonymous",
        event.conflict_of,
    )


def split_as(
    said: Event | SentEvent,
    actor: Actor,
    alias: Alias,
    event_id: str,
    stream: Stream,
    category: str,
    occurred_at: datetime,
    received_at: datetime,
    reported_by: ReportedBy,
    outcome: Outcome,
    actor_kind: ActorKind,
    conflict_of: str | None,
) -> EventParts:
    """As `split`, where what may have been filled in stands beside what was said. Runs for each
    event that comes in, so it makes no value that is not written."""
    actor_id, personal_id = actor.id, None
    if actor_id is not None and is_personal_id(actor_id):
        actor_id, personal_id = alias(actor_id), actor_id

    fact_other = person_other = None
    other = actor.on_behalf_of
    if other is not None:
        other_id, other_personal = other.id, None
        if other_id is not None and is_personal_id(other_id):
            other_id, other_personal = alias(other_id), other_id
        fact_other = Principal(kind=other.kind, id=other_id)
        if other.email is not None or other.name is not None or other_personal is not None:
            person_other = Principal(id=other_personal, email=other.email, name=other.name)

    endpoint, endpoint_sent = said.endpoint, None
    if endpoint is not None and ("@" in endpoint or "%" in endpoint or "+" in endpoint):
        template = endpoint_template(endpoint)
        if template != endpoint:
            endpoint, endpoint_sent = template, endpoint

    fact_targets: list[tuple[str | None, str | None]] | None = None
    personal_targets: dict[str, str] | None = None
    names: list[str | None] | None = None
    targets = said.targets
    if targets:
        fact_targets = []
        for position, target in enumerate(targets):
            target_id, name = target.id, target.name
            if target_id is not None and is_personal_id(target_id):
                if personal_targets is None:
                    personal_targets = {}
                personal_targets[str(position)] = target_id
                target_id = alias(target_id)
            fact_targets.append((target.type, target_id))
            if name is not None:
                if names is None:
                    names = [None] * len(targets)
                names[position] = name

    fact = _encode(
        Fact(
            event_id,
            stream,
            category,
            occurred_at,
            received_at,
            reported_by,
            said.operation,
            outcome,
            actor_kind,
            said.method,
            endpoint,
            said.status,
            said.severity,
            actor_id,
            fact_other,
            fact_targets,
            said.context,
            said.job,
            conflict_of,
        )
    )
    person = content = None
    origin = said.origin
    if (
        origin is not None
        or actor.email is not None
        or actor.name is not None
        or personal_id is not None
        or person_other is not None
        or endpoint_sent is not None
        or personal_targets is not None
    ):
        person = _encode(
            Person(
                actor.email,
                actor.name,
                personal_id,
                person_other,
                endpoint_sent,
                origin,
                personal_targets,
            )
        )
    changes, reason, metadata = said.changes, said.reason, said.metadata
    if names is not None or changes or reason is not None or metadata:
        content = _encode(Content(names, changes or None, reason, metadata or None))
    return EventParts(fact, person, content)


def decode_fact(data: bytes) -> Fact:
    """The fact part's value; raises `msgspec.DecodeError` when the bytes are not one."""
    return _decode_fact(data)


def decode_person(data: bytes) -> Person:
    """The person part's value; raises `msgspec.DecodeError` when the bytes are not one."""
    return _decode_person(data)


def decode_content(data: bytes) -> Content:
    """The content part's value; raises `msgspec.DecodeError` when the bytes are not one."""
    return _decode_content(data)


_NO_PERSON = Person()
_NO_CONTENT = Content()


def join(fact: bytes, person: bytes | None, content: bytes | None) -> Event:
    """
    The event again from its parts; what an absent part held is None (fact ids stay aliases).

    Raises `msgspec.DecodeError` when bytes are not the part they are given as.
    """
    f = _decode_fact(fact)
    p = _NO_PERSON if person is None else _decode_person(person)
    c = _NO_CONTENT if content is None else _decode_content(content)

    other: Principal | None = None
    if f.on_behalf_of is not None:
        q = p.on_behalf_of or Principal()
        other = Principal(
            kind=f.on_behalf_of.kind, id=q.id or f.on_behalf_of.id, email=q.email, name=q.name
        )
    targets: list[Target] | None = None
    if f.targets is not None:
        names = c.target_names or [None] * len(f.targets)
        personal = p.target_ids or {}
        targets = [
            Target(type=kind, id=personal.get(str(position), target_id), name=name)
            for position, ((kind, target_id), name) in enumerate(zip(f.targets, names, strict=True))
        ]
    return Event(
        id=f.id,
        stream=f.stream,
        category=f.category,
        operation=f.operation,
        outcome=f.outcome,
        occurred_at=f.occurred_at,
        received_at=f.received_at,
        reported_by=f.reported_by,
        actor=Actor(
            kind=f.actor_kind,
            id=p.actor_id or f.actor_id,
            email=p.email,
            name=p.name,
            on_behalf_of=other,
        ),
        method=f.method,
        endpoint=p.endpoint or f.endpoint,
        status=f.status,
        origin=p.origin,
        targets=targets,
        changes=c.changes,
        context=f.context,
        job=f.job,
        severity=f.severity,
        reason=c.reason,
        metadata=c.metadata,
        conflict_of=f.conflict_of,
    )
