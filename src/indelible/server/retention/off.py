"""Times in which a category was switched off, for the timeline, and how many events came then."""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.clock import US_PER_DAY
from indelible.server.index import IndexProcess
from indelible.server.ledger.policies import PolicyHistory
from indelible.server.query.periods import Range
from indelible.server.retention.history import off_spans

_MOST: Final = 200
_SKIPPED: Final = """
SELECT target_ids[1] AS category, toInt32(intDiv(received_us, 86400000000)) AS day,
    sum(JSONExtractUInt(content, 'metadata', 'count')) AS events
FROM events WHERE tenant = {tenant:UInt32} AND source = 'indelible' AND reported_by = 'service'
    AND operation = 'SkipEvents' AND received_us >= {from:Int64} AND received_us < {to:Int64}
GROUP BY category, day
"""


class Off(msgspec.Struct, frozen=True):
    """One span in which a category was off, cut to the range, and what came of it then."""

    category: str
    from_us: int
    to_us: int
    skipped: int


class _Skipped(msgspec.Struct):
    category: str
    day: int
    events: int


_decode = msgspec.json.Decoder(_Skipped, strict=False).decode_lines


async def find_off(
    index: IndexProcess, tenant_id: int, policies: PolicyHistory, range_: Range, now_us: int
) -> list[Off]:
    """The spans that touch the range; one without an end reaches to now."""
    from_us = range_.from_us if range_.from_us is not None else 0
    to_us = min(range_.to_us if range_.to_us is not None else now_us, now_us)
    spans = [
        (category.name, start * US_PER_DAY, now_us if stop is None else stop * US_PER_DAY)
        for category in policies.newest.policy.categories
        for start, stop in off_spans(policies, category.id)
    ]
    spans = [one for one in spans if one[1] < to_us and one[2] > from_us][:_MOST]
    if not spans:
        return []
    counted = _decode(
        await index.query(_SKIPPED, {"tenant": tenant_id, "from": from_us, "to": to_us})
    )
    return [
        Off(
            name,
            max(start, from_us),
            min(stop, to_us),
            sum(
                one.events
                for one in counted
                if one.category == name and start <= one.day * US_PER_DAY < stop
            ),
        )
        for name, start, stop in spans
    ]
