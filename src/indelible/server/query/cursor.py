"""
Cursors of the list: after or before which row to go on, for which filter and order (place.py).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from indelible.server.query.filter import Filter, Order
from indelible.server.query.place import bad_cursor, digest_of, encode_place, parse_place


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Go on after this row (`next`), or before it (`prev`), in the order of the page."""

    way: Literal["next", "prev"]
    occurred_us: int
    index: int
    digest: bytes


def encode_cursor(
    way: Literal["next", "prev"], occurred_us: int, index: int, filter_: Filter, order: Order
) -> str:
    """The text of a cursor."""
    return encode_place(Cursor(way, occurred_us, index, _digest(filter_, order)))


def parse_cursor(text: str, filter_: Filter, order: Order) -> Cursor:
    """The cursor of a text. Raises InvalidRequest (`bad-cursor`)."""
    cursor = parse_place(text, Cursor, _digest(filter_, order))
    if not (-(2**63) <= cursor.occurred_us < 2**63 and 0 <= cursor.index < 2**63):
        raise bad_cursor("this is not a cursor")
    return cursor


def _digest(filter_: Filter, order: Order) -> bytes:
    return digest_of(filter_.key(), order.encode())
