"""Cursors of the list of runs: after which run to go on, for which filter and state (place.py)."""

from __future__ import annotations

import msgspec

from indelible.server.query.filter import Filter
from indelible.server.query.place import bad_cursor, digest_of, encode_place, parse_place


class RunCursor(msgspec.Struct, frozen=True, array_like=True):
    """Go on after the run that started then."""

    started_us: int
    run: str
    digest: bytes


def encode_run_cursor(started_us: int, run: str, filter_: Filter, state: str) -> str:
    """The text of a cursor."""
    return encode_place(RunCursor(started_us, run, _digest(filter_, state)))


def parse_run_cursor(text: str, filter_: Filter, state: str) -> RunCursor:
    """The cursor of a text. Raises InvalidRequest (`bad-cursor`)."""
    cursor = parse_place(text, RunCursor, _digest(filter_, state))
    if not -(2**63) <= cursor.started_us < 2**63:
        raise bad_cursor("this is not a cursor")
    return cursor


def _digest(filter_: Filter, state: str) -> bytes:
    return digest_of(b"runs", filter_.key(), state.encode())
