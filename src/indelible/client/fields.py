"""What `record` accepts, and how it becomes the JSON of one event (api.md, Write)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, TypedDict

import msgspec

from indelible.clock import format_us
from indelible.event.model import (
    MAX_CHANGES,
    MAX_EVENT_BYTES,
    MAX_TARGETS,
    Actor,
    Change,
    Job,
    Origin,
    Outcome,
    Principal,
    Severity,
    Stream,
    Target,
)

Record = Mapping[str, Any]
ActorLike = Actor | Record
PrincipalLike = Principal | Record
OriginLike = Origin | Record
TargetLike = Target | Record
ChangeLike = Change | Record
JobLike = Job | Record
# A list of changes, or {path: (before, after)}.
Changes = Iterable[ChangeLike] | Mapping[str, tuple[Any, Any]]
Mode = Literal["async", "sync", "outbox"]

# Leaves room for the marks and for escapes that the service may add.
_ROOMY_BYTES = MAX_EVENT_BYTES - 4096
_CUT_TEXT = 2000
_MAX_DEPTH = 12


class ContentFields(TypedDict, total=False):
    """What happened, apart from targets and changes."""

    operation: str
    category: str | None
    method: str | None
    endpoint: str | None
    status: int | None
    outcome: Outcome | None
    severity: Severity | None
    reason: str | None
    metadata: Record | None


class EventFields(TypedDict, total=False):
    """All fields of one event but `operation`; what is absent comes from the context."""

    id: str | None
    stream: Stream | None
    category: str | None
    method: str | None
    endpoint: str | None
    status: int | None
    outcome: Outcome | None
    occurred_at: datetime | date | float | str | None
    actor: ActorLike | None
    on_behalf_of: PrincipalLike | None
    origin: OriginLike | None
    targets: Iterable[TargetLike] | None
    changes: Changes | None
    request_id: str | None
    session_id: str | None
    trace_id: str | None
    job: JobLike | None
    severity: Severity | None
    reason: str | None
    metadata: Record | None


FIELD_NAMES = frozenset(EventFields.__annotations__)


def as_list(changes: Changes) -> list[ChangeLike]:
    """
    Changes as a list, from a list or from `{path: (before, after)}`.

    What is no pair is taken for the new value: no event is lost for a slip of the caller's.
    """
    if isinstance(changes, Mapping):
        return [
            {"path": str(path), "before": pair[0], "after": pair[1]}
            if isinstance(pair, tuple | list) and len(pair) == 2
            else {"path": str(path), "after": pair}
            for path, pair in changes.items()
        ]
    return [_as_change(change) for change in changes]


def _as_change(change: Any) -> ChangeLike:
    if isinstance(change, Mapping | Change):
        return change
    if isinstance(change, tuple | list) and len(change) == 3:
        return {"path": str(change[0]), "before": change[1], "after": change[2]}
    return {"path": "(not told)", "after": change}


def as_moment(value: datetime | date | float | str) -> str | None:
    """
    RFC 3339 in UTC, or None for what is no moment.

    Takes an aware (or local) datetime, a date (its midnight in UTC), microseconds as a whole
    number, seconds as a float (`time.time()`), or RFC 3339 with its offset.
    """
    try:
        if isinstance(value, str):
            value = msgspec.convert(value, datetime)
            if value.tzinfo is None:
                return None
        elif isinstance(value, bool):
            return None
        elif isinstance(value, int):
            return format_us(value)
        elif isinstance(value, float):
            return format_us(round(value * 1_000_000))
        elif not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day, tzinfo=UTC)
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError, AttributeError):  # ValidationError is a ValueError
        return None


def as_record(value: msgspec.Struct | Record) -> dict[str, Any]:
    """A wire value as a plain dict without its empty fields."""
    if isinstance(value, msgspec.Struct):
        pairs = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return {name: item for name, item in pairs if item is not None}
    return {name: item for name, item in value.items() if item is not None}


def _unknown(value: object) -> str:
    """Text of a value that JSON has no form for; never its address in memory."""
    text = str(value)
    return f"<{type(value).__qualname__}>" if " at 0x" in text else text


_encoder = msgspec.json.Encoder(enc_hook=_unknown, decimal_format="string")


def encode_event(event: dict[str, Any]) -> bytes:
    """
    One line of JSON. A value that cannot be written is mended, an event over the limit is cut and
    says so in `context.altered`: capture never loses an event for its content.
    """
    marks: list[str] = []
    for name, most in (("targets", MAX_TARGETS), ("changes", MAX_CHANGES)):
        items: Sequence[object] | None = event.get(name)
        if items is not None and len(items) > most:
            event[name] = list(items[:most])
            marks.append(f"{name}: kept {most} of {len(items)}")
    try:
        line = _encoder.encode(event)
    except Exception:  # noqa: BLE001 - a host's __str__ may raise anything
        event = _plain(event, _MAX_DEPTH)
        marks.append("values that JSON cannot hold were replaced")
        line = _encoder.encode(event)
    if len(line) > _ROOMY_BYTES:
        event = _shorten(_plain(event, _MAX_DEPTH), _CUT_TEXT)
        marks.append(f"long values cut, event had {len(line)} bytes")
        line = _encoder.encode(event)
        for name in ("metadata", "changes", "targets"):
            if len(line) > _ROOMY_BYTES and name in event:
                del event[name]
                marks.append(f"{name}: left out")
                line = _encoder.encode(event)
    if marks:
        context = event.setdefault("context", {})
        context["altered"] = [*(context.get("altered") or []), *marks]
        line = _encoder.encode(event)
    return line


def _plain(value: Any, depth: int) -> Any:
    """The value as JSON types only; broken text, odd keys and cycles become text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth == 0:
        return "…"
    if isinstance(value, msgspec.Struct):
        value = as_record(value)
    if isinstance(value, Mapping):
        return {str(_plain(str(key), 1)): _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth - 1) for item in value]
    try:
        return msgspec.json.decode(_encoder.encode(value))
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(value).__qualname__}>"


def _shorten(value: Any, most: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= most else value[: most - 1] + "…"
    if isinstance(value, dict):
        return {key: _shorten(item, most) for key, item in value.items()}
    if isinstance(value, list):
        return [_shorten(item, most) for item in value]
    return value
