"""Counting, and the arithmetic of rooms on a disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from indelible.clock import FixedClock
from indelible.server.ops.disk import Disk, days_left
from indelible.server.ops.metrics import Distribution, Metrics


def test_a_distribution_is_cumulative_and_bounds_are_included() -> None:
    series = Distribution((1.0, 4.0))
    for value in (0.5, 1.0, 2.0, 4.0, 5.0):
        series.add(value)
    assert series.cumulative() == [("1.0", 2.0), ("4.0", 4.0), ("+Inf", 5.0)]
    assert series.total == 12.5


def test_labels_are_bounded() -> None:
    metrics = Metrics()
    for number in range(50):
        metrics.request(None, f"VERB{number}", 405, 0.1)
    assert list(metrics.requests) == [("other", "other", 405)]


@pytest.mark.parametrize(
    ("free", "per_day", "want"), [(100, 10, 10), (5, 10, 0), (100, 0, None), (10**15, 1, None)]
)
def test_days_left(free: int, per_day: float, want: int | None) -> None:
    assert days_left(free, per_day) == want


def test_the_disk_is_looked_at_now_and_then(tmp_path: Path) -> None:
    clock = FixedClock(0)
    disk = Disk(tmp_path, clock)
    (tmp_path / "ledger.sqlite3").write_bytes(b"x" * 100)
    (tmp_path / "ledger.sqlite3-wal").write_bytes(b"x" * 10)
    (tmp_path / "index" / "engine").mkdir(parents=True)
    (tmp_path / "index" / "engine" / "part").write_bytes(b"x" * 7)
    use = disk.use()
    assert (use.ledger, use.control, use.index, use.used) == (110, 0, 7, 117)
    assert 0 < use.free <= use.total
    (tmp_path / "control.sqlite3").write_bytes(b"x")
    assert disk.use().control == 0
    clock.advance(31)
    assert disk.use().control == 1
