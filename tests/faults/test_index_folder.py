"""
The index folder deleted, truncated or overwritten while the service runs.

Ingest goes on without a refusal. The index says that something is wrong, and heals by itself; what
it finds afterwards is what the ledger holds. A folder that stays unusable is said in the status,
with the command that makes it anew.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.integration.conftest import RunningService, run_command

from .conftest import wait_until
from .counts import count
from .http_writers import Writers, count_in_index, index_pid
from .notes import stored_ids

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
Start = Callable[..., RunningService]


def delete(index: Path) -> None:
    """As by hand, or by a clean-up job."""
    shutil.rmtree(index, ignore_errors=True)


def truncate(index: Path) -> None:
    """As after a file system that lost the ends of files."""
    for path in engine_files(index):
        with suppress(FileNotFoundError):
            os.truncate(path, path.stat().st_size // 2)


def overwrite(index: Path) -> None:
    """Other bytes in every file of the engine."""
    for path in engine_files(index):
        with suppress(FileNotFoundError):
            path.write_bytes(b"\x00garbage\xff" * 20)


def engine_files(index: Path) -> list[Path]:
    """All files at this moment; the engine makes and removes some all the while."""
    found = os.walk(index / "engine")
    return [Path(folder) / name for folder, _, names in found for name in names]


CASES = [
    (delete, "rebuild"),
    (overwrite, "restart"),
    (truncate, "restart"),
    (delete, "restart"),
    (overwrite, "rebuild"),
    (truncate, "rebuild"),
][: count("damaged index folders")]


@pytest.mark.parametrize(("damage", "how"), CASES)
def test_a_folder_that_is_damaged_under_a_service(
    start_service: Start, damage: Callable[[Path], None], how: str
) -> None:
    service = start_service()
    service.send(*({"operation": "Write", "reason": f"early {n}"} for n in range(300)))
    service.settle()
    writers = Writers(service.key("w"))
    writers.start(service.url)
    damage(service.data / "index")
    before = writers.count
    wait_until(lambda: writers.count > before + 200)
    if how == "restart":
        pid = index_pid(service)
        if pid is not None:  # else it ended by itself already
            os.kill(pid, signal.SIGKILL)
    else:
        run_command("index", "rebuild", "--data", str(service.data))
    writers.join()
    assert not writers.refusals
    writers.send_the_rest(service)
    wait_until(lambda: _agrees(service), 120)
    found = stored_ids(service.data)
    assert count_in_index(service) == len(found)
    assert service.stop() == 0


def _agrees(service: RunningService) -> bool:
    """Whether the index is ready and has everything."""
    status = service.request("GET", "/v1/status", key=service.key("r")).json
    index = status["index"]
    return index["state"] == "ready" and index["indexed_through"] >= status["ledger"]["size"]


def test_a_folder_that_cannot_be_made_is_said(start_service: Start) -> None:
    service = start_service()
    service.send({"operation": "Write"})
    service.settle()
    index = service.data / "index"

    def in_the_way() -> bool:
        # The index process may make its folder again between the two steps.
        shutil.rmtree(index, ignore_errors=True)
        with suppress(IsADirectoryError):
            index.write_text("a file where the folder should be")
        return index.is_file()

    wait_until(in_the_way)
    pid = index_pid(service)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)

    def said() -> bool:
        status = service.request("GET", "/v1/status", key=service.key("r")).json
        detail = str(status["index"]["detail"])
        return status["index"]["state"] == "failed" and "cannot write to the index" in detail

    wait_until(said, 60)
    # It stays said, through the tries to start again.
    for _ in range(10):
        assert said()
        time.sleep(0.2)
    service.send({"operation": "Write"})
    ready = service.request("GET", "/readyz")
    assert (ready.status, ready.json["store"], ready.json["search"]) == (200, True, False)
    index.unlink()
    wait_until(lambda: _agrees(service), 90)
    assert service.stop() == 0
