"""
Writes small ledgers for tests, straight from the formats: seal, tlog and the documented tables.

Made without the service's code on purpose, so that the checker is tested against the documents and
not against the writer's habits. Deterministic: the same seed gives the same bytes.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import weakref
from collections.abc import Sequence
from hashlib import shake_256
from pathlib import Path

import zstandard

from indelible.seal import (
    FACT,
    Category,
    Floor,
    Genesis,
    PartedEvent,
    Policy,
    genesis_leaf,
    policy_leaf,
    seal_run,
)
from indelible.tlog.checkpoint import Checkpoint
from indelible.tlog.keyfile import generate_log_keys
from indelible.tlog.merkle import Frontier, leaf_hash
from indelible.tlog.signature import SigningKey, encode_vkey, sign_checkpoint
from indelible.tlog.tile import extend_tiles

TABLES = """
CREATE TABLE tenant (id INTEGER PRIMARY KEY, name TEXT UNIQUE, origin TEXT UNIQUE,
  created_us INTEGER) STRICT;
CREATE TABLE head (tenant INTEGER PRIMARY KEY, size INTEGER, last_day INTEGER, frontier BLOB,
  policy_index INTEGER) STRICT;
CREATE TABLE run (tenant INTEGER, first INTEGER, count INTEGER, day INTEGER, layout BLOB,
  PRIMARY KEY (tenant, first)) STRICT, WITHOUT ROWID;
CREATE TABLE piece (tenant INTEGER, first INTEGER, category INTEGER, part INTEGER, seed BLOB,
  salts BLOB, data BLOB, PRIMARY KEY (tenant, first, category, part)) STRICT, WITHOUT ROWID;
CREATE TABLE entry (tenant INTEGER, idx INTEGER, leaf BLOB, PRIMARY KEY (tenant, idx))
  STRICT, WITHOUT ROWID;
CREATE TABLE tile (tenant INTEGER, level INTEGER, n INTEGER, hashes BLOB,
  PRIMARY KEY (tenant, level, n)) STRICT;
CREATE TABLE checkpoint (tenant INTEGER, size INTEGER, note TEXT, time_us INTEGER,
  PRIMARY KEY (tenant, size)) STRICT, WITHOUT ROWID;
CREATE TABLE record (tenant INTEGER, idx INTEGER, salt BLOB, data BLOB,
  PRIMARY KEY (tenant, idx)) STRICT, WITHOUT ROWID;
"""
CATEGORIES = {"audit": 1, "authentication": 16, "access": 17, "configuration": 18, "data": 19}
DAY = 20_000
ORIGIN = "log.example/1"


def first_policy(day: int = DAY) -> Policy:
    floors = tuple(
        Floor(category=CATEGORIES[name], parts=FACT, min_days=90)
        for name in ("audit", "authentication", "configuration")
    )
    categories = tuple(Category(id=n, name=name) for name, n in CATEGORIES.items())
    return Policy(version=1, effective_day=day, categories=categories, floors=floors)


def sample_event(number: int, category: str = "data", *, parts: int = 7) -> PartedEvent:
    """A made-up event; which parts it has follows from `parts`."""
    fact = {
        "id": f"00000000-0000-7000-8000-{number:012}",
        "stream": "user",
        "category": category,
        "operation": f"Operation{number % 17}",
        "method": "POST",
        "endpoint": f"/v1/things/{number % 5}",
        "actor": {"kind": "user", "id": f"u_{number % 29}"},
    }
    person = {"email": f"person{number % 29}@example.com", "ip": f"203.0.113.{number % 250}"}
    content = {"reason": f"because of ticket {number}", "metadata": {"n": number}}
    return PartedEvent(
        CATEGORIES[category],
        json.dumps(fact, separators=(",", ":")).encode(),
        json.dumps(person, separators=(",", ":")).encode() if parts & 2 else None,
        json.dumps(content, separators=(",", ":")).encode() if parts & 4 else None,
    )


def sample_events(start: int, count: int) -> list[PartedEvent]:
    """A mixture: several categories, some events without person or content."""
    names = list(CATEGORIES)[1:]
    return [
        sample_event(n, names[n % 7 % 4], parts=7 if n % 3 else 3 if n % 2 else 1)
        for n in range(start, start + count)
    ]


class SeededRandom:
    """Bytes that depend only on the seed, in place of the system's generator."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return shake_256(self._seed + struct.pack(">Q", self._count)).digest(size)


