"""Hosts as they run in production: gunicorn with preloaded, forked workers; a burst; an outage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from gunicorn.config import KNOWN_SETTINGS
from tests.capture.servers import free_port
from tests.unit.client.fake_service import FakeService

from indelible import Indelible
from indelible.client import Pace

pytestmark = pytest.mark.timeout(90)

HOST = """
import os
from flask import Flask
from indelible import Indelible
from indelible.capture.flask import capture_flask
from indelible.client import Pace

audit = Indelible(os.environ["AUDIT_URL"], "k", source="shop", spool_dir=os.environ.get("SPOOL"),
                  pace=Pace(linger_s=60.0))
app = Flask("shop")
capture_flask(app, audit)
audit.record("Preloaded")

@app.post("/orders/<int:number>")
def make_order(number):
    return str(os.getpid())
"""

# Newer ones open a socket for commands; older ones know no option to leave it out.
NO_CONTROL = [
    option for option in ("--no-control-socket",) if option in str([s.cli for s in KNOWN_SETTINGS])
]


def start(folder: Path, port: int, **env: str) -> subprocess.Popen[bytes]:
    (folder / "host.py").write_text(HOST)
    source = Path(__file__).resolve().parents[2] / "src"
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "host:app", "--preload", "--workers", "2", "--bind",
         f"127.0.0.1:{port}", "--log-level", "error", *NO_CONTROL],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source), **env},
        start_new_session=True,
    )  # fmt: skip


def post(port: int, number: int) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            url = f"http://127.0.0.1:{port}/orders/{number}"
            with urllib.request.urlopen(urllib.request.Request(url, method="POST")) as reply:
                return str(reply.read().decode())
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_gunicorn_workers_send_all_when_they_are_told_to_end(
    service: FakeService, tmp_path: Path
) -> None:
    port = free_port()
    host = start(tmp_path, port, AUDIT_URL=service.url)
    try:
        pids = {post(port, number) for number in range(40)}
    finally:
        host.send_signal(signal.SIGTERM)
        assert host.wait(30) == 0
    orders = [event for event in service.events if event["operation"] == "MakeOrder"]
    assert len(orders) == 40
    assert [event["operation"] for event in service.events].count("Preloaded") == 1
    instances = {event["context"]["source_instance"] for event in orders}
    assert len(instances) == len(pids)
    for instance in instances:
        numbers = [
            event["context"]["source_seq"]
            for event in orders
            if event["context"]["source_instance"] == instance
        ]
        assert sorted(numbers) == list(range(len(numbers)))


def test_killed_workers_leave_their_events_in_the_spool(
    service: FakeService, tmp_path: Path
) -> None:
    port = free_port()
    spool = tmp_path / "spool"
    host = start(tmp_path, port, AUDIT_URL="http://127.0.0.1:9", SPOOL=str(spool))
    try:
        pids = {int(post(port, number)) for number in range(20)}
    finally:
        # All at once: a worker that outlives the others would take their spools over.
        os.killpg(host.pid, signal.SIGKILL)
        host.wait(30)
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}/fd").exists() and alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with Indelible(service.url, "k", source="shop", spool_dir=spool, on_sigterm="leave") as audit:
        assert audit.flush(20)
    orders = [event for event in service.events if event["operation"] == "MakeOrder"]
    assert len(orders) == 20


def alive(pid: int) -> bool:
    """Whether any of its threads is left: the files are open until the last one has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return False
    return threads > 1 or stat.rpartition(")")[2].split()[0] != "Z"


def test_a_burst_during_an_outage_is_stored_whole_and_in_order(
    service: FakeService, tmp_path: Path
) -> None:
    count = 100_000
    address = service.url
    port = int(address.rpartition(":")[2])
    service.stop()
    with Indelible(
        address,
        "k",
        source="shop",
        spool_dir=tmp_path,
        max_spool_bytes=1 << 30,
        pace=Pace(linger_s=0.0, longest_backoff_s=0.2, batch_events=5000, batch_bytes=4 << 20),
        on_sigterm="leave",
    ) as audit:
        for number in range(count):
            audit.record("Op", status=number % 600)
        again = FakeService(port)
        try:
            assert audit.flush(80)
        finally:
            again.stop()
        assert audit.health().dropped == 0
    numbers = [event["context"]["source_seq"] for event in again.events]
    assert numbers == list(range(count))
