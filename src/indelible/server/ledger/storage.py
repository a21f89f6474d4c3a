"""
Writes the SQLite ledger: one transaction per group commit (spec/ledger.md, Storage).

Owned by the writer thread. Every method is called between `begin` and `commit` or `rollback`, and
nothing in memory counts as stored before `commit` has returned.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from indelible.errors import FatalError, StorageError
from indelible.seal import SealedRun
from indelible.server.ledger.durable import sync_folder
from indelible.server.ledger.leaving import check_unused
from indelible.server.ledger.pieces import PieceWriter
from indelible.server.ledger.reader import Tenant
from indelible.server.ledger.schema import ADDED_LATER, TABLES, open_ledger

# Checkpoints kept: the newest ones, and of older ones the first of each hour.
_KEEP_NEWEST = 60
_HOUR_US = 3600 * 1_000_000


def not_stored(cause: sqlite3.Error) -> StorageError:
    """The error for a transaction that had no effect."""
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return StorageError(
            "the disk is full: nothing was stored",
            hint="free space in the data folder; the service goes on by itself",
            code="disk-full",
        )
    return StorageError(f"cannot store: {cause}", hint="check the disk")


class Head(msgspec.Struct, frozen=True):
    """Where a tenant's log ends."""

    size: int
    last_day: int
    frontier: bytes
    policy_index: int


