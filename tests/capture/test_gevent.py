"""The client in a process that gevent has patched: threads are greenlets there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.unit.client.fake_service import FakeService

HOST = """
from gevent import monkey
monkey.patch_all()
import os, sys, gevent
from indelible import Indelible
from indelible.client import Pace, audit_context
audit = Indelible(sys.argv[1], "k", source="unit", pace=Pace(linger_s=60.0))

def work(n):
    with audit_context(session_id=f"s_{n}"):
        for _ in range(20):
            audit.record(f"Op{n}")
            gevent.sleep(0)

gevent.joinall([gevent.spawn(work, n) for n in range(10)], raise_error=True)
child = gevent.fork() if hasattr(gevent, "fork") else os.fork()
if not child:
    audit.record("Child")
    assert audit.close(10)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(
    sys.version_info[:2] == (3, 12),
    reason="Python 3.12 starts no thread while it ends, and gevent resolves names in one",
)
def test_greenlets_record_and_a_program_that_ends_has_sent_all() -> None:
    service = FakeService()
    try:
        done = subprocess.run(
            [sys.executable, "-c", HOST, service.url],
            env={**os.environ, "PYTHONPATH": "src"},
            timeout=60,
            check=False,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    finally:
        service.stop()
    wanted = sorted(["Child"] + [f"Op{n}" for n in range(10) for _ in range(20)])
    assert sorted(event["operation"] for event in service.events) == wanted
    for event in service.events:
        if event["operation"] != "Child":
            assert event["context"]["session_id"] == f"s_{event['operation'][2:]}"
