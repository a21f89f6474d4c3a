"""
Where a page ends, as a text that is opaque to the caller and strict to us.

A cursor carries a digest of the filter it belongs to; whatever is not exactly a text that we gave
is refused. The tenant of a query never comes from a cursor.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Final, Protocol, TypeVar

import msgspec

from indelible.errors import InvalidRequest

_DIGEST_BYTES: Final = 9
_encode = msgspec.msgpack.Encoder().encode


class Place(Protocol):
    """A struct whose `digest` is that of its filter."""

    @property
    def digest(self) -> bytes: ...


AnyPlace = TypeVar("AnyPlace", bound=Place)


def digest_of(*parts: bytes) -> bytes:
    """A short digest of what a cursor belongs to."""
    return blake2b(b"".join(parts), digest_size=_DIGEST_BYTES).digest()


def encode_place(place: Place) -> str:
    """The text of a place."""
    return urlsafe_b64encode(_encode(place)).rstrip(b"=").decode()


def parse_place(text: str, kind: type[AnyPlace], digest: bytes) -> AnyPlace:
    """The place of a text. Raises InvalidRequest (`bad-cursor`)."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        place = msgspec.msgpack.decode(urlsafe_b64decode(padded), type=kind, strict=True)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise bad_cursor("this is not a cursor") from None
    if place.digest != digest:
        raise bad_cursor("the cursor belongs to another search")
    if encode_place(place) != text:
        raise bad_cursor("this is not a cursor")
    return place


def bad_cursor(message: str) -> InvalidRequest:
    """The error of a text that is no cursor of this search."""
    return InvalidRequest(
        message,
        parameter="cursor",
        expected="next_cursor or prev_cursor of a reply to the same search",
        hint="start again without a cursor",
        code="bad-cursor",
    )
