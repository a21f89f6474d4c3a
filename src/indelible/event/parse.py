"""
Reads events as sent, strictly (spec/event.md).

The fast path is one decode, of a whole batch where its bytes allow; only what it refuses is looked
at again, event by event, to mend what may be mended or to name what is wrong.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import msgspec

from indelible.codec import decode_raw_list
from indelible.errors import InvalidEvent
from indelible.event.mend import MAX_DEPTH, mend, read_tolerantly, shrink
from indelible.event.model import (
    MAX_EVENT_BYTES,
    Context,
    Origin,
    SentEvent,
)
from indelible.event.oversize import cut_down

MAX_BATCH_BYTES = 4 * 1024 * 1024  # what hostile brackets make of this still fits into memory
_decode = msgspec.json.Decoder(SentEvent).decode
_decode_lines = msgspec.json.Decoder(SentEvent).decode_lines
_decode_list = msgspec.json.Decoder(list[SentEvent]).decode
_AT = re.compile(r" - at `(key in )?\$\.?(.*?)`$")
_UNKNOWN = re.compile(r"unknown field `(.*?)`")


def parse_batch(body: bytes, *, lines: bool) -> list[SentEvent] | None:
    """
    All events of a JSON array, or of lines, in one decode.

    None when any byte of it is not as it should be, or when an event is over its limit: the events
    are then to be judged one by one (`parse_event`).
    """
    if len(body) > MAX_BATCH_BYTES:
        return None
    try:
        if len(body) > MAX_EVENT_BYTES and _longest(body, lines=lines) > MAX_EVENT_BYTES:
            return None
        batch = _decode_lines(body) if lines else _decode_list(body)
        if any(map(_nests_too_deep, batch)):
            return None
        return batch if _all_good(batch) else [_check(sent) for sent in batch]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, InvalidEvent):
        return None


def _longest(body: bytes, *, lines: bool) -> int:
    if lines:
        return max(map(len, body.split(b"\n")))
    return max([len(memoryview(raw)) for raw in decode_raw_list(body)], default=0)


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
            sent = _decode(raw)
            if not _nests_too_deep(sent):
                return _check(sent)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            pass
    return _parse_slowly(bytes(raw))


def _nests_too_deep(sent: SentEvent) -> bool:
    """
    Whether free data is nested deeper than MAX_DEPTH, the event itself counted as one.

    How deep the decoder follows by itself depends on the interpreter: 900 levels, or any number.
    """
    if sent.metadata is not None and _is_deeper(sent.metadata, MAX_DEPTH - 1):
        return True
    for change in sent.changes or ():  # a change stands in the third level
        if _is_deeper(change.before, MAX_DEPTH - 3) or _is_deeper(change.after, MAX_DEPTH - 3):
            return True
    return False


def _is_deeper(value: Any, levels: int) -> bool:
    if type(value) is dict:
        value = value.values()
    elif type(value) is not list:
        return False
    if levels == 0:
        return True
    for item in value:
        if (type(item) is dict or type(item) is list) and _is_deeper(item, levels - 1):
            return True
    return False


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
        to_utc(sent.job.scheduled_for, "job.scheduled_for")
    return sent


# Hexadecimal digits as x; what stands in no canonical id as a question mark.
_SHAPE = bytes(
    c if c in b"-\n" else ord("x") if c in b"0123456789abcdef" else ord("?") for c in range(256)
)
_CANONICAL_SHAPE = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\n"


def _all_good(batch: list[SentEvent]) -> bool:
    """Whether `_check` would change nothing; looks at the ids of a batch all at once."""
    ids = [sent.id for sent in batch if sent.id is not None]
    shape = ("\n".join(ids) + "\n").encode().translate(_SHAPE)
    if ids and shape != _CANONICAL_SHAPE * len(ids):
        return False
    for sent in batch:
        origin, job = sent.origin, sent.job
        if origin is not None and not (
            (origin.ip is None or _is_address(origin.ip))
            and (origin.peer_ip is None or _is_address(origin.peer_ip))
        ):
            return False
        if job is not None and job.scheduled_for is not None:
            return False
    return True


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


def to_utc(moment: datetime, path: str = "occurred_at") -> datetime:
    """The same moment in UTC. Raises InvalidEvent when that is outside the years 1 to 9999."""
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError as cause:
        raise InvalidEvent(path, "outside the years 1 to 9999 in UTC") from cause
