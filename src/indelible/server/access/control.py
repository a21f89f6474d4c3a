"""
The control database: people, sessions, keys, tenant settings. One SQLite file beside the ledger.

Several processes may use it at once (`indelible keys create` works while the service runs). A
write is durable when `write` returns. The tables are made and changed by `migrations/`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from indelible.errors import SettingsError, StorageError
from indelible.server.access.migrations.upgrade import SCHEMA_VERSION, upgrade

Row = tuple[Any, ...]


class ControlDatabase:
    """
    One reading and one writing connection.

    The reader serves the event loop and never waits for a write; the writer is guarded by a lock
    that is held for one transaction.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with ExitStack() as opened:  # what cannot be opened whole leaves nothing open
                self._writer = opened.enter_context(closing(self._connect()))
                self._migrate()
                self._reader = opened.enter_context(closing(self._connect()))
                self._reader.execute("PRAGMA query_only=ON")
                opened.pop_all()
        except sqlite3.Error as error:
            raise SettingsError(f"cannot open {path}: {error}") from error
        path.chmod(0o600)
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()

    def _connect(self, busy_s: float = 10.0) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=busy_s
        )
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise SettingsError(
                f"{self._path} was made by a later version of Indelible (schema {version})",
                hint="use that version",
            )
        if version < SCHEMA_VERSION:
            # A table that is made again must not take along what points to it; the setting has no
            # effect inside of the upgrade's transaction.
            self._writer.execute("PRAGMA foreign_keys=OFF")
            upgrade(self._writer)
            self._writer.execute("PRAGMA foreign_keys=ON")

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""
        with self._read_lock:
            return self._reader.execute(sql, values).fetchall()

    def version(self) -> int:
        """A number that changes with every commit, of this process or another."""
        with self._read_lock:
            (number,) = self._reader.execute("PRAGMA data_version").fetchone()
        return int(number)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """
        One transaction, durable when the block is left.

        Raises StorageError when SQLite cannot: then nothing of the block is there.
        """
        with self._write_lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise StorageError(f"cannot write {self._path.name}: {error}") from error
            except BaseException:
                self._roll_back()
                raise

    def empty_log(self) -> bool:
        """
        Folds the write-ahead log into the file and empties it, so that no copy of what was deleted
        is left in it. False while somebody reads or writes: try again.
        """
        try:
            connection = self._connect(busy_s=0.2)
            try:
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StorageError(f"cannot empty the log of {self._path.name}: {error}") from error
        return not busy

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def close(self) -> None:
        """Closes both connections after what runs on them; the last one folds the log in."""
        with self._read_lock, self._write_lock:
            self._reader.close()
            self._writer.close()
