"""
The entries of a hold, written in acts of the writer (formats.md B): placing in clear or as a list
that is committed to, and releasing.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from indelible.seal import HOLD, PLACE, RECORD, RELEASE, HoldLeaf, commitment, hold_leaf, parse_leaf
from indelible.server.access.token import RandomBytes
from indelible.server.ledger.desk import Desk, Record
from indelible.server.retention.hold_wish import Wish, selection_of

_SALT = 32


def append_clear(desk: Desk, hold_id: int, wish: Wish) -> int:
    """Places a hold on categories and days; returns the entry."""
    selection = selection_of(wish, desk.policy)
    return desk.append(hold_leaf(PLACE, hold_id, desk.day, selection=selection))


def append_list(desk: Desk, hold_id: int, indices: Sequence[int], random_bytes: RandomBytes) -> int:
    """Places a hold on a sorted list of entries; returns the entry."""
    record = Record(random_bytes(_SALT), struct.pack(f">{len(indices)}Q", *indices))
    expected = commitment(RECORD, record.salt, record.data)
    return desk.append(hold_leaf(PLACE, hold_id, desk.day, record=expected), record)


def append_more(
    desk: Desk, hold_id: int, indices: Sequence[int], random_bytes: RandomBytes
) -> int | None:
    """Adds to a list, unless the hold was released meanwhile: that must never open it again."""
    if any(leaf.action == RELEASE for _, leaf in _entries(desk, hold_id)):
        return None
    return append_list(desk, hold_id, indices, random_bytes)


def append_release(desk: Desk, hold_id: int) -> int:
    """Releases a hold, once: returns the entry, also when it was released before."""
    found = _entries(desk, hold_id)
    for index, leaf in found:
        if leaf.action == RELEASE:
            return index
    return desk.append(hold_leaf(RELEASE, hold_id, desk.day))


def first_entry(desk: Desk, hold_id: int) -> int | None:
    """The entry that placed a hold, if the log has one."""
    return next((index for index, leaf in _entries(desk, hold_id) if leaf.action == PLACE), None)


def _entries(desk: Desk, hold_id: int) -> list[tuple[int, HoldLeaf]]:
    # Type at byte 4, action at 12, id at 13 (spec/leaf.md); substr counts from 1.
    rows = desk.connection.execute(
        "SELECT idx, leaf FROM entry INDEXED BY declaration WHERE tenant = ?"
        " AND substr(leaf, 5, 1) IN (x'02', x'03', x'04', x'05')"  # as the index `declaration`
        " AND substr(leaf, 5, 1) = ? AND substr(leaf, 14, 8) = ? ORDER BY idx",
        (desk.tenant_id, bytes([HOLD]), hold_id.to_bytes(8, "big")),
    )
    found = [(index, parse_leaf(leaf)) for index, leaf in rows]
    return [(index, leaf) for index, leaf in found if isinstance(leaf, HoldLeaf)]