class SqliteStorage:
    """The writing connection. Not safe for concurrent use."""

    def __init__(self, path: Path) -> None:
        self._connection = open_ledger(path, read_only=False)
        try:
            # Opens the write-ahead log, and makes its name durable before anything is in it:
            # SQLite does that at the first commit only, and passes over a failure in silence.
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            sync_folder(path.parent)
        except sqlite3.Error as cause:
            self._connection.close()
            raise StorageError(f"cannot read {path}: {cause}") from cause
        except BaseException:
            self._connection.close()
            raise
        self._pieces = PieceWriter()

    @property
    def connection(self) -> sqlite3.Connection:
        """For readers in the writer thread that must see the open transaction."""
        return self._connection

    def create_tables(self) -> None:
        """Makes the tables of an empty file, all or none."""
        self._connection.executescript(f"BEGIN IMMEDIATE; {TABLES} {ADDED_LATER} COMMIT;")

    def add_tables(self) -> None:
        """Makes what folders of earlier versions do not have, all or none."""
        try:
            self._connection.executescript(f"BEGIN IMMEDIATE; {ADDED_LATER} COMMIT;")
        except sqlite3.Error as cause:
            self.rollback()
            raise not_stored(cause) from cause

    def close(self) -> None:
        """Folds the write-ahead log into the file, as far as readers let it, and closes."""
        with suppress(sqlite3.Error, FatalError):  # it is replayed on the next opening instead
            self.rollback()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def begin(self) -> None:
        """Takes the write lock. Raises StorageError when another process holds it."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as cause:
            raise StorageError(f"cannot begin to write the ledger: {cause}") from cause

    def commit(self) -> None:
        """
        Makes the transaction durable.

        Raises:
            StorageError: nothing of it was stored (the disk is full).
            FatalError: whether it is on disk is unknown; the process must stop. A failed fsync is
                never tried again: the kernel may have dropped the pages (fsyncgate).
        """
        try:
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as cause:
            if cause.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY):
                self.rollback()
                raise not_stored(cause) from cause
            raise FatalError(f"the ledger's commit failed: {cause}") from cause
        except sqlite3.Error as cause:
            raise FatalError(f"the ledger's commit failed: {cause}") from cause

    def rollback(self) -> None:
        """Drops the open transaction, if there is one. Raises FatalError when even that fails."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as cause:
            raise FatalError(f"the ledger cannot drop a transaction: {cause}") from cause

    # -- reading for the writer

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        rows = self._connection.execute("SELECT id, name, origin FROM tenant ORDER BY id")
        return [Tenant(*row) for row in rows.fetchall()]

    def head(self, tenant_id: int) -> Head:
        """The tenant's head as the transaction sees it."""
        row = self._connection.execute(
            "SELECT size, last_day, frontier, policy_index FROM head WHERE tenant = ?",
            (tenant_id,),
        ).fetchone()
        if row is None:
            raise StorageError(f"tenant {tenant_id} has no head")
        return Head(*row)

    def tile(self, tenant_id: int, level: int, n: int) -> bytes:
        """The hashes of a tile so far, empty when there is none."""
        row = self._connection.execute(
            "SELECT hashes FROM tile WHERE tenant = ? AND level = ? AND n = ?",
            (tenant_id, level, n),
        ).fetchone()
        return b"" if row is None else bytes(row[0])

    def checkpoint_size(self, tenant_id: int) -> int:
        """The size of the newest checkpoint, 0 before the first."""
        row = self._connection.execute(
            "SELECT max(size) FROM checkpoint WHERE tenant = ?", (tenant_id,)
        ).fetchone()
        return int(row[0] or 0)

    def policy_leaves(self, tenant_id: int) -> list[tuple[int, bytes]]:
        """All policy entries in order."""
        rows = self._connection.execute(
            "SELECT idx, leaf FROM entry INDEXED BY declaration WHERE tenant = ?"
            " AND substr(leaf, 5, 1) IN (x'02', x'03', x'04', x'05')"
            " AND substr(leaf, 5, 1) = x'04' ORDER BY idx",
            (tenant_id,),
        )
        return [(int(index), bytes(leaf)) for index, leaf in rows]

    def record(self, tenant_id: int, index: int) -> bytes | None:
        """What lies beside an entry."""
        row = self._connection.execute(
            "SELECT data FROM record WHERE tenant = ? AND idx = ?", (tenant_id, index)
        ).fetchone()
        return None if row is None else bytes(row[0])

    # -- writing

    def next_tenant_id(self) -> int:
        """An id that no tenant has or had."""
        row = self._connection.execute(
            "SELECT max(id) FROM (SELECT id FROM tenant UNION ALL SELECT id FROM deleted_tenant)"
        ).fetchone()
        return int(row[0] or 0) + 1

    def add_tenant(self, tenant: Tenant, created_us: int) -> None:
        """Adds a tenant. Raises Conflict when a deleted one had its name or origin."""
        check_unused(self._connection, tenant.name, tenant.origin)
        self._connection.execute(
            "INSERT INTO tenant(id, name, origin, created_us) VALUES (?, ?, ?, ?)",
            (tenant.id, tenant.name, tenant.origin, created_us),
        )

    def put_head(self, tenant_id: int, head: Head) -> None:
        """Writes where the log ends now."""
        self._connection.execute(
            "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?, ?)",
            (tenant_id, head.size, head.last_day, head.frontier, head.policy_index),
        )

    def put_run(self, tenant_id: int, first: int, run: SealedRun) -> None:
        """Writes a run and its pieces."""
        self._connection.execute(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?)",
            (tenant_id, first, len(run.parts), run.day, self._pieces.layout(run)),
        )
        self._connection.executemany(
            "INSERT INTO piece VALUES (?, ?, ?, ?, ?, NULL, ?)",
            [
                (
                    tenant_id,
                    first,
                    piece.category_id,
                    piece.part,
                    piece.seed,
                    self._pieces.items(piece.items),
                )
                for piece in sorted(run.pieces, key=lambda p: (p.category_id, p.part))
            ],
        )

    def put_entry(self, tenant_id: int, index: int, leaf: bytes) -> None:
        """Writes the leaf of an entry that is not an event."""
        self._connection.execute("INSERT INTO entry VALUES (?, ?, ?)", (tenant_id, index, leaf))

    def put_record(self, tenant_id: int, index: int, salt: bytes, data: bytes) -> None:
        """Writes what the entry at this index commits to."""
        self._connection.execute(
            "INSERT INTO record VALUES (?, ?, ?, ?)", (tenant_id, index, salt, data)
        )

    def put_tiles(self, tenant_id: int, tiles: Iterable[tuple[int, int, bytes]]) -> None:
        """Writes the new contents of tiles (level, n, hashes)."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO tile VALUES (?, ?, ?, ?)",
            [(tenant_id, level, n, hashes) for level, n, hashes in tiles],
        )

    def put_checkpoint(self, tenant_id: int, size: int, note: str, time_us: int) -> None:
        """Writes a signed checkpoint and drops old ones that no hour needs."""
        self._connection.execute(
            "INSERT OR IGNORE INTO checkpoint VALUES (?, ?, ?, ?)", (tenant_id, size, note, time_us)
        )
        self._connection.execute(
            """DELETE FROM checkpoint WHERE tenant = :tenant AND size IN (
                 SELECT size FROM checkpoint WHERE tenant = :tenant AND time_us >= :from_us
                 ORDER BY size DESC LIMIT -1 OFFSET :newest
               ) AND size NOT IN (
                 SELECT min(size) FROM checkpoint WHERE tenant = :tenant AND time_us >= :from_us
                 GROUP BY time_us / :hour
               )""",
            {
                "tenant": tenant_id,
                "from_us": time_us - 2 * _HOUR_US,
                "newest": _KEEP_NEWEST,
                "hour": _HOUR_US,
            },
        )

    def put_seen(
        self,
        tenant_id: int,
        first: int,
        kind: int,
        at_us: int,
        keys: bytes,
        places: bytes | None,
    ) -> None:
        """Writes which ids this commit stored."""
        self._connection.execute(
            "INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?)",
            (tenant_id, first, kind, at_us, keys, places),
        )

    def put_aliases(self, aliases: dict[tuple[int, str], str]) -> None:
        """Writes new aliases."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO alias VALUES (?, ?, ?)",
            [(tenant_id, subject, alias) for (tenant_id, subject), alias in aliases.items()],
        )
