"""Sixteen clients that write to a service over HTTP under known ids, through kills."""

from __future__ import annotations

import http.client
import json
import random
import threading
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from tests.integration.conftest import RunningService

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
        self.refusals: list[str] = []
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
        else:
            self.refusals.append(f"{reply.status} {answer['code']}")
            self.stopping.wait(0.05)


class Writers:
    """All writers of a test, over the lives of a service."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.running: list[Writer] = []  # those of the service's present life
        self.acknowledged: dict[str, int] = {}
        self.unanswered: list[list[str]] = [[] for _ in range(WRITERS)]
        self.refusals: list[str] = []

    def start(self, url: str) -> None:
        """Lets them send to this address; first what had no answer."""
        self.running = [
            Writer(number, url, self._key, self.unanswered[number]) for number in range(WRITERS)
        ]
        for writer in self.running:
            writer.start()

    def join(self) -> None:
        """Ends them, and notes what they were answered."""
        for writer in self.running:
            writer.stopping.set()
        for writer in self.running:
            writer.join(30)
            again = self.acknowledged.keys() & writer.acknowledged.keys()
            assert all(self.acknowledged[id_] == writer.acknowledged[id_] for id_ in again)
            self.acknowledged.update(writer.acknowledged)
            self.refusals += writer.refusals
        self.unanswered = [writer.unanswered for writer in self.running]

    @property
    def count(self) -> int:
        """How many events are acknowledged by now."""
        now = sum(len(writer.acknowledged) for writer in self.running if writer.is_alive())
        return len(self.acknowledged) + now

    def send_the_rest(self, service: RunningService) -> None:
        """Every retry is answered, with one place for each id."""
        service.keys["w"] = self._key  # ids are unique per key: a retry comes with the same one
        for ids in filter(None, self.unanswered):
            events = [{"id": id_, "operation": "Write", "reason": id_[:8]} for id_ in ids]
            receipts = service.send(*events)["receipts"]
            self.acknowledged.update((r["id"], r["index"]) for r in receipts)
        self.unanswered = [[] for _ in range(WRITERS)]


def count_in_index(service: RunningService) -> int:
    """The writers' events as a search counts them, once the index has followed to the end."""
    size = service.request("GET", "/v1/status", key=service.key("r")).json["ledger"]["size"]
    anytime = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    while True:  # each request waits for the index itself; the test's time limit ends the rest
        reply = service.request(
            "GET",
            "/v1/stats",
            key=service.key("r"),
            params={"q": "operation:Write", "min_index": size - 1, **anytime},
        )
        if reply.status == 200 and reply.json["indexed_through"] >= size:
            return int(reply.json["total"])


def index_pid(service: RunningService) -> int | None:
    """The index process of a service, while there is one."""
    for task in Path(f"/proc/{service.process.pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"indelible.server.index" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None
