"""Counts: in all, per value of a field, per stream, and over time for the histogram."""

from __future__ import annotations

from math import gcd
from typing import Any, Final

import msgspec

from indelible.clock import format_us
from indelible.server.index import IndexProcess
from indelible.server.query.fields import ALIASES, COUNTED, TARGET, Counted
from indelible.server.query.periods import bucket_edges
from indelible.server.query.prepare import Prepared
from indelible.server.query.rolled import (
    OUTCOME,
    Rolled,
    counted,
    is_rolled,
    is_timed,
    most_frequent,
)
from indelible.server.query.rolled import cells as rolled_cells


def _expression(counted: Counted) -> str:
    if not counted.each:
        return counted.value
    return f"arrayJoin(if(empty({counted.value}), [''], arrayDistinct({counted.value})))"


# Name in the API → expression over a row. "" stands for no value.
GROUPS: Final = {
    **{name: _expression(counted) for name, counted in COUNTED.items()},
    **{alias: _expression(COUNTED[name]) for alias, name in ALIASES.items()},
    "actor.email": "actor_email",
    "actor.id": "actor_id",
    TARGET: (
        "arrayJoin(if(empty(target_types), [''], arrayDistinct(arrayMap((kind, id) -> "
        "trimBoth(concat(kind, ' ', id)), target_types, target_ids))))"
    ),
}
OUTCOMES: Final = ("success", "failure", "denied", "unknown")
MAX_CELLS: Final = 200_000
_USUAL_US: Final = 2**52  # in 2112; bars of times beyond are made only when there are events


class Group(msgspec.Struct, frozen=True):
    """One value, or one bar; `key` null stands for events without a value."""

    key: str | None
    count: int
    by_outcome: dict[str, int]


