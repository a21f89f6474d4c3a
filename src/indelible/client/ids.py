"""Event ids made at the source: UUID version 7 (RFC 9562, 5.7), so that ids sort by time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]

_VERSION = 0x7
_VARIANT = 0b10


_POOL_BYTES = 4096


class RandomPool(threading.local):
    """
    Random bytes from the system, fetched a page at a time: a call costs less than a system call.

    Each thread has its own page and a forked child throws its parent's away, so no bytes are given
    out twice and no lock can be held over a fork.
    """

    def __init__(self, source: RandomBytes = os.urandom) -> None:
        self._source = source
        self._page = b""
        self._at = 0
        self._pid = 0

    def __call__(self, count: int) -> bytes:
        start = self._at
        if start + count > len(self._page) or self._pid != os.getpid():
            self._page = self._source(max(count, _POOL_BYTES))
            self._pid = os.getpid()
            start = 0
        self._at = start + count
        return self._page[start : self._at]


def uuid7(now_us: int, random_bytes: RandomBytes) -> str:
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
