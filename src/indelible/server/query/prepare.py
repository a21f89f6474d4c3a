"""
Turns a filter into a condition in SQL.

Every condition starts with the reach of the caller, tenant first, and ends with how far the index
is, so that a reply speaks of one snapshot. The values table is asked first, once for all terms
together.
"""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.clock import US_PER_DAY
from indelible.server.index import IndexProcess
from indelible.server.index.schema import ID_COLUMNS
from indelible.server.query.filter import Filter
from indelible.server.query.filters import FAMILIES, Context, Found, Lookup, words
from indelible.server.query.filters.base import EVERYTHING, NOTHING, values_where
from indelible.server.query.pattern import Parameters
from indelible.server.query.reach import Reach
from indelible.server.query.reach import conditions as reach_conditions
from indelible.server.query.tree import All, Any, Node, Not, Term, Word, terms

MAX_VALUES: Final = 500
"""More matching values than this are not listed but selected inside the statement."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A filter's condition on `events` (without WHERE), and the values bound in it."""

    filter: Filter
    where: str
    parameters: Parameters
    through: int

    @property
    def empty(self) -> bool:
        """Whether it is known already that nothing matches."""
        return self.where == NOTHING


class _Value(msgspec.Struct):
    n: int
    col: str
    value: str


_decode_values = msgspec.json.Decoder(_Value).decode_lines


async def prepare(
    index: IndexProcess, filter_: Filter, through: int, starts: tuple[int, ...] = ()
) -> Prepared:
    """
    Asks the values table what the terms stand for, and puts the condition together.

    `starts` are the beginnings of periods inside the range, for what asks what is new in a period.
    """
    days = _days(filter_)
    parameters = Parameters(filter_.tenant_id)
    parameters.hide(filter_.reach.masks)
    trees = (filter_.reach.tree, filter_.tree)
    context = await _look_up(index, trees, parameters, days)
    conditions = reach_conditions(filter_.reach, parameters)
    context.seen = " AND ".join(conditions)
    context.is_whole = filter_.reach.is_whole and not filter_.reach.masks
    context.through = through
    if filter_.range.from_us is not None:
        context.starts = tuple(sorted({filter_.range.from_us, *starts}))
    if filter_.range.from_us is not None:
        conditions.append(f"occurred_us >= {parameters.add(filter_.range.from_us, 'Int64')}")
    if filter_.range.to_us is not None:
        conditions.append(f"occurred_us < {parameters.add(filter_.range.to_us, 'Int64')}")
    if filter_.stream is not None:
        conditions.append(f"stream = {parameters.add(filter_.stream, 'String')}")
    if not filter_.own:
        conditions.append("NOT (source = 'indelible' AND reported_by = 'service')")
    chosen = []
    for tree in trees:
        chosen.append(EVERYTHING if tree is None else _condition(tree, context))
        # What the reach's own query leaves out is not there either for what comes after it.
        context.seen += "" if chosen[-1] == EVERYTHING else f" AND {chosen[-1]}"
    conditions += [condition for condition in chosen if condition != EVERYTHING]
    conditions.append(f"idx < {parameters.add(through, 'UInt64')}")
    return Prepared(
        filter=filter_,
        where=NOTHING if NOTHING in conditions else " AND ".join(conditions),
        parameters=parameters,
        through=through,
    )


async def within(
    index: IndexProcess, reach: Reach, parameters: Parameters, through: int | None = None
) -> str:
    """
    The condition on `events` that all statements begin with: what a caller may see of the log.

    Its values are bound in `parameters`, which are those of the statement.
    """
    parameters.hide(reach.masks)
    tree = reach.tree
    context = await _look_up(index, (tree,), parameters, None)
    found = reach_conditions(reach, parameters)
    context.seen = " AND ".join(found)
    if tree is not None:
        found.append(_condition(tree, context))
    if through is not None:
        found.append(f"idx < {parameters.add(through, 'UInt64')}")
    return " AND ".join(found)


async def _look_up(
    index: IndexProcess,
    trees: tuple[Node | None, ...],
    parameters: Parameters,
    days: tuple[int, int] | None,
) -> Context:
    found = (lookup for tree in trees for term in terms(tree) for lookup in _lookups(term))
    lookups = list(dict.fromkeys(found))
    answers, id_kinds = await _ask(index, parameters, lookups, days)
    return Context(parameters, answers, days, id_kinds)


def _lookups(term: Term) -> list[Lookup]:
    return words.lookups(term) if isinstance(term, Word) else FAMILIES[term.name].lookups(term)


def _condition(node: Node, context: Context) -> str:
    """The condition of a tree. What is true or false for all rows is known here already."""
    if isinstance(node, Not):
        return _negated(_condition(node.node, context))
    if isinstance(node, All | Any):
        joint, ends, drops = _WAYS[type(node)]
        found = list(dict.fromkeys(_condition(one, context) for one in node.nodes))
        if ends in found:
            return ends
        kept = [one for one in found if one != drops]
        return f"({joint.join(kept)})" if kept else drops
    if isinstance(node, Word):
        condition = words.condition(node, context)
    else:
        condition = FAMILIES[node.name].condition(node, context)
    return _negated(condition) if node.negated else condition


# How the conditions of a group are joined, which of them decides it, and which says nothing.
_WAYS: Final = {All: (" AND ", NOTHING, EVERYTHING), Any: (" OR ", EVERYTHING, NOTHING)}


def _negated(condition: str) -> str:
    if condition in (NOTHING, EVERYTHING):
        return EVERYTHING if condition == NOTHING else NOTHING
    return f"NOT ({condition})"


def _days(filter_: Filter) -> tuple[int, int] | None:
    """The days, in UTC, that the range touches; None when it is open on a side."""
    first, end = filter_.range.from_us, filter_.range.to_us
    if first is None or end is None:
        return None
    low, high = -(2**31), 2**31 - 1
    return (
        max(low, min(high, first // US_PER_DAY)),
        max(low, min(high, (end - 1) // US_PER_DAY)),
    )


async def _ask(
    index: IndexProcess,
    asking: Parameters,
    lookups: list[Lookup],
    days: tuple[int, int] | None,
) -> tuple[dict[Lookup, Found], dict[str, set[str]]]:
    """What the lookups find, and what the columns of ids hold."""
    if not lookups:
        return {}, {}
    parameters = Parameters(asking.tenant_id)
    parameters.hide(asking.hidden)
    statements = []
    for position, lookup in enumerate(lookups):
        where = values_where(lookup.pattern, lookup.columns, parameters, days)
        statements.append(
            f"SELECT {position} AS n, col, value FROM known WHERE {where} "
            f"GROUP BY col, value LIMIT {MAX_VALUES + 1}"
        )
    where = values_where(None, ID_COLUMNS, parameters, days)
    statements.append(f"SELECT -1 AS n, col, value FROM known WHERE {where} GROUP BY col, value")
    sql = " UNION ALL ".join(f"({statement})" for statement in statements)
    found: list[dict[str, list[str]]] = [{} for _ in lookups]
    counts = [0] * len(lookups)
    id_kinds: dict[str, set[str]] = {}
    for row in _decode_values(await index.query(sql, parameters.values)):
        if row.n < 0:
            id_kinds.setdefault(row.col, set()).add(row.value)
            continue
        found[row.n].setdefault(row.col, []).append(row.value)
        counts[row.n] += 1
    answers = {
        lookup: Found(values=found[position], more=counts[position] > MAX_VALUES)
        for position, lookup in enumerate(lookups)
    }
    return answers, id_kinds
