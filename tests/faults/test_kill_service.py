"""
Kill -9 of a loaded service and of its index process: no acknowledged event is lost, none is
doubled, the log verifies, and the index counts the same as the ledger.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

import pytest
from tests.integration.conftest import RunningService, run_command

from .conftest import wait_until
from .counts import count
from .http_writers import WRITERS, Writers, count_in_index, index_pid
from .notes import stored_ids

pytestmark = [pytest.mark.timeout(7200), pytest.mark.slow]
Start = Callable[..., RunningService]
Record = Callable[[str, object], None]


def compare(service: RunningService, writers: Writers) -> int:
    """Ledger and acknowledgements agree, the index agrees with the ledger, all verifies."""
    writers.send_the_rest(service)
    found = stored_ids(service.data)
    assert {id_: found.get(id_) for id_ in writers.acknowledged} == writers.acknowledged
    assert count_in_index(service) == len(found)
    run_command("verify", "--data", str(service.data), timeout=600)
    return len(writers.acknowledged)


def test_kills_of_a_loaded_service(start_service: Start, record_property: Record) -> None:
    service = start_service()
    data = service.data
    writers = Writers(service.key("w"))
    dice = random.Random(7)
    kills = count("kills of the service")
    stores_s: list[float] = []
    answers_s: list[float] = []
    for _ in range(kills):
        writers.start(service.url)
        time.sleep(dice.uniform(0.3, 1.5))
        service.stop(signal.SIGKILL)
        writers.join()
        begun = time.monotonic()
        service = start_service(data)
        stores_s.append(time.monotonic() - begun)
        wait_until(lambda running=service: _ready(running), 60)
        answers_s.append(time.monotonic() - begun)
    assert len(writers.acknowledged) > kills * WRITERS
    acknowledged = compare(service, writers)
    service.stop()
    record_property("kills", kills)
    record_property("acknowledged events compared", acknowledged)
    record_property("takes events again, slowest, s", round(max(stores_s), 2))
    record_property("searches again, slowest, s", round(max(answers_s), 2))


def _ready(service: RunningService) -> bool:
    reply = service.request("GET", "/readyz")
    return reply.status == 200 and reply.json["search"] is True


def test_kills_of_the_index_process_under_load(
    start_service: Start, record_property: Record
) -> None:
    service = start_service()
    writers = Writers(service.key("w"))
    writers.start(service.url)
    dice = random.Random(8)
    kills = count("kills of the index process")
    killed: set[int] = set()
    for _ in range(kills):
        wait_until(lambda: index_pid(service) not in killed | {None}, 60)
        time.sleep(dice.uniform(0.0, 2.0))  # also while it starts
        pid = index_pid(service)
        if pid is None:
            continue
        before = writers.count
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
        wait_until(lambda before=before: writers.count > before + 100)  # ingest goes on
    writers.join()
    assert not writers.refusals
    acknowledged = compare(service, writers)
    service.stop()
    record_property("kills", len(killed))
    record_property("acknowledged events compared", acknowledged)
