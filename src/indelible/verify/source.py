"""
Reads a SQLite ledger for checking: read-only, in slices, and past damaged pages.

Never writes, and never holds a read transaction for longer than one slice, so it may run beside
the service. The tables are those of spec/ledger.md; nothing of the service's code is used.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol

import msgspec

from indelible.errors import Error

LEDGER_FILE = "ledger.sqlite3"
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}


class CannotCheck(Error):
    """The source cannot be read at all: nothing is said about its entries."""

    code = "cannot-check"


class Tenant(msgspec.Struct, frozen=True):
    """A row of `tenant`."""

    id: int
    name: str
    origin: str


class Head(msgspec.Struct, frozen=True):
    """A row of `head`: where the service says the log ends."""

    size: int
    last_day: int
    frontier: bytes
    policy_index: int


class RunRow(msgspec.Struct, frozen=True):
    """A row of `run`."""

    first: int
    count: int
    day: int
    layout: bytes


class PieceRow(msgspec.Struct, frozen=True):
    """A row of `piece`."""

    first: int
    category: int
    part: int
    seed: bytes | None
    salts: bytes | None
    data: bytes


class CheckpointRow(msgspec.Struct, frozen=True):
    """A row of `checkpoint`."""

    size: int
    note: str
    # None when it does not come out of a ledger.
    time_us: int | None


class Damage(msgspec.Struct, frozen=True):
    """A row that cannot be read because a page of the file is damaged."""

    table: str
    key: int


class Slice(msgspec.Struct, frozen=True):
    """Everything that starts in a range of indices, as far as it can be read."""

    runs: list[RunRow]
    pieces: dict[int, list[PieceRow]]
    entries: dict[int, bytes]
    tiles: dict[int, bytes]
    checkpoints: list[CheckpointRow]
    damage: list[Damage]


class Source(Protocol):
    """Where a check reads from. Not safe for concurrent use."""

    def slice(self, tenant: int, start: int, stop: int, tile_width: int) -> Slice:
        """What starts at [start, stop), checkpoints of sizes (start, stop], level-0 tiles."""
        ...

    def tile(self, tenant: int, level: int, n: int) -> bytes | None:
        """A tile; None when it is missing or cannot be read."""
        ...


class LedgerSource:
    """One read-only connection. Not safe for concurrent use."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / LEDGER_FILE
        self._wal = data_dir / (LEDGER_FILE + "-wal")
        self._connection: sqlite3.Connection
        self._immutable = False
        self._open()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def tenants(self) -> list[Tenant]:
        """All tenants. Raises CannotCheck when even they cannot be read."""
        rows = self._one_read("SELECT id, name, origin FROM tenant ORDER BY id", ())
        try:
            return [Tenant(*_typed(row, (int, str, str))) for row in rows]
        except TypeError as error:
            raise CannotCheck(f"the table of tenants is damaged: {error}") from error

    def head(self, tenant: int) -> Head | None:
        """The head of a tenant; None when it is missing or damaged."""
        try:
            rows = self._one_read(
                "SELECT size, last_day, frontier, policy_index FROM head WHERE tenant = ?",
                (tenant,),
            )
            return Head(*_typed(rows[0], (int, int, bytes, int))) if rows else None
        except (CannotCheck, TypeError):
            return None

    def end(self, tenant: int) -> int:
        """The index after the last stored run or entry, whatever the head says."""
        last = 0
        for sql in (
            "SELECT first + count FROM run WHERE tenant = ? ORDER BY first DESC LIMIT 1",
            "SELECT idx + 1 FROM entry WHERE tenant = ? ORDER BY idx DESC LIMIT 1",
        ):
            try:
                rows = self._one_read(sql, (tenant,))
            except CannotCheck:
                continue
            if rows and isinstance(rows[0][0], int):
                last = max(last, rows[0][0])
        return last

    def strange_checkpoints(self, tenant: int, size: int) -> list[int]:
        """Sizes of checkpoints that a log of `size` cannot have, at most ten."""
        try:
            rows = self._one_read(
                "SELECT size FROM checkpoint WHERE tenant = ? AND (size > ? OR size < 1)"
                " ORDER BY size LIMIT 10",
                (tenant, size),
            )
        except CannotCheck:
            return []
        return [row[0] for row in rows]

    def tile(self, tenant: int, level: int, n: int) -> bytes | None:
        """A stored tile; None when it is missing or damaged."""
        try:
            rows = self._one_read(
                "SELECT hashes FROM tile WHERE tenant = ? AND level = ? AND n = ?",
                (tenant, level, n),
            )
        except CannotCheck:
            return None
        return rows[0][0] if rows and isinstance(rows[0][0], bytes) else None

    def declarations(self, tenant: int) -> list[tuple[int, bytes]]:
        """Policies, erasures, expiries and holds as (index, leaf), as far as they can be read."""
        return self._rows_of(
            "SELECT idx, leaf FROM entry WHERE tenant = ?"
            " AND substr(leaf, 5, 1) IN (x'02', x'03', x'04', x'05') ORDER BY idx",
            (tenant,),
            (int, bytes),
        )

    def records(self, tenant: int) -> dict[int, tuple[bytes, bytes]]:
        """What erasures and holds commit to; folders of earlier versions have no such table."""
        rows = self._rows_of(
            "SELECT idx, salt, data FROM record WHERE tenant = ?", (tenant,), (int, bytes, bytes)
        )
        return {index: (salt, data) for index, salt, data in rows}

    def _rows_of(
        self, sql: str, parameters: tuple[int, ...], types: tuple[Any, ...]
    ) -> list[tuple[Any, ...]]:
        try:
            return [_typed(row, types) for row in self._one_read(sql, parameters)]
        except (CannotCheck, TypeError):
            return []

    def strays(self, tenant: int, size: int) -> list[str]:
        """Rows beyond the end of the log that nothing calls for; a few words on each."""
        found = []
        for table, key in (("run", "first"), ("entry", "idx"), ("piece", "first")):
            try:
                rows = self._one_read(
                    f"SELECT {key} FROM {table} WHERE tenant = ? AND ({key} >= ? OR {key} < 0)"
                    f" ORDER BY {key} LIMIT 3",
                    (tenant, size),
                )
            except CannotCheck:
                continue
            found += [f"a {table} at {row[0]}" for row in rows]
        return found

    def slice(self, tenant: int, start: int, stop: int, tile_width: int) -> Slice:
        """What starts at indices [start, stop), checkpoints of sizes (start, stop], L0 tiles."""
        while True:
            data = self._slice(tenant, start, stop, tile_width)
            if not (self._immutable and self._wal.exists()):
                return data
            # The service has started meanwhile and may have changed pages under us: read again,
            # now through the write-ahead log.
            self._connection.close()
            self._open()

    def _slice(self, tenant: int, start: int, stop: int, tile_width: int) -> Slice:
        damage: list[Damage] = []
        self._connection.execute("BEGIN")
        try:
            runs = self._range(
                "run", "first", "first, count, day, layout", tenant, start, stop, damage
            )
            pieces = self._range(
                "piece",
                "first",
                "first, category, part, seed, salts, data",
                tenant,
                start,
                stop,
                damage,
            )
            entries = self._range("entry", "idx", "idx, leaf", tenant, start, stop, damage)
            tiles = self._range(
                "tile",
                "n",
                "n, hashes",
                tenant,
                start // tile_width,
                -(-stop // tile_width),
                damage,
                extra="level = 0 AND",
            )
            checkpoints = self._range(
                "checkpoint", "size", "size, note, time_us", tenant, start + 1, stop + 1, damage
            )
        finally:
            self._connection.execute("ROLLBACK")
        rows = _Rows(damage)
        by_run: dict[int, list[PieceRow]] = {}
        optional = (bytes, type(None))
        for row in rows.typed("piece", pieces, (int, int, int, optional, optional, bytes)):
            by_run.setdefault(row[0], []).append(PieceRow(*row))
        return Slice(
            [RunRow(*row) for row in rows.typed("run", runs, (int, int, int, bytes))],
            by_run,
            dict(rows.typed("entry", entries, (int, bytes))),
            dict(rows.typed("tile", tiles, (int, bytes))),
            [CheckpointRow(*r) for r in rows.typed("checkpoint", checkpoints, (int, str, int))],
            damage,
        )

    def _range(
        self,
        table: str,
        key: str,
        columns: str,
        tenant: int,
        start: int,
        stop: int,
        damage: list[Damage],
        extra: str = "",
    ) -> list[tuple[Any, ...]]:
        """Rows with start <= key < stop. Halves the range around pages that cannot be read."""
        if start >= stop:
            return []
        sql = (
            f"SELECT {columns} FROM {table} WHERE {extra} tenant = ? AND {key} >= ? AND {key} < ?"
            f" ORDER BY {key}"
        )
        try:
            return self._connection.execute(sql, (tenant, start, stop)).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            _reraise_unless_damage(error)
        if stop - start == 1:
            damage.append(Damage(table, start))
            return []
        middle = (start + stop) // 2
        rest = (tenant, middle, stop, damage, extra)
        return self._range(table, key, columns, tenant, start, middle, damage, extra) + self._range(
            table, key, columns, *rest
        )

    def _one_read(self, sql: str, parameters: tuple[int, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise CannotCheck(f"cannot read {self._path.name}: {error}") from error

    def _open(self) -> None:
        """
        Opens the file; without a write-ahead log beside it as immutable, which leaves no trace.

        A read-only folder works in that way too. With a write-ahead log SQLite needs its index
        beside it: where that cannot be made, the folder must be copied first.
        """
        if not self._path.is_file():
            raise CannotCheck(
                f"there is no {LEDGER_FILE} in {self._path.parent}", hint="name a data folder"
            )
        self._immutable = not self._wal.exists()
        mode = "ro&immutable=1" if self._immutable else "ro"
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=5.0,
            )
            connection.execute("PRAGMA query_only=ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            hint = None
            if not self._immutable:
                hint = "copy the data folder to a place where you may write, and check the copy"
            raise CannotCheck(f"cannot open {self._path}: {error}", hint=hint) from error
        self._connection = connection


class _Rows:
    """Keeps rows of the right types; a damaged page may hold anything in spite of STRICT."""

    def __init__(self, damage: list[Damage]) -> None:
        self._damage = damage

    def typed(
        self, table: str, rows: list[tuple[Any, ...]], types: tuple[Any, ...]
    ) -> list[tuple[Any, ...]]:
        good = []
        for row in rows:
            try:
                good.append(_typed(row, types))
            except TypeError:
                self._damage.append(Damage(table, row[0] if isinstance(row[0], int) else -1))
        return good


def _typed(row: tuple[Any, ...], types: tuple[Any, ...]) -> tuple[Any, ...]:
    if not all(map(isinstance, row, types)):
        raise TypeError("a column has another type than its table says")
    return row


def _reraise_unless_damage(error: Exception) -> None:
    if isinstance(error, UnicodeDecodeError):
        return
    code = getattr(error, "sqlite_errorcode", None)
    # Text that is not UTF-8 comes as an OperationalError without a code of its own.
    damaged = code is None or code & 0xFF in _DAMAGE or "decode" in str(error).lower()
    if not damaged:
        raise CannotCheck(f"cannot read {LEDGER_FILE}: {error}") from error
