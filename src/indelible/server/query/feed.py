"""The feed: events by index in the ledger, for machines that must miss none."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from indelible.server.index import IndexProcess
from indelible.server.index.shown import ROW_SELECT, Row, row_to_json
from indelible.server.query.prepare import Prepared

_decode = msgspec.json.Decoder(Row).decode_lines
MAX_WAIT_S: Final = 30


class Feed(msgspec.Struct, frozen=True):
    """
    Events after an index, in its order.

    Ask again with `after` = `next_after`, which also passes over what the filter leaves out. `more`
    says that it can be done at once.
    """

    events: list[dict[str, Any]]
    next_after: int
    more: bool
    indexed_through: int


async def read_feed(index: IndexProcess, prepared: Prepared, after: int, limit: int) -> Feed:
    """The next events of a set after an index; -1 is before the first."""
    through = prepared.through
    rows: list[Row] = []
    if not prepared.empty and after + 1 < through:
        at = prepared.parameters.add(after, "Int64")
        sql = (
            f"SELECT {ROW_SELECT} FROM events WHERE {prepared.where} AND idx > {at} "
            f"ORDER BY idx LIMIT {int(limit) + 1}"
        )
        rows = _decode(await index.query(sql, prepared.parameters.values))
    more = len(rows) > limit
    del rows[limit:]
    # All below `through` has been looked at, unless the page was full before.
    last = rows[-1].idx if more else max(after, through - 1)
    return Feed([row_to_json(row) for row in rows], last, more, through)
