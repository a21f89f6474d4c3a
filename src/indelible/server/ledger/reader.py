"""
Reads entries of the ledger, from any process, while another one writes.

Every call is one short read transaction of its own, so a reader never holds the write-ahead log
back. Used by the follower of the index, by details, proofs and tiles.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from indelible.errors import MissingEntry, NotFound, StorageError
from indelible.seal import (
    CONTENT,
    EVENT,
    FACT,
    MAX_RUN,
    PERSON,
    commitment,
    event_leaf,
    parse_header,
)
from indelible.server.ledger.declared import Declared
from indelible.server.ledger.pieces import SALT, PieceReader, written_salts
from indelible.server.ledger.schema import open_ledger
from indelible.tlog.merkle import leaf_hash
from indelible.tlog.tile import WIDTH


class Tenant(msgspec.Struct, frozen=True):
    """A customer boundary and its log."""

    id: int
    name: str
    origin: str


class Checkpoint(msgspec.Struct, frozen=True):
    """A signed checkpoint as stored: the note's text and when it was signed."""

    size: int
    note: str
    time_us: int


class Entry(msgspec.Struct, frozen=True, gc=False):
    """
    One entry. Of an event the parts' bytes are here, None where the event has no such part or the
    part was removed (`parts` tells which were sealed). Of other types `leaf` holds all there is.
    """

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


class SealedEntry(msgspec.Struct, frozen=True):
    """An entry with its leaf bytes and, of an event, the salt of each part that is there."""

    entry: Entry
    leaf: bytes
    salts: dict[int, bytes]


