"""
Power cuts: what the disk holds at a random moment is all that is left.

A file system in a file is mounted over a loop device, and a writer runs on it. At a random moment
the writer is stopped and the file copied: that is what a disk would hold, for the kernel's pages
that were not written are not in it. The copy is mounted, which replays the file system's journal,
and the ledger is opened. What was acknowledged before the cut must be there.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import RunningService, init_folder

from indelible.clock import SystemClock
from indelible.server.ledger import Ledger

from .conftest import Forker, make_data, mounted, need_tool, wait_until
from .counts import count
from .http_writers import Writers, count_in_index, index_pid
from .notes import Notes, check_ledger, check_verifies, stored_ids

pytestmark = pytest.mark.timeout(7200)
MAKE = {
    "ext4": (("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0"), "e2fsprogs", 48),
    "xfs": (("mkfs.xfs", "-q", "-f"), "xfsprogs", 320),
    "btrfs": (("mkfs.btrfs", "-q", "-f"), "btrfs-progs", 160),
}


# The others are tried before a release (make soak).
KINDS = [kind for kind in MAKE if count(f"power cuts on {kind}")]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_acknowledged_survives_a_power_cut(
    forker: Forker, tmp_path: Path, record_property: Callable[[str, object], None], kind: str
) -> None:
    cuts = count(f"power cuts on {kind}")
    command, package, size_mb = MAKE[kind]
    need_tool(command[0], package)
    empty = tmp_path / "empty.img"
    with empty.open("wb") as file:
        file.truncate(size_mb * 1024 * 1024)
    subprocess.run([*command, str(empty)], check=True, capture_output=True)
    dice = random.Random(kind)
    acknowledged = replayed = 0
    for cut in range(cuts):
        here = tmp_path / str(cut)
        here.mkdir()
        image, copy = here / "disk.img", here / "copy.img"
        _copy(empty, image)
        notes = Notes()
        with mounted(str(image), here / "disk", "-o", "loop", "-t", kind):
            data = make_data(here / "disk" / "data")
            noted = here / "notes"
            pid = forker.fork("load", data=data, notes=noted, repeat=[[]] * 4, seed=cut)
            wait_until(lambda path=noted: path.exists() and "\nA " in path.read_text())
            time.sleep(dice.uniform(0.0, 0.5))
            # Stopped first: what it had noted until then is what was promised at the cut.
            os.kill(pid, signal.SIGSTOP)
            wait_until(lambda pid=pid: _is_stopped(pid))
            notes.read(noted)
            _copy(image, copy)
            os.kill(pid, signal.SIGKILL)
            assert forker.wait(pid) == -signal.SIGKILL
        with mounted(str(copy), here / "after", "-o", _options(kind), "-t", kind):
            left = here / "after" / "data"
            replayed += (left / "ledger.sqlite3-wal").exists()
            Ledger.open(left, clock=SystemClock()).close()
            acknowledged += check_ledger(left, notes)
        shutil.rmtree(here)
    assert acknowledged > cuts
    record_property("power cuts", cuts)
    record_property("events compared", acknowledged)
    assert replayed > 0


@pytest.mark.slow
def test_the_index_agrees_with_the_ledger_after_a_power_cut(
    tmp_path: Path,
    start_service: Callable[..., RunningService],
    record_property: Callable[[str, object], None],
) -> None:
    """The whole service on the disk that loses power, with its index in the middle of inserts."""
    need_tool("mkfs.ext4", "e2fsprogs")
    cuts = count("power cuts of the service")
    image, copy = tmp_path / "disk.img", tmp_path / "copy.img"
    dice = random.Random("service")
    for cut in range(cuts):
        with image.open("wb") as file:
            file.truncate(400 * 1024 * 1024)
        subprocess.run([*MAKE["ext4"][0], str(image)], check=True, capture_output=True)
        with mounted(str(image), tmp_path / f"disk{cut}", "-o", "loop", "-t", "ext4") as disk:
            init_folder(disk / "data")
            service = start_service(disk / "data")
            writers = Writers(service.key("w"))
            writers.start(service.url)
            wait_until(lambda: writers.count > 500)  # noqa: B023 - called at once
            time.sleep(dice.uniform(0.5, 2.0))
            index = index_pid(service)
            assert index is not None
            for pid in (service.process.pid, index):
                os.kill(pid, signal.SIGSTOP)
                wait_until(lambda pid=pid: _is_stopped(pid))
            time.sleep(0.1)  # answers that are in the sockets are read
            promised = {
                id_: place for one in writers.running for id_, place in one.acknowledged.items()
            }
            _copy(image, copy)
            for pid in (service.process.pid, index):
                os.kill(pid, signal.SIGKILL)
            service.process.wait()
            writers.join()
        with mounted(str(copy), tmp_path / f"after{cut}", "-o", "loop", "-t", "ext4") as disk:
            again = start_service(disk / "data")
            found = stored_ids(again.data)
            assert {id_: found.get(id_) for id_ in promised} == promised
            assert count_in_index(again) == len(found)
            assert again.stop() == 0
            check_verifies(again.data)
    record_property("power cuts", cuts)


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", str(source), str(target)], check=True)


def _options(kind: str) -> str:
    # The copy has the id of its original, which xfs otherwise refuses while both are known.
    return "loop,nouuid" if kind == "xfs" else "loop"


def _is_stopped(pid: int) -> bool:
    return "State:\tT" in Path(f"/proc/{pid}/status").read_text()
