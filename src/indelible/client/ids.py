"""Event ids made at the source: UUID version 7 (RFC 9562, 5.7), so that ids sort by time."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]

_VERSION = 0x7
_VARIANT = 0b10


_POOL_BYTES = 4096

# How many forks lie between the first process and this one. Python runs the hook in every child
# that may go on using it; asking for the process id instead costs a system call per event.
_forks = 0


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 - a fact of the process, changed by the fork hook alone
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)

# uWSGI makes its workers without Python's hooks, unless it is told to run them.
HOOKS_RUN = hasattr(os, "register_at_fork") and "uwsgi" not in sys.modules


def process_mark() -> int:
    """A number that differs between a process and those forked from it."""
    return _forks if HOOKS_RUN else os.getpid()


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
        self._process = -1

    def __call__(self, count: int) -> bytes:
        start = self._at
        if start + count > len(self._page) or self._process != process_mark():
            self._page = self._source(max(count, _POOL_BYTES))
            self._process = process_mark()
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
    tail = int.from_bytes(random_bytes(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | _VARIANT << 62
    head = (milliseconds & 0xFFFF_FFFF_FFFF) << 16 | _VERSION << 12 | fraction_us * 4096 // 1000
    digits = f"{head << 64 | tail:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
