"""
Declares and carries out an erasure in the ledger, in acts of the writer (formats.md B).

What may go is judged again in the act itself, under the head lock: a hold or a floor that came in
since the plan was made counts. Each declaration has a record with opaque ids only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from indelible.clock import format_us
from indelible.codec import encode_json
from indelible.errors import MalformedProof
from indelible.seal import RECORD, ErasureLeaf, commitment, erasure_leaf, parse_leaf
from indelible.server.access.token import RandomBytes
from indelible.server.ledger.desk import Desk, Record
from indelible.server.ledger.held import Held
from indelible.server.ledger.removal import remove_parts
from indelible.server.retention.erasure_table import Erasure
from indelible.server.retention.plan import PARTS, Rules, spans
from indelible.server.retention.scan import PART_NAMES

_SALT = 32

Where = tuple[int, int]
"""Category id and day of an event."""


class Declared(msgspec.Struct, frozen=True):
    """One erasure entry: where it stands, what it covers, and its record."""

    entry: int
    first: int
    count: int
    parts: int
    leaf: bytes
    salt: bytes
    data: bytes


def declare(
    desk: Desk,
    held: Held,
    wanted: Sequence[tuple[Erasure, tuple[int, int, int]]],
    where: dict[int, Where],
    random_bytes: RandomBytes,
) -> dict[str, int]:
    """
    Appends erasure entries for spans (first, count, parts), in the order given.

    Returns by erasure how many parts were left out, because the rules of this moment keep them.
    """
    held.catch_up(desk.connection, desk.tenant_id)
    rules = Rules(
        desk.policy,
        desk.day,
        lambda index, category, day: tuple(map(str, held.covering(index, category, day))),
    )
    kept: dict[str, int] = {}
    for erasure, (first, count, parts) in wanted:
        goes: dict[int, int] = {}
        for index in range(first, first + count):
            category, day = where[index]
            for part in PARTS:
                if not parts & part:
                    continue
                if rules.obstacle(index, category, day, part) is None:
                    goes[index] = goes.get(index, 0) | part
                else:
                    kept[erasure.id] = kept.get(erasure.id, 0) + 1
        for span in spans(goes):
            _append(desk, erasure, span, random_bytes)
    return kept


def remove(desk: Desk, goes: dict[int, int]) -> int:
    """Takes parts out of the pieces; returns how many went now."""
    return remove_parts(desk.connection, desk.tenant_id, goes)


def declared_of(
    erasure: Erasure, rows: Sequence[tuple[int, bytes, bytes, bytes]]
) -> list[Declared]:
    """The entries among these that declare this erasure."""
    found = []
    for entry, leaf, salt, data in rows:
        try:
            parsed = parse_leaf(leaf)
            told = msgspec.json.decode(data)
        except (MalformedProof, msgspec.MsgspecError):
            continue  # a verifier names it
        if isinstance(parsed, ErasureLeaf) and told.get("erasure") == erasure.id:
            found.append(
                Declared(entry, parsed.first, parsed.count, parsed.header.parts, leaf, salt, data)
            )
    return found


def parts_of(declared: Sequence[Declared]) -> dict[int, int]:
    """Entry index → the parts that these entries declare erased."""
    goes: dict[int, int] = {}
    for one in declared:
        for index in range(one.first, one.first + one.count):
            goes[index] = goes.get(index, 0) | one.parts
    return goes


def _append(
    desk: Desk, erasure: Erasure, span: tuple[int, int, int], random_bytes: RandomBytes
) -> None:
    first, count, parts = span
    told: dict[str, Any] = {
        "erasure": erasure.id,
        "case": erasure.case,
        "parts": [name for part, name in PART_NAMES.items() if parts & part],
        "first": first,
        "count": count,
        "requested_by": erasure.asker.id,
        "approved_by": None if erasure.approver is None else erasure.approver.id,
        "requested_at": format_us(erasure.asked_us),
    }
    record = Record(random_bytes(_SALT), encode_json(told))
    desk.append(
        erasure_leaf(
            parts, desk.day, first=first, count=count, reason=erasure.reason,
            record=commitment(RECORD, record.salt, record.data),
        ),
        record,
    )  # fmt: skip