class Stats(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`others` counts events whose value is not among the groups listed."""

    total: int
    exact: bool
    indexed_through: int
    groups: list[Group] | None = None
    others: int | None = None
    interval_s: int | None = None


class _Counted(msgspec.Struct):
    key: str
    success: int
    failure: int
    denied: int
    unknown: int
    n: int


class _Cell(msgspec.Struct):
    cell: int
    success: int
    failure: int
    denied: int
    unknown: int
    n: int


class _Number(msgspec.Struct):
    n: int


class _Ends(msgspec.Struct):
    n: int
    first: int
    last: int


_COUNTS: Final = (
    ", ".join(f"countIf(outcome = '{outcome}') AS {outcome}" for outcome in OUTCOMES)
    + ", count() AS n"
)
_decode_rolled = msgspec.json.Decoder(Rolled).decode_lines
_decode_counted = msgspec.json.Decoder(_Counted).decode_lines
_decode_cells = msgspec.json.Decoder(_Cell).decode_lines
_decode_number = msgspec.json.Decoder(_Number).decode
_decode_ends = msgspec.json.Decoder(_Ends).decode


async def count(index: IndexProcess, prepared: Prepared) -> int:
    """How many events match, exactly."""
    if is_rolled(prepared, OUTCOME):
        sql = f"SELECT sum(n) AS n FROM ({counted(prepared, OUTCOME)})"
        return _decode_number(await index.query(sql, prepared.parameters.values)).n
    return (await _ends(index, prepared)).n


async def group_by(index: IndexProcess, prepared: Prepared, name: str, limit: int) -> Stats:
    """The most frequent values of a field of `GROUPS` with their counts."""
    if prepared.empty:
        return Stats(total=0, exact=True, groups=[], others=0, indexed_through=prepared.through)
    name = ALIASES.get(name, name)
    if is_rolled(prepared, name) and not (name in COUNTED and COUNTED[name].each):
        return await _by_blocks(index, prepared, name, limit)
    expression = GROUPS[name]
    sql = (
        f"SELECT toString({expression}) AS key, {_COUNTS} FROM events WHERE {prepared.where} "
        f"GROUP BY key ORDER BY n DESC, key LIMIT {int(limit)}"
    )
    total = await count(index, prepared)
    rows = _decode_counted(await index.query(sql, prepared.parameters.values))
    groups = [Group(row.key or None, row.n, _by_outcome(row)) for row in rows]
    return Stats(
        total=total,
        exact=True,
        groups=groups,
        # An event with several targets or changes counts for each: then nothing may be left.
        others=max(0, total - sum(group.count for group in groups)),
        indexed_through=prepared.through,
    )


async def _by_blocks(index: IndexProcess, prepared: Prepared, name: str, limit: int) -> Stats:
    sql = most_frequent(prepared, name, limit)
    rows = _decode_rolled(await index.query(sql, prepared.parameters.values))
    total = rows[0].total if rows else 0
    groups = [Group(row.key or None, row.n, _by_outcome(row)) for row in rows]
    return Stats(
        total=total,
        exact=True,
        groups=groups,
        others=total - sum(group.count for group in groups),
        indexed_through=prepared.through,
    )


async def over_time(index: IndexProcess, prepared: Prepared, buckets: int) -> Stats:
    """
    The histogram: bars on round times of the range's zone, empty ones left out.

    The engine counts in cells of one width, the largest that fits all edges; cells are then put
    together to bars here, so that a day of 23 or 25 hours is one bar.
    """
    range_ = prepared.filter.range
    nothing = Stats(total=0, exact=True, groups=[], interval_s=0, indexed_through=prepared.through)
    if prepared.empty:
        return nothing
    from_us, to_us = range_.from_us, range_.to_us
    if from_us is None or to_us is None or from_us < 0 or to_us > _USUAL_US:
        ends = await _ends(index, prepared)
        if ends.n == 0:
            return nothing
        from_us = ends.first if from_us is None else from_us
        to_us = ends.last + 1 if to_us is None else to_us
    interval_s, edges = bucket_edges(from_us, to_us, range_.tz, buckets)
    width = 0
    for edge in edges:
        width = gcd(width, edge - edges[0])
    sql = _cells(prepared, edges, width)
    cells = _decode_cells(await index.query(sql, prepared.parameters.values))
    if not cells:
        return nothing
    return Stats(
        total=sum(cell.n for cell in cells),
        exact=True,
        groups=_bars(cells, edges, width),
        interval_s=interval_s,
        indexed_through=prepared.through,
    )


def _cells(prepared: Prepared, edges: list[int], width: int) -> str:
    if is_timed(prepared, edges):
        return f"SELECT * FROM ({rolled_cells(prepared, edges[0], width)}) ORDER BY cell"
    add = prepared.parameters.add
    start, cell = add(edges[0], "Int64"), add(width, "Int64")
    return (
        f"SELECT intDiv(occurred_us - {start}, {cell}) AS cell, {_COUNTS} "
        f"FROM events WHERE {prepared.where} GROUP BY cell ORDER BY cell"
    )


def _bars(cells: list[_Cell], edges: list[int], width: int) -> list[Group]:
    bars: list[Group] = []
    position = 0
    counts: dict[str, int] = {}
    number = 0

    def close() -> None:
        if number:
            bars.append(Group(format_us(edges[position]), number, counts))

    for cell in cells:
        at = edges[0] + cell.cell * width
        if position + 1 < len(edges) - 1 and at >= edges[position + 1]:
            close()
            counts, number = {}, 0
            while position + 1 < len(edges) - 1 and at >= edges[position + 1]:
                position += 1
        number += cell.n
        for outcome, some in _by_outcome(cell).items():
            counts[outcome] = counts.get(outcome, 0) + some
    close()
    return bars


def _by_outcome(row: _Counted | _Cell | Rolled) -> dict[str, int]:
    counts: dict[str, int] = {outcome: getattr(row, outcome) for outcome in OUTCOMES}
    return {outcome: some for outcome, some in counts.items() if some}


async def _ends(index: IndexProcess, prepared: Prepared) -> _Ends:
    if prepared.empty:
        return _Ends(0, 0, 0)
    sql = (
        "SELECT count() AS n, min(occurred_us) AS first, max(occurred_us) AS last "
        f"FROM events WHERE {prepared.where}"
    )
    found: Any = await index.query(sql, prepared.parameters.values)
    return _decode_ends(found)
