"""
How often each fault is tried. The only reader of INDELIBLE_FAULT_SCALE.

Its values: `ci` (the default, some minutes on two cores), `release` (hours), or a number above 0
and up to 1, the share of the release counts that is tried, never less than in CI.
"""

from __future__ import annotations

import os
from typing import NamedTuple

VARIABLE = "INDELIBLE_FAULT_SCALE"


class Count(NamedTuple):
    """How often in CI and before a release."""

    ci: int
    release: int


COUNTS = {
    "kills of the writer": Count(40, 850),
    "kills of the service": Count(3, 60),
    "kills of the index process": Count(3, 40),
    "kills of an import": Count(2, 30),
    "kills of an export": Count(2, 20),
    "steps between two tried writes": Count(6, 1),
    "cuts of the write-ahead log": Count(60, 2_000),
    "flipped bits of the write-ahead log": Count(60, 2_000),
    "power cuts on ext4": Count(20, 200),
    "power cuts on xfs": Count(0, 20),
    "power cuts on btrfs": Count(0, 20),
    "power cuts of the service": Count(1, 10),
    "damaged index folders": Count(2, 6),
    "full disks": Count(20, 200),
    "seconds of overload": Count(2, 60),
    "seconds of overload over HTTP": Count(4, 60),
    "clock jumps": Count(40, 1_000),
}
DIVISORS = frozenset({"steps between two tried writes"})  # smaller is more


def scale() -> float:
    """0 for CI, 1 for a release, or the share between."""
    text = os.environ.get(VARIABLE, "ci").strip().lower()
    if text in ("", "ci"):
        return 0.0
    if text == "release":
        return 1.0
    share = float(text)
    if not 0 < share <= 1:
        raise ValueError(f"{VARIABLE}: ci, release, or a number above 0 and up to 1; got {text!r}")
    return share


def count(name: str) -> int:
    """How often this fault is tried in this run."""
    ci, release = COUNTS[name]
    share = scale()
    if name in DIVISORS:
        return ci if share == 0 else release
    return max(ci, round(release * share))
