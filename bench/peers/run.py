"""
Runs one peer and prints its numbers as one line of JSON.

    python -m bench.peers.run NAME BODIES COUNT END_US FOLDER

A peer gets the same request bodies as the service, but in its own process and without HTTP, keys,
receipts or sealing: its numbers are those of a bare engine.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from bench.events import DAYS, MONTH_DAYS, needle
from bench.load import Bodies, quantile

US_PER_DAY = 86_400_000_000
COLUMNS = (
    "occurred_us", "stream", "email", "ip", "method", "endpoint", "status", "operation", "target",
    "raw",
)  # fmt: skip
Row = tuple[int, str, str, str, str, str, int, str, str, str]


class Peer(Protocol):
    """An engine with events in it. `insert` returns when the batch would survive a power cut,
    as far as the engine promises that at all."""

    note: str

    def insert(self, rows: list[Row]) -> None: ...
    def finish(self) -> None: ...
    def newest_page(self, start_us: int, stop_us: int) -> int: ...
    def rare(self, word: str, start_us: int, stop_us: int) -> int: ...
    def histogram(self, start_us: int, stop_us: int) -> int: ...
    def disk_bytes(self) -> int: ...
    def close(self) -> None: ...


def rows_of(body: bytes) -> list[Row]:
    """Flattens one request body."""
    rows: list[Row] = []
    for event in msgspec.json.decode(body):
        actor = event.get("actor", {})
        targets = event.get("targets") or [{}]
        rows.append(
            (
                _microseconds(event["occurred_at"]),
                event["stream"],
                actor.get("email", actor.get("id", "")),
                event.get("origin", {}).get("ip", ""),
                event["method"],
                event["endpoint"],
                event.get("status", 0),
                event["operation"],
                targets[0].get("name", ""),
                msgspec.json.encode(event).decode(),
            )
        )
    return rows


def _microseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def batches(bodies: Bodies, count: int, join: int) -> Iterator[list[Row]]:
    """Batches of rows until `count` is reached, `join` request bodies to a batch."""
    done = 0
    while done < count:
        batch: list[Row] = []
        for _ in range(join):
            taken = bodies.take()
            if taken is not None:
                batch += rows_of(taken[0])
        if not batch:
            return
        done += len(batch)
        yield batch


def timed(ask: Callable[..., int], questions: Iterable[tuple[Any, ...]]) -> list[float]:
    """Milliseconds for each question."""
    spent = []
    for question in questions:
        started = time.perf_counter()
        ask(*question)
        spent.append((time.perf_counter() - started) * 1000)
    return spent


def measure(peer: Peer, bodies: Bodies, count: int, end_us: int, join: int) -> dict[str, Any]:
    started = time.perf_counter()
    stored, first_us, last_us = 0, end_us, 0
    for batch in batches(bodies, count, join):
        peer.insert(batch)
        stored += len(batch)
        first_us, last_us = min(first_us, batch[0][0]), max(last_us, batch[-1][0])
    seconds = time.perf_counter() - started
    peer.finish()
    # Peers that hold only a part of the events hold the oldest ones: ask about those.
    everything = (end_us - DAYS * US_PER_DAY, end_us)
    month = (max(first_us, last_us - MONTH_DAYS * US_PER_DAY), last_us)
    days = [(last_us - (n + 1) * US_PER_DAY // 2, last_us - n * US_PER_DAY // 2) for n in range(20)]
    words = [needle(number) for number in range(40)]
    return {
        "note": peer.note,
        "events": stored,
        "ingest": stored / seconds,
        "newest_page": quantile(timed(peer.newest_page, days), 0.95),
        "rare_month": quantile(timed(peer.rare, [(w, *month) for w in words[:20]]), 0.95),
        "rare_all": quantile(timed(peer.rare, [(w, *everything) for w in words[20:]]), 0.95),
        "histogram": quantile(timed(peer.histogram, [month] * 5), 0.95),
        "disk": peer.disk_bytes() / stored,
    }


def main(arguments: list[str]) -> None:
    name, bodies, count, end_us, folder = arguments
    module = importlib.import_module(f"bench.peers.{name}")
    peer: Peer = module.open_peer(Path(folder))
    try:
        result = measure(peer, Bodies(Path(bodies)), int(count), int(end_us), module.JOIN_BODIES)
    finally:
        peer.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
