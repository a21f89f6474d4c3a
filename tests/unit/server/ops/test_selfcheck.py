"""The service's check of its own ledger, on a real one: sound, damaged, and resumed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.server.ledger.conftest import NOW_US, append_to

from indelible.clock import FixedClock
from indelible.server.access.control import ControlDatabase
from indelible.server.ledger import Ledger, LedgerReader
from indelible.server.ops.selfcheck import SelfCheck, check_root, check_slice, read_state

EVENTS = 700


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW_US)


@pytest.fixture
def data(tmp_path: Path, clock: FixedClock) -> Path:
    """A closed ledger of 702 entries in three tiles, signed."""
    Ledger.create(tmp_path, clock, tenant="main", origin="test/main")
    ledger = Ledger.open(tmp_path, clock=clock)
    for start in range(0, EVENTS, 100):
        append_to(ledger, *({"operation": f"Act{start + k}"} for k in range(100)))
    ledger.close()
    return tmp_path


class Kit:
    """A self-check and what it put on record."""

    def __init__(self, data: Path, clock: FixedClock) -> None:
        self.control = ControlDatabase(data / "control.sqlite3")
        self.reader = LedgerReader(data / "ledger.sqlite3")
        self.recorded: list[dict[str, Any]] = []
        self.check = SelfCheck(
            self.reader, self.control, self.reader.tenants, clock, self._record, every_hours=24
        )

    async def _record(self, _tenant_id: int, event: dict[str, Any]) -> None:
        self.recorded.append(event)

    def close(self) -> None:
        self.control.close()
        self.reader.close()


@pytest.fixture
def kit(data: Path, clock: FixedClock) -> Iterator[Kit]:
    made = Kit(data, clock)
    yield made
    made.close()


def spoil(data: Path, sql: str, *values: object) -> None:
    connection = sqlite3.connect(data / "ledger.sqlite3")
    changed = connection.execute(sql, values).rowcount
    connection.commit()
    connection.close()
    assert changed == 1


@pytest.mark.anyio
async def test_a_sound_ledger_in_slices(kit: Kit, clock: FixedClock) -> None:
    assert kit.check.state(1) is None
    steps = 0
    while await kit.check.step(1):
        steps += 1
    assert steps == 3
    state = kit.check.state(1)
    assert state is not None
    assert (state.next_index, state.done_size, state.fault) == (0, EVENTS + 2, None)
    assert [event["outcome"] for event in kit.recorded] == ["success"]
    assert kit.recorded[0]["metadata"] == {"entries": EVENTS + 2}
    # The next round is due after a day.
    clock.advance(23 * 3600)
    assert not await kit.check.step(1)
    clock.advance(2 * 3600)
    assert await kit.check.step(1)


@pytest.mark.anyio
async def test_a_restart_goes_on_where_it_was(data: Path, kit: Kit, clock: FixedClock) -> None:
    assert await kit.check.step(1)
    await kit.check.stop()
    kit.control.close()
    again = Kit(data, clock)
    state = again.check.state(1)
    assert state is not None
    assert state.next_index == 256
    assert await again.check.step(1)
    assert await again.check.step(1)
    assert not await again.check.step(1)
    assert [event["outcome"] for event in again.recorded] == ["success"]
    again.close()


@pytest.mark.anyio
async def test_a_changed_part_is_found_and_told_once(data: Path, clock: FixedClock) -> None:
    spoil(
        data,
        "UPDATE piece SET seed = zeroblob(32) WHERE rowid_first = ? AND part = 1".replace(
            "rowid_first", "first"
        ),
        302,
    )
    kit = Kit(data, clock)
    while await kit.check.step(1):
        pass
    state = read_state(kit.control, 1)
    assert state is not None
    assert state.fault_index == 302
    assert "does not fit its place in the tree" in (state.fault or "")
    assert [event["outcome"] for event in kit.recorded] == ["failure"]
    assert kit.recorded[0]["severity"] == "critical"
    assert kit.recorded[0]["metadata"]["entry"] == 302
    kit.close()


def test_a_missing_run_and_a_changed_upper_tile(data: Path) -> None:
    spoil(data, "DELETE FROM run WHERE first = ?", 502)
    reader = LedgerReader(data / "ledger.sqlite3")
    fault = check_slice(reader, 1, 256, 512)
    assert fault is not None
    assert fault.index == 502
    assert check_slice(reader, 1, 0, 256) is None
    reader.close()
    spoil(data, "UPDATE tile SET hashes = zeroblob(64) WHERE level = 1 AND n = ?", 0)
    reader = LedgerReader(data / "ledger.sqlite3")
    fault = check_slice(reader, 1, 0, 256)
    assert fault is not None
    assert "tile 1/0" in fault.text
    reader.close()


def test_a_root_that_was_not_signed(data: Path) -> None:
    reader = LedgerReader(data / "ledger.sqlite3")
    assert check_root(reader, 1) is None
    spoil(data, "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND n = ?", 2)
    fault = check_root(reader, 1)
    assert fault is not None
    assert "another root" in fault.text
    reader.close()
