"""
The control database: people, sessions, keys, tenant settings. One SQLite file beside the ledger.

Several processes may use it at once (`indelible keys create` works while the service runs). A
write is durable when `write` returns. Migrations are numbered and applied in one transaction each.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from indelible.errors import SettingsError, StorageError

_MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE person(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        email TEXT NOT NULL,
        email_folded TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK(role IN ('viewer', 'auditor', 'admin')),
        password TEXT NOT NULL,
        created_us INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE link(
        token_hash BLOB PRIMARY KEY,
        tenant INTEGER NOT NULL,
        person TEXT REFERENCES person(id),
        email TEXT,
        role TEXT NOT NULL CHECK(role IN ('viewer', 'auditor', 'admin')),
        created_us INTEGER NOT NULL,
        expires_us INTEGER NOT NULL,
        used_us INTEGER
    ) STRICT;
    CREATE TABLE session(
        token_hash BLOB PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        person TEXT NOT NULL REFERENCES person(id),
        created_us INTEGER NOT NULL,
        seen_us INTEGER NOT NULL,
        ip TEXT,
        user_agent TEXT
    ) STRICT;
    CREATE INDEX session_person ON session(person);
    CREATE TABLE api_key(
        id TEXT PRIMARY KEY,
        tenant INTEGER NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL CHECK(kind IN ('w', 'r', 'a')),
        secret_hash BLOB NOT NULL,
        created_us INTEGER NOT NULL,
        last_used_us INTEGER,
        revoked_us INTEGER
    ) STRICT;
    CREATE TABLE attempt(
        bucket BLOB PRIMARY KEY,
        level REAL NOT NULL,
        at_us INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE tenant_setting(
        tenant INTEGER NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY(tenant, name)
    ) STRICT;
    CREATE TABLE own_event(
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant INTEGER NOT NULL,
        event TEXT NOT NULL
    ) STRICT;
    """,
)

SCHEMA_VERSION = len(_MIGRATIONS)

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
            self._writer = self._connect()
            self._migrate()
            self._reader = self._connect()
            self._reader.execute("PRAGMA query_only=ON")
        except sqlite3.Error as error:
            raise SettingsError(f"cannot open {path}: {error}") from error
        path.chmod(0o600)
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=10
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _migrate(self) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > len(_MIGRATIONS):
            self._writer.execute("ROLLBACK")
            raise SettingsError(
                f"{self._path} was made by a later version of Indelible (schema {version})",
                hint="use that version",
            )
        for number in range(version, len(_MIGRATIONS)):
            for statement in _MIGRATIONS[number].split(";"):
                if statement.strip():
                    self._writer.execute(statement)
        self._writer.execute(f"PRAGMA user_version={len(_MIGRATIONS)}")
        self._writer.execute("COMMIT")

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

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def close(self) -> None:
        """Closes both connections after what runs on them; the last one folds the log in."""
        with self._read_lock, self._write_lock:
            self._reader.close()
            self._writer.close()
