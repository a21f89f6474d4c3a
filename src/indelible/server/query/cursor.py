"""
Cursors: where a page ends, in which direction to go on, and which filter that belongs to.

Opaque to the caller, strict to us: whatever is not exactly a cursor that we gave for this tenant,
filter and order is refused. The tenant of a query never comes from a cursor.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Final, Literal

import msgspec

from indelible.errors import InvalidRequest
from indelible.server.query.filter import Filter, Order

_DIGEST_BYTES: Final = 9


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Go on after this row (`next`), or before it (`prev`), in the order of the page."""

    way: Literal["next", "prev"]
    occurred_us: int
    index: int
    digest: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Cursor, strict=True).decode


def encode_cursor(
    way: Literal["next", "prev"], occurred_us: int, index: int, filter_: Filter, order: Order
) -> str:
    """The text of a cursor."""
    cursor = Cursor(way, occurred_us, index, _digest(filter_, order))
    return urlsafe_b64encode(_encode(cursor)).rstrip(b"=").decode()


def parse_cursor(text: str, filter_: Filter, order: Order) -> Cursor:
    """The cursor of a text. Raises InvalidRequest (`bad-cursor`)."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        cursor = _decode(urlsafe_b64decode(padded))
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise _bad("this is not a cursor") from None
    if cursor.digest != _digest(filter_, order):
        raise _bad("the cursor belongs to another search")
    if encode_cursor(cursor.way, cursor.occurred_us, cursor.index, filter_, order) != text:
        raise _bad("this is not a cursor")
    if not (-(2**63) <= cursor.occurred_us < 2**63 and 0 <= cursor.index < 2**63):
        raise _bad("this is not a cursor")
    return cursor


def _digest(filter_: Filter, order: Order) -> bytes:
    return blake2b(filter_.key() + order.encode(), digest_size=_DIGEST_BYTES).digest()


def _bad(message: str) -> InvalidRequest:
    return InvalidRequest(
        message,
        parameter="cursor",
        expected="next_cursor or prev_cursor of a reply to the same search",
        hint="start again without a cursor",
        code="bad-cursor",
    )
