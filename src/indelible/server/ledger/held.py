"""
Holds as the ledger itself has them: which events each one covers, and from when to when it is open.

Made from the hold entries alone, in order, so that service and verifier come to the same answer.
One per tenant; not safe for concurrent use.
"""

from __future__ import annotations

import sqlite3
import sys
from array import array
from bisect import bisect_left

import msgspec

from indelible.errors import MalformedProof
from indelible.seal import HOLD, PLACE, HoldLeaf, Selection, parse_leaf

_FOR_EVER = 1 << 63


class _Placing(msgspec.Struct):
    """One placing of a hold; a hold may have several, all of which its release ends."""

    hold_id: int
    placed: int
    released: int
    selection: Selection | None
    indices: array[int] | None

    def covers(self, index: int, category_id: int, day: int) -> bool:
        if self.selection is not None:
            return (
                category_id in self.selection.category_ids
                and self.selection.first_day <= day <= self.selection.last_day
                and self.selection.first_index <= index < self.selection.stop_index
            )
        if self.indices is None:
            return True  # the list is not there: what it holds cannot be known, so nothing goes
        at = bisect_left(self.indices, index)
        return at < len(self.indices) and self.indices[at] == index


class Held:
    """The holds of one tenant, up to entry `through`."""

    def __init__(self) -> None:
        self.through = 0
        self._placings: list[_Placing] = []

    def catch_up(self, connection: sqlite3.Connection, tenant_id: int) -> None:
        """Learns what the ledger has had since; the connection may be inside a transaction."""
        rows = connection.execute(
            "SELECT e.idx, e.leaf, r.data FROM entry e INDEXED BY declaration"
            " LEFT JOIN record r ON r.tenant = e.tenant AND r.idx = e.idx"
            " WHERE e.tenant = ? AND e.idx >= ?"
            " AND substr(e.leaf, 5, 1) IN (x'02', x'03', x'04', x'05')"  # as `declaration` has it
            " AND substr(e.leaf, 5, 1) = ? ORDER BY e.idx",
            (tenant_id, self.through, bytes([HOLD])),
        ).fetchall()
        for index, leaf, data in rows:
            try:
                parsed = parse_leaf(leaf)
            except MalformedProof:
                continue  # a verifier names it
            if isinstance(parsed, HoldLeaf):
                self.learn(index, parsed, data)

    def learn(self, index: int, leaf: HoldLeaf, data: bytes | None) -> None:
        """Takes a hold entry in, with the list that it commits to; entries come in order."""
        self.through = index + 1
        if leaf.action == PLACE:
            indices = None
            if leaf.record is not None and data is not None and len(data) % 8 == 0:
                indices = array("Q")
                indices.frombytes(data)
                if sys.byteorder == "little":
                    indices.byteswap()  # big-endian on disk
            self._placings.append(_Placing(leaf.hold_id, index, _FOR_EVER, leaf.selection, indices))
            return
        for placing in self._placings:
            if placing.hold_id == leaf.hold_id and placing.released == _FOR_EVER:
                placing.released = index

    def covering(
        self, index: int, category_id: int, day: int, at: int | None = None
    ) -> tuple[int, ...]:
        """The holds that are open at entry `at` (None: now) and cover this event."""
        found = {
            placing.hold_id
            for placing in self._placings
            if (
                placing.released == _FOR_EVER
                if at is None
                else placing.placed < at < placing.released
            )
            and placing.covers(index, category_id, day)
        }
        return tuple(sorted(found))

    @property
    def any_open(self) -> bool:
        """Whether there is an open hold at all."""
        return any(placing.released == _FOR_EVER for placing in self._placings)
