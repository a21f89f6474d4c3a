"""Free text: a word or phrase anywhere in the event."""

from __future__ import annotations

from typing import Final

from indelible.server.index import schema as table
from indelible.server.query.filters.base import ALL_VALUES, Clause, Context, Lookup, any_of
from indelible.server.query.pattern import Pattern, anywhere
from indelible.server.query.tree import Word

_OF_AN_ID: Final = table.HEX_LETTERS | {"*"}
_OF_NO_ID: Final = frozenset("0-*")
_NO_ID: Final = table.UNREADABLE | table.NO_FACT


def _pattern(word: Word) -> Pattern:
    return anywhere(word.text, quoted=word.quoted)


def lookups(word: Word) -> list[Lookup]:
    """The columns with few distinct values are asked of the values table."""
    return [Lookup(_pattern(word), ALL_VALUES)]


def condition(word: Word, context: Context) -> str:
    """Any column with such a value, the searchable text, or an id as sent."""
    pattern = _pattern(word)
    letters = set(pattern.text)
    conditions = context.columns(lookups(word)[0])
    conditions.append(pattern.on("text", context.parameters))
    conditions.extend(
        pattern.on(column, context.parameters)
        for column, kinds in context.id_kinds.items()
        if any(_may_hold(kind, letters) for kind in kinds)
    )
    if letters <= _OF_AN_ID and len(pattern.text) <= 36:
        found = pattern.on("toString(id)", context.parameters)
        # A stub has no id, but its column holds zeros.
        conditions.append(
            f"({found} AND bitAnd(flags, {_NO_ID}) = 0)" if letters <= _OF_NO_ID else found
        )
    return any_of(conditions)


def _may_hold(kind: str, letters: set[str]) -> bool:
    """Whether a text of these letters can stand in ids of this kind."""
    others = kind.removeprefix(table.AND_OTHERS) if kind.startswith(table.AND_OTHERS) else ""
    return kind == table.ANY or letters <= _OF_AN_ID | set(others)


def explain(word: Word) -> Clause:
    """In English."""
    shown = word.text if word.quoted else word.text.strip("*")
    return Clause(subject="that", verb="contain", negative="nowhere contain", value=f"“{shown}”")
