"""Tables of the SQLite ledger and how its connections are opened (spec/ledger.md)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from indelible.errors import StorageError
from indelible.tlog.merkle import HASH_SIZE
from indelible.tlog.tile import WIDTH

# Pieces of 1 to 8 kB lie side by side in a page of this size; with smaller pages, or in a table
# without rowid, each spills and wastes half a page (measured: 60 B an event). Holds for new files.
PAGE_BYTES = 8192

TABLES = """
CREATE TABLE tenant (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, origin TEXT NOT NULL UNIQUE,
  created_us INTEGER NOT NULL
) STRICT;
CREATE TABLE head (
  tenant INTEGER PRIMARY KEY REFERENCES tenant(id), size INTEGER NOT NULL,
  last_day INTEGER NOT NULL, frontier BLOB NOT NULL, policy_index INTEGER NOT NULL
) STRICT;
CREATE TABLE run (
  tenant INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, day INTEGER NOT NULL,
  layout BLOB NOT NULL, PRIMARY KEY (tenant, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE piece (
  tenant INTEGER NOT NULL, first INTEGER NOT NULL, category INTEGER NOT NULL,
  part INTEGER NOT NULL, seed BLOB, salts BLOB, data BLOB NOT NULL,
  PRIMARY KEY (tenant, first, category, part)
) STRICT;
CREATE TABLE entry (
  tenant INTEGER NOT NULL, idx INTEGER NOT NULL, leaf BLOB NOT NULL, PRIMARY KEY (tenant, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE tile (
  tenant INTEGER NOT NULL, level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL,
  PRIMARY KEY (tenant, level, n)
) STRICT;
CREATE TABLE checkpoint (
  tenant INTEGER NOT NULL, size INTEGER NOT NULL, note TEXT NOT NULL, time_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, size)
) STRICT, WITHOUT ROWID;
CREATE TABLE alias (
  tenant INTEGER NOT NULL, subject TEXT NOT NULL, alias TEXT NOT NULL, PRIMARY KEY (tenant, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE seen (
  tenant INTEGER NOT NULL, first INTEGER NOT NULL, kind INTEGER NOT NULL, at_us INTEGER NOT NULL,
  keys BLOB NOT NULL, places BLOB, PRIMARY KEY (tenant, first, kind)
) STRICT;
"""

# Folders of earlier versions get these when they are opened to be written.
ADDED_LATER = """
CREATE TABLE IF NOT EXISTS record (
  tenant INTEGER NOT NULL, idx INTEGER NOT NULL, salt BLOB NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (tenant, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS declaration ON entry(tenant, idx)
  WHERE substr(leaf, 5, 1) IN (x'02', x'03', x'04', x'05');
CREATE TABLE IF NOT EXISTS deleted_tenant (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, origin TEXT NOT NULL UNIQUE,
  deleted_us INTEGER NOT NULL
) STRICT;
"""


def open_ledger(path: Path, *, read_only: bool, busy_s: float = 10.0) -> sqlite3.Connection:
    """
    A connection in autocommit mode: transactions are begun and ended in our own words.

    A writing one has `synchronous=FULL`: when COMMIT returns, the transaction is on disk. Deleted
    content is overwritten (`secure_delete`). Raises StorageError when the file cannot be opened.
    """
    mode = "ro" if read_only else "rwc"
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            f"file:{path}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False,
            timeout=busy_s, cached_statements=64,
        )  # fmt: skip
        connection.execute("PRAGMA secure_delete=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_autocheckpoint=4000")
            connection.execute("PRAGMA cache_size=-32768")
    except sqlite3.Error as cause:
        if connection is not None:
            connection.close()
        raise StorageError(f"cannot open {path}: {cause}") from cause
    return connection


def stored_leaf_hash(connection: sqlite3.Connection, tenant_id: int, index: int) -> bytes:
    """The hash of an entry as the tree has it; empty where the tree has none."""
    row = connection.execute(
        "SELECT hashes FROM tile WHERE tenant = ? AND level = 0 AND n = ?",
        (tenant_id, index // WIDTH),
    ).fetchone()
    place = HASH_SIZE * (index % WIDTH)
    return b"" if row is None else bytes(row[0][place : place + HASH_SIZE])
