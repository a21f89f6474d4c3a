"""
Fills in what a sender left out, by the rule table of spec/event.md, and splits the result.

`complete` gives the whole event; `split_sent` gives its parts without making an event of them,
which is what ingest does for each one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from indelible.clock import to_datetime
from indelible.event.model import (
    Actor,
    ActorKind,
    Event,
    Outcome,
    ReportedBy,
    SentEvent,
    Stream,
)
from indelible.event.parse import to_utc
from indelible.event.parts import Alias, EventParts, split_as
from indelible.event.rules import default_actor_kind, default_category, default_outcome

Categorise = Callable[[Stream, str | None, str, str | None], str]
"""Stream, method, operation and endpoint → category, for an event whose sender named none."""

_NO_ACTOR = Actor()

# All events of a batch are received at one moment.
_moment = lru_cache(maxsize=8)(to_datetime)


def complete(
    sent: SentEvent, *, received_us: int, reported_by: ReportedBy, new_id: Callable[[], str]
) -> Event:
    """The event with every default filled in."""
    received_at = _moment(received_us)
    stream, category, outcome, kind = _defaults(sent)
    actor = sent.actor or _NO_ACTOR
    if actor.kind is None:
        actor = Actor(
            kind=kind,
            id=actor.id,
            email=actor.email,
            name=actor.name,
            on_behalf_of=actor.on_behalf_of,
        )
    return Event(
        id=sent.id or new_id(),
        stream=stream,
        category=category,
        operation=sent.operation,
        outcome=outcome,
        occurred_at=received_at if sent.occurred_at is None else to_utc(sent.occurred_at),
        received_at=received_at,
        reported_by=reported_by,
        actor=actor,
        method=sent.method,
        endpoint=sent.endpoint,
        status=sent.status,
        origin=sent.origin,
        targets=sent.targets,
        changes=sent.changes,
        context=sent.context,
        job=sent.job,
        severity=sent.severity,
        reason=sent.reason,
        metadata=sent.metadata,
    )


def split_sent(
    sent: SentEvent,
    event_id: str,
    received_us: int,
    reported_by: ReportedBy,
    alias: Alias,
    categorise: Categorise | None = None,
) -> tuple[str, EventParts]:
    """
    Category and parts of the event that `complete` would give, byte for byte as `split`.

    `categorise` chooses the category where the sender named none; by default the built-in rules do.
    """
    received_at: datetime = _moment(received_us)
    stream, category, outcome, kind = _defaults(sent, categorise)
    occurred_at = sent.occurred_at
    parts = split_as(
        sent,
        sent.actor or _NO_ACTOR,
        alias,
        event_id,
        stream,
        category,
        received_at if occurred_at is None else to_utc(occurred_at),
        received_at,
        reported_by,
        outcome,
        kind,
        None,
    )
    return category, parts


def _defaults(
    sent: SentEvent, categorise: Categorise | None = None
) -> tuple[Stream, str, Outcome, ActorKind]:
    stream = sent.stream or "user"
    actor = sent.actor
    kind: ActorKind | None = None if actor is None else actor.kind
    if kind is None:
        known = actor is not None and (
            actor.id is not None or actor.email is not None or actor.name is not None
        )
        kind = default_actor_kind(stream, known=known)
    category = sent.category
    if not category:
        if categorise is None:
            category = default_category(stream, sent.method, sent.operation)
        else:
            category = categorise(stream, sent.method, sent.operation, sent.endpoint)
    outcome = sent.outcome
    if outcome is None:
        state = sent.job.state if sent.job is not None else None
        outcome = default_outcome(sent.status, sent.method, state)
    return stream, category, outcome, kind
