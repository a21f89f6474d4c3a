"""
Torn tails and flipped bits in SQLite's write-ahead log of a writer that was killed.

The ledger recovers to the last whole commit, or it refuses; it never serves an event that was not
written so, never part of a commit, and what it then holds verifies. Bytes that are gone cannot be
brought back: here events may be missing, and the guard beside the database says when signed ones
are (`ledger-rolled-back`).
"""

from __future__ import annotations

import random
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from indelible.clock import SystemClock
from indelible.errors import Error
from indelible.server.ledger import Ledger
from indelible.server.ledger.schema import PAGE_BYTES

from .conftest import Forker, make_data, wait_until
from .counts import count
from .notes import Notes, check_verifies, stored_ids

pytestmark = pytest.mark.timeout(7200)
FRAME = 24 + PAGE_BYTES
HEADER = 32
TAIL = 6 * FRAME  # the last commit, and a part of the one before
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def killed(forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Notes]:
    """A ledger whose writer was killed, with what it had acknowledged."""
    folder = tmp_path_factory.mktemp("killed")
    data, noted = make_data(folder / "data"), folder / "notes"
    batches = [[str(uuid.UUID(int=100 * n + k)) for k in range(n % 3 + 1)] for n in range(1, 17)]
    pid = forker.fork("signed_and_more", data=data, notes=noted, batches=batches)
    # Killed before the last ones are signed too: the last record is theirs.
    wait_until(lambda: noted.exists() and noted.read_text().count("\nA ") == len(batches))
    forker.kill(pid)
    notes = Notes()
    notes.read(noted)
    return data, notes


class Outcomes:
    """Opens damaged copies, and counts how it went."""

    def __init__(self, killed: tuple[Path, Notes], folder: Path) -> None:
        self._source, self._notes = killed
        self._copy = folder / "copy"
        self.wal = _written((self._source / "ledger.sqlite3-wal").read_bytes())
        self.whole = self.shorter = self.refused = 0
        self.look(self.wal, "undamaged")
        assert self.whole == 1

    def look(self, wal: bytes, what: str) -> None:
        """Opens a copy with this write-ahead log."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._source, self._copy)
        (self._copy / "ledger.sqlite3-wal").write_bytes(wal)
        (self._copy / "ledger.sqlite3-shm").unlink(missing_ok=True)
        try:
            Ledger.open(self._copy, clock=SystemClock()).close()
        except Error:
            self.refused += 1
            return
        try:
            found = stored_ids(self._copy)
            assert found.keys() <= self._notes.sent
            promised = self._notes.acknowledged
            assert all(promised.get(id_, index) == index for id_, index in found.items())
            check_verifies(self._copy)
        except Exception as error:
            raise AssertionError(f"{what}: {error}") from error
        if found.keys() >= promised.keys():
            self.whole += 1
        else:
            self.shorter += 1

    def record(self, name: str, record_property: Record) -> None:
        record_property(name, self.whole + self.shorter + self.refused - 1)
        record_property("all there, shorter, refused", (self.whole - 1, self.shorter, self.refused))


def _written(wal: bytes) -> bytes:
    """Without what an earlier, longer log left behind: its frames have another salt."""
    end = HEADER
    while wal[end + 8 : end + 16] == wal[16:24]:
        end += FRAME
    return wal[:end]


def test_a_write_ahead_log_that_was_cut(
    killed: tuple[Path, Notes], tmp_path: Path, record_property: Record
) -> None:
    outcomes = Outcomes(killed, tmp_path)
    size = len(outcomes.wal)
    dice = random.Random(1)
    ends = {0, HEADER - 1, HEADER, size - 1, size - FRAME, size - FRAME + 1, size - FRAME + 24}
    while len(ends) < count("cuts of the write-ahead log"):
        ends.add(dice.randrange(size) if dice.random() < 0.2 else size - dice.randrange(1, TAIL))
    for end in sorted(ends):
        outcomes.look(outcomes.wal[:end], f"cut to {end} of {size} bytes")
    outcomes.record("cuts", record_property)
    assert outcomes.shorter > 0
    assert outcomes.refused > 0  # what was signed was cut off


def test_a_write_ahead_log_with_a_flipped_bit(
    killed: tuple[Path, Notes], tmp_path: Path, record_property: Record
) -> None:
    outcomes = Outcomes(killed, tmp_path)
    size = len(outcomes.wal)
    dice = random.Random(2)
    for _ in range(count("flipped bits of the write-ahead log")):
        at = dice.randrange(HEADER) if dice.random() < 0.1 else size - dice.randrange(1, TAIL)
        bit = dice.randrange(8)
        damaged = bytearray(outcomes.wal)
        damaged[at] ^= 1 << bit
        outcomes.look(bytes(damaged), f"bit {bit} of byte {at} of {size}")
    outcomes.record("flipped bits", record_property)
    assert outcomes.shorter + outcomes.refused > 0


@pytest.mark.parametrize("filling", [b"\x00", b"\xff", b"SQLite format 3\x00"])
def test_a_write_ahead_log_with_a_sector_of_something_else(
    killed: tuple[Path, Notes], tmp_path: Path, filling: bytes
) -> None:
    outcomes = Outcomes(killed, tmp_path)
    size = len(outcomes.wal)
    garbage = (filling * 512)[:512]
    for start in range(size - 2 * FRAME, size - 511, 1024):
        damaged = outcomes.wal[:start] + garbage + outcomes.wal[start + 512 :]
        outcomes.look(damaged, f"other bytes at {start} of {size}")