class SampleLedger:
    """A data folder being written. Every method commits."""

    def __init__(self, data_dir: Path, *, seed: bytes = b"sample", origin: str = ORIGIN) -> None:
        self.data_dir = data_dir
        self.origin = origin
        self.random = SeededRandom(seed)
        self.keys: tuple[SigningKey, ...] = generate_log_keys(origin, self.random)
        self.frontier = Frontier()
        self.last_day = 0
        self.policy_index = -1
        self._compress = zstandard.ZstdCompressor(level=3).compress
        for name in ("guard", "keys"):
            (data_dir / name).mkdir(parents=True, exist_ok=True)
        (data_dir / "format.json").write_text('{"format":1}\n')
        # A server's thread may use it, and whichever thread collects this object closes it.
        self.db = sqlite3.connect(
            data_dir / "ledger.sqlite3", isolation_level=None, check_same_thread=False
        )
        weakref.finalize(self, lambda ledger: ledger.close(), self.db)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.executescript(TABLES)
        self.db.execute("INSERT INTO tenant VALUES (1, 'main', ?, 0)", (origin,))

    @property
    def size(self) -> int:
        return self.frontier.size

    def start(self, day: int = DAY) -> SampleLedger:
        """Writes the genesis and the first policy."""
        vkeys = tuple(encode_vkey(key.vkey) for key in self.keys)
        self.add_entry(genesis_leaf(Genesis(1, self.origin, vkeys), day), day)
        self.add_policy(first_policy(day), day)
        return self

    def add_policy(self, policy: Policy, day: int) -> None:
        self.add_entry(policy_leaf(policy, day), day, is_policy=True)

    def add_entry(self, leaf: bytes, day: int, *, is_policy: bool = False) -> None:
        self.db.execute("BEGIN")
        self.db.execute("INSERT INTO entry VALUES (1, ?, ?)", (self.size, leaf))
        if is_policy:
            self.policy_index = self.size
        self._grow([leaf_hash(leaf)], day)
        self.db.execute("COMMIT")

    def add_run(self, events: Sequence[PartedEvent], day: int = DAY) -> None:
        run = seal_run(events, day, self.random)
        self.db.execute("BEGIN")
        layout = b"".join(
            struct.pack(">BH", parts, category)
            for parts, category in zip(run.parts, run.category_ids, strict=True)
        )
        self.db.execute(
            "INSERT INTO run VALUES (1, ?, ?, ?, ?)",
            (self.size, len(events), day, self._compress(layout)),
        )
        self.db.executemany(
            "INSERT INTO piece VALUES (1, ?, ?, ?, ?, NULL, ?)",
            [
                (
                    self.size,
                    piece.category_id,
                    piece.part,
                    piece.seed,
                    self._compress(
                        b"".join(struct.pack(">I", len(item)) + item for item in piece.items)
                    ),
                )
                for piece in run.pieces
            ],
        )
        self._grow(run.leaf_hashes, day)
        self.db.execute("COMMIT")

    def add_runs(self, count: int, run_size: int = 256, day: int = DAY) -> None:
        """`count` sample events in runs."""
        for start in range(0, count, run_size):
            self.add_run(sample_events(self.size, min(run_size, count - start)), day)

    def sign(self, time_us: int = 1_700_000_000_000_000) -> bytes:
        """Signs a checkpoint of the present size, and moves the guard."""
        root = self.frontier.root()
        checkpoint = Checkpoint(self.origin, self.size, root)
        note = sign_checkpoint(checkpoint, self.keys, time_us // 1_000_000)
        self.write_guard(self.size, root)
        self.db.execute(
            "INSERT INTO checkpoint VALUES (1, ?, ?, ?)", (self.size, note.decode(), time_us)
        )
        return note

    def write_guard(self, size: int, root: bytes) -> None:
        guard = json.dumps({"size": size, "root": root.hex()})
        (self.data_dir / "guard" / "1.json").write_text(guard)

    def close(self) -> Path:
        """Folds the write-ahead log into the file, and closes."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()
        return self.data_dir

    def _grow(self, hashes: Sequence[bytes], day: int) -> None:
        tiles = extend_tiles(self.size, hashes, self._tile)
        self.db.executemany(
            "INSERT OR REPLACE INTO tile VALUES (1, ?, ?, ?)",
            [(level, n, data) for (level, n), data in tiles.items()],
        )
        self.frontier.append(hashes)
        self.last_day = max(self.last_day, day)
        self.db.execute(
            "INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?)",
            (self.size, self.last_day, self.frontier.to_bytes(), self.policy_index),
        )

    def _tile(self, level: int, n: int) -> bytes:
        row = self.db.execute(
            "SELECT hashes FROM tile WHERE tenant = 1 AND level = ? AND n = ?", (level, n)
        ).fetchone()
        return bytes(row[0])
