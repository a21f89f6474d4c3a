"""
Two periods side by side: totals, bars, and one line per value of a field.

The lines and the totals come from one scan over both periods; the bars from a second that reads
little more than times; who and what is new from the values table, which knows on which days each
value was seen, and a look at the hours between the last of those days and the period.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from math import gcd
from typing import Final

import msgspec

from indelible.clock import US_PER_DAY, format_us
from indelible.server.index import IndexProcess
from indelible.server.query.compare import Compared, paired_edges
from indelible.server.query.filter import Filter
from indelible.server.query.periods import Range
from indelible.server.query.prepare import Prepared, prepare, within
from indelible.server.query.reach import TENANT
from indelible.server.query.stats import GROUPS
from indelible.server.query.term import APART, PAIR, term_of

LINES: Final = {
    **GROUPS,
    PAIR: f"concat({GROUPS['actor']}, '{APART}', ip)",
}
"""What there can be a line for → its expression over a row."""
FAILED: Final = "outcome IN ('failure', 'denied')"
PEOPLE: Final = "kind IN ('user', 'service', 'api_key', 'external')"
WANTED_BARS: Final = 60
SHOWN_NEW: Final = 10
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


class New(msgspec.Struct, frozen=True, kw_only=True):
    """How many values were seen, how many of them never before, and the first few of those."""

    seen: int
    first_time: int
    values: list[str]


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


class _New(msgspec.Struct):
    what: str
    seen: int
    first_time: int
    names: list[str]


_decode_lines = msgspec.json.Decoder(_Line).decode_lines
_decode_cells = msgspec.json.Decoder(_Cell).decode_lines
_decode_new = msgspec.json.Decoder(_New).decode_lines


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
        _new(index, filter_, compared, through),
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


def counted_lines(prepared: Prepared, this: str, other: str, expression: str) -> str:
    """The statement that counts each value in both periods, in one scan."""
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
    sql = (
        "SELECT *, sum(n) OVER () AS sum_n, sum(failed) OVER () AS sum_failed, "
        "sum(then_n) OVER () AS sum_then, sum(then_failed) OVER () AS sum_then_failed, "
        f"count() OVER () AS keys FROM ({counted_lines(prepared, this, other, LINES[by])}) "
        f"ORDER BY {SORTS[sort]} {way}, n DESC, then_n DESC, key LIMIT {int(limit)}"
    )
    return _decode_lines(await index.query(sql, prepared.parameters.values))


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
    counts = []
    for whole, marks in ((compared.whole_this, edges), (compared.whole_other, other_edges)):
        prepared = await prepare(index, msgspec.structs.replace(filter_, range=whole), through)
        counts.append(await _cells(index, prepared, marks))
    bars = [
        Bar(at=format_us(at), count=now, other_at=format_us(other_at), other=then)
        for at, now, other_at, then in zip(
            edges[:-1], counts[0], other_edges[:-1], counts[1], strict=True
        )
    ]
    return interval_s, bars


async def _cells(index: IndexProcess, prepared: Prepared, edges: list[int]) -> list[int]:
    counts = [0] * (len(edges) - 1)
    width = 0
    for edge in edges:
        width = gcd(width, edge - edges[0])
    if prepared.empty or width == 0:
        return counts
    add = prepared.parameters.add
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


# What is looked for in the time before the period: rows, value, and the columns that hold it.
_NEW: Final = {
    "people": (PEOPLE, GROUPS["actor"], ("actor_email", "actor_name", "actor_id")),
    "operations": ("1", "operation", ("operation",)),
}


async def _new(
    index: IndexProcess, filter_: Filter, compared: Compared, through: int
) -> dict[str, New]:
    """Values of this period that no event before it names, whatever else the filter says."""
    prepared = await prepare(index, msgspec.structs.replace(filter_, range=compared.this), through)
    nothing = New(seen=0, first_time=0, values=[])
    if prepared.empty:
        return dict.fromkeys(_NEW, nothing)
    add = prepared.parameters.add
    start_us = _us(compared.this.from_us)
    day = max(-(2**31), min(2**31 - 1, start_us // US_PER_DAY))
    start = add(start_us, "Int64")
    day_start, first_day = add(day * US_PER_DAY, "Int64"), add(day, "Int32")
    bounds = await within(index, filter_.reach, prepared.parameters, through)
    statements = []
    for what, (rows, expression, columns) in _NEW.items():
        before = (
            f"SELECT toString(arrayJoin([{', '.join(f'toString({name})' for name in columns)}])) "
            f"FROM events WHERE {bounds} AND occurred_us < {start}"
        )
        if filter_.reach.is_whole:
            # By whole days from the values table; the hours of the border day from the events.
            names = ", ".join(f"'{column}'" for column in columns)
            before = (
                f"SELECT value FROM known WHERE {TENANT} "
                f"AND col IN ({names}) AND first_day < {first_day} UNION DISTINCT "
                f"{before} AND occurred_us >= {day_start}"
            )
        statements.append(
            f"SELECT '{what}' AS what, count() AS seen, countIf(is_new) AS first_time, "
            f"arraySlice(arraySort(groupArrayIf(1000)(key, is_new)), 1, {SHOWN_NEW}) AS names "
            f"FROM (SELECT key, key NOT IN ({before}) AS is_new FROM (SELECT "
            f"toString({expression}) AS key FROM events WHERE {prepared.where} AND {rows} "
            "GROUP BY key HAVING key != ''))"
        )
    data = await index.query(" UNION ALL ".join(statements), prepared.parameters.values)
    return {
        row.what: New(seen=row.seen, first_time=row.first_time, values=row.names)
        for row in _decode_new(data)
    }


def _us(moment: int | None) -> int:
    assert moment is not None  # noqa: S101 - compare_ranges refuses open ranges
    return moment
