"""
Counts over long times, from the blocks that the index has counted already.

What is asked must be the events of a time, a stream, with or without Indelible's own: anything else
is counted by looking at the rows. The days (or quarters of an hour) that lie wholly in the range
come from `counts` (`quarters`), what is left at its ends and the entries after the last block from
`events`, so the sum is exact.
"""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.clock import US_PER_DAY
from indelible.server.index.rollup import (
    COUNTS,
    MACHINE,
    OUTCOMES,
    QUARTER,
    QUARTER_US,
    ROLLED,
    TIMES,
)
from indelible.server.query.periods import Range
from indelible.server.query.prepare import Prepared
from indelible.server.query.reach import TENANT

MIN_US: Final = 3 * US_PER_DAY
"""A shorter range is as quickly looked at."""
MIN_WITHOUT_VALUES_US: Final = US_PER_DAY // 4
"""The same for what quarters of an hour know: numbers of events by stream and outcome."""
MOST_US: Final = 2**62
"""Times beyond do not fit the numbers of the engine."""
STREAM: Final = "stream"
OUTCOME: Final = "outcome"
_SUMS: Final = "sum(n) AS n, " + ", ".join(f"sum({one}) AS {one}" for one in OUTCOMES)
_SPAN: Final = "min(first_us) AS first_us, max(last_us) AS last_us"
_EACH: Final = f"n, {', '.join(OUTCOMES)}"


class _Grain(msgspec.Struct, frozen=True):
    """A table of counts by pieces of time, all of one width."""

    table: str
    column: str
    type: str
    width_us: int


_DAYS: Final = _Grain("counts", "day", "Int32", US_PER_DAY)
_QUARTERS: Final = _Grain("quarters", "quarter", "Int64", QUARTER_US)


def is_rolled(prepared: Prepared, name: str) -> bool:
    """Whether the values of a field can be counted so."""
    if name in (STREAM, OUTCOME):
        return _is_whole(prepared, MIN_WITHOUT_VALUES_US)
    return name in ROLLED and _is_whole(prepared, MIN_US)


def is_timed(prepared: Prepared, edges_us: list[int]) -> bool:
    """Whether the numbers of events between these moments can be counted so."""
    on_quarters = all(edge % QUARTER_US == 0 for edge in edges_us)
    return on_quarters and _is_whole(prepared, MIN_WITHOUT_VALUES_US)


def _is_whole(prepared: Prepared, least_us: int) -> bool:
    filter_ = prepared.filter
    reach = filter_.reach
    # Blocks know nothing of what is hidden from the caller.
    if filter_.tree is not None or not reach.is_whole or reach.masks or prepared.empty:
        return False
    from_us, to_us = filter_.range.from_us, filter_.range.to_us
    if any(moment is not None and abs(moment) > MOST_US for moment in (from_us, to_us)):
        return False
    return from_us is None or to_us is None or to_us - from_us >= least_us


def counted(prepared: Prepared, name: str) -> str:
    """A statement that gives `value`, `n` and the number of each outcome."""
    if name in (STREAM, OUTCOME):
        return _without_values(prepared, name)
    # Added up by the few distinct values before they become texts.
    blocks = _blocks(prepared, _DAYS, prepared.filter.range, f"col = '{name}'")
    values = f"SELECT value, {_EACH} FROM {blocks}"
    parts = [f"SELECT toString(value) AS value, {_SUMS} FROM ({values}) GROUP BY value"]
    parts += [
        f"SELECT toString({ROLLED[name]}) AS value, {COUNTS} FROM {rows} GROUP BY value"
        for rows in _rows(prepared, _DAYS, prepared.filter.range)
    ]
    return f"SELECT value, {_SUMS} FROM ({' UNION ALL '.join(parts)}) GROUP BY value"


def _without_values(prepared: Prepared, name: str) -> str:
    parts = [f"SELECT stream, {_EACH} FROM {_blocks(prepared, _QUARTERS, prepared.filter.range)}"]
    parts += [
        f"SELECT stream, {COUNTS} FROM {rows} GROUP BY stream"
        for rows in _rows(prepared, _QUARTERS, prepared.filter.range)
    ]
    by_stream = (
        f"SELECT toString(stream) AS value, {_SUMS} FROM ({' UNION ALL '.join(parts)}) "
        "GROUP BY value"
    )
    if name == STREAM:
        return by_stream
    # Every event has one outcome: a row for each of them, in which it is the only one.
    one = ", ".join(f"if(value = '{outcome}', n, 0) AS {outcome}" for outcome in OUTCOMES)
    pairs = ", ".join(f"('{outcome}', sum({outcome}))" for outcome in OUTCOMES)
    return (
        f"SELECT pair.1 AS value, toUInt64(pair.2) AS n, {one} FROM "
        f"(SELECT arrayJoin([{pairs}]) AS pair FROM ({by_stream}))"
    )


