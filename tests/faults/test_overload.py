"""
More than the ledger can store: pushback at once, everything accepted is kept, and no collapse.

Sixteen threads send again and again, ten events each, to a ledger whose queue takes forty.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from indelible.clock import SystemClock
from indelible.errors import Pushback
from indelible.server.ids import id_maker
from indelible.server.ingest import Ingest
from indelible.server.ledger import Ledger

from .conftest import make_data
from .counts import count
from .notes import TENANT, Notes, check_ledger

pytestmark = pytest.mark.timeout(900)
THREADS = 16
QUEUE = 40  # events that may wait; each request has ten


def test_more_than_can_be_stored_is_pushed_back(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    data = make_data(tmp_path / "data")
    clock = SystemClock()
    ledger = Ledger.open(data, clock=clock, max_queued_events=QUEUE)
    ingest = Ingest(ledger, id_maker(clock, os.urandom))
    notes = Notes()
    lock = threading.Lock()  # guards notes and the lists
    accepted_s: list[float] = []
    refused: list[Pushback] = []
    most_waiting = 0
    end = time.monotonic() + count("seconds of overload")

    def work(thread: int) -> None:
        nonlocal most_waiting
        number = 0
        while time.monotonic() < end:
            number += 1
            ids = [str(uuid.UUID(int=(thread << 64) + number * 10 + k)) for k in range(10)]
            events = [json.dumps({"id": id_, "operation": "Write"}).encode() for id_ in ids]
            begun = time.monotonic()
            try:
                reply = ingest.store(TENANT, events, key_id="k")
            except Pushback as error:
                with lock:
                    refused.append(error)
                time.sleep(0.02)  # others' processes do not share our interpreter
                continue
            with lock:
                accepted_s.append(time.monotonic() - begun)
                most_waiting = max(most_waiting, ledger.queued_events)
                notes.sent.update(ids)
                for id_, receipt in zip(ids, reply.receipts, strict=True):
                    notes.acknowledged[id_] = receipt.index

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused
    assert {(error.code, error.status) for error in refused} == {("ingest-full", 503)}
    assert all(error.retry_after_s >= 1 for error in refused)
    assert accepted_s
    assert most_waiting <= QUEUE
    # Normal at once: nothing of the rush is left in the queue.
    assert ledger.queued_events == 0
    after = str(uuid.UUID(int=7))
    event = json.dumps({"id": after, "operation": "Write"}).encode()
    notes.sent.add(after)
    notes.acknowledged[after] = ingest.store(TENANT, [event], key_id="k").receipts[0].index
    ledger.close()
    check_ledger(data, notes)
    accepted_s.sort()
    record_property("requests accepted, pushed back", (len(accepted_s), len(refused)))
    record_property("accepted, p99, ms", round(accepted_s[len(accepted_s) * 99 // 100] * 1000))
