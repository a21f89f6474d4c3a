"""
Two periods side by side: totals, bars, and one line per value of a field.

Of a long time all of it is added up from what the index has counted (`rolled`). Otherwise the lines
and the totals come from one scan over both periods, the bars from a second that reads little more
than times.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from math import gcd
from typing import Final

import msgspec

from indelible.clock import format_us
from indelible.server.index import IndexProcess
from indelible.server.index.rollup import QUARTER_US, ROLLED
from indelible.server.query import rolled
from indelible.server.query.compare import Compared, paired_edges
from indelible.server.query.filter import Filter
from indelible.server.query.first_seen import New, find_new
from indelible.server.query.periods import Range
from indelible.server.query.prepare import Prepared, prepare
from indelible.server.query.stats import GROUPS
from indelible.server.query.term import APART, PAIR, term_of

LINES: Final = {
    **GROUPS,
    PAIR: f"concat({GROUPS['actor']}, '{APART}', ip)",
}
"""What there can be a line for → its expression over a row."""
FAILED: Final = "outcome IN ('failure', 'denied')"
WANTED_BARS: Final = 60
SORTS: Final = {
    "count": "n",
    "failures": "failed",
    "share": "if(n = 0, 0, failed / n)",
    "previous": "then_n",
    "change": "toInt64(n) - toInt64(then_n)",
    "first": "first",
    "last": "last",
    "key": "key",
}


class Amount(msgspec.Struct, frozen=True):
    """Events, and how many of them were denied or failed."""

    events: int
    failed: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """
    One value in both periods. `key` null stands for events without one; `include` is the term that
    finds its events; `first` and `last` are of this period, or of the other when it is gone.
    """

    key: str | None
    include: str | None
    count: int
    failed: int
    previous: int
    previous_failed: int
    first: str
    last: str


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """Events between two edges in this period, and between the same hours of the other."""

    at: str
    count: int
    other_at: str
    other: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` are those asked for; `values` counts all there are, `others` what is not listed."""

    now: Amount
    previous: Amount
    people: New
    operations: New
    interval_s: int
    bars: list[Bar]
    lines: list[Line]
    values: int
    indexed_through: int


class _Line(msgspec.Struct):
    key: str
    n: int
    failed: int
    then_n: int
    then_failed: int
    first: int
    last: int
    sum_n: int
    sum_failed: int
    sum_then: int
    sum_then_failed: int
    keys: int


class _Cell(msgspec.Struct):
    cell: int
    n: int


_decode_lines = msgspec.json.Decoder(_Line).decode_lines
_decode_cells = msgspec.json.Decoder(_Cell).decode_lines


async def summarise(
    index: IndexProcess,
    filter_: Filter,
    compared: Compared,
    *,
    by: str,
    sort: str,
    ascending: bool,
    limit: int,
) -> Summary:
    """Everything the Summary view shows, from one snapshot of the index."""
    await index.wait_until_known(filter_.tenant_id)
    through = index.indexed_through(filter_.tenant_id)
    lines, (interval_s, bars), new = await asyncio.gather(
        find_lines(index, filter_, compared, by, sort, ascending, limit, through),
        _bars(index, filter_, compared, through),
        find_new(index, filter_, compared.this, through),
    )
    first = lines[0] if lines else None
    return Summary(
        now=Amount(first.sum_n, first.sum_failed) if first else Amount(0, 0),
        previous=Amount(first.sum_then, first.sum_then_failed) if first else Amount(0, 0),
        people=new["people"],
        operations=new["operations"],
        interval_s=interval_s,
        bars=bars,
        lines=[_line(by, line) for line in lines],
        values=first.keys if first else 0,
        indexed_through=through,
    )


async def prepare_both(
    index: IndexProcess, filter_: Filter, compared: Compared, through: int
) -> tuple[Prepared, str, str]:
    """The filter over both periods, and the conditions of the one and the other."""
    hull = Range(
        tz=compared.this.tz,
        from_us=min(_us(compared.this.from_us), _us(compared.other.from_us)),
        to_us=max(_us(compared.this.to_us), _us(compared.other.to_us)),
    )
    # What is new is so for the period in which it happened, not for both together.
    starts = (_us(compared.this.from_us), _us(compared.other.from_us))
    whole = msgspec.structs.replace(filter_, range=hull)
    prepared = await prepare(index, whole, through, starts)
    return prepared, _within(prepared, compared.this), _within(prepared, compared.other)


def _within(prepared: Prepared, range_: Range) -> str:
    add = prepared.parameters.add
    start, end = add(_us(range_.from_us), "Int64"), add(_us(range_.to_us), "Int64")
    return f"(occurred_us >= {start} AND occurred_us < {end})"


