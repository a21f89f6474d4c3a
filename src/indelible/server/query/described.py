"""A query as JSON: its tree with spans, its terms as chips, its sentence, or its error."""

from __future__ import annotations

from typing import Any as AnyType

import msgspec

from indelible.errors import InvalidRequest
from indelible.server.index.seen import Part
from indelible.server.query.explain import explain_masks
from indelible.server.query.parse import parse_text
from indelible.server.query.printer import print_tree
from indelible.server.query.sentence import explain_term, explain_tree
from indelible.server.query.tree import All, Any, Node, Not, Term, Word, terms


class Chip(msgspec.Struct, frozen=True):
    """One term. `field` is null for words and phrases; `text` is its part of the query."""

    start: int
    end: int
    text: str
    field: str | None
    value: str
    quoted: bool
    negated: bool
    explained: str


class QueryError(msgspec.Struct, frozen=True):
    """What cannot be understood, and where."""

    detail: str
    position: int
    end: int
    expected: str
    hint: str | None


class Described(msgspec.Struct, frozen=True):
    """
    A query, understood. `canonical` is the same in its usual form.

    Nodes of `tree` have `type` (`term`, `and`, `or`, `not`), `start` and `end`; groups have
    `nodes`, and `field` where they are `field:(…)`; `not` has `node`; terms are as in `chips`.
    With an `error` the rest is empty.
    """

    text: str
    canonical: str
    explained: str
    tree: dict[str, AnyType] | None
    chips: list[Chip]
    error: QueryError | None


def describe(text: str, masks: tuple[Part, ...] = ()) -> Described:
    """What a query says to somebody from whom parts are hidden, or why it cannot be understood."""
    try:
        tree = parse_text(text)
    except InvalidRequest as error:
        return Described(text, "", "", None, [], _error(error, text))
    chips = [_chip(term, text) for term in terms(tree)]
    shown = None if tree is None else _shown(tree, text)
    told = " ".join(filter(None, (explain_tree(tree), explain_masks(tree, masks))))
    return Described(text, print_tree(tree), told, shown, chips, None)


def _error(error: InvalidRequest, text: str) -> QueryError:
    return QueryError(
        error.message,
        error.position or 0,
        len(text) if error.end is None else error.end,
        error.expected or "",
        error.hint,
    )


def _chip(term: Term, text: str) -> Chip:
    return Chip(
        term.start,
        term.end,
        text[term.start : term.end],
        None if isinstance(term, Word) else term.name,
        term.text if isinstance(term, Word) else term.value,
        term.quoted,
        term.negated,
        explain_term(term),
    )


def _shown(node: Node, text: str) -> dict[str, AnyType]:
    if isinstance(node, All | Any):
        return {
            "type": "and" if isinstance(node, All) else "or",
            "start": node.start,
            "end": node.end,
            "field": node.field,
            "nodes": [_shown(one, text) for one in node.nodes],
        }
    if isinstance(node, Not):
        return {
            "type": "not",
            "start": node.start,
            "end": node.end,
            "node": _shown(node.node, text),
        }
    return {"type": "term", **msgspec.structs.asdict(_chip(node, text))}