def lines(prepared: Prepared, name: str, range_: Range) -> str:
    """
    A statement that gives `value`, `n`, the number of each outcome, and when it came first and last
    in a range that lies in that of `prepared`.
    """
    blocks = _blocks(prepared, _DAYS, range_, f"col = '{name}'")
    values = f"SELECT value, {_EACH}, first_us, last_us FROM {blocks}"
    parts = [f"SELECT toString(value) AS value, {_SUMS}, {_SPAN} FROM ({values}) GROUP BY value"]
    parts += [
        f"SELECT toString({ROLLED[name]}) AS value, {COUNTS}, {TIMES} FROM {rows} GROUP BY value"
        for rows in _rows(prepared, _DAYS, range_)
    ]
    return f"SELECT value, {_SUMS}, {_SPAN} FROM ({' UNION ALL '.join(parts)}) GROUP BY value"


def people(prepared: Prepared) -> str:
    """A statement that gives `value` and `n` of the actors that are not machines."""
    every, machines = counted(prepared, "actor"), counted(prepared, MACHINE)
    return (
        "SELECT value, sum(events) AS n FROM ("
        f"SELECT value, toInt64(n) AS events FROM ({every}) UNION ALL "
        f"SELECT value, -toInt64(n) AS events FROM ({machines}) WHERE value != '') GROUP BY value"
    )


def cells(prepared: Prepared, start_us: int, width_us: int) -> str:
    """
    A statement that gives `n` and the number of each outcome by `cell`, of which the first begins
    at `start_us`; both are whole quarters of an hour.
    """
    add = prepared.parameters.add
    first = add(start_us // QUARTER_US, "Int64")
    width = add(width_us // QUARTER_US, "Int64")
    parts = [f"SELECT quarter, {_EACH} FROM {_blocks(prepared, _QUARTERS, prepared.filter.range)}"]
    parts += [
        f"SELECT {QUARTER} AS quarter, {COUNTS} FROM {rows} GROUP BY quarter"
        for rows in _rows(prepared, _QUARTERS, prepared.filter.range)
    ]
    return (
        f"SELECT intDiv(quarter - {first}, {width}) AS cell, {_SUMS} "
        f"FROM ({' UNION ALL '.join(parts)}) GROUP BY cell"
    )


def _counted_blocks(prepared: Prepared) -> str:
    through = prepared.parameters.add(prepared.through, "UInt64")
    return f"FROM rolled WHERE {TENANT} AND stop <= {through}"


def _blocks(prepared: Prepared, grain: _Grain, range_: Range, condition: str = "1") -> str:
    """What the blocks have counted of the pieces that lie wholly in the range."""
    filter_, add = prepared.filter, prepared.parameters.add
    conditions = [TENANT, condition]
    if filter_.stream is not None:
        conditions.append(f"stream = {add(filter_.stream, 'String')}")
    if not filter_.own:
        conditions.append("own = 0")
    first, end = _whole(range_, grain)
    if first is not None:
        conditions.append(f"{grain.column} >= {add(first, grain.type)}")
    if end is not None:
        conditions.append(f"{grain.column} < {add(end, grain.type)}")
    complete = f"SELECT stop, attempt {_counted_blocks(prepared)}"
    conditions.append(f"(stop, attempt) IN ({complete})")
    return f"{grain.table} WHERE {' AND '.join(conditions)}"


def _rows(prepared: Prepared, grain: _Grain, range_: Range) -> list[str]:
    """The rows of the range that `_blocks` does not count."""
    add = prepared.parameters.add
    within = prepared.where
    if range_ is not prepared.filter.range:
        if range_.from_us is not None:
            within += f" AND occurred_us >= {add(range_.from_us, 'Int64')}"
        if range_.to_us is not None:
            within += f" AND occurred_us < {add(range_.to_us, 'Int64')}"
    first, end = _whole(range_, grain)
    if first is not None and end is not None and first > end:
        return [f"events WHERE {within}"]  # it lies in one piece
    last = f"(SELECT max(stop) {_counted_blocks(prepared)})"
    rest = [f"idx >= {last}"]
    if first is not None and first * grain.width_us != range_.from_us:
        rest.append(f"idx < {last} AND occurred_us < {add(first * grain.width_us, 'Int64')}")
    if end is not None and end * grain.width_us != range_.to_us:
        rest.append(f"idx < {last} AND occurred_us >= {add(end * grain.width_us, 'Int64')}")
    return [f"events WHERE {within} AND {more}" for more in rest]


def _whole(range_: Range, grain: _Grain) -> tuple[int | None, int | None]:
    """The first piece wholly in the range, and the first after it; None at an open side."""
    width_us = grain.width_us
    first = None if range_.from_us is None else -(-range_.from_us // width_us)
    end = None if range_.to_us is None else range_.to_us // width_us
    return first, end


class Rolled(msgspec.Struct):
    """A row of the answer. Keys and sums of `with_totals`."""

    key: str
    success: int
    failure: int
    denied: int
    unknown: int
    n: int
    total: int
    kinds: int


def most_frequent(prepared: Prepared, name: str, limit: int) -> str:
    """The statement for the most frequent values, each with the number of all events and values."""
    return (
        f"SELECT value AS key, {_EACH}, sum(n) OVER () AS total, count() OVER () AS kinds "
        f"FROM ({counted(prepared, name)}) WHERE n > 0 ORDER BY n DESC, key LIMIT {int(limit)}"
    )
