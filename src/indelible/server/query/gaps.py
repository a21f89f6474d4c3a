"""
When nothing could be recorded, and what never came: the bands of the timeline.

Down: from the service's own entries. A start that follows a stop ends a gap that began with the
stop. A start that follows no stop ends one that began when the service was last seen alive, which
the start itself says, or with the last entry before it. Missing: numbers of a source's sequence
that no entry carries, between the two entries that do.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

import msgspec

from indelible.clock import US_PER_DAY, US_PER_S, to_us
from indelible.server.index import IndexProcess
from indelible.server.query.periods import Range
from indelible.server.query.reach import Reach

MOST_GAPS: Final = 200
LONGEST_SEQUENCE_DAYS: Final = 35
_MOST_LIVES: Final = 5000
_OWN: Final = "tenant = {tenant:UInt32} AND source = 'indelible' AND reported_by = 'service'"

_LIVES: Final = f"""
SELECT idx, operation = 'StartService' AS is_start, received_us AS at,
    simpleJSONExtractString(simpleJSONExtractRaw(content, 'metadata'), 'last_seen') AS last_seen
FROM events
WHERE {_OWN} AND stream = 'system' AND operation IN ('StartService', 'StopService')
ORDER BY idx DESC LIMIT {_MOST_LIVES}
"""
# Own events that waited when the service died are put into the log at its next start, just before
# that start itself: they do not tell that it ran.
_LAST_BEFORE: Final = """
SELECT max(received_us) AS at FROM events
WHERE tenant = {tenant:UInt32} AND idx < {idx:UInt64} AND idx >= {low:UInt64}
    AND NOT (source = 'indelible' AND reported_by = 'service')
