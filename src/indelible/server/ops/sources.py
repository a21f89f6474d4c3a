"""
Which programs send events, when each did last, and what is missing of their sequences.

A source numbers its events per instance (`context.source_seq`); a number that never came is an
event that was lost, or is still in a queue at the sender. Read from the search index.
"""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.clock import US_PER_DAY
from indelible.server.index import IndexProcess

DAYS: Final = 30

# `rest` is JSON that we wrote: within a text a quote has a backslash before it, so the plain
# search for a key cannot be misled by what a sender wrote.
_SQL: Final = """
SELECT source, sum(n) AS events, max(last) AS last_us,
    countIf(numbered > 0) AS instances, sum(greatest(0, missing)) AS missing
FROM (
    SELECT source, simpleJSONExtractString(rest, 'source_instance') AS instance,
        count() AS n, max(received_us) AS last,
        countIf(simpleJSONHas(rest, 'source_seq')) AS numbered,
        if(numbered = 0, 0,
            toInt64(maxIf(simpleJSONExtractUInt(rest, 'source_seq'),
                          simpleJSONHas(rest, 'source_seq')))
            - toInt64(minIf(simpleJSONExtractUInt(rest, 'source_seq'),
                            simpleJSONHas(rest, 'source_seq')))
            + 1 - toInt64(numbered)) AS missing
    FROM events
    WHERE tenant = {tenant:UInt32} AND received_us >= {since:Int64}
        AND source != '' AND source != 'indelible'
    GROUP BY source, instance
)
GROUP BY source ORDER BY last_us DESC, source LIMIT 100
"""


class Source(msgspec.Struct, frozen=True):
    """One source over the last days. `missing` counts numbers between its first and last."""

    source: str
    events: int
    last_us: int
    instances: int
    missing: int


class _Count(msgspec.Struct):
    n: int


_decode = msgspec.json.Decoder(Source, strict=False).decode_lines
_decode_count = msgspec.json.Decoder(_Count, strict=False).decode_lines


async def read_sources(index: IndexProcess, tenant_id: int, now_us: int) -> list[Source]:
    """The sources of the last 30 days, those that sent last first."""
    since = now_us - DAYS * US_PER_DAY
    return _decode(await index.query(_SQL, {"tenant": tenant_id, "since": since}))


async def received_since(index: IndexProcess, tenant_id: int, since_us: int) -> int:
    """How many events came in since then."""
    data = await index.query(
        "SELECT count() AS n FROM events"
        " WHERE tenant = {tenant:UInt32} AND received_us >= {since:Int64}",
        {"tenant": tenant_id, "since": since_us},
    )
    return _decode_count(data)[0].n
