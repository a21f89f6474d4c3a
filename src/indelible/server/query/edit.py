"""Edits of a query by its terms, so that a click changes the text and nothing else in it."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from indelible.errors import InvalidRequest
from indelible.server.query.parse import parse_text
from indelible.server.query.printer import print_tree
from indelible.server.query.tree import All, Any, Field, Node, Not, Word, terms

EDITS: Final = ("and", "only", "remove", "replace", "with")


def edit_text(text: str, edits: dict[str, str]) -> str:
    """The text after the edits. Raises InvalidRequest for a span or a term that is none."""
    tree = parse_text(text)
    if "remove" in edits:
        tree = _change(tree, _span(edits["remove"], "remove"), None)
    if "replace" in edits:
        tree = _change(tree, _span(edits["replace"], "replace"), _parsed(edits.get("with", "")))
    if "only" in edits:
        new = _parsed(edits["only"])
        names = {term.name for term in terms(new) if isinstance(term, Field)}
        tree = _joined(_without(tree, names), new)
    if "and" in edits:
        tree = _joined(tree, _parsed(edits["and"]))
    printed = print_tree(tree)
    parse_text(printed)  # an edit can make a text too long
    return printed


def _parsed(text: str) -> Node | None:
    return parse_text(text)


def _joined(tree: Node | None, new: Node | None) -> Node | None:
    if tree is None or new is None:
        return tree or new
    return All(nodes=(tree, new))


def _span(text: str, parameter: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    if start.isdecimal() and end.isdecimal() and len(text) <= 11:
        return int(start), int(end)
    raise InvalidRequest(
        f"{parameter} cannot be {text!r}", parameter=parameter, expected="start-end, such as 0-20"
    )


def _change(tree: Node | None, span: tuple[int, int], new: Node | None) -> Node | None:
    """The tree with the node at a span replaced, or taken out."""
    if tree is None or not _holds(tree, span):
        raise InvalidRequest(
            f"there is no term at {span[0]}-{span[1]}",
            parameter="remove" if new is None else "replace",
            expected="start and end of a term or group of the query",
        )
    return _changed(tree, span, new)


def _holds(node: Node, span: tuple[int, int]) -> bool:
    if (node.start, node.end) == span:
        return True
    if isinstance(node, Not):
        return _holds(node.node, span)
    return isinstance(node, All | Any) and any(_holds(one, span) for one in node.nodes)


def _changed(node: Node, span: tuple[int, int], new: Node | None) -> Node | None:
    if (node.start, node.end) == span:
        return new
    if isinstance(node, Word | Field):
        return node
    if isinstance(node, Not):
        inner = _changed(node.node, span, new)
        return None if inner is None else _opposite(inner)
    return _group(node, [_changed(one, span, new) for one in node.nodes])


def _without(node: Node | None, names: set[str]) -> Node | None:
    """The tree without the terms of these fields that must hold by themselves."""
    if isinstance(node, Field):
        return None if node.name in names else node
    if isinstance(node, All):
        return _group(node, [_without(one, names) for one in node.nodes])
    if (
        isinstance(node, Any | Not)
        and {term.name if isinstance(term, Field) else "" for term in terms(node)} <= names
    ):
        return None
    return node


def _group(group: All | Any, nodes: list[Node | None]) -> Node | None:
    kept = tuple(node for node in nodes if node is not None)
    if len(kept) < 2:
        return kept[0] if kept else None
    # A term of another field cannot stand in `field:(…)`: then the names are written out.
    names = {term.name if isinstance(term, Field) else None for one in kept for term in terms(one)}
    return replace(group, nodes=kept, field=group.field if names == {group.field} else None)


def _opposite(node: Node) -> Node:
    if isinstance(node, All | Any):
        return Not(node=node)
    if isinstance(node, Not):
        return node.node
    return replace(node, negated=not node.negated)