class LedgerReader:
    """Read access to one ledger file. Safe to call from several threads at once."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()  # guards the connection and the decompressor
        self._connection = open_ledger(Path(path), read_only=True)
        self._pieces = PieceReader()
        self._declared: dict[int, Declared] = {}

    def close(self) -> None:
        """Closes the connection; later calls fail."""
        with self._lock:
            self._connection.close()

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        with self._transaction() as run:
            rows = run.execute("SELECT id, name, origin FROM tenant ORDER BY id").fetchall()
        return [Tenant(*row) for row in rows]

    def deleted_tenants(self) -> list[Tenant]:
        """Tenants that were deleted, by id; what named them is never used again."""
        with self._transaction() as run:
            if not run.execute(
                "SELECT 1 FROM sqlite_schema WHERE name = 'deleted_tenant'"
            ).fetchone():
                return []  # not opened to be written since an earlier version
            rows = run.execute("SELECT id, name, origin FROM deleted_tenant ORDER BY id").fetchall()
        return [Tenant(*row) for row in rows]

    def extent(self, tenant_id: int) -> tuple[int, int | None, int | None]:
        """How many events were ever stored, and the days of receipt of the first and the last."""
        with self._transaction() as run:
            events, first_day, last_day = run.execute(
                "SELECT coalesce(sum(count), 0), min(day), max(day) FROM run WHERE tenant = ?",
                (tenant_id,),
            ).fetchone()
        return int(events), first_day, last_day

    def size(self, tenant_id: int) -> int:
        """Number of entries that are durable now."""
        with self._transaction() as run:
            return self._size(run, tenant_id)

    def read(self, tenant_id: int, start: int, stop: int) -> list[Entry]:
        """
        Entries [start, stop) in order, at most up to the present size.

        Raises StorageError when stored bytes are damaged or an entry is not there.
        """
        with self._transaction() as run:
            return self._read(run, tenant_id, start, min(stop, self._size(run, tenant_id)))

    def entry(self, tenant_id: int, index: int) -> Entry:
        """One entry. Raises NotFound beyond the present size."""
        found = self.read(tenant_id, index, index + 1) if index >= 0 else []
        if not found:
            raise NotFound(f"there is no entry {index}")
        return found[0]

    def removals(self, tenant_id: int) -> Declared:
        """What is declared removed up to the present size; for one thread, and not to be kept."""
        declared = self._declared.setdefault(tenant_id, Declared())
        return self.learn(declared, tenant_id)

    def learn(self, declared: Declared, tenant_id: int) -> Declared:
        """Brings what the caller knows of removals up to the present size, and returns it."""
        with self._transaction() as run:
            declared.catch_up(run, tenant_id)
        return declared

    def sealed(self, tenant_id: int, start: int, stop: int) -> list[SealedEntry]:
        """
        Entries [start, stop) with their leaf bytes: what a proof or an entry bundle needs.

        Raises StorageError as `read`, or when a leaf does not fit its hash in the tree.
        """
        with self._transaction() as run:
            entries = self._read(run, tenant_id, start, min(stop, self._size(run, tenant_id)))
            salts = self._salts(run, tenant_id, start, stop)
            written = dict(
                run.execute(
                    "SELECT idx, leaf FROM entry WHERE tenant = ? AND idx >= ? AND idx < ?",
                    (tenant_id, start, stop),
                ).fetchall()
            )
        found: list[SealedEntry] = []
        for entry in entries:
            own = salts.get(entry.index, {})
            leaf = written.get(entry.index)
            if leaf is None:
                leaf = _event_leaf(entry, own)
            if leaf_hash(leaf) != entry.leaf_hash:
                raise StorageError(
                    f"entry {entry.index} does not fit its place in the tree",
                    hint="run `indelible verify` on the data folder",
                )
            found.append(SealedEntry(entry, leaf, own))
        return found

    def tile(self, tenant_id: int, level: int, n: int) -> bytes:
        """The hashes of a tile as far as it is filled. Raises MissingEntry when it is empty."""
        with self._transaction() as run:
            return self._tile(run, tenant_id, level, n)

    def latest_checkpoint(self, tenant_id: int) -> Checkpoint | None:
        """The newest signed checkpoint, None before the first."""
        with self._transaction() as run:
            row = run.execute(
                "SELECT size, note, time_us FROM checkpoint WHERE tenant = ? "
                "ORDER BY size DESC LIMIT 1",
                (tenant_id,),
            ).fetchone()
        return None if row is None else Checkpoint(*row)

    def checkpoint_over(self, tenant_id: int, size: int) -> Checkpoint | None:
        """The smallest stored checkpoint of at least this size, None before there is one."""
        with self._transaction() as run:
            row = run.execute(
                "SELECT size, note, time_us FROM checkpoint WHERE tenant = ? AND size >= ? "
                "ORDER BY size LIMIT 1",
                (tenant_id, size),
            ).fetchone()
        return None if row is None else Checkpoint(*row)

    def declarations(self, tenant_id: int, stop: int) -> list[int]:
        """Indices below `stop` of all entries that are no events, in order."""
        with self._transaction() as run:
            rows = run.execute(
                "SELECT idx FROM entry WHERE tenant = ? AND idx < ? AND substr(leaf, 5, 1) <> ? "
                "ORDER BY idx",
                (tenant_id, stop, bytes([EVENT])),
            ).fetchall()
        return [index for (index,) in rows]

    def records(self, tenant_id: int, stop: int) -> dict[int, tuple[bytes, bytes]]:
        """By index: salt and bytes of the records that erasures and holds commit to."""
        with self._transaction() as run:
            rows = run.execute(
                "SELECT idx, salt, data FROM record WHERE tenant = ? AND idx < ?",
                (tenant_id, stop),
            ).fetchall()
        return {index: (salt, data) for index, salt, data in rows}

    # -- within a transaction

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN")
                try:
                    yield self._connection
                finally:
                    self._connection.execute("COMMIT")
            except sqlite3.Error as cause:
                raise StorageError(f"cannot read the ledger: {cause}") from cause

    @staticmethod
    def _size(run: sqlite3.Connection, tenant_id: int) -> int:
        row = run.execute("SELECT size FROM head WHERE tenant = ?", (tenant_id,)).fetchone()
        return int(row[0]) if row else 0

    @staticmethod
    def _tile(run: sqlite3.Connection, tenant_id: int, level: int, n: int) -> bytes:
        row = run.execute(
            "SELECT hashes FROM tile WHERE tenant = ? AND level = ? AND n = ?",
            (tenant_id, level, n),
        ).fetchone()
        if row is None:
            raise MissingEntry(f"there is no tile {level}/{n}")
        return bytes(row[0])

    def _leaf_hashes(
        self, run: sqlite3.Connection, tenant_id: int, start: int, stop: int
    ) -> list[bytes]:
        hashes: list[bytes] = []
        for n in range(start // WIDTH, (stop - 1) // WIDTH + 1):
            data = self._tile(run, tenant_id, 0, n)
            low = max(start - n * WIDTH, 0)
            high = min(stop - n * WIDTH, WIDTH)
            hashes.extend(data[32 * k : 32 * k + 32] for k in range(low, high))
        return hashes

    def _read(self, run: sqlite3.Connection, tenant_id: int, start: int, stop: int) -> list[Entry]:
        if start >= stop:
            return []
        hashes = self._leaf_hashes(run, tenant_id, start, stop)
        found: dict[int, Entry] = {}
        # A run has at most MAX_RUN events, so one that reaches into the range starts after this.
        low = start - MAX_RUN + 1
        pieces: dict[int, dict[tuple[int, int], bytes]] = {}
        for first, category, part, data in run.execute(
            "SELECT first, category, part, data FROM piece "
            "WHERE tenant = ? AND first >= ? AND first < ?",
            (tenant_id, low, stop),
        ):
            pieces.setdefault(first, {})[category, part] = data
        for first, count, day, layout in run.execute(
            "SELECT first, count, day, layout FROM run "
            "WHERE tenant = ? AND first >= ? AND first < ?",
            (tenant_id, low, stop),
        ):
            if first + count > start:
                self._read_run(
                    first, day, layout, pieces.get(first, {}), start, stop, hashes, found
                )
        for index, leaf in run.execute(
            "SELECT idx, leaf FROM entry WHERE tenant = ? AND idx >= ? AND idx < ?",
            (tenant_id, start, stop),
        ):
            if index in found:
                continue
            head = parse_header(leaf)
            found[index] = Entry(
                index, head.type, head.parts, head.category_id, head.day, None, None, None,
                hashes[index - start], leaf,
            )  # fmt: skip
        if len(found) != stop - start:
            missing = next(index for index in range(start, stop) if index not in found)
            raise StorageError(
                f"entry {missing} is missing", hint="run `indelible verify` on the data folder"
            )
        return [found[index] for index in range(start, stop)]

    @staticmethod
    def _salts(
        run: sqlite3.Connection, tenant_id: int, start: int, stop: int
    ) -> dict[int, dict[int, bytes]]:
        """Index → part → salt, for the parts of the range that are there."""
        low = start - MAX_RUN + 1
        stored: dict[int, dict[tuple[int, int], tuple[bytes | None, bytes | None]]] = {}
        for first, category, part, seed, salts in run.execute(
            "SELECT first, category, part, seed, salts FROM piece "
            "WHERE tenant = ? AND first >= ? AND first < ?",
            (tenant_id, low, stop),
        ):
            stored.setdefault(first, {})[category, part] = (seed, salts)
        pieces = PieceReader()
        found: dict[int, dict[int, bytes]] = {}
        for first, layout in run.execute(
            "SELECT first, layout FROM run WHERE tenant = ? AND first >= ? AND first < ?",
            (tenant_id, low, stop),
        ):
            rows = pieces.layout(layout)
            for position in range(max(0, start - first), min(len(rows), stop - first)):
                found[first + position] = {}
            for (category, part), (seed, salts) in stored.get(first, {}).items():
                members = [
                    k for k, (parts, own) in enumerate(rows) if own == category and parts & part
                ]
                own_salts = written_salts(seed, salts, members)
                for place, k in enumerate(members):
                    salt = own_salts[SALT * place : SALT * place + SALT]
                    # All zero bytes stand for the salt of a part that was removed.
                    if start <= first + k < stop and salt != _NO_SALT:
                        found[first + k][part] = salt
        return found

    def _read_run(
        self,
        first: int,
        day: int,
        layout: bytes,
        packed: dict[tuple[int, int], bytes],
        start: int,
        stop: int,
        hashes: list[bytes],
        found: dict[int, Entry],
    ) -> None:
        rows = self._pieces.layout(layout)
        shown = set(rows[max(0, start - first) : stop - first])
        wanted = {
            (category, part)
            for parts, category in shown
            for part in (FACT, PERSON, CONTENT)
            if parts & part
        }
        # By category: what its next event has of each part.
        next_of = {
            category: tuple(
                iter(self._pieces.items(packed[category, part]))
                if (category, part) in wanted and (category, part) in packed
                else _NOTHING
                for part in (FACT, PERSON, CONTENT)
            )
            for category in {category for _, category in rows}
        }
        for index, (parts, category) in enumerate(rows, first):
            facts, persons, contents = next_of[category]
            # An item without bytes is a part that was removed.
            fact = next(facts, None) or None
            person = (next(persons, None) or None) if parts & PERSON else None
            content = (next(contents, None) or None) if parts & CONTENT else None
            if start <= index < stop:
                found[index] = Entry(
                    index, EVENT, parts, category, day, fact, person, content, hashes[index - start]
                )


_NOTHING: Iterator[bytes] = iter(())
_NO_SALT = bytes(SALT)


def _event_leaf(entry: Entry, salts: dict[int, bytes]) -> bytes:
    """The leaf of an event all of whose parts are there."""
    commitments: list[bytes] = []
    for part, data in ((FACT, entry.fact), (PERSON, entry.person), (CONTENT, entry.content)):
        if not entry.parts & part:
            continue
        if data is None or part not in salts:
            raise StorageError(f"part {part} of entry {entry.index} is missing")
        commitments.append(commitment(part, salts[part], data))
    return event_leaf(entry.parts, entry.category_id, entry.day, commitments)
