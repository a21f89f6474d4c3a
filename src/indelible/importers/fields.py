"""What the readers of JSON logs share: finding the records of a file, ids, texts and times."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import msgspec

from indelible.codec import DecodeError, decode_json, encode_json
from indelible.importers.record import BadRecord, Record

_LONGEST_LINE = 4 * 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotAnEvent(ValueError):
    """A record that cannot be an event; the message says why."""


def read_objects(
    file: IO[bytes], event_of: Callable[[dict[str, Any]], dict[str, Any]], key: str
) -> Iterator[Record | BadRecord]:
    """
    The events of a file that holds a JSON list, an object with the list under `key`, one object,
    or one object a line. `event_of` raises NotAnEvent for a record that cannot be one.
    """
    for number, found in _objects(file, key):
        if isinstance(found, str):
            yield BadRecord(number, found)
            continue
        try:
            yield Record(number, event_of(found))
        except NotAnEvent as error:
            yield BadRecord(number, str(error))


def _objects(file: IO[bytes], key: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """(number, object or what is wrong), each counted from 1."""
    first = file.readline(_LONGEST_LINE)
    while first and not first.strip():
        first = file.readline(_LONGEST_LINE)
    try:
        one = decode_json(first) if first else None
    except (DecodeError, RecursionError):
        # Not whole by itself: the file is one value that goes on over many lines.
        yield from _listed(first + file.read(), key)
        return
    if not isinstance(one, dict) or key in one:
        yield from _listed(first + file.read(), key)
        return
    number = 1
    yield number, one
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if not line.strip():
            continue
        try:
            value = decode_json(line)
        except (DecodeError, RecursionError) as error:
            yield number, f"not JSON: {error}"
            continue
        yield number, value if isinstance(value, dict) else "expected a JSON object"


def _listed(content: bytes, key: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    if not content.strip():
        return
    try:
        value = decode_json(content)
    except (DecodeError, RecursionError) as error:
        yield 0, f"not JSON: {error}"
        return
    if isinstance(value, dict):
        value = value.get(key, [value])
    if not isinstance(value, list):
        yield 0, f'expected a list of records, or an object with "{key}"'
        return
    for number, item in enumerate(value, 1):
        yield number, item if isinstance(item, dict) else "expected a JSON object"


def uuid_of(format_name: str, text: str | None, record: dict[str, Any]) -> str:
    """
    The event's id: the record's own where it is a UUID, else one made from it (version 8).

    The same record read again gets the same id, so that importing twice stores nothing twice.
    """
    if text is not None:
        try:
            return str(uuid.UUID(text))
        except ValueError:
            pass
    name = text.encode("utf-8", "replace") if text is not None else encode_json(record)
    digest = hashlib.sha256(f"indelible/import/{format_name}\0".encode() + name).digest()
    return str(uuid8(digest))


def uuid8(digest: bytes) -> uuid.UUID:
    """A UUID of version 8 (RFC 9562, 5.8): its other bits are ours to choose."""
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | 0x8 << 76
    return uuid.UUID(int=value & ~(0b11 << 62) | 0b10 << 62)


def words(value: Any) -> str | None:
    """A text, or a number or truth as one; None for nothing and for what has parts of its own."""
    if isinstance(value, str):
        return value or None
    if value is None or isinstance(value, (dict, list)):
        return None
    return msgspec.json.encode(value).decode()


def time_of_ms(ms: float) -> str:
    """Milliseconds since 1970 as RFC 3339. Raises NotAnEvent beyond the years 1 to 9999."""
    try:
        at = _EPOCH + timedelta(milliseconds=ms)
    except (OverflowError, ValueError):
        raise NotAnEvent(f"{ms} is no time") from None
    return at.isoformat().replace("+00:00", "Z")


def present(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
