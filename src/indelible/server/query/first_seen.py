"""
Who and what a period has that no event before it names.

What came before is told by the values table, which knows on which days each value was seen, and by
a look at the hours between the last of those days and the period.
"""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.clock import US_PER_DAY
from indelible.server.index import IndexProcess
from indelible.server.index.rollup import ACTOR, PEOPLE
from indelible.server.query import rolled
from indelible.server.query.filter import Filter
from indelible.server.query.periods import Range
from indelible.server.query.prepare import prepare, within
from indelible.server.query.reach import TENANT

SHOWN: Final = 10
# Which rows name one, the value, and the columns that hold it.
_KINDS: Final = {
    "people": (PEOPLE, ACTOR, ("actor_email", "actor_name", "actor_id")),
    "operations": ("1", "operation", ("operation",)),
}


class New(msgspec.Struct, frozen=True, kw_only=True):
    """How many values were seen, how many of them never before, and the first few of those."""

    seen: int
    first_time: int
    values: list[str]


class _Row(msgspec.Struct):
    what: str
    seen: int
    first_time: int
    names: list[str]


_decode = msgspec.json.Decoder(_Row).decode_lines


async def find_new(
    index: IndexProcess, filter_: Filter, period: Range, through: int
) -> dict[str, New]:
    """`people` and `operations` of a closed period, new whatever else the filter says."""
    prepared = await prepare(index, msgspec.structs.replace(filter_, range=period), through)
    if prepared.empty or period.from_us is None:
        return dict.fromkeys(_KINDS, New(seen=0, first_time=0, values=[]))
    add = prepared.parameters.add
    day = max(-(2**31), min(2**31 - 1, period.from_us // US_PER_DAY))
    start = add(period.from_us, "Int64")
    day_start, first_day = add(day * US_PER_DAY, "Int64"), add(day, "Int32")
    bounds = await within(index, filter_.reach, prepared.parameters, through)
    statements = []
    for what, (rows, expression, columns) in _KINDS.items():
        before = (
            f"SELECT toString(arrayJoin([{', '.join(f'toString({name})' for name in columns)}])) "
            f"FROM events WHERE {bounds} AND occurred_us < {start}"
        )
        if filter_.reach.is_whole:
            # By whole days from the values table; the hours of the border day from the events.
            names = ", ".join(f"'{column}'" for column in columns)
            known = f"SELECT value FROM known WHERE {TENANT} AND col IN ({names}) AND first_day"
            # Only what came up on the border day, which is little, can be new because of them.
            fresh = " OR ".join(f"{column} IN ({known} = {first_day})" for column in columns)
            before = (
                f"{known} < {first_day} UNION DISTINCT "
                f"{before} AND occurred_us >= {day_start} AND ({fresh})"
            )
        if rolled.is_rolled(prepared, "actor"):
            people = what == "people"
            values = rolled.people(prepared) if people else rolled.counted(prepared, "operation")
            keys = f"SELECT value AS key FROM ({values}) WHERE n > 0"
        else:
            keys = (
                f"SELECT toString({expression}) AS key FROM events "
                f"WHERE {prepared.where} AND {rows} GROUP BY key"
            )
        statements.append(
            f"SELECT '{what}' AS what, count() AS seen, countIf(is_new) AS first_time, "
            f"arraySlice(arraySort(groupArrayIf(1000)(key, is_new)), 1, {SHOWN}) AS names "
            f"FROM (SELECT key, key NOT IN ({before}) AS is_new FROM ({keys}) WHERE key != '')"
        )
    data = await index.query(" UNION ALL ".join(statements), prepared.parameters.values)
    return {
        row.what: New(seen=row.seen, first_time=row.first_time, values=row.names)
        for row in _decode(data)
    }
