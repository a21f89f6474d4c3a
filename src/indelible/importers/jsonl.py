"""
Lines of JSON, each an event in the shape of the API (`POST /v1/events`).

A line without an id gets one from the bytes of the file up to and including it, so that the same
file imported again, or grown since, stores no line twice, and equal lines stay two events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO

from indelible.codec import DecodeError, decode_json
from indelible.importers.fields import uuid8
from indelible.importers.record import BadRecord, Record

_LONGEST_LINE = 4 * 1024 * 1024


def read_jsonl(file: IO[bytes]) -> Iterator[Record | BadRecord]:
    """The events of a file in order; empty lines are nothing."""
    so_far = hashlib.sha256(b"indelible/import/jsonl\0")
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        so_far.update(line)
        if len(line) == _LONGEST_LINE:
            # The rest of it would be read as further lines.
            yield BadRecord(number, f"line longer than {_LONGEST_LINE} bytes; reading stops here")
            return
        if not line.strip():
            continue
        try:
            event = decode_json(line)
        except (DecodeError, RecursionError) as error:
            yield BadRecord(number, f"not JSON: {error}")
            continue
        if not isinstance(event, dict):
            yield BadRecord(number, "expected a JSON object")
            continue
        if event.get("id") is None:
            event["id"] = str(uuid8(so_far.digest()))
        yield Record(number, event)
