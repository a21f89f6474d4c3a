"""Real processes: fork, kill -9, exit without close, multiprocessing workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.client.fake_service import FakeService

from indelible import Indelible

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

NewClient = Callable[..., Indelible]
NOWHERE = "http://127.0.0.1:9"


def script(body: str, *arguments: str) -> subprocess.Popen[str]:
    """Runs a host program in a Python of its own."""
    head = (
        "import os, sys, time\nfrom indelible import Indelible\nfrom indelible.client import Pace\n"
        "url, folder = sys.argv[1:3]\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + body, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "src"},
    )


def operations(service: FakeService) -> list[str]:
    return [event["operation"] for event in service.events]


def test_events_in_the_spool_survive_kill_minus_nine(
    service: FakeService, new_client: NewClient, tmp_path: Path
) -> None:
    host = script(
        "audit = Indelible(url, 'k', source='unit', spool_dir=folder)\n"
        "n = 0\n"
        "while True:\n"
        "    assert audit.record(f'Op{n}') is not None\n"
        "    n += 1\n"
        "    print(n, flush=True)\n",
        NOWHERE,
        str(tmp_path),
    )
    assert host.stdout is not None
    while int(host.stdout.readline()) < 200:
        continue
    host.send_signal(signal.SIGKILL)
    said = [int(line) for line in host.communicate()[0].split("\n") if line]
    recorded = said[-1] if said else 200
    new_client(spool_dir=tmp_path).flush(10)
    # One more may be in the file: recorded, but not yet said.
    assert operations(service) in (
        [f"Op{n}" for n in range(recorded)],
        [f"Op{n}" for n in range(recorded + 1)],
    )


def test_a_program_that_ends_without_close_has_sent_all(
    service: FakeService, tmp_path: Path
) -> None:
    host = script(
        "audit = Indelible(url, 'k', source='unit', pace=Pace(linger_s=60.0))\n"
        "[audit.record(f'Op{n}') for n in range(100)]\n",
        service.url,
        str(tmp_path),
    )
    assert host.wait(15) == 0
    host.communicate()
    assert operations(service) == [f"Op{n}" for n in range(100)]


def test_a_forked_child_sends_its_own_events_and_the_parent_its_own(
    service: FakeService, tmp_path: Path
) -> None:
    host = script(
        "audit = Indelible(url, 'k', source='unit', spool_dir=folder, pace=Pace(linger_s=60.0))\n"
        "audit.record('ParentBefore')\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    assert audit.health().queued == 0\n"
        "    audit.record('Child')\n"
        "    assert audit.close(10)\n"
        "    os._exit(0)\n"
        "audit.record('ParentAfter')\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "assert audit.close(10)\n",
        service.url,
        str(tmp_path),
    )
    assert host.wait(15) == 0
    host.communicate()
    assert sorted(operations(service)) == ["Child", "ParentAfter", "ParentBefore"]
    by_instance: dict[str, list[int]] = {}
    for event in service.events:
        context = event["context"]
        by_instance.setdefault(context["source_instance"], []).append(context["source_seq"])
    assert sorted(by_instance.values()) == [[0], [0, 1]]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_fork_while_other_threads_record_does_not_hang_the_child(
    service: FakeService, tmp_path: Path
) -> None:
    host = script(
        "import threading\n"
        "audit = Indelible(url, 'k', source='unit')\n"
        "stop = threading.Event()\n"
        "def work():\n"
        "    while not stop.wait(0.0005): audit.record('Parent')\n"
        "threads = [threading.Thread(target=work) for _ in range(3)]\n"
        "[thread.start() for thread in threads]\n"
        "for n in range(10):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        audit.record('Child')\n"
        "        os._exit(0 if audit.close(10) else 1)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "stop.set()\n"
        "[thread.join() for thread in threads]\n",
        service.url,
        str(tmp_path),
    )
    assert host.wait(19) == 0
    host.communicate()
    assert operations(service).count("Child") == 10


def test_multiprocessing_workers_send_before_they_end(service: FakeService, tmp_path: Path) -> None:
    host = script(
        "import multiprocessing\n"
        "audit = Indelible(url, 'k', source='unit', pace=Pace(linger_s=60.0))\n"
        "audit.record('Parent')\n"
        "def work(n): audit.record(f'Worker{n}')\n"
        "fork = multiprocessing.get_context('fork')\n"
        "workers = [fork.Process(target=work, args=(n,)) for n in range(3)]\n"
        "[worker.start() for worker in workers]\n"
        "[worker.join() for worker in workers]\n",
        service.url,
        str(tmp_path),
    )
    assert host.wait(15) == 0
    host.communicate()
    assert sorted(operations(service)) == ["Parent", "Worker0", "Worker1", "Worker2"]


def test_the_service_may_be_away_for_a_while(
    service: FakeService, tmp_path: Path, new_client: NewClient
) -> None:
    """The address refuses connections first, then the service is there on it."""
    url = service.url
    service.stop()
    client = new_client(url=url, jitter=lambda: 0.01)
    for n in range(20):
        client.record(f"Op{n}")
    while client.health().failed_attempts < 3:
        time.sleep(0.01)
    back = FakeService(port=int(url.rsplit(":", 1)[1]))
    try:
        assert client.flush(10)
        assert operations(back) == [f"Op{n}" for n in range(20)]
    finally:
        back.stop()


def test_sigterm_sends_what_waits_and_ends_as_it_would_have(
    service: FakeService, tmp_path: Path
) -> None:
    host = script(
        "audit = Indelible(url, 'k', source='unit', pace=Pace(linger_s=60.0))\n"
        "[audit.record(f'Op{n}') for n in range(100)]\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n",
        service.url,
        str(tmp_path),
    )
    assert host.stdout is not None
    assert host.stdout.readline() == "ready\n"
    host.send_signal(signal.SIGTERM)
    host.communicate(timeout=15)
    assert host.returncode == -signal.SIGTERM
    assert operations(service) == [f"Op{n}" for n in range(100)]


def test_a_host_that_takes_sigterm_keeps_it(service: FakeService, tmp_path: Path) -> None:
    host = script(
        "import signal\n"
        "mine = lambda *_: None\n"
        "signal.signal(signal.SIGTERM, mine)\n"
        "Indelible(url, 'k', source='unit').close()\n"
        "assert signal.getsignal(signal.SIGTERM) is mine\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "Indelible(url, 'k', source='unit', on_sigterm='leave').close()\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n",
        service.url,
        str(tmp_path),
    )
    host.communicate(timeout=15)
    assert host.returncode == 0
