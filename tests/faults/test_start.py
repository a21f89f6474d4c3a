"""Starts that must not be: a folder in use, a folder that cannot be written, a disk that fails."""

from __future__ import annotations

import re
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import RunningService, init_folder, run_command

from .conftest import mounted, need_tool, wait_until
from .notes import check_verifies

pytestmark = pytest.mark.timeout(240)
Start = Callable[..., RunningService]


def test_a_second_service_on_the_same_folder_is_refused(start_service: Start) -> None:
    service = start_service()
    second = run_command("serve", "--data", str(service.data), "--port", "0", check=False)
    assert second.returncode == 1
    assert "is in use by `indelible serve`, process" in second.stderr
    assert str(service.process.pid) in second.stderr
    assert "one process at a time may write a ledger" in second.stderr
    assert "Traceback" not in second.stderr
    # The first has not noticed.
    service.send({"operation": "Write"})
    assert service.stop() == 0


def test_a_folder_that_is_mounted_read_only_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    init_folder(data)
    before = sorted(path.name for path in data.iterdir())
    with mounted(str(data), data, "--bind"):
        done = subprocess.run(
            ["mount", "-o", "remount,bind,ro", str(data)], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip("nothing can be mounted read-only here")
        told = run_command("serve", "--data", str(data), "--port", "0", check=False)
        assert told.returncode == 1
        assert "Traceback" not in told.stderr
        assert "cannot be written" in told.stderr
        assert str(data) in told.stderr
        verified = run_command("verify", "--data", str(data), check=False)
        assert verified.returncode == 0, verified.stderr  # evidence on a read-only disk counts
    assert sorted(path.name for path in data.iterdir()) == before


def test_a_disk_that_fails_ends_the_service_and_loses_nothing(start_service: Start) -> None:
    """Every sync fails from some moment on: the answer is an error, and the service ends."""
    strace = need_tool("strace", "strace")
    service = start_service()
    data = service.data
    events = [{"operation": "Write", "id": str(uuid.UUID(int=n))} for n in range(1, 9)]
    kept = {r["id"]: r["index"] for r in service.send(*events[:4])["receipts"]}
    service.settle()
    key = service.key("w")
    tracer = subprocess.Popen(
        [strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e",
         "inject=fdatasync,fsync:error=EIO", "-p", str(service.process.pid)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    status = Path(f"/proc/{service.process.pid}/status")
    wait_until(lambda: "TracerPid:\t0\n" not in status.read_text() or tracer.poll() is not None)
    if tracer.poll() is not None:
        pytest.skip("strace may not trace here")
    time.sleep(0.2)  # until it has every thread
    try:
        reply = service.request("POST", "/v1/events", key=key, json=events[4:])
    except OSError:
        pass  # an event of the service itself met the failing disk first, and ended it
    else:
        assert reply.status == 500
        assert reply.code == "fatal"
    assert service.process.wait(60) == 1
    tracer.wait(20)
    said = service.log.read_text()
    assert re.search(r"stopped: .*(commit failed|could not be made durable)", said), said[-2000:]

    again = start_service(data)
    again.keys["w"] = key
    receipts = {r["id"]: r["index"] for r in again.send(*events)["receipts"]}
    assert len(set(receipts.values())) == 8
    assert {id_: receipts[id_] for id_ in kept} == kept
    assert again.stop() == 0
    check_verifies(data)
