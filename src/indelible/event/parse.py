"""
Reads one event as sent, strictly, and fills in its defaults (spec/event.md).

The fast path is one decode; only an event that it refuses is looked at again, to mend what may be
mended or to name what is wrong.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import msgspec

from indelible.clock import to_datetime
from indelible.errors import InvalidEvent
from indelible.event.mend import mend, read_tolerantly, shrink
from indelible.event.model import (
    MAX_EVENT_BYTES,
    Actor,
    Context,
    Event,
    Origin,
    ReportedBy,
    SentEvent,
)
from indelible.event.oversize import cut_down
from indelible.event.rules import default_actor_kind, default_category, default_outcome

_decode = msgspec.json.Decoder(SentEvent).decode
_AT = re.compile(r" - at `(key in )?\$\.?(.*?)`$")
_UNKNOWN = re.compile(r"unknown field `(.*?)`")
_NO_ACTOR = Actor()


def parse_event(raw: bytes | msgspec.Raw) -> SentEvent:
    """
    One event from its JSON bytes.

    Over-long and ill-formed values come back mended, with their paths in `context.altered`.

    Raises:
        InvalidEvent: an unknown key, a wrong type, a missing operation, or no JSON at all; names
            the path and the reason.
    """
    if len(memoryview(raw)) <= MAX_EVENT_BYTES:
        try:
            return _check(_decode(raw))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            pass
    return _parse_slowly(bytes(raw))


def _parse_slowly(raw: bytes) -> SentEvent:
    marks: list[str] = []
    try:
        if len(raw) > MAX_EVENT_BYTES:
            raw = cut_down(raw, marks)
        value, more = read_tolerantly(raw)
    except msgspec.ValidationError as cause:
        raise _explain(str(cause)) from cause
    except (ValueError, RecursionError) as cause:
        raise InvalidEvent("", f"not JSON: {cause}") from cause
    return parse_value(value, marks + more)


def parse_value(value: Any, marks: list[str] | None = None) -> SentEvent:
    """As `parse_event`, from a decoded JSON value; `marks` are those made while decoding."""
    if not isinstance(value, dict):
        raise InvalidEvent("", f"expected an object, got {_kind(value)}")
    marks = [] if marks is None else marks
    value = shrink(mend(value, marks), marks, MAX_EVENT_BYTES)
    if marks:
        context = value.get("context")
        if context is None:
            context = {}
        if isinstance(context, dict):
            altered = context.get("altered")
            before = altered if isinstance(altered, list) else []
            value["context"] = {**context, "altered": [*before, *marks]}
    try:
        sent = msgspec.convert(value, SentEvent)
    except msgspec.ValidationError as cause:
        raise _explain(str(cause)) from cause
    return _check(sent)


def _explain(message: str) -> InvalidEvent:
    """msgspec's message as path and reason."""
    at = _AT.search(message)
    path = at[2] if at else ""
    reason = message[: at.start()] if at else message
    unknown = _UNKNOWN.search(reason)
    if unknown:
        return InvalidEvent(
            f"{path}.{unknown[1]}".lstrip("."),
            "unknown key",
            hint="free data of your product goes into metadata",
        )
    reason = reason[:1].lower() + reason[1:]
    return InvalidEvent(path, reason.replace("`", "").replace("str", "string"))


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


@lru_cache(maxsize=8192)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _check(sent: SentEvent) -> SentEvent:
    """The rules that types cannot say: the id is a UUID, addresses are addresses."""
    if sent.id is not None:
        canonical = _canonical_id(sent.id)
        if canonical != sent.id:
            sent = msgspec.structs.replace(sent, id=canonical)
    origin = sent.origin
    if origin is not None and (
        (origin.ip is not None and not _is_address(origin.ip))
        or (origin.peer_ip is not None and not _is_address(origin.peer_ip))
    ):
        sent = _without_bad_address(sent, origin)
    if sent.job is not None and sent.job.scheduled_for is not None:
        _to_utc(sent.job.scheduled_for, "job.scheduled_for")
    return sent


_CANONICAL_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}").fullmatch


def _canonical_id(text: str) -> str:
    if _CANONICAL_ID(text):
        return text
    try:
        return str(uuid.UUID(text))
    except ValueError as cause:
        raise InvalidEvent("id", "expected a UUID") from cause


def _without_bad_address(sent: SentEvent, origin: Origin) -> SentEvent:
    """What is no address is kept as device id where there is none, and marked."""
    marks = []
    ip, peer_ip, device_id = origin.ip, origin.peer_ip, origin.device_id
    if ip is not None and not _is_address(ip):
        if device_id is None:
            device_id = ip
            marks.append("origin.ip: not an address, kept as device_id")
        else:
            marks.append("origin.ip: not an address, left out")
        ip = None
    if peer_ip is not None and not _is_address(peer_ip):
        marks.append("origin.peer_ip: not an address, left out")
        peer_ip = None
    context = sent.context or Context()
    context = msgspec.structs.replace(context, altered=[*(context.altered or ()), *marks])
    origin = msgspec.structs.replace(origin, ip=ip, peer_ip=peer_ip, device_id=device_id)
    return msgspec.structs.replace(sent, origin=origin, context=context)


def complete(
    sent: SentEvent, *, received_us: int, reported_by: ReportedBy, new_id: Callable[[], str]
) -> Event:
    """The event with every default filled in by the rule table (spec/event.md)."""
    received_at = _moment(received_us)
    occurred_at: datetime = received_at
    if sent.occurred_at is not None:
        occurred_at = _to_utc(sent.occurred_at)
    stream = sent.stream or "user"
    actor = sent.actor or _NO_ACTOR
    if actor.kind is None:
        known = actor.id is not None or actor.email is not None or actor.name is not None
        actor = Actor(
            kind=default_actor_kind(stream, known=known),
            id=actor.id,
            email=actor.email,
            name=actor.name,
            on_behalf_of=actor.on_behalf_of,
        )
    job = sent.job
    return Event(
        id=sent.id or new_id(),
        stream=stream,
        category=sent.category or default_category(stream, sent.method, sent.operation),
        operation=sent.operation,
        outcome=sent.outcome
        or default_outcome(sent.status, sent.method, job.state if job is not None else None),
        occurred_at=occurred_at,
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
        job=job,
        severity=sent.severity,
        reason=sent.reason,
        metadata=sent.metadata,
    )


# All events of a batch are received at one moment.
_moment = lru_cache(maxsize=8)(to_datetime)


def _to_utc(moment: datetime, path: str = "occurred_at") -> datetime:
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError as cause:
        raise InvalidEvent(path, "outside the years 1 to 9999 in UTC") from cause
