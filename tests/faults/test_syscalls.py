"""
Every write, fsync, rename and cut of one append, its checkpoint and its closing, made to fail.

    1. The life of a small writer is traced once, which gives how often each thread makes each call.
    2. For each call that changes something on disk, and for each n, the writer runs again on a copy
       of the same ledger, and the n-th such call is a SIGKILL, EIO or ENOSPC (strace, inject).
    3. After a failed fsync nothing may be acknowledged, then or in a second try (fsyncgate).
    4. The ledger is opened again: all that was acknowledged is there once, and `verify` is clean.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from indelible.clock import SystemClock
from indelible.server.ledger import Ledger

from .conftest import Forker, make_data, need_tool, wait_until
from .counts import count
from .notes import Notes, check_ledger, stored_ids

pytestmark = pytest.mark.timeout(900)

WRITES = ("pwrite64", "write")
SYNCS = ("fdatasync", "fsync")
MOVES = ("rename", "ftruncate", "unlink")
CALLS = WRITES + SYNCS + MOVES
FAULTS = ("signal=SIGKILL", "error=EIO", "error=ENOSPC")
NOTED = '[{iov_base="A '
BATCHES = [[str(uuid.UUID(int=n * 100 + k)) for k in range(1, 3)] for n in (1, 2)]
CALL = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)


class Traced:
    """Runs victims under strace and keeps what it wrote."""

    def __init__(self, forker: Forker, folder: Path) -> None:
        self._forker = forker
        self._strace = need_tool("strace", "strace")
        self._folder = folder
        self._number = 0

    def run(self, job: str, source: Path, *inject: str) -> tuple[Path, Notes, str, int]:
        """One life on a copy of the source: its folder, notes, trace and exit status."""
        self._number += 1
        here = self._folder / str(self._number)
        data, go, notes, trace = here / "data", here / "go", here / "notes", here / "trace"
        shutil.copytree(source, data)
        arguments: dict[str, object] = {"batches": BATCHES} if job == "append" else {}
        pid = self._forker.fork(job, go=go, data=data, notes=notes, **arguments)
        options = [option for text in inject for option in ("-e", f"inject={text}")]
        tracer = subprocess.Popen(
            [self._strace, "-f", "-y", "-qq", "-o", str(trace), "-e", "signal=none",
             "-e", f"trace=writev,{','.join(CALLS)}", *options, "-p", str(pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        wait_until(lambda: _is_traced(pid) or tracer.poll() is not None)
        if tracer.poll() is not None:
            go.touch()
            self._forker.wait(pid)
            assert tracer.stderr is not None
            said = tracer.stderr.read().decode().strip()
            tracer.stderr.close()
            pytest.skip(f"strace may not trace here: {said}")
        go.touch()
        status = self._forker.wait(pid)
        tracer.wait(20)
        assert tracer.stderr is not None
        tracer.stderr.close()
        read = Notes()
        read.read(notes)
        return data, read, trace.read_text(), status

    def forget(self) -> None:
        """Frees the space of the last life."""
        shutil.rmtree(self._folder / str(self._number))


def _is_traced(pid: int) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()


def reopen(data: Path) -> None:
    """Opens and closes as a service that starts again does; signs what is not signed."""
    Ledger.open(data, clock=SystemClock()).close()


def times(trace: str) -> dict[str, int]:
    """How often the busiest thread made each call; strace counts per thread."""
    counts = Counter((thread, call) for thread, call in CALL.findall(trace))
    return {
        call: max((n for (_, made), n in counts.items() if made == call), default=0)
        for call in CALLS
    }


@pytest.fixture(scope="module")
def traced(forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    return Traced(forker, tmp_path_factory.mktemp("traced"))


@pytest.fixture(scope="module")
def killed(forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with some events, whose writer was killed: its write-ahead log is not folded in."""
    folder = tmp_path_factory.mktemp("killed")
    data, notes = make_data(folder / "data"), folder / "notes"
    pid = forker.fork("load", data=data, notes=notes, repeat=[[]], seed=1)
    wait_until(lambda: notes.exists() and "\nA" in notes.read_text())
    forker.kill(pid)
    assert (data / "ledger.sqlite3-wal").stat().st_size > 0
    return data


@pytest.fixture(scope="module")
def closed(killed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, opened again and closed in order."""
    data = Path(shutil.copytree(killed, tmp_path_factory.mktemp("closed") / "data"))
    reopen(data)
    return data


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("job", ["append", "close"])
def test_each_call_of_a_commit_fails_once(
    traced: Traced,
    killed: Path,
    closed: Path,
    record_property: Callable[[str, object], None],
    job: str,
    fault: str,
) -> None:
    source = closed if job == "append" else killed
    before = Notes()
    # Not read from `killed`: a reader would recover and fold in what the writer is to find.
    before.acknowledged = stored_ids(closed)
    before.sent = set(before.acknowledged)
    data, notes, trace, status = traced.run(job, source)
    assert status == 0
    assert notes.closed
    assert not notes.errors
    traced.forget()
    found = times(trace)
    assert found["fdatasync"] > 0, trace
    step = count("steps between two tried writes")
    tried = 0
    for call, number in found.items():
        for n in range(1, number + 1, step if call in WRITES else 1):
            point = f"{call}:{fault}:when={n}"
            data, notes, trace, status = traced.run(job, source, point)
            hit = "(INJECTED)" in trace or status == -signal.SIGKILL
            tried += hit
            if call in SYNCS and hit:
                assert not _answered_after_failure(trace), f"acknowledged after {point}"
            _check(data, notes, before, point)
            traced.forget()
    record_property("points", tried)
    assert tried >= sum(found[call] for call in SYNCS)


def _answered_after_failure(trace: str) -> bool:
    """
    Whether an acknowledgement was noted after a sync of a file that was made to fail.

    SQLite syncs the folder once more when the write-ahead log gets its first bytes, and passes over
    a failure; the ledger has made that name durable before.
    """
    lines = trace.splitlines()
    failed = [
        position
        for position, line in enumerate(lines)
        if "(INJECTED)" in line and not re.search(r"fdatasync\(\d+<[^>]*/data>\)", line)
    ]
    return bool(failed) and any(NOTED in line for line in lines[failed[0] :])


def _check(data: Path, notes: Notes, before: Notes, point: str) -> None:
    notes.acknowledged.update(before.acknowledged)
    notes.sent |= before.sent
    try:
        reopen(data)
        check_ledger(data, notes)
    except Exception as error:
        raise AssertionError(f"after {point}: {error}") from error
