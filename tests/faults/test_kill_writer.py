"""
Kill -9 of a ledger's writer, over and over, at any moment from its start on.

Four threads send under known ids. After each kill the ledger is opened by the next victim, which
first repeats what had no answer. No acknowledged event may be lost or moved, none may be doubled,
and the whole log must verify.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Forker, make_data, wait_until
from .counts import count
from .notes import Notes, check_ledger

THREADS = 4
KILLS_PER_LEDGER = 20


@pytest.mark.timeout(3600)
def test_kills_of_a_loaded_writer(
    forker: Forker, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(11)
    kills = count("kills of the writer")
    compared = acknowledged = 0
    slowest_s = 0.0
    for first in range(0, kills, KILLS_PER_LEDGER):
        here = tmp_path / str(first)
        data = make_data(here / "data")
        notes = Notes()
        for number in range(first, min(first + KILLS_PER_LEDGER, kills)):
            noted = here / f"notes-{number}"
            begun = time.monotonic()
            repeat = [notes.unanswered.get(thread, []) for thread in range(THREADS)]
            pid = forker.fork("load", data=data, notes=noted, repeat=repeat, seed=number)
            if dice.random() < 0.8:  # the others die while opening, or before
                wait_until(lambda path=noted: path.exists() and "\nA " in path.read_text())
                slowest_s = max(slowest_s, time.monotonic() - begun)
            time.sleep(dice.uniform(0.0, 0.25))
            forker.kill(pid)
            notes.read(noted)
        # Once more, so that all that had no answer gets one.
        noted = here / "notes-last"
        batches = list(notes.unanswered.values())
        pid = forker.fork("append", data=data, notes=noted, batches=batches)
        assert forker.wait(pid) == 0
        notes.read(noted)
        assert not notes.errors
        compared += check_ledger(data, notes)
        acknowledged += len(notes.acknowledged)
    assert acknowledged > kills
    record_property("kills", kills)
    record_property("acknowledged events compared", acknowledged)
    record_property("slowest first answer after a kill, s", round(slowest_s, 2))
    assert compared >= acknowledged
