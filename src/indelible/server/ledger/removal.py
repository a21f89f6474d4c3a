"""
Takes parts of events out of the pieces of their runs (spec/ledger.md, Storage).

Called inside an open write transaction, by the writer thread. In it the leaf of each event is
written out, the salts that are still needed are written out, and the seed goes: afterwards nothing
is left from which a removed part, or its salt, could be had. Doing it twice does nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from indelible.errors import StorageError
from indelible.seal import (
    CONTENT,
    FACT,
    MAX_RUN,
    PERSON,
    commitment,
    event_leaf,
)
from indelible.server.ledger.pieces import SALT, PieceReader, PieceWriter, written_salts
from indelible.server.ledger.schema import stored_leaf_hash
from indelible.tlog.merkle import leaf_hash

PARTS = (FACT, PERSON, CONTENT)
_NO_SALT = bytes(SALT)


def remove_parts(connection: sqlite3.Connection, tenant_id: int, targets: Mapping[int, int]) -> int:
    """
    Removes parts: entry index → bits of the parts that go. Returns how many parts went.

    Bits of parts that an event never had, or has no more, are passed over; so are indices of
    entries that are no events. Raises StorageError when stored bytes are damaged: then the caller
    rolls back.
    """
    gone = 0
    reader, writer = PieceReader(), PieceWriter()
    for first, wanted in _by_run(connection, tenant_id, targets):
        run = _Run(connection, tenant_id, first, reader)
        for k, parts in wanted.items():
            run.write_leaf(k, parts)
        for key, positions in run.members_of(wanted).items():
            gone += run.blank(key, positions, writer)
    return gone


def _by_run(
    connection: sqlite3.Connection, tenant_id: int, targets: Mapping[int, int]
) -> Iterator[tuple[int, dict[int, int]]]:
    """The first index of each run that is touched, with position → parts."""
    found: dict[int, dict[int, int]] = {}
    for index in sorted(targets):
        row = connection.execute(
            "SELECT first, count FROM run WHERE tenant = ? AND first <= ? AND first > ?"
            " ORDER BY first DESC LIMIT 1",
            (tenant_id, index, index - MAX_RUN),
        ).fetchone()
        if row is not None and index < row[0] + row[1]:
            found.setdefault(row[0], {})[index - row[0]] = targets[index]
    yield from found.items()


class _Piece:
    """Items and salts of one piece, by position in the run."""

    def __init__(self, members: list[int], items: list[bytes], salts: bytes) -> None:
        self.members = members
        self.items = dict(zip(members, items, strict=True))
        self.salts = {
            k: salts[SALT * place : SALT * place + SALT] for place, k in enumerate(members)
        }


class _Run:
    def __init__(
        self, connection: sqlite3.Connection, tenant_id: int, first: int, reader: PieceReader
    ) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._first = first
        self._reader = reader
        self._day, layout = connection.execute(
            "SELECT day, layout FROM run WHERE tenant = ? AND first = ?", (tenant_id, first)
        ).fetchone()
        self._layout = reader.layout(layout)
        self._pieces: dict[tuple[int, int], _Piece | None] = {}

    def members_of(self, wanted: Mapping[int, int]) -> dict[tuple[int, int], list[int]]:
        """(category, part) → the positions of which it goes."""
        found: dict[tuple[int, int], list[int]] = {}
        for k, parts in wanted.items():
            has, category = self._layout[k]
            for part in PARTS:
                if parts & has & part:
                    found.setdefault((category, part), []).append(k)
        return found

    def write_leaf(self, k: int, parts: int) -> None:
        """Writes the leaf out while all that it is computed from is there."""
        has, category = self._layout[k]
        if not parts & has:
            return
        index = self._first + k
        if self._connection.execute(
            "SELECT 1 FROM entry WHERE tenant = ? AND idx = ?", (self._tenant_id, index)
        ).fetchone():
            return
        commitments = []
        for part in PARTS:
            if not has & part:
                continue
            piece = self._piece((category, part))
            data = b"" if piece is None else piece.items[k]
            if piece is None or not data:
                raise StorageError(
                    f"a part of entry {index} is missing, and its leaf was not written out",
                    hint="run `indelible verify` on the data folder",
                )
            commitments.append(commitment(part, piece.salts[k], data))
        leaf = event_leaf(has, category, self._day, commitments)
        if leaf_hash(leaf) != stored_leaf_hash(self._connection, self._tenant_id, index):
            raise StorageError(
                f"entry {index} does not fit its place in the tree: nothing of it is removed",
                hint="run `indelible verify` on the data folder",
            )
        self._connection.execute(
            "INSERT INTO entry VALUES (?, ?, ?)", (self._tenant_id, index, leaf)
        )

    def blank(self, key: tuple[int, int], positions: list[int], writer: PieceWriter) -> int:
        """Empties items of a piece; the piece itself goes with its last one."""
        piece = self._piece(key)
        if piece is None:
            return 0
        gone = 0
        for k in positions:
            gone += bool(piece.items[k])
            piece.items[k] = b""
            piece.salts[k] = _NO_SALT
        if not gone:
            return 0
        where = (self._tenant_id, self._first, *key)
        if not any(piece.items.values()):
            self._connection.execute(
                "DELETE FROM piece WHERE tenant = ? AND first = ? AND category = ? AND part = ?",
                where,
            )
            self._pieces[key] = None
            return gone
        for k, data in piece.items.items():
            if not data:
                piece.salts[k] = _NO_SALT
        self._connection.execute(
            "UPDATE piece SET seed = NULL, salts = ?, data = ?"
            " WHERE tenant = ? AND first = ? AND category = ? AND part = ?",
            (
                b"".join(piece.salts[k] for k in piece.members),
                writer.items([piece.items[k] for k in piece.members]),
                *where,
            ),
        )
        return gone

    def _piece(self, key: tuple[int, int]) -> _Piece | None:
        if key not in self._pieces:
            self._pieces[key] = self._load(key)
        return self._pieces[key]

    def _load(self, key: tuple[int, int]) -> _Piece | None:
        row = self._connection.execute(
            "SELECT seed, salts, data FROM piece"
            " WHERE tenant = ? AND first = ? AND category = ? AND part = ?",
            (self._tenant_id, self._first, *key),
        ).fetchone()
        if row is None:
            return None
        seed, salts, data = row
        category, part = key
        members = [k for k, (has, own) in enumerate(self._layout) if own == category and has & part]
        items = self._reader.items(data)
        if len(items) != len(members):
            raise StorageError(
                f"a piece of the run at {self._first} holds {len(items)} items for"
                f" {len(members)} events",
                hint="run `indelible verify` on the data folder",
            )
        return _Piece(members, items, written_salts(seed, salts, members))
