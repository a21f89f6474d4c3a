"""
A real index process on entries that a test wrote: the ledger's reader is the only stand-in.

`EntryFile` reads entries from a file that tests append to, also while the index follows it. It can
be told to hold entries that nobody can read, which a real ledger would never take.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from indelible.clock import US_PER_DAY
from indelible.errors import StorageError
from indelible.event import Event, complete, parse_event, split
from indelible.server.index import IndexProcess
from indelible.server.index.rollup import BLOCK_ENTRIES
from indelible.server.ledger import Declared
from indelible.server.query import Defaults, Filter, Page, Query, Reach, parse_filter

READER = "tests.integration.search_index:EntryFile"
NOW_US = 1_795_428_000_000_000  # 2026-11-23 10:00 UTC
T = TypeVar("T")


class StoredEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry as the file holds it; `lost` ones make the reader fail."""

    index: int
    leaf_type: int
    parts: int
    category_id: int
    day: int
    fact: bytes | None
    person: bytes | None
    content: bytes | None
    leaf_hash: bytes
    leaf: bytes | None = None
    lost: bool = False


class Tenant(msgspec.Struct, frozen=True):
    id: int


class EntryFile:
    """Stands in for `LedgerReader`: the same methods, the same refusal when an entry is damaged."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent / "entries"
        self._entries: dict[int, list[StoredEntry]] = {}
        self._read_to: dict[int, int] = {}

    def tenants(self) -> list[Tenant]:
        return [Tenant(int(path.stem)) for path in sorted(self._folder.glob("*.bin"))]

    def deleted_tenants(self) -> list[Tenant]:
        return []

    def _load(self, tenant_id: int) -> list[StoredEntry]:
        entries = self._entries.setdefault(tenant_id, [])
        at = self._read_to.get(tenant_id, 0)
        data = (self._folder / f"{tenant_id}.bin").read_bytes()
        if len(data) < at:
            entries.clear()
            at = 0
        while len(data) - at >= 4:
            length = int.from_bytes(data[at : at + 4], "big")
            if len(data) - at - 4 < length:
                break
            body = data[at + 4 : at + 4 + length]
            entries.append(msgspec.msgpack.decode(body, type=StoredEntry))
            at += 4 + length
        self._read_to[tenant_id] = at
        return entries

    def size(self, tenant_id: int) -> int:
        return len(self._load(tenant_id))

    def read(self, tenant_id: int, start: int, stop: int) -> list[StoredEntry]:
        entries = self._load(tenant_id)[start:stop]
        if any(entry.lost for entry in entries):
            raise StorageError("an entry is damaged")
        return entries

    def removals(self, tenant_id: int) -> Declared:
        return Declared()

    def learn(self, declared: Declared, tenant_id: int) -> Declared:
        return declared

    def entry(self, tenant_id: int, index: int) -> StoredEntry:
        return self.read(tenant_id, index, index + 1)[0]


class Entries:
    """Writes the file of one tenant and remembers the events."""

    def __init__(self, data: Path, tenant_id: int = 1, seed: int = 1) -> None:
        self._path = data / "entries" / f"{tenant_id}.bin"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._random = random.Random(seed)
        self.size = 0
        self.events: dict[int, Event] = {}
        self._received_us = NOW_US - 3_600_000_000
        self.add_other()
        self.add_other()

    def _append(self, entries: Iterable[StoredEntry]) -> None:
        frames = []
        for entry in entries:
            body = msgspec.msgpack.encode(entry)
            frames.append(len(body).to_bytes(4, "big") + body)
            self.size += 1
        with self._path.open("ab") as file:
            file.write(b"".join(frames))

    def add(self, *sent: Mapping[str, Any], received_us: int | None = None) -> list[int]:
        """Appends events as the service would store them; gives their indices."""
        entries: list[StoredEntry] = []
        for fields in sent:
            self._received_us += 1_000
            event = complete(
                parse_event(msgspec.json.encode(fields)),
                received_us=received_us or self._received_us,
                reported_by="client",
                new_id=lambda: str(uuid.UUID(int=self._random.getrandbits(128))),
            )
            index = self.size + len(entries)
            self.events[index] = event
            parts = split(event, lambda subject: f"alias-{len(subject)}-{subject[:1]}")
            bits = 1 | (2 if parts.person else 0) | (4 if parts.content else 0)
            entries.append(
                StoredEntry(
                    index, 1, bits, 19, event.received_us // US_PER_DAY,
                    parts.fact, parts.person, parts.content, self._random.randbytes(32),
                )
            )  # fmt: skip
        self._append(entries)
        return [entry.index for entry in entries]

    def add_other(self) -> int:
        """Appends an entry that is no event (genesis, policy)."""
        day = self._received_us // US_PER_DAY
        self._append([StoredEntry(self.size, 4, 0, 0, day, None, None, None, bytes(32), b"IND1")])
        return self.size - 1

    def add_raw(self, fact: bytes | None, *, lost: bool = False) -> int:
        """Appends an event's entry whose fact is these bytes; `lost`: nobody can read it."""
        day = self._received_us // US_PER_DAY
        leaf_hash = self._random.randbytes(32)
        self._append(
            [StoredEntry(self.size, 1, 1, 19, day, fact, None, None, leaf_hash, None, lost)]
        )
        return self.size - 1