"""
# `rest` is JSON that we wrote: within a text a quote has a backslash before it, so the plain
# search for a key cannot be misled by what a sender wrote.
_JUMPS: Final = f"""
SELECT source, instance, before, seq - before - 1 AS missing, before_us AS from_us, at AS to_us
FROM (
    SELECT source, instance, seq, at,
        lagInFrame(seq, 1, seq) OVER w AS before, lagInFrame(at, 1, at) OVER w AS before_us
    FROM (
        SELECT source, simpleJSONExtractString(rest, 'source_instance') AS instance,
            simpleJSONExtractInt(rest, 'source_seq') AS seq, max(occurred_us) AS at
        FROM events
        WHERE tenant = {{tenant:UInt32}} AND occurred_us >= {{low:Int64}}
            AND occurred_us < {{high:Int64}} AND source != '' AND source != 'indelible'
            AND position(rest, '"source_seq":') > 0
        GROUP BY source, instance, seq
    )
    WINDOW w AS (PARTITION BY source, instance ORDER BY seq
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
WHERE seq > before + 1 AND from_us < {{to:Int64}} AND to_us > {{from:Int64}}
ORDER BY missing DESC LIMIT {MOST_GAPS}
"""
_ELSEWHERE: Final = """
SELECT uniqExact(simpleJSONExtractInt(rest, 'source_seq')) AS n FROM events
WHERE tenant = {tenant:UInt32} AND source = {source:String}
    AND simpleJSONExtractString(rest, 'source_instance') = {instance:String}
    AND position(rest, '"source_seq":') > 0
    AND simpleJSONExtractInt(rest, 'source_seq') > {before:Int64}
    AND simpleJSONExtractInt(rest, 'source_seq') <= {last:Int64}
"""
_MOST_LOOKED_UP: Final = 20

Kind = Literal["down", "missing"]


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """
    One gap. `down`: the service did not run; `clean` says whether it was stopped in order.

    `missing`: so many numbers of one source's sequence have no entry.
    """

    kind: Kind
    from_us: int
    to_us: int
    clean: bool | None = None
    source: str | None = None
    instance: str | None = None
    missing: int | None = None


class Gaps(msgspec.Struct, frozen=True, kw_only=True):
    """The gaps that touch a range, in order of time. Sequences are left out of long ranges."""

    gaps: list[Gap]
    sequences_checked: bool


class _Life(msgspec.Struct):
    idx: int
    is_start: int
    at: int
    last_seen: str


class _At(msgspec.Struct):
    at: int


class _Jump(msgspec.Struct):
    source: str
    instance: str
    before: int
    missing: int
    from_us: int
    to_us: int


class _Count(msgspec.Struct):
    n: int


_decode_lives = msgspec.json.Decoder(_Life, strict=False).decode_lines
_decode_at = msgspec.json.Decoder(_At, strict=False).decode_lines
_decode_jumps = msgspec.json.Decoder(_Jump, strict=False).decode_lines
_decode_count = msgspec.json.Decoder(_Count, strict=False).decode_lines


async def find_gaps(index: IndexProcess, reach: Reach, range_: Range, now_us: int) -> Gaps:
    """
    The gaps that touch the range; an open end reaches to now.

    They are told of the log as a whole: who sees a part of it is told none.
    """
    if not reach.is_whole:
        return Gaps(gaps=[], sequences_checked=False)
    tenant_id = reach.tenant_id
    from_us = range_.from_us if range_.from_us is not None else 0
    to_us = min(range_.to_us if range_.to_us is not None else now_us, now_us)
    gaps = await _down(index, tenant_id, from_us, to_us)
    is_short = 0 < to_us - from_us <= LONGEST_SEQUENCE_DAYS * US_PER_DAY
    if is_short:
        gaps += await _missing(index, tenant_id, from_us, to_us)
    gaps.sort(key=lambda gap: (gap.from_us, gap.to_us))
    return Gaps(gaps=gaps, sequences_checked=is_short)


async def _down(index: IndexProcess, tenant_id: int, from_us: int, to_us: int) -> list[Gap]:
    lives = _decode_lives(await index.query(_LIVES, {"tenant": tenant_id}))
    lives.reverse()
    gaps: list[Gap] = []
    for before, life in pairwise(lives):
        if not life.is_start or life.at <= from_us or before.at >= to_us:
            continue
        begun = before.at
        if before.is_start:
            begun = max(begun, await _last_alive(index, tenant_id, life))
        if begun < to_us and life.at - begun >= US_PER_S:
            gaps.append(Gap(kind="down", from_us=begun, to_us=life.at, clean=not before.is_start))
    return gaps[-MOST_GAPS:]


async def _last_alive(index: IndexProcess, tenant_id: int, start: _Life) -> int:
    """The last moment of which it is known that the service ran before this start."""
    seen = 0
    try:
        if start.last_seen:
            seen = to_us(msgspec.convert(start.last_seen, type=datetime))
    except (msgspec.ValidationError, OverflowError):
        seen = 0
    low = max(0, start.idx - 1000)
    found = _decode_at(
        await index.query(_LAST_BEFORE, {"tenant": tenant_id, "idx": start.idx, "low": low})
    )
    last = found[0].at if found else 0
    return min(start.at, max(seen, last))


async def _missing(index: IndexProcess, tenant_id: int, from_us: int, to_us: int) -> list[Gap]:
    # A day more on both sides, so that a gap over midnight has both its ends.
    span = {"low": from_us - US_PER_DAY, "high": to_us + US_PER_DAY, "from": from_us, "to": to_us}
    jumps = _decode_jumps(await index.query(_JUMPS, {"tenant": tenant_id, **span}))
    gaps = []
    for position, jump in enumerate(jumps):
        missing = jump.missing
        if position < _MOST_LOOKED_UP:
            # What has its number in the jump may lie at another time: late, or long before.
            ask = {
                "tenant": tenant_id,
                "source": jump.source,
                "instance": jump.instance,
                "before": jump.before,
                "last": jump.before + jump.missing,
            }
            missing -= _decode_count(await index.query(_ELSEWHERE, ask))[0].n
        if missing > 0:
            gaps.append(
                Gap(
                    kind="missing",
                    from_us=min(jump.from_us, jump.to_us),
                    to_us=max(jump.from_us, jump.to_us),
                    source=jump.source,
                    instance=jump.instance or None,
                    missing=missing,
                )
            )
    return gaps
