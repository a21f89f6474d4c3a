"""
Counts over long times, from the blocks that the index has counted already.

What is asked must be the events of a time, a stream, with or without Indelible's own: anything else
is counted by looking at the rows. The days that lie wholly in the range come from `counts`, the
hours at its ends and the entries after the last block from `events`, so the sum is exact.
"""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.clock import US_PER_DAY
from indelible.server.index.rollup import COUNTS, OUTCOMES, ROLLED
from indelible.server.query.prepare import Prepared
from indelible.server.query.reach import TENANT

MIN_DAYS: Final = 7
"""A shorter range is as quickly looked at."""
MOST_DAYS: Final = 100_000_000
"""Times beyond do not fit the numbers of the engine."""
STREAM: Final = "stream"
_SUMS: Final = "sum(n) AS n, " + ", ".join(f"sum({one}) AS {one}" for one in OUTCOMES)
_EACH: Final = f"n, {', '.join(OUTCOMES)}"


def is_rolled(prepared: Prepared, name: str) -> bool:
    """Whether the values of a field can be counted so."""
    filter_ = prepared.filter
    reach = filter_.reach
    # Blocks know nothing of what is hidden from the caller.
    if filter_.tree is not None or not reach.is_whole or reach.masks or prepared.empty:
        return False
    if name not in ROLLED and name != STREAM:
        return False
    first, end = _days(prepared)
    if any(day is not None and abs(day) > MOST_DAYS for day in (first, end)):
        return False
    return first is None or end is None or end - first >= MIN_DAYS


def counted(prepared: Prepared, name: str) -> str:
    """A statement that gives `value`, `n` and the number of each outcome."""
    filter_, add = prepared.filter, prepared.parameters.add
    # Every event has one outcome, so the streams are counted among those.
    column = "outcome" if name == STREAM else name
    value = "stream" if name == STREAM else "value"
    row = "stream" if name == STREAM else f"toString({ROLLED[name]})"
    through = add(prepared.through, "UInt64")
    blocks = f"FROM rolled WHERE {TENANT} AND stop <= {through}"
    conditions = [TENANT, f"col = '{column}'"]
    if filter_.stream is not None:
        conditions.append(f"stream = {add(filter_.stream, 'String')}")
    if not filter_.own:
        conditions.append("own = 0")
    conditions.append(f"(stop, attempt) IN (SELECT stop, attempt {blocks})")
    rest = [f"idx >= (SELECT max(stop) {blocks})"]
    first, end = _days(prepared)
    below = f"idx < (SELECT max(stop) {blocks})"
    if first is not None:
        conditions.append(f"day >= {add(first, 'Int32')}")
        rest.append(f"{below} AND occurred_us < {add(first * US_PER_DAY, 'Int64')}")
    if end is not None:
        conditions.append(f"day < {add(end, 'Int32')}")
        rest.append(f"{below} AND occurred_us >= {add(end * US_PER_DAY, 'Int64')}")
    # Added up by the few distinct values before they become texts.
    blocks_of_value = f"SELECT {value} AS one, {_EACH} FROM counts WHERE {' AND '.join(conditions)}"
    parts = [f"SELECT toString(one) AS value, {_SUMS} FROM ({blocks_of_value}) GROUP BY one"]
    parts += [
        f"SELECT {row} AS value, {COUNTS} FROM events WHERE {prepared.where} AND {more} "
        "GROUP BY value"
        for more in rest
    ]
    return f"SELECT value, {_SUMS} FROM ({' UNION ALL '.join(parts)}) GROUP BY value"


def _days(prepared: Prepared) -> tuple[int | None, int | None]:
    """The first day that lies wholly in the range, and the first after it; None at an open side."""
    range_ = prepared.filter.range
    first = None if range_.from_us is None else -(-range_.from_us // US_PER_DAY)
    end = None if range_.to_us is None else range_.to_us // US_PER_DAY
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