class Running:
    """An index process, and questions to it, from a test that is not asynchronous."""

    def __init__(self, data: Path, block_entries: int = BLOCK_ENTRIES) -> None:
        self.data = data
        self._loop = asyncio.new_event_loop()
        self.index = IndexProcess(data, reader=READER, memory_mb=700, block_entries=block_entries)
        self.run(self.index.start())
        reader: Any = EntryFile(data / "ledger.sqlite3")
        self.query = Query(self.index, reader)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def wait(self, size: int, tenant_id: int = 1, limit_s: float = 90.0) -> None:
        """Waits until the index has that many entries."""
        assert self.run(self.index.wait_for(tenant_id, size - 1, limit_s)), self.index.status()

    def wait_rolled(self, stop: int, limit_s: float = 60.0) -> None:
        """Waits until the blocks before this entry are counted."""
        until = time.monotonic() + limit_s
        while self.rows("SELECT max(stop) AS stop FROM rolled")[0]["stop"] < stop:
            assert time.monotonic() < until, "no blocks are counted"
            time.sleep(0.05)

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        data = self.run(self.index.query(sql, parameters))
        return [msgspec.json.decode(line) for line in data.splitlines()]

    def counts(self, tenant_id: int = 1) -> tuple[int, int]:
        """Rows, and distinct indices among them."""
        found = self.rows(
            "SELECT count() AS n, uniqExact(idx) AS kinds FROM events "
            "WHERE tenant = {tenant:UInt32}",
            tenant=tenant_id,
        )
        return found[0]["n"], found[0]["kinds"]

    def filter(
        self, tenant_id: int = 1, tz: str = "UTC", reach: Reach | None = None, **parameters: str
    ) -> Filter:
        """A filter from the parameters of a request (`from_` for `from`)."""
        named = {name.rstrip("_"): value for name, value in parameters.items()}
        reach = reach or Reach(tenant_id=tenant_id)
        return parse_filter({"stream": "all", **named}, reach, Defaults(now_us=NOW_US, tz=tz))

    def find(self, q: str, **parameters: Any) -> list[int]:
        """The indices of all events that a query finds, newest first, over all pages."""
        filter_ = self.filter(q=q, **parameters)
        found: list[int] = []
        cursor = None
        while True:
            page = self.run(self.query.events(filter_, Page(limit=1000, cursor=cursor)))
            found.extend(event["index"] for event in page.events)
            cursor = page.next_cursor
            if cursor is None:
                return found

    def stop(self) -> None:
        self.run(self.index.stop())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
