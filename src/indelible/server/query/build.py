"""Makes our tree of Lark's."""

from __future__ import annotations

import re
from typing import Final

from lark import Token, Tree
from msgspec.structs import replace

from indelible.server.query.filters import FAMILIES
from indelible.server.query.tree import All, Any, Field, Node, Not, Word, bad

_ESCAPE: Final = re.compile(r"\\([\"\\])")


def span(token: Token) -> tuple[int, int]:
    """Where a token stands in the text."""
    return token.start_pos or 0, token.end_pos or 0


def build(tree: Tree[Token], field: Token | None = None) -> Node:
    """The node of a tree; `field` names the field whose group it stands in."""
    kind = str(tree.data)
    nodes = [part for part in tree.children if isinstance(part, Tree)]
    tokens = [part for part in tree.children if isinstance(part, Token)]
    if kind in ("either", "both"):
        name = None if field is None else _name(field)
        return _group(kind, [build(node, field) for node in nodes], name)
    if kind == "negated":
        return negate(build(nodes[0], field), span(tokens[0])[0])
    if kind == "group":
        return _spread(build(nodes[0], field), tokens)
    if kind == "field_group":
        _refuse_inside(tokens[0], field)
        return _spread(build(nodes[0], tokens[0]), tokens)
    return _term(tokens, field)


def _term(tokens: list[Token], field: Token | None) -> Node:
    value = tokens[-1]
    start, (at, end) = span(tokens[0])[0], span(value)
    quoted = value.type == "PHRASE"
    text = _ESCAPE.sub(r"\1", value[1:-1]) if quoted else str(value)
    if len(tokens) > 1:
        _refuse_inside(tokens[0], field)
        field = tokens[0]
    if field is None:
        return Word(text=text, quoted=quoted, start=start, end=end, at=at)
    term = Field(name=_name(field), value=text, quoted=quoted, start=start, end=end, at=at)
    FAMILIES[term.name].check(term)
    return term


def negate(node: Node, start: int | None = None) -> Node:
    """The opposite of a node, which begins at `start`, where its sign stands."""
    at = node.start if start is None else start
    if isinstance(node, Word | Field):
        return replace(node, negated=not node.negated, start=at)
    if isinstance(node, Not):
        return replace(node.node, start=at, end=node.end)
    return Not(node=node, start=at, end=node.end)


def _group(kind: str, nodes: list[Node], field: str | None) -> Node:
    """A group; groups of the same kind inside it become part of it."""
    make = Any if kind == "either" else All
    flat: list[Node] = []
    for node in nodes:
        if isinstance(node, make) and node.field == field:
            flat.extend(node.nodes)
        else:
            flat.append(node)
    return make(nodes=tuple(flat), field=field, start=nodes[0].start, end=nodes[-1].end)


def _spread(node: Node, tokens: list[Token]) -> Node:
    """The node with the span of the parentheses around it, and of the field before them."""
    return replace(node, start=span(tokens[0])[0], end=span(tokens[-1])[1])


def _refuse_inside(name: Token, field: Token | None) -> None:
    if field is not None:
        start, end = span(name)
        raise bad(
            f"{name} stands inside {field}(…)",
            start,
            end,
            f"a value of {_name(field)}",
            'put text in "quotes" to search for it as it is',
            mistake="inside-field",
            field=_name(field),
            word=str(name),
        )


def _name(field: Token) -> str:
    return field[:-1].lower()
