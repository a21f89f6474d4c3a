"""
Far more requests than a service can store, from a process of its own.

    python -m tests.faults.flood URL KEY CONNECTIONS SECONDS EVENTS SEED

Each connection sends one request after another, and after a refusal the next one at once: it does
not do as `Retry-After` says. Prints one line of JSON: what was answered how often, how long the
accepted ones took, and the events' ids with the places that they were given.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import uuid
from collections import Counter
from urllib.parse import urlsplit

EVENT = {
    "operation": "Write",
    "method": "PUT",
    "endpoint": "/profiles/v3/share-details",
    "status": 200,
    "actor": {"kind": "user", "id": "u_8841", "email": "ana@example.com", "name": "Ana"},
    "origin": {"ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140"},
    "targets": [{"type": "profile", "id": "p_12", "name": "Depot north"}],
    "changes": [{"path": "visibility", "before": "private", "after": "team"}],
}
# Put together, not encoded: the flood shares its cores with the service.
START, END = json.dumps(EVENT)[:-1] + ', "id": "', '"}'
BREATH_S = 0.005  # after a refusal: the flood must not be bound by its own processor time


class Flood:
    """What was sent and answered so far; owned by the event loop."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.answers: Counter[str] = Counter()
        self.without_retry_after = 0
        self.accepted_s: list[float] = []
        self.acknowledged: dict[str, int] = {}
        self.sent: list[str] = []

    async def one_connection(self, url: str, key: str, events: int, end: float) -> None:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 22)
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        body, ids = b"", list[str]()
        while time.monotonic() < end:
            if not ids:
                ids = [str(uuid.UUID(int=self.random.getrandbits(128))) for _ in range(events)]
                body = f"[{','.join(START + id_ + END for id_ in ids)}]".encode()
                self.sent += ids
            begun = time.monotonic()
            writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
            heading = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(heading.split("content-length:", 1)[1].split("\r\n", 1)[0])
            answer = json.loads(await reader.readexactly(length))
            status = heading[9:12]
            if status == "200":
                self.accepted_s.append(time.monotonic() - begun)
                self.acknowledged.update((r["id"], r["index"]) for r in answer["receipts"])
                self.answers["200"] += 1
                ids = []
                continue
            self.answers[f"{status} {answer['code']}"] += 1
            self.without_retry_after += "retry-after:" not in heading
            await asyncio.sleep(BREATH_S)
        writer.close()


async def run(url: str, key: str, connections: int, seconds: float, events: int, seed: int) -> str:
    flood = Flood(seed)
    begun = time.monotonic()
    end = begun + seconds
    senders = (flood.one_connection(url, key, events, end) for _ in range(connections))
    await asyncio.gather(*senders)
    return json.dumps(
        {
            "seconds": time.monotonic() - begun,
            "answers": flood.answers,
            "without_retry_after": flood.without_retry_after,
            "accepted_s": sorted(flood.accepted_s),
            "acknowledged": flood.acknowledged,
            "sent": flood.sent,
        }
    )


if __name__ == "__main__":
    url, key, connections, seconds, events, seed = sys.argv[1:]
    print(asyncio.run(run(url, key, int(connections), float(seconds), int(events), int(seed))))
