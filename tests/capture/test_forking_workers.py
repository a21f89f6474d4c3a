"""Celery's prefork pool and RQ's forking worker on a real Redis; a child is killed at its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.unit.client.fake_service import FakeService

pytestmark = pytest.mark.timeout(90)

ANA = {"kind": "user", "id": "u_1", "email": "ana@meridian.example"}
SETUP = """
import os, time
from pathlib import Path
from indelible import Indelible
from indelible.client import Pace, audit_context

audit = Indelible(os.environ["AUDIT_URL"], "k", source="shop", spool_dir="spool",
                  pace=Pace(linger_s=0.02))
ANA = {"kind": "user", "id": "u_1", "email": "ana@meridian.example"}

def hang(where):
    Path(where + ".new").write_text(str(os.getpid()))
    os.replace(where + ".new", where)
    time.sleep(600)
"""
CELERY = """
import os
from celery import Celery
from setup import ANA, audit, audit_context, hang
from indelible.capture.celery import capture_celery

app = Celery("shop", broker=os.environ["REDIS_URL"])
app.conf.update(task_default_queue="shop", task_ignore_result=True)
capture_celery(audit)

@app.task(bind=True, max_retries=1)
def flaky(self):
    audit.record("Work", method="Inside")
    if not self.request.retries:
        raise self.retry(exc=ValueError("depot-api"), countdown=0)
    child.delay()

@app.task
def child():
    pass

@app.task
def hanging(where):
    hang(where)

def queue_all(where):
    with audit_context(actor=ANA, request_id="r_1"):
        flaky.delay()
        hanging.delay(where)
    audit.close()
"""
RQ = """
import os
from redis import Redis
from rq import Queue, Retry
import setup
from setup import ANA, audit, audit_context
from indelible.capture.rq import capture_rq

capture_rq(audit)

def flaky():
    audit.record("Work", method="Inside")
    raise ValueError("depot-api")

def asks_again():
    return Retry(max=1)

def queue_all(where):
    queue = Queue("shop", connection=Redis.from_url(os.environ["REDIS_URL"]))
    with audit_context(actor=ANA, request_id="r_1"):
        queue.enqueue("jobs.flaky", retry=Retry(max=1))
        queue.enqueue("jobs.asks_again")
        queue.enqueue("setup.hang", where)
    audit.close()
"""


class Host:
    """A folder with the product's modules, and processes that run them."""

    def __init__(self, folder: Path, redis_url: str, service: FakeService) -> None:
        self.folder = folder
        self.service = service
        source = Path(__file__).resolve().parents[2] / "src"
        self.env = {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{folder}",
                    "REDIS_URL": redis_url, "AUDIT_URL": service.url}  # fmt: skip
        (folder / "setup.py").write_text(SETUP)

    def run(self, *command: str) -> None:
        subprocess.run([sys.executable, *command], cwd=self.folder, env=self.env, check=True)

    @contextmanager
    def worker(self, *command: str) -> Iterator[None]:
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=self.folder, env=self.env,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def wait(self, is_there: Callable[[], bool]) -> None:
        until_s = time.monotonic() + 60
        while not is_there():
            assert time.monotonic() < until_s, (self.folder / "log").read_text()
            time.sleep(0.02)

    def told(self, name: str) -> list[dict[str, Any]]:
        """The steps of one job, in the order of their attempts."""
        order = ("queued", "started", "retried", "succeeded", "failed", "cancelled")
        with self.service.lock:
            found = [
                event
                for event in self.service.events
                if event.get("endpoint", "").endswith(name) and "state" in event.get("job", {})
            ]
        return sorted(found, key=lambda e: (e["job"]["attempt"], order.index(e["job"]["state"])))

    def steps(self, name: str) -> list[tuple[int, str]]:
        return [(event["job"]["attempt"], event["job"]["state"]) for event in self.told(name)]

    def has(self, name: str, state: str) -> bool:
        return state in [event["job"]["state"] for event in self.told(name)]

    def drain(self) -> None:
        """As at the next start: what the killed process left on disk is sent."""
        self.run("-c", "import setup; setup.audit.close()")

    def kill(self, where: Path) -> None:
        """Kills the process that said there that it hangs."""
        self.wait(where.exists)
        os.kill(int(where.read_text()), signal.SIGKILL)


FLAKY = [(1, "queued"), (1, "started"), (1, "retried"), (2, "started")]


def check(host: Host, name: str) -> None:
    """All steps name Ana, and belong to one job."""
    queued, *others = host.told(name)
    assert queued["actor"] == ANA
    for event in others:
        assert event["actor"]["kind"] == "task"
        assert event["actor"]["on_behalf_of"] == ANA
        assert event["context"]["request_id"] == "r_1"
        assert event["job"]["id"] == queued["job"]["id"]
        assert event["job"]["queue"] == "shop"


def test_celery_prefork(redis_url: str, service: FakeService, tmp_path: Path) -> None:
    host, where = Host(tmp_path, redis_url, service), tmp_path / "hangs"
    (tmp_path / "jobs.py").write_text(CELERY)
    with host.worker("celery", "-A", "jobs", "worker", "-P", "prefork", "-c", "2", "-Q", "shop"):
        host.run("-c", f"import jobs; jobs.queue_all({str(where)!r})")
        host.kill(where)
        host.wait(lambda: host.has("hanging", "failed") and host.has("child", "succeeded"))
    host.drain()
    assert host.steps("flaky") == [*FLAKY, (2, "succeeded")]
    assert host.steps("hanging") == [(1, "queued"), (1, "started"), (1, "failed")]
    for name in ("flaky", "hanging"):
        check(host, name)
    lost = host.told("hanging")[-1]
    assert lost["reason"].startswith("WorkerLostError: ")
    assert (lost["outcome"], lost["job"].get("duration_ms")) == ("failure", None)
    inside = next(event for event in service.events if event["operation"] == "Work")
    assert inside["actor"]["on_behalf_of"] == ANA
    assert inside["job"]["id"] == host.told("flaky")[0]["job"]["id"]
    child = host.told("child")
    assert [event["job"]["state"] for event in child] == ["queued", "started", "succeeded"]
    assert {event["job"]["parent_id"] for event in child} == {inside["job"]["id"]}
    assert child[-1]["actor"]["on_behalf_of"] == ANA
    # The pool's processes are told apart, so a number that is missing would show.
    assert len({event["context"]["source_instance"] for event in service.events}) >= 3


def test_rq_forking(redis_url: str, service: FakeService, tmp_path: Path) -> None:
    host, where = Host(tmp_path, redis_url, service), tmp_path / "hangs"
    (tmp_path / "jobs.py").write_text(RQ)
    with host.worker("rq.cli", "worker", "--url", redis_url, "--config", "jobs", "shop"):
        host.run("-c", f"import jobs; jobs.queue_all({str(where)!r})")
        host.kill(where)
        host.wait(lambda: host.has("hang", "failed") and host.has("flaky", "failed"))
        host.wait(lambda: host.has("asks_again", "failed"))
    host.drain()
    assert host.steps("flaky") == [*FLAKY, (2, "failed")]
    assert host.steps("hang") == [(1, "queued"), (1, "started"), (1, "failed")]
    for name in ("flaky", "hang", "asks_again"):
        check(host, name)
    assert host.steps("asks_again") == [*FLAKY, (2, "failed")]
    assert "signal 9" in host.told("hang")[-1]["reason"]
    assert host.told("flaky")[-1]["reason"] == "ValueError: depot-api"
