"""
Drops whole pieces of a run, with their seeds: what expiry removes (formats.md B, Storage).

Before a piece goes, the leaf of each event that loses a part by it is written out, in the same
transaction; it could not be computed afterwards. Runs in an act of the writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from indelible.errors import StorageError
from indelible.seal import (
    CONTENT,
    FACT,
    PERSON,
    SEED_SIZE,
    commitment,
    event_leaf,
    expand_salts,
)
from indelible.server.ledger.pieces import PieceReader
from indelible.server.ledger.schema import stored_leaf_hash
from indelible.tlog.merkle import leaf_hash

_PARTS = (FACT, PERSON, CONTENT)


def drop_pieces(
    connection: sqlite3.Connection, tenant_id: int, first: int, category_id: int, parts: int
) -> int:
    """
    Drops the pieces of these parts of one category of the run at `first`.

    Returns how many events lost something. Raises StorageError when the run is damaged: then what
    is left must not be touched.
    """
    reader = PieceReader()
    row = connection.execute(
        "SELECT day, layout FROM run WHERE tenant = ? AND first = ?", (tenant_id, first)
    ).fetchone()
    if row is None:
        raise StorageError(f"there is no run at {first}")
    day, layout = row[0], reader.layout(row[1])
    members = [k for k, (_, category) in enumerate(layout) if category == category_id]
    stored = _pieces(connection, tenant_id, first, category_id)
    gone = sum(part for part in _PARTS if parts & part and part in stored)
    if not gone:
        return 0
    losing = [k for k in members if layout[k][0] & gone]
    for index, leaf in _leaves(
        connection, tenant_id, first, day, layout, category_id, members, stored, losing
    ):
        connection.execute("INSERT INTO entry VALUES (?, ?, ?)", (tenant_id, index, leaf))
    connection.executemany(
        "DELETE FROM piece WHERE tenant = ? AND first = ? AND category = ? AND part = ?",
        [(tenant_id, first, category_id, part) for part in _PARTS if gone & part],
    )
    return len(losing)


_Stored = dict[int, tuple[bytes | None, bytes | None, bytes]]


def _pieces(
    connection: sqlite3.Connection, tenant_id: int, first: int, category_id: int
) -> _Stored:
    return {
        part: (seed, salts, data)
        for part, seed, salts, data in connection.execute(
            "SELECT part, seed, salts, data FROM piece"
            " WHERE tenant = ? AND first = ? AND category = ?",
            (tenant_id, first, category_id),
        )
    }


def _leaves(
    connection: sqlite3.Connection,
    tenant_id: int,
    first: int,
    day: int,
    layout: list[tuple[int, int]],
    category_id: int,
    members: list[int],
    stored: _Stored,
    losing: list[int],
) -> Iterable[tuple[int, bytes]]:
    """The leaves of those events of which none is written out yet."""
    if not losing:
        return
    known = {
        index
        for (index,) in connection.execute(
            "SELECT idx FROM entry WHERE tenant = ? AND idx >= ? AND idx < ?",
            (tenant_id, first, first + len(layout)),
        )
    }
    fresh = [k for k in losing if first + k not in known]
    if not fresh:
        return
    opened = {
        part: _open(stored[part], [k for k in members if layout[k][0] & part], len(layout))
        for part in stored
    }
    for k in fresh:
        parts = layout[k][0]
        commitments = []
        for part in _PARTS:
            if not parts & part:
                continue
            salt, data = opened.get(part, {}).get(k, (b"", b""))
            if len(salt) != SEED_SIZE:
                raise StorageError(
                    f"part {part} of entry {first + k} is missing",
                    hint="run `indelible verify` on the data folder",
                )
            commitments.append(commitment(part, salt, data))
        leaf = event_leaf(parts, category_id, day, commitments)
        if leaf_hash(leaf) != stored_leaf_hash(connection, tenant_id, first + k):
            raise StorageError(
                f"entry {first + k} does not fit its place in the tree: nothing of it is removed",
                hint="run `indelible verify` on the data folder",
            )
        yield first + k, leaf


def _open(
    piece: tuple[bytes | None, bytes | None, bytes], members: list[int], count: int
) -> dict[int, tuple[bytes, bytes]]:
    """Position in the run → salt and bytes."""
    seed, salts, data = piece
    items = PieceReader().items(data)
    if len(items) != len(members):
        raise StorageError("a piece does not fit its run", hint="run `indelible verify`")
    if seed is not None:
        spread = expand_salts(seed, count)
        return {
            k: (spread[32 * k : 32 * k + 32], item) for k, item in zip(members, items, strict=True)
        }
    written = salts or b""
    return {
        k: (written[32 * at : 32 * at + 32], item)
        for at, (k, item) in enumerate(zip(members, items, strict=True))
    }
