"""SQLite: WAL, synchronous=FULL, one transaction per batch, substrings by FTS5's trigrams."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bench.peers.run import COLUMNS, Row
from bench.service import bytes_under

JOIN_BODIES = 1
TEXTS = [2, 3, 4, 5, 7, 8]  # the columns that are searched


class SqliteFts:
    note = "WAL, synchronous=FULL, 500 a transaction, FTS5 trigram"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = sqlite3.connect(folder / "events.sqlite3", isolation_level=None)
        self._db.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            f"CREATE TABLE event(id INTEGER PRIMARY KEY, {', '.join(COLUMNS)});"
            "CREATE INDEX event_time ON event(stream, occurred_us);"
            "CREATE VIRTUAL TABLE words USING fts5("
            "text, content='', detail=none, tokenize='trigram');"
        )
        self._next = 1

    def insert(self, rows: list[Row]) -> None:
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        numbered = [(self._next + number, *row) for number, row in enumerate(rows)]
        texts = [
            (self._next + number, "\n".join(str(row[column]) for column in TEXTS))
            for number, row in enumerate(rows)
        ]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(f"INSERT INTO event VALUES ({marks})", numbered)
        self._db.executemany("INSERT INTO words(rowid, text) VALUES (?, ?)", texts)
        self._db.execute("COMMIT")
        self._next += len(rows)

    def finish(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def newest_page(self, start_us: int, stop_us: int) -> int:
        return len(
            self._db.execute(
                "SELECT * FROM event WHERE stream = 'user' AND occurred_us >= ? AND occurred_us < ?"
                " ORDER BY occurred_us DESC LIMIT 50",
                (start_us, stop_us),
            ).fetchall()
        )

    def rare(self, word: str, start_us: int, stop_us: int) -> int:
        # detail=none keeps the index small, and leaves LIKE as the way to ask for a substring.
        return len(
            self._db.execute(
                "SELECT * FROM event WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?)"
                " AND target LIKE ? AND occurred_us >= ? AND occurred_us < ?"
                " ORDER BY occurred_us DESC LIMIT 50",
                (trigrams(word), f"%{word}%", start_us, stop_us),
            ).fetchall()
        )

    def histogram(self, start_us: int, stop_us: int) -> int:
        return len(
            self._db.execute(
                "SELECT stream, occurred_us / 43200000000, count(*) FROM event"
                " WHERE occurred_us >= ? AND occurred_us < ? GROUP BY 1, 2",
                (start_us, stop_us),
            ).fetchall()
        )

    def disk_bytes(self) -> int:
        return bytes_under(self._folder)

    def close(self) -> None:
        self._db.close()


def trigrams(word: str) -> str:
    """A MATCH expression: all trigrams of the word."""
    return " AND ".join(f'"{word[n : n + 3]}"' for n in range(len(word) - 2))


def open_peer(folder: Path) -> SqliteFts:
    return SqliteFts(folder)
