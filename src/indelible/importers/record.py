"""What a reader gives: an event, or the reason why there is none, with its place in the file."""

from __future__ import annotations

from typing import Any

import msgspec


class Record(msgspec.Struct, frozen=True):
    """One event; `number` counts from 1: the record, or the line."""

    number: int
    event: dict[str, Any]


class BadRecord(msgspec.Struct, frozen=True):
    """A record that is no event; reading goes on behind it."""

    number: int
    reason: str
