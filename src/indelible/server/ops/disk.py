"""How much room the data folder takes, and how long what is left will do."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import msgspec

from indelible.clock import Clock
from indelible.server.folder import CONTROL_FILE, LEDGER_FILE
from indelible.server.index.status import FOLDER as INDEX_FOLDER

_FRESH_S = 30.0


class DiskUse(msgspec.Struct, frozen=True):
    """Bytes, as of the last look."""

    ledger: int
    control: int
    index: int
    free: int
    total: int

    @property
    def used(self) -> int:
        """All of the data folder."""
        return self.ledger + self.control + self.index


class Disk:
    """Looks at most every half minute. Safe to call from several threads; call off the loop."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self._data_dir = data_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: DiskUse | None = None  # guarded by _lock
        self._seen_s = 0.0  # guarded by _lock

    def use(self) -> DiskUse:
        """The folder's use of the disk. Raises OSError when it cannot be looked at."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._seen is None or now_s - self._seen_s > _FRESH_S:
                self._seen = self._look()
                self._seen_s = now_s
            return self._seen

    def _look(self) -> DiskUse:
        usage = shutil.disk_usage(self._data_dir)
        return DiskUse(
            ledger=self._database(LEDGER_FILE),
            control=self._database(CONTROL_FILE),
            index=_size_below(self._data_dir / INDEX_FOLDER),
            free=usage.free,
            total=usage.total,
        )

    def _database(self, name: str) -> int:
        return sum(_size(self._data_dir / (name + end)) for end in ("", "-wal", "-shm"))


def days_left(free: int, bytes_per_day: float) -> int | None:
    """After how many days the disk is full at this rate; None when that is too far to tell."""
    if bytes_per_day <= 0:
        return None
    days = int(free / bytes_per_day)
    return days if days < 36_500 else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _size_below(folder: Path) -> int:
    """All files of a folder; those that vanish while we look count nothing."""
    total = 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return total
