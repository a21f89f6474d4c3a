"""
The tree of a query: what the parser makes; filters, sentences and the printer read it.

Spans `start` to `end` are offsets in the query's text, so that a screen can show the text and its
terms side by side. They do not count when trees are compared for what they mean (`printer.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from indelible.errors import InvalidRequest


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """Text that must stand anywhere in the event (`negated`: nowhere)."""

    text: str
    quoted: bool = False
    negated: bool = False
    start: int = 0
    end: int = 0
    at: int = 0  # where the text itself starts, behind a minus


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """`name:value`. `quoted` tells a value in quotes, which has no wildcards."""

    name: str
    value: str
    quoted: bool = False
    negated: bool = False
    start: int = 0
    end: int = 0
    at: int = 0  # where the value starts


class All(msgspec.Struct, frozen=True, kw_only=True):
    """All of these hold. `field` names the field of `field:(…)`."""

    nodes: tuple[Node, ...]
    field: str | None = None
    start: int = 0
    end: int = 0


class Any(msgspec.Struct, frozen=True, kw_only=True):
    """At least one of these holds."""

    nodes: tuple[Node, ...]
    field: str | None = None
    start: int = 0
    end: int = 0


class Not(msgspec.Struct, frozen=True, kw_only=True):
    """A group that must not hold. A single term carries its own negation."""

    node: All | Any
    start: int = 0
    end: int = 0


Term = Word | Field
Group = All | Any
Node = Term | Group | Not


def terms(node: Node | None) -> Iterator[Term]:
    """The terms of a tree, in the order of the text."""
    if node is None:
        return
    if isinstance(node, Word | Field):
        yield node
    elif isinstance(node, Not):
        yield from terms(node.node)
    else:
        for inner in node.nodes:
            yield from terms(inner)


Mistake = Literal[
    "too-long", "two-terms-together", "two-negations", "too-deep", "too-many-terms", "no-place",
    "nothing-follows", "only-stars", "not-closed", "too-short", "empty-parentheses",
    "closes-nothing", "no-value", "empty-quotes", "open-quote", "unknown-field", "inside-field",
    "unknown-value", "no-number", "no-duration", "no-status", "no-address", "no-id",
]  # fmt: skip
"""What can be wrong with a query, by name; the screen has words for each (`mistakes.ts`)."""


def bad(
    message: str,
    position: int,
    end: int,
    expected: str,
    hint: str | None = None,
    *,
    mistake: Mistake,
    **values: str,
) -> InvalidRequest:
    """
    The error of a query's text: where, how far, and what was expected there.

    `values` are those that the words of the mistake need in any language.
    """
    return InvalidRequest(
        message,
        parameter="q",
        position=position,
        end=end,
        expected=expected,
        hint=hint,
        code="bad-query",
        mistake=(mistake, values),
    )
