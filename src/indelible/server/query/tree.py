"""
The tree of a query: what the parser makes and the filters read.

For now a query is a list of terms that must all hold. The parser can be replaced without touching
the filters, and the filters without touching the parser.
"""

from __future__ import annotations

import msgspec


class Word(msgspec.Struct, frozen=True):
    """Text that must stand anywhere in the event (`negated`: nowhere)."""

    text: str
    negated: bool = False
    position: int = 0


class Field(msgspec.Struct, frozen=True):
    """`name:value`. `quoted` tells a value in quotes, which has no wildcards."""

    name: str
    value: str
    quoted: bool = False
    negated: bool = False
    position: int = 0  # where the value starts


Term = Word | Field
