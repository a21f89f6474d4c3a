"""Event ids made at the source: UUID version 7 (RFC 9562, 5.7), so that ids sort by time."""

from __future__ import annotations

import os
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]

_VERSION = 0x7
_VARIANT = 0b10


def uuid7(now_us: int, random_bytes: RandomBytes = os.urandom) -> str:
    """
    The id of an event made at `now_us`.

    The 12 bits after the milliseconds hold their fraction (RFC 9562, 6.2, method 3), so ids of one
    process sort by microsecond; 62 random bits keep them apart.
    """
    milliseconds, fraction_us = divmod(now_us, 1000)
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= _VERSION << 76
    value |= (fraction_us * 4096 // 1000) << 64
    value |= _VARIANT << 62
    value |= int.from_bytes(random_bytes(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
