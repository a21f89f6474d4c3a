"""Kill -9 of commands: an import goes on when it is repeated, an export never looks complete."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import (
    RunningService,
    command_environment,
    init_folder,
    run_command,
)

from .conftest import wait_until
from .counts import count
from .notes import check_verifies, stored_ids

pytestmark = [pytest.mark.timeout(3600), pytest.mark.slow]
Record = Callable[[str, object], None]
EVENTS = 12_000


def begin(*arguments: object) -> subprocess.Popen[bytes]:
    """Starts a command and does not wait for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "indelible.cli", *map(str, arguments)],
        env=command_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(process: subprocess.Popen[bytes]) -> bool:
    """Kills it; returns whether it was still at work."""
    process.kill()
    return process.wait() == -signal.SIGKILL


def _began(process: subprocess.Popen[bytes], wal: Path) -> bool:
    return process.poll() is not None or (wal.exists() and wal.stat().st_size > 0)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of events without ids: they follow from the file."""
    path = tmp_path_factory.mktemp("lines") / "events.jsonl"
    event = {"operation": "Write", "occurred_at": "2026-03-01T10:00:00Z", "reason": "x" * 80}
    with path.open("w") as file:
        for number in range(EVENTS):
            file.write(json.dumps({**event, "metadata": {"n": number}}) + "\n")
    return path


@pytest.fixture(scope="module")
def imported(lines: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder whose import was killed several times, and how often it was at work then."""
    data = tmp_path_factory.mktemp("imported") / "data"
    init_folder(data)
    wal = data / "ledger.sqlite3-wal"
    dice = random.Random(5)
    at_work = 0
    for _ in range(count("kills of an import")):
        process = begin("import", "jsonl", lines, "--data", data)
        wait_until(lambda process=process: _began(process, wal), 60)
        time.sleep(dice.uniform(0.0, 0.4))
        at_work += kill(process)
    return data, at_work


@pytest.fixture(scope="module")
def complete(imported: tuple[Path, int], lines: Path) -> tuple[Path, int, dict[str, int]]:
    """The same after the import was repeated: how much was stored before, and what it said."""
    data, _ = imported
    before = len(stored_ids(data))
    done = run_command("import", "jsonl", str(lines), "--data", str(data), "--json", timeout=120)
    return data, before, json.loads(done.stdout)


def test_an_import_that_was_killed_is_completed_by_repeating_it(
    imported: tuple[Path, int],
    complete: tuple[Path, int, dict[str, int]],
    record_property: Record,
) -> None:
    data, before, said = complete
    assert said["read"] == EVENTS
    assert said["stored"] == EVENTS - before
    assert said["duplicates"] == before
    assert len(stored_ids(data)) == EVENTS  # fails itself when one is there twice
    check_verifies(data)
    record_property("kills", imported[1])
    record_property("events compared", EVENTS)


def test_an_export_that_was_killed_is_not_there(
    complete: tuple[Path, int, dict[str, int]], tmp_path: Path, record_property: Record
) -> None:
    data = complete[0]
    dice = random.Random(6)
    at_work = 0
    whole = ["--q", "operation:Write", "--from", "2020-01-01T00:00:00Z", "--to",
             "2100-01-01T00:00:00Z"]  # fmt: skip
    for number in range(count("kills of an export")):
        target = tmp_path / f"{number}.csv"
        part = target.with_name(target.name + ".part")
        process = begin("export", "--data", data, "--output", target, *whole)
        wait_until(lambda part=part, process=process: part.exists() or process.poll() is not None)
        time.sleep(dice.uniform(0.0, 4.0))
        was_at_work = kill(process)
        at_work += was_at_work
        # Also a command that was killed between giving the file its name and its own end.
        if not was_at_work or target.exists():
            assert _rows(target) == EVENTS
    target = tmp_path / "whole.csv"
    run_command("export", "--data", str(data), "--output", str(target), *whole, timeout=120)
    assert _rows(target) == EVENTS
    record_property("kills", at_work)


def test_an_export_whose_service_was_killed_is_not_there(
    complete: tuple[Path, int, dict[str, int]],
    tmp_path: Path,
    start_service: Callable[..., RunningService],
) -> None:
    """The reply breaks off in the middle: the client must not take it for the end."""
    data = complete[0]
    service = start_service(data)
    service.settle()
    target = tmp_path / "events.csv"
    part = target.with_name(target.name + ".part")
    process = begin(
        "export", "--url", service.url, "--key", service.key("r"), "--output", target,
        "--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z",
    )  # fmt: skip
    wait_until(lambda: part.exists() or process.poll() is not None)
    service.stop(signal.SIGKILL)
    if process.wait(60) == 0:
        assert _rows(target) >= EVENTS  # it was quicker than the kill
    else:
        assert not target.exists()
        assert not part.exists()


def _rows(path: Path) -> int:
    return path.read_bytes().count(b"\r\n") - 1
