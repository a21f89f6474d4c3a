"""
The load generator: its own process, so that its work is not the service's.

    python -m bench.load batches URL KEY FOLDER CONNECTIONS
    python -m bench.load singles URL KEY FOLDER CONNECTIONS SECONDS

Sends ready-made bodies (files in FOLDER) over kept-open connections, one request in flight on each,
and prints one line of JSON: events, seconds, processor seconds, latencies. It speaks just enough
HTTP/1.1 to be cheap: on a machine with two cores, each cycle spent here is missing there.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

INDEX_FILE = "bodies.json"
BYTES_FILE = "bodies.bin"


class Bodies:
    """Request bodies in one file, handed out once each, in order."""

    def __init__(self, folder: Path) -> None:
        lengths: list[list[int]] = json.loads((folder / INDEX_FILE).read_text())
        file = (folder / BYTES_FILE).open("rb")
        self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._parts = self._cut(lengths)

    def _cut(self, lengths: list[list[int]]) -> Iterator[tuple[bytes, int]]:
        start = 0
        for length, events in lengths:
            yield self._bytes[start : start + length], events
            start += length

    def take(self) -> tuple[bytes, int] | None:
        return next(self._parts, None)


def write_bodies(folder: Path, bodies: Iterator[tuple[bytes, int]]) -> None:
    """Stores bodies with their numbers of events, for `Bodies` to read in another process."""
    folder.mkdir(parents=True, exist_ok=True)
    lengths = []
    with (folder / BYTES_FILE).open("wb") as file:
        for body, events in bodies:
            file.write(body)
            lengths.append([len(body), events])
    (folder / INDEX_FILE).write_text(json.dumps(lengths))


class Totals:
    """What was done so far; owned by the event loop."""

    def __init__(self) -> None:
        self.events = 0
        self.requests = 0
        self.pushed_back = 0
        self.latencies: list[float] = []


async def send_all(
    host: str, port: int, head: bytes, bodies: Bodies, totals: Totals, end: float | None
) -> None:
    """One connection: a request, its reply, the next request."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 22)
    while end is None or time.perf_counter() < end:
        taken = bodies.take()
        if taken is None:
            break
        body, events = taken
        while True:
            started = time.perf_counter()
            writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
            status, reply = await read_reply(reader)
            if status != 503:
                break
            totals.pushed_back += 1
            await asyncio.sleep(0.05)
        totals.latencies.append(time.perf_counter() - started)
        if status != 200 or reply_count(reply) != events:
            raise RuntimeError(f"{status}: {reply[:400]!r}")
        totals.events += events
        totals.requests += 1
    writer.close()
    await writer.wait_closed()


async def read_reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lower = head.lower()
    start = lower.index(b"content-length:") + 15
    length = int(lower[start : lower.index(b"\r\n", start)])
    return status, await reader.readexactly(length)


def reply_count(reply: bytes) -> int:
    """Events stored, read without decoding the receipts."""
    start = reply.index(b'"stored":') + 9
    end = start
    while reply[end : end + 1] in b" 0123456789" and end < len(reply):
        end += 1
    return int(reply[start:end])


async def generate(url: str, key: str, folder: Path, connections: int, seconds: float) -> Totals:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    bodies, totals = Bodies(folder), Totals()
    end = time.perf_counter() + seconds if seconds else None
    await asyncio.gather(
        *(send_all(host, port, head, bodies, totals, end) for _ in range(connections))
    )
    return totals


def quantile(values: list[float], share: float) -> float:
    """The smallest value with at least this share of the values at or below it."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


def main(arguments: list[str]) -> None:
    kind, url, key, folder, connections = arguments[:5]
    seconds = float(arguments[5]) if kind == "singles" else 0.0
    started = time.perf_counter()
    totals = uvloop.run(generate(url, key, Path(folder), int(connections), seconds))
    elapsed = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    result = {
        "events": totals.events,
        "requests": totals.requests,
        "pushed_back": totals.pushed_back,
        "seconds": elapsed,
        "cpu_s": used.ru_utime + used.ru_stime,
        "p50_ms": quantile(totals.latencies, 0.50) * 1000,
        "p99_ms": quantile(totals.latencies, 0.99) * 1000,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
