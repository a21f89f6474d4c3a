"""
Facets: how often each value of several fields occurs in a filtered set, in one statement.

One pass over the rows serves all plain fields (`GROUPING SETS`); fields that are lists take one
more each.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from indelible.server.index import IndexProcess
from indelible.server.query.fields import COUNTED, TARGET
from indelible.server.query.prepare import Prepared
from indelible.server.query.printer import field_term
from indelible.server.query.rolled import counted, is_rolled

FACETS: Final = (
    "actor", "ip", "device", "agent", "method", "operation", "endpoint", "status_class", "status",
    "outcome", "category", "kind", "source", "severity", "behalf", "target", "target_type",
    "change", "state", "queue", "worker", "stream",
)  # fmt: skip
USUAL: Final = ("outcome", "kind", "category", "operation")
MAX_FIELDS: Final = 16


class FacetValue(msgspec.Struct, frozen=True, kw_only=True):
    """
    A value and how many events have it; `value` null counts those without one.

    `include` and `exclude` are query terms, null where the language has none. `type` and `id` are
    there for targets.
    """

    value: str | None
    count: int
    include: str | None
    exclude: str | None
    type: str | msgspec.UnsetType = msgspec.UNSET
    id: str | msgspec.UnsetType = msgspec.UNSET


class Facet(msgspec.Struct, frozen=True):
    """
    The most frequent values of a field.

    `distinct` counts all its values, `others` the events (for lists: items) not under `values`.
    """

    field: str
    values: list[FacetValue]
    distinct: int
    others: int


class Facets(msgspec.Struct, frozen=True):
    """Facets of one set. `total` is its number of events."""

    total: int
    exact: bool
    facets: list[Facet]
    indexed_through: int


class _Row(msgspec.Struct):
    n: int  # which field
    v: list[str]
    c: int
    d: int
    s: int


_decode = msgspec.json.Decoder(_Row).decode_lines


async def count_facets(
    index: IndexProcess, prepared: Prepared, fields: tuple[str, ...], limit: int, contains: str
) -> Facets:
    """The facets of these fields, in their order."""
    if prepared.empty:
        empty = [Facet(field, [], 0, 0) for field in fields]
        return Facets(0, True, empty, prepared.through)
    blocks = [name for name in fields if is_rolled(prepared, name)]
    plain = [
        name for name in fields if name != TARGET and not COUNTED[name].each and name not in blocks
    ]
    lists = [name for name in fields if name not in plain and name not in blocks]
    where = "position(lowerUTF8(arrayStringConcat(v, ' ')), lowerUTF8({contains:String})) > 0"
    contained = where if contains else "1"
    parameters = {**prepared.parameters.values, "contains": contains}
    tail = f"WHERE {contained} ORDER BY c DESC, v LIMIT {int(limit)} BY n"
    total_sql = _total(prepared)
    counted_of = {name: counted(prepared, name) for name in blocks}
    parameters |= prepared.parameters.values
    answers = await asyncio.gather(
        *(index.query(_block(sql, tail), parameters) for sql in counted_of.values()),
        *(index.query(_list(name, prepared.where, tail), parameters) for name in lists),
        *([index.query(_plain(plain, prepared.where, tail), parameters)] if plain else []),
        index.query(total_sql, parameters),
    )
    rows: dict[str, list[_Row]] = {}
    for name, answer in zip([*blocks, *lists], answers, strict=False):
        rows[name] = _decode(answer)
    for row in _decode(answers[-2]) if plain else []:
        rows.setdefault(plain[row.n], []).append(row)
    total = _decode(answers[-1])[0].c
    facets = [_facet(name, rows.get(name, [])) for name in fields]
    return Facets(total, True, facets, prepared.through)


def _total(prepared: Prepared) -> str:
    source = f"SELECT count() AS n FROM events WHERE {prepared.where}"
    if is_rolled(prepared, "outcome"):
        source = counted(prepared, "outcome")
    return f"SELECT 0 AS n, [] AS v, c, 0 AS d, 0 AS s FROM (SELECT sum(n) AS c FROM ({source}))"


def _block(counted_values: str, tail: str) -> str:
    return (
        "SELECT 0 AS n, v, c, d, s FROM (SELECT [value] AS v, n AS c, count() OVER () AS d, "
        f"sum(n) OVER () AS s FROM ({counted_values}) WHERE n > 0) {tail}"
    )


def _plain(names: list[str], where: str, tail: str) -> str:
    keys = [f"k{position}" for position in range(len(names))]
    values = ", ".join(
        f"{COUNTED[name].number or COUNTED[name].value} AS {key}"
        for name, key in zip(names, keys, strict=True)
    )
    # `grouping` has a bit for each key, the first one highest, set where the key is not grouped by.
    every = (1 << len(keys)) - 1
    order = [every ^ (1 << (len(keys) - 1 - position)) for position in range(len(keys))]
    number = f"indexOf({order}, grouping({', '.join(keys)})) - 1"
    texts = [
        # The expression again, on the number that stands for a status.
        COUNTED[name].value.replace("status", key) if COUNTED[name].number else f"toString({key})"
        for name, key in zip(names, keys, strict=True)
    ]
    own = f"arrayElement([{', '.join(texts)}], n + 1)"
    return (
        f"SELECT n, v, c, d, s FROM (SELECT {number} AS n, [{own}] AS v, count() AS c, "
        "count() OVER (PARTITION BY n) AS d, sum(c) OVER (PARTITION BY n) AS s "
        f"FROM (SELECT {values} FROM events WHERE {where}) "
        f"GROUP BY GROUPING SETS ({', '.join(f'({key})' for key in keys)})) {tail}"
    )


def _list(name: str, where: str, tail: str) -> str:
    if name == TARGET:
        lists, keys = "target_types AS a, target_ids AS b", ["a", "b"]
    else:
        lists, keys = f"arrayDistinct({COUNTED[name].value}) AS a", ["a"]
    value = ", ".join(f"toString({key})" for key in keys)
    # An event without an item counts once, with an empty text.
    return (
        f"SELECT 0 AS n, v, c, d, s FROM (SELECT [{value}] AS v, c, count() OVER () AS d, "
        f"sum(c) OVER () AS s FROM (SELECT {', '.join(keys)}, count() AS c FROM events "
        f"LEFT ARRAY JOIN {lists} WHERE {where} GROUP BY {', '.join(keys)})) {tail}"
    )


def _facet(name: str, rows: list[_Row]) -> Facet:
    values = [_target(row) if name == TARGET else _value(name, row) for row in rows]
    if not rows:
        return Facet(name, [], 0, 0)
    return Facet(name, values, rows[0].d, rows[0].s - sum(row.c for row in rows))


def _value(name: str, row: _Row) -> FacetValue:
    counted, value = COUNTED[name], row.v[0] or None
    return FacetValue(
        value=value,
        count=row.c,
        include=counted.include(value),
        exclude=counted.include(value, negated=True),
    )


def _target(row: _Row) -> FacetValue:
    kind, target_id = row.v
    terms = [
        field_term(f"target.{part}", value)
        for part, value in (("type", kind), ("id", target_id))
        if value
    ]
    if not terms:
        return FacetValue(
            value=None, count=row.c, include="-has:target", exclude="has:target", type="", id=""
        )
    return FacetValue(
        value=" ".join(text for text in row.v if text),
        count=row.c,
        include=" ".join(terms),
        exclude=f"-({' '.join(terms)})" if len(terms) > 1 else f"-{terms[0]}",
        type=kind,
        id=target_id,
    )
