"""
Readers of foreign log files: bytes in, events in the shape of the API out. Pure: no network, no
database; each file name is a format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from indelible.importers.cloudtrail import read_cloudtrail
from indelible.importers.jsonl import read_jsonl
from indelible.importers.record import BadRecord, Record

__all__ = ["FORMATS", "BadRecord", "Reader", "Record", "read_cloudtrail", "read_jsonl"]

Reader = Callable[[IO[bytes]], Iterator[Record | BadRecord]]

FORMATS: dict[str, Reader] = {"cloudtrail": read_cloudtrail, "jsonl": read_jsonl}
