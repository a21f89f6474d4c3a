"""
CSV files with a header line; a map says which column becomes which field (spec/import.md, csv).

An e-mail address in a column of names becomes the actor's e-mail. A row without an id gets one from
the file up to and including it, as a line of `jsonl` does.
"""

from __future__ import annotations

import csv
import hashlib
import io
import ipaddress
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from indelible.codec import encode_json
from indelible.importers.columns import LEFT_OUT, METADATA, ColumnMap
from indelible.importers.fields import NotAnEvent, present, uuid8
from indelible.importers.record import BadRecord, Record

_EMPTY: Final = frozenset({"", "N/A", "—"})
_NUMBERS: Final = frozenset({"status", "job.attempt", "job.duration_ms"})
_LISTS: Final = {"target": "targets", "change": "changes"}
_LONGEST_CELL: Final = 4 * 1024 * 1024


def read_csv(file: IO[bytes], columns: ColumnMap) -> Iterator[Record | BadRecord]:
    """The events of one file in order. `number` of a record counts rows below the header from 1."""
    csv.field_size_limit(_LONGEST_CELL)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    rows = csv.reader(text, delimiter=columns.delimiter, strict=True)
    so_far = hashlib.sha256(b"indelible/import/csv\0")
    number = 0
    try:
        header = next(rows, None)
        if header is None:
            return
        missing = sorted(columns.columns.keys() - set(header))
        if missing:
            yield BadRecord(0, f"the file has no column {', '.join(map(repr, missing))}")
            return
        names = [columns.columns.get(name, METADATA + name) for name in header]
        for row in rows:
            number += 1
            so_far.update(encode_json(row))
            if not any(row):
                continue
            if len(row) != len(header):
                yield BadRecord(number, f"{len(row)} cells, the header has {len(header)}")
                continue
            try:
                yield Record(number, _event(names, row, columns, so_far.digest()))
            except NotAnEvent as error:
                yield BadRecord(number, str(error))
    except csv.Error as error:
        yield BadRecord(number + 1, f"not CSV: {error}; reading stops here")
    finally:
        text.detach()


def _event(names: list[str], row: list[str], columns: ColumnMap, digest: bytes) -> dict[str, Any]:
    event: dict[str, Any] = {}
    for field, cell in (*columns.fixed.items(), *zip(names, row, strict=True)):
        if cell.strip() not in _EMPTY and field != LEFT_OUT:
            _put(event, field, cell, columns)
    if "operation" not in event:
        raise NotAnEvent("operation is empty")
    actor = event.get("actor", {})
    if "email" not in actor and "@" in actor.get("name", ""):
        actor["email"] = actor.pop("name")
    for one, many in _LISTS.items():
        if one in event:
            event[many] = [event.pop(one)]
    for change in event.get("changes", ()):
        change.setdefault("path", "value")
    if event.get("job") is not None:
        event.setdefault("stream", "task")
    event.setdefault("id", str(uuid8(digest)))
    return present(event)


def _put(event: dict[str, Any], field: str, cell: str, columns: ColumnMap) -> None:
    if field.startswith(METADATA):
        event.setdefault("metadata", {})[field[len(METADATA) :]] = cell
        return
    value: Any = cell
    if field == "occurred_at":
        value = _time(cell, columns)
    elif field in _NUMBERS:
        value = _number(field, cell)
    elif field == "origin.address":
        field = "origin.ip" if _is_address(cell) else "origin.device_id"
    elif field in ("stream", "outcome", "actor.kind", "job.state", "severity"):
        value = cell.strip().lower()
    *parents, name = field.split(".")
    for parent in parents:
        event = event.setdefault(parent, {})
    event[name] = value


def _time(cell: str, columns: ColumnMap) -> str:
    """RFC 3339. Raises NotAnEvent when the cell is no time of the map's form."""
    try:
        if columns.time_format is None:
            at = datetime.fromisoformat(cell.strip())
        else:
            at = datetime.strptime(cell.strip(), columns.time_format)  # noqa: DTZ007 - below
    except ValueError:
        form = columns.time_format or "ISO 8601"
        raise NotAnEvent(f"occurred_at: {cell[:60]!r} is no time of the form {form}") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(columns.zone))
    return at.isoformat()


def _number(field: str, cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise NotAnEvent(f"{field}: expected a whole number, got {cell[:60]!r}") from None


def _is_address(cell: str) -> bool:
    try:
        ipaddress.ip_address(cell.strip())
    except ValueError:
        return False
    return True
