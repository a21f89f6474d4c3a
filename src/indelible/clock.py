"""The only reader of time. Times are integers: microseconds since 1970-01-01 UTC (`*_us`)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

US_PER_S = 1_000_000
US_PER_DAY = 86_400 * US_PER_S
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the time. Safe to call from any thread."""

    def now_us(self) -> int:
        """Wall clock, microseconds since the epoch, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never run backwards; only differences mean something."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic_s(self) -> float:
        return time.monotonic()


class Uptime(NamedTuple):
    """
    How long the machine runs, sleep included, and which start of it that is. Two readings of one
    `boot` tell how much time went by whatever the wall clock was set to in between.
    """

    boot: str
    us: int


ReadUptime = Callable[[], Uptime]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Where the machine does not tell its starts apart, one process is all that can be compared.
_THIS_PROCESS = f"process {os.getpid()} {time.time_ns()}"


def uptime() -> Uptime:
    """Reads it from the kernel. Only where there is Linux is it the same for two processes."""
    try:
        boot = _BOOT_ID.read_text("ascii").strip()
        return Uptime(boot, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000)
    except (OSError, ValueError, AttributeError):
        return Uptime(_THIS_PROCESS, time.monotonic_ns() // 1000)


class FixedClock:
    """A clock for tests: stands still until `advance` is called."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us
        self._monotonic_s = 0.0

    def now_us(self) -> int:
        return self._now_us

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Moves both clocks forward."""
        self._now_us += int(seconds * US_PER_S)
        self._monotonic_s += seconds


def day_of(us: int) -> int:
    """Days since 1970-01-01 UTC, as in a leaf header (formats.md B)."""
    return us // US_PER_DAY


def to_datetime(us: int) -> datetime:
    """The moment as an aware UTC datetime. Raises OverflowError outside the years 1-9999."""
    return _EPOCH + timedelta(microseconds=us)


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * US_PER_S + since.microseconds


def format_us(us: int) -> str:
    """RFC 3339 in UTC with `Z`; six digits when there are microseconds, else none."""
    second, fraction = divmod(us, US_PER_S)
    text = _second_as_text(second)
    return f"{text}.{fraction:06d}Z" if fraction else f"{text}Z"


@lru_cache(maxsize=256)
def _second_as_text(second: int) -> str:
    """Many events are of the same second."""
    return to_datetime(second * US_PER_S).isoformat()[:19]