def counted_lines(prepared: Prepared, compared: Compared, by: str, this: str, other: str) -> str:
    """The statement that counts each value in both periods: from blocks, or in one scan."""
    if by in ROLLED and rolled.is_rolled(prepared, by):
        return _rolled_lines(prepared, compared, by)
    expression = LINES[by]
    return (
        f"SELECT toString({expression}) AS key, countIf({this}) AS n, "
        f"countIf({this} AND {FAILED}) AS failed, countIf({other}) AS then_n, "
        f"countIf({other} AND {FAILED}) AS then_failed, "
        f"if(n > 0, minIf(occurred_us, {this}), min(occurred_us)) AS first, "
        f"if(n > 0, maxIf(occurred_us, {this}), max(occurred_us)) AS last "
        f"FROM events WHERE {prepared.where} AND ({this} OR {other}) GROUP BY key"
    )


async def find_lines(
    index: IndexProcess,
    filter_: Filter,
    compared: Compared,
    by: str,
    sort: str,
    ascending: bool,
    limit: int,
    through: int,
) -> list[_Line]:
    """The lines in order; each knows the sums over all of them."""
    prepared, this, other = await prepare_both(index, filter_, compared, through)
    if prepared.empty:
        return []
    way = "ASC" if ascending else "DESC"
    counted = counted_lines(prepared, compared, by, this, other)
    sql = (
        "SELECT *, sum(n) OVER () AS sum_n, sum(failed) OVER () AS sum_failed, "
        "sum(then_n) OVER () AS sum_then, sum(then_failed) OVER () AS sum_then_failed, "
        f"count() OVER () AS keys FROM ({counted}) "
        f"ORDER BY {SORTS[sort]} {way}, n DESC, then_n DESC, key LIMIT {int(limit)}"
    )
    return _decode_lines(await index.query(sql, prepared.parameters.values))


def _rolled_lines(prepared: Prepared, compared: Compared, by: str) -> str:
    """The same from the blocks that are counted. No list: an event is in one line here."""
    parts = [
        f"SELECT value, {number} AS number, n AS events, failure + denied AS bad, first_us, "
        f"last_us FROM ({rolled.lines(prepared, by, range_)})"
        for number, range_ in enumerate((compared.this, compared.other))
    ]
    return (
        "SELECT value AS key, sumIf(events, number = 0) AS n, sumIf(bad, number = 0) AS failed, "
        "sumIf(events, number = 1) AS then_n, sumIf(bad, number = 1) AS then_failed, "
        "if(n > 0, minIf(first_us, number = 0), min(first_us)) AS first, "
        "if(n > 0, maxIf(last_us, number = 0), max(last_us)) AS last "
        f"FROM ({' UNION ALL '.join(parts)}) GROUP BY key HAVING n + then_n > 0"
    )


def _line(by: str, line: _Line) -> Line:
    shown = " · ".join(line.key.rpartition(APART)[::2]) if by == PAIR else line.key
    return Line(
        key=shown or None,
        include=term_of(by, line.key or None),
        count=line.n,
        failed=line.failed,
        previous=line.then_n,
        previous_failed=line.then_failed,
        first=format_us(line.first),
        last=format_us(line.last),
    )


async def _bars(
    index: IndexProcess, filter_: Filter, compared: Compared, through: int
) -> tuple[int, list[Bar]]:
    """The whole of both periods in bars; each period is counted in cells that fit its edges."""
    interval_s, edges, other_edges = paired_edges(compared, WANTED_BARS)

    async def count(whole: Range, marks: list[int]) -> list[int]:
        prepared = await prepare(index, msgspec.structs.replace(filter_, range=whole), through)
        return await _cells(index, prepared, marks)

    counts = await asyncio.gather(
        count(compared.whole_this, edges), count(compared.whole_other, other_edges)
    )
    bars = [
        Bar(at=format_us(at), count=now, other_at=format_us(other_at), other=then)
        for at, now, other_at, then in zip(
            edges[:-1], counts[0], other_edges[:-1], counts[1], strict=True
        )
    ]
    return interval_s, bars


async def _cells(index: IndexProcess, prepared: Prepared, edges: list[int]) -> list[int]:
    counts = [0] * (len(edges) - 1)
    # The period's end may lie anywhere, and nothing comes after it: it needs no edge of a cell.
    inner = [edge for edge in edges[:-1] if edge != prepared.filter.range.to_us]
    width = 0
    for edge in inner:
        width = gcd(width, edge - inner[0])
    if prepared.empty or not inner:
        return counts
    # One bar alone is one cell, of whatever width that covers it.
    width = width or (edges[-1] - inner[0]) // QUARTER_US * QUARTER_US + QUARTER_US
    add = prepared.parameters.add
    if rolled.is_timed(prepared, inner):
        sql = f"SELECT cell, n FROM ({rolled.cells(prepared, edges[0], width)})"
    else:
        sql = (
            f"SELECT intDiv(occurred_us - {add(edges[0], 'Int64')}, "
            f"{add(width, 'Int64')}) AS cell, count() AS n FROM events "
            f"WHERE {prepared.where} GROUP BY cell"
        )
    for found in _decode_cells(await index.query(sql, prepared.parameters.values)):
        place = bisect_right(edges, edges[0] + found.cell * width) - 1
        if 0 <= place < len(counts):
            counts[place] += found.n
    return counts


def _us(moment: int | None) -> int:
    assert moment is not None  # noqa: S101 - compare_ranges refuses open ranges
    return moment
