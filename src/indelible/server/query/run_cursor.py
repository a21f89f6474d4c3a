"""Where a page of runs ends; opaque to the caller, as strict as the cursors of events."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

import msgspec

from indelible.errors import InvalidRequest
from indelible.server.query.filter import Filter


class RunCursor(msgspec.Struct, frozen=True, array_like=True):
    """Go on after the run that started then."""

    started_us: int
    run: str
    digest: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(RunCursor, strict=True).decode


def encode_run_cursor(started_us: int, run: str, filter_: Filter, state: str) -> str:
    """The text of a cursor."""
    cursor = RunCursor(started_us, run, _digest(filter_, state))
    return urlsafe_b64encode(_encode(cursor)).rstrip(b"=").decode()


def parse_run_cursor(text: str, filter_: Filter, state: str) -> RunCursor:
    """The cursor of a text. Raises InvalidRequest (`bad-cursor`)."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        cursor = _decode(urlsafe_b64decode(padded))
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise _bad("this is not a cursor") from None
    if cursor.digest != _digest(filter_, state):
        raise _bad("the cursor belongs to another search")
    if not -(2**63) <= cursor.started_us < 2**63:
        raise _bad("this is not a cursor")
    return cursor


def _digest(filter_: Filter, state: str) -> bytes:
    return blake2b(b"runs" + filter_.key() + state.encode(), digest_size=9).digest()


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(
        message,
        parameter="cursor",
        expected="next_cursor of a reply to the same search",
        hint="start again without a cursor",
        code="bad-cursor",
    )
