"""The shape in which an event reads back over the API (api.md, Read)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from indelible.clock import format_us, to_us
from indelible.event.model import Event, SentEvent

ALL_PRESENT: Mapping[str, str] = {"fact": "present", "person": "present", "content": "present"}


def event_to_json(
    event: Event, *, index: int, leaf_hash: bytes, state: Mapping[str, Any] = ALL_PRESENT
) -> dict[str, Any]:
    """The event as written, plus what the service knows of it. Keys stand in api.md's order."""
    job = None
    if event.job is not None:
        job = msgspec.structs.asdict(event.job)
        if event.job.scheduled_for is not None:
            job["scheduled_for"] = format_us(to_us(event.job.scheduled_for))
    return {
        "id": event.id,
        "stream": event.stream,
        "category": event.category,
        "operation": event.operation,
        "method": event.method,
        "endpoint": event.endpoint,
        "status": event.status,
        "outcome": event.outcome,
        "occurred_at": format_us(event.occurred_us),
        "actor": _whole(event.actor),
        "origin": _whole(event.origin),
        "targets": [_whole(target) for target in event.targets or ()],
        "changes": [
            {"path": change.path, "before": change.before, "after": change.after}
            for change in event.changes or ()
        ],
        "context": _whole(event.context),
        "job": job,
        "severity": event.severity,
        "reason": event.reason,
        "metadata": event.metadata or {},
        "index": index,
        "received_at": format_us(event.received_us),
        "leaf_hash": leaf_hash.hex(),
        "reported_by": event.reported_by,
        "late": event.late,
        "conflict_of": event.conflict_of,
        "state": dict(state),
    }


def _whole(value: msgspec.Struct | None) -> dict[str, Any] | None:
    """A struct as a dict with every key, nested ones too."""
    if value is None:
        return None
    return {
        key: _whole(item) if isinstance(item, msgspec.Struct) else item
        for key, item in msgspec.structs.asdict(value).items()
    }


def sent_fields(sent: SentEvent) -> dict[str, Any]:
    """What the sender wrote, as builtins without defaults; times as microseconds."""
    value: dict[str, Any] = msgspec.to_builtins(sent, builtin_types=())
    if sent.occurred_at is not None:
        value["occurred_at"] = to_us(sent.occurred_at)
    return value


def same_as_sent(sent: SentEvent, stored: Event) -> bool:
    """
    Whether a repeated event says what the stored one says, compared on the fields that the
    sender wrote (formats.md B, Duplicates). Marks made by mending are left aside.
    """
    stored_sent = SentEvent(
        operation=stored.operation,
        id=stored.id,
        stream=stored.stream,
        category=stored.category,
        method=stored.method,
        endpoint=stored.endpoint,
        status=stored.status,
        outcome=stored.outcome,
        occurred_at=stored.occurred_at,
        actor=stored.actor,
        origin=stored.origin,
        targets=stored.targets,
        changes=stored.changes,
        context=stored.context,
        job=stored.job,
        severity=stored.severity,
        reason=stored.reason,
        metadata=stored.metadata,
    )
    return _covers(sent_fields(stored_sent), sent_fields(sent))


def _covers(stored: Any, sent: Any) -> bool:
    if isinstance(sent, dict):
        if not isinstance(stored, dict):
            return not _without_nothing(sent)
        return all(key == "altered" or _covers(stored.get(key), item) for key, item in sent.items())
    if isinstance(sent, list):
        if not sent and not stored:
            return True
        return (
            isinstance(stored, list)
            and len(stored) == len(sent)
            and all(_covers(ours, theirs) for ours, theirs in zip(stored, sent, strict=True))
        )
    return bool(stored == sent)


def _without_nothing(value: dict[str, Any]) -> dict[str, Any]:
    """The keys that say something: not null, not empty, not a mark."""
    return {
        key: item for key, item in value.items() if key != "altered" and item not in (None, {}, [])
    }
