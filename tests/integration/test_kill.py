"""
Kill -9 of a loaded service: no acknowledged event is lost, none is doubled, and the log verifies.

Sixteen writers send under known ids and note what was acknowledged. After each kill the service
comes up again on the same folder and the writers repeat what they had no answer for.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from indelible.event import decode_fact
from indelible.seal import EVENT
from indelible.server.ledger import LedgerReader

from .conftest import RunningService, run_command

KILLS = 5
WRITERS = 16


class Writer(threading.Thread):
    """Sends batches under known ids until told to stop; repeats a batch without an answer."""

    def __init__(self, number: int, url: str, key: str, unanswered: list[str]) -> None:
        super().__init__(daemon=True)
        self._random = random.Random(f"{number} {url}")
        self._url = urlsplit(url)
        self._key = key
        self.unanswered = unanswered
        self.acknowledged: dict[str, int] = {}
        self.stopping = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection(
            self._url.hostname or "", self._url.port, timeout=20
        )
        try:
            while not self.stopping.is_set():
                if not self.unanswered:
                    count = self._random.choice([1, 3, 40])
                    bits = self._random.getrandbits
                    self.unanswered = [str(uuid.UUID(int=bits(128))) for _ in range(count)]
                self._send(connection)
        except (OSError, http.client.HTTPException):
            return  # the service was killed; what has no answer stays in `unanswered`
        finally:
            connection.close()

    def _send(self, connection: http.client.HTTPConnection) -> None:
        events = [{"id": id_, "operation": "Write", "reason": id_[:8]} for id_ in self.unanswered]
        connection.request(
            "POST",
            "/v1/events",
            json.dumps(events),
            {"authorization": f"Bearer {self._key}", "content-type": "application/json"},
        )
        reply = connection.getresponse()
        answer = json.loads(reply.read())
        if reply.status == 200:
            for receipt in answer["receipts"]:
                self.acknowledged[receipt["id"]] = receipt["index"]
            self.unanswered = []


@pytest.mark.timeout(240)
@pytest.mark.slow
def test_kill_of_a_loaded_service(start_service: Callable[..., RunningService]) -> None:
    service = start_service()
    key = service.key("w")
    data = service.data
    acknowledged: dict[str, int] = {}
    unanswered: list[list[str]] = [[] for _ in range(WRITERS)]
    pause = random.Random(7)
    for _ in range(KILLS):
        writers = [
            Writer(number, service.url, key, unanswered[number]) for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        time.sleep(pause.uniform(0.3, 1.5))
        service.stop(signal.SIGKILL)
        for writer in writers:
            writer.join(30)
            again = acknowledged.keys() & writer.acknowledged.keys()
            assert all(acknowledged[id_] == writer.acknowledged[id_] for id_ in again)
            acknowledged.update(writer.acknowledged)
        unanswered = [writer.unanswered for writer in writers]
        service = start_service(data)

    service.keys["w"] = key  # ids are unique per key: a retry comes with the same one
    for ids in filter(None, unanswered):  # every retry is answered, with one place for each id
        receipts = service.send(*({"id": i, "operation": "Write", "reason": i[:8]} for i in ids))
        acknowledged.update((r["id"], r["index"]) for r in receipts["receipts"])

    assert len(acknowledged) > KILLS * WRITERS
    found = stored_ids(data)
    assert len(set(found.values())) == len(found)
    assert {id_: found.get(id_) for id_ in acknowledged} == acknowledged
    assert count_in_index(service) == len(found)
    run_command("verify", "--data", str(data))


def stored_ids(data: Path) -> dict[str, int]:
    """The events of the writers as the ledger has them; fails when an id is there twice."""
    reader = LedgerReader(data / "ledger.sqlite3")
    found: dict[str, int] = {}
    for entry in reader.read(1, 0, reader.size(1)):
        if entry.leaf_type != EVENT or entry.fact is None:
            continue
        fact = decode_fact(entry.fact)
        if fact.operation == "Write":
            assert fact.id not in found, f"{fact.id} is stored twice"
            found[fact.id] = entry.index
    reader.close()
    return found


def count_in_index(service: RunningService) -> int:
    """The writers' events as a search counts them, once the index has followed to the end."""
    size = service.request("GET", "/v1/status", key=service.key("r")).json["ledger"]["size"]
    anytime = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    while True:  # each request waits for the index itself; the test's time limit ends the rest
        answer = service.request(
            "GET",
            "/v1/stats",
            key=service.key("r"),
            params={"q": "operation:Write", "min_index": size - 1, **anytime},
        ).json
        if answer["indexed_through"] >= size:
            return int(answer["total"])
