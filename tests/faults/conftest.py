"""The process that forks victims, and fresh ledgers for them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import RunningService, command_environment, init_folder, start

from indelible.clock import SystemClock
from indelible.server.folder import finish_folder
from indelible.server.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]


class Forker:
    """Forks victims; one per test session."""

    def __init__(self, log: Path) -> None:
        environment = command_environment()
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src")])
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.victim"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _ask(self, **request: Any) -> dict[str, int]:
        pipes = self._process
        assert pipes.stdin is not None
        assert pipes.stdout is not None
        pipes.stdin.write(json.dumps(request) + "\n")
        pipes.stdin.flush()
        answer: dict[str, int] = json.loads(pipes.stdout.readline())
        return answer

    def fork(self, job: str, *, go: Path | None = None, **arguments: Any) -> int:
        """Starts a victim and returns its process id; with `go` it waits for that file first."""
        plain = {k: str(v) if isinstance(v, Path) else v for k, v in arguments.items()}
        where = None if go is None else str(go)
        return self._ask(job=job, log=str(self._log), go=where, arguments=plain)["pid"]

    def wait(self, pid: int) -> int:
        """The exit status of a victim, negative for a signal."""
        return self._ask(wait=pid)["status"]

    def kill(self, pid: int) -> None:
        """Ends a victim in the middle of whatever it does."""
        os.kill(pid, signal.SIGKILL)
        assert self.wait(pid) == -signal.SIGKILL, self._log.read_text()[-2000:]

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@pytest.fixture(scope="session")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    made = Forker(tmp_path_factory.mktemp("victims") / "log")
    yield made
    made.stop()


def make_data(data: Path) -> Path:
    """A new data folder with a ledger of one tenant, without a control database."""
    data.mkdir(parents=True, exist_ok=True)
    Ledger.create(data, SystemClock(), tenant="main", origin="test/main")
    finish_folder(data)
    return data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data")


@pytest.fixture
def start_service(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., RunningService]]:
    """Starts services, on a new folder or a used one; those that still run are ended."""
    running: list[RunningService] = []

    def make(data: Path | None = None, *arguments: str) -> RunningService:
        if data is None:
            data = tmp_path_factory.mktemp("service") / "data"
            init_folder(data)
        running.append(start(data, *arguments))
        return running[-1]

    yield make
    for service in running:
        if service.process.poll() is None:
            service.process.kill()
        service.process.wait()
        if service.process.stdout is not None:
            service.process.stdout.close()


def wait_until(what: Callable[[], object], limit_s: float = 30.0) -> None:
    """Waits until something is true."""
    deadline = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)


def need_tool(name: str, package: str) -> str:
    """The path of a tool; without it the test is skipped, and says which package has it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not here; run: sudo apt-get install -y {package}")
    return found


@contextmanager
def mounted(what: str, where: Path, *options: str) -> Iterator[Path]:
    """A file system for the length of a block; skips by name where nothing may be mounted."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    where.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", *options, what, str(where)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)
