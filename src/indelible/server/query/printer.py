"""
A tree as text again, so that terms can be added, taken out and replaced without losing quotes.

What is printed parses to the same tree, but for the spans.
"""

from __future__ import annotations

from msgspec.structs import replace

from indelible.server.query.tree import All, Any, Field, Node, Not, Word


def print_tree(node: Node | None) -> str:
    """The text of a tree, in its usual form."""
    return "" if node is None else _print(node, None, 0)


def quote(text: str) -> str:
    """A text in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def field_term(name: str, value: str, *, negated: bool = False) -> str:
    """The text of a term with just this value."""
    return f"{'-' if negated else ''}{name}:{quote(value)}"


def _print(node: Node, field: str | None, level: int) -> str:
    """`field` is that of the group around; `level` 0 takes any node, 1 no OR, 2 no group at all."""
    if isinstance(node, Word):
        return _sign(node.negated) + (quote(node.text) if node.quoted else node.text)
    if isinstance(node, Field):
        value = quote(node.value) if node.quoted else node.value
        return _sign(node.negated) + (value if node.name == field else f"{node.name}:{value}")
    if isinstance(node, Not):
        return "-" + _print(node.node, field, 2)
    head = "" if node.field is None or node.field == field else f"{node.field}:"
    inner = node.field or field
    if isinstance(node, Any):
        text = " OR ".join(_print(one, inner, 1) for one in node.nodes)
        return f"{head}({text})" if head or level > 0 else text
    text = " ".join(_print(one, inner, 2) for one in node.nodes)
    return f"{head}({text})" if head or level > 1 else text


def _sign(negated: bool) -> str:
    return "-" if negated else ""


def plain(node: Node | None) -> Node | None:
    """The tree without spans, to compare what two texts mean."""
    if node is None:
        return None
    if isinstance(node, Word | Field):
        return replace(node, start=0, end=0, at=0)
    if isinstance(node, Not):
        inner = plain(node.node)
        if isinstance(inner, All | Any):
            return Not(node=inner)
        raise TypeError(inner)
    nodes = tuple(found for one in node.nodes if (found := plain(one)) is not None)
    return replace(node, nodes=nodes, start=0, end=0)
