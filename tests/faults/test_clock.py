"""Clocks that jump: the order stays, days never fall, a retry is still known, all verifies."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import command_environment, run_command

from indelible.clock import US_PER_DAY, US_PER_S
from indelible.event import decode_fact
from indelible.server.ids import id_maker
from indelible.server.ingest import Ingest
from indelible.server.ledger import Ledger, LedgerReader

from .conftest import make_data, need_tool
from .counts import count
from .notes import TENANT, check_verifies

pytestmark = pytest.mark.timeout(900)
START_US = 1_795_000_000 * US_PER_S
HOUR_S, DAY_S = 3600, 86_400
# A second back and forth, a smeared leap second, summer time, a dead battery, the year 2038.
FORWARD_S = (0.5, 5.0, HOUR_S, DAY_S, 40 * DAY_S, 12 * 365 * DAY_S)
JUMPS_S = (*FORWARD_S, *(-jump for jump in FORWARD_S))


class JumpingClock:
    """A wall clock that is set by others; monotonic seconds go on, as the kernel's do."""

    def __init__(self, now_us: int) -> None:
        self.wall_us = now_us
        self._monotonic_s = 0.0

    def now_us(self) -> int:
        return self.wall_us

    def monotonic_s(self) -> float:
        self._monotonic_s += 0.001
        return self._monotonic_s


def test_a_clock_that_jumps(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    data = make_data(tmp_path / "data")
    clock = JumpingClock(START_US)
    dice = random.Random(9)
    ledger = Ledger.open(data, clock=clock)
    ingest = Ingest(ledger, id_maker(clock, os.urandom))
    sent: list[bytes] = []
    places: list[int] = []
    for number in range(count("clock jumps")):
        clock.wall_us = max(US_PER_DAY, clock.wall_us + int(dice.choice(JUMPS_S) * US_PER_S))
        event = {"id": str(uuid.UUID(int=number + 1)), "operation": "Write"}
        sent.append(json.dumps(event).encode())
        places.append(ingest.store(TENANT, sent[-1:], key_id="k").receipts[0].index)
        if number % 10 == 9:  # a restart in between
            ledger.close()
            ledger = Ledger.open(data, clock=clock)
            ingest = Ingest(ledger, id_maker(clock, os.urandom))
        again = ingest.store(TENANT, sent[-1:], key_id="k").receipts[0]
        assert (again.index, again.duplicate) == (places[-1], True)
    entries = ledger.reader.read(TENANT, 0, ledger.size(TENANT))
    ledger.close()
    assert places == sorted(set(places))
    days = [entry.day for entry in entries]
    assert days == sorted(days)
    check_verifies(data)
    record_property("jumps", len(places))


def test_a_process_whose_clock_was_set_back(tmp_path: Path) -> None:
    """As a machine that starts with a wrong clock: libfaketime, the whole command."""
    faketime = need_tool("faketime", "faketime")
    data = tmp_path / "data"
    run_command("init", "--data", str(data), "--origin", "test/clock")
    for moment, number in (("2031-05-01 12:00:00", 1), ("2001-01-01 00:00:00", 2)):
        lines = tmp_path / f"{number}.jsonl"
        lines.write_text(json.dumps({"operation": f"Write{number}"}) + "\n")
        subprocess.run(
            [faketime, "-f", f"@{moment}", sys.executable, "-m", "indelible.cli", "import", "jsonl",
             str(lines), "--data", str(data)],
            env=command_environment(), check=True, capture_output=True,
        )  # fmt: skip
    reader = LedgerReader(data / "ledger.sqlite3")
    entries = reader.read(TENANT, 0, reader.size(TENANT))
    reader.close()
    days = {
        decode_fact(entry.fact).operation: entry.day for entry in entries if entry.fact is not None
    }
    assert days["Write1"] == days["Write2"] == 22_400  # 2031-05-01, and no day before it after it
    check_verifies(data)
