"""
A tree in words: "whose operation is AssignRole, or whose status is not 2xx".

Negations are pushed down to the terms, since "not (a or b)" is no English. Terms that differ in
their value alone are told together: "whose status is 404 or 500", "is neither 404 nor 500".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from indelible.server.query.build import negate
from indelible.server.query.filters import FAMILIES, Clause, words
from indelible.server.query.german import JOINTS, german_clause
from indelible.server.query.tree import All, Any, Node, Not, Term, Word

Language = Literal["en", "de"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "de")


class _Tongue(msgspec.Struct, frozen=True):
    language: Language
    words: dict[str, str]  # "and", "or", "neither", "nor"


_TONGUES: Final = {
    "en": _Tongue("en", {"and": "and", "or": "or", "neither": "neither", "nor": "nor"}),
    "de": _Tongue("de", JOINTS),
}


class _Said(msgspec.Struct, frozen=True):
    clause: Clause
    negated: bool


class _Joined(msgspec.Struct, frozen=True):
    word: str  # "and" or "or"
    parts: tuple[_Said | _Joined, ...]


def explain_tree(node: Node | None, language: Language = "en") -> str:
    """The clauses of a tree, to follow "events"; "" of an empty query."""
    tongue = _TONGUES[language]
    return "" if node is None else _tell(_take(node, tongue), 0, tongue)


def _take(node: Node, tongue: _Tongue) -> _Said | _Joined:
    if isinstance(node, Not):
        inner = node.node
        opposite = All if isinstance(inner, Any) else Any
        return _take(opposite(nodes=tuple(negate(one) for one in inner.nodes)), tongue)
    if isinstance(node, All | Any):
        word = "and" if isinstance(node, All) else "or"
        parts: list[_Said | _Joined] = []
        for one in node.nodes:
            taken = _take(one, tongue)
            if isinstance(taken, _Joined) and taken.word == word:
                parts.extend(taken.parts)
            else:
                parts.append(taken)
        return _Joined(word, tuple(parts))
    return _Said(clause_of(node, tongue.language), node.negated)


def clause_of(term: Term, language: Language = "en") -> Clause:
    """A term's clause, without regard to its negation."""
    english = words.explain(term) if isinstance(term, Word) else FAMILIES[term.name].explain(term)
    return german_clause(term, english) if language == "de" else english


def explain_term(term: Term) -> str:
    """One term as a clause: "whose status is not 2xx (N/A counts as not 2xx)"."""
    return _one(_Said(clause_of(term), term.negated))


def _tell(said: _Said | _Joined, depth: int, tongue: _Tongue) -> str:
    if isinstance(said, _Said):
        return _one(said)
    merged = _merged(said, tongue)
    told = [part if isinstance(part, str) else _tell(part, depth + 1, tongue) for part in merged]
    if len(told) == 1:
        return told[0]
    if depth > 0 and not (depth == 1 and said.word == "and"):
        return "(" + f" {tongue.words[said.word]} ".join(told) + ")"
    joint = tongue.words[said.word]
    return (f", {joint} " if said.word == "or" else f" {joint} ").join(told)


def _merged(joined: _Joined, tongue: _Tongue) -> list[str | _Joined]:
    """The parts, those of one subject told together at the place of the first."""
    together: dict[tuple[str, str], list[_Said]] = {}
    order: list[tuple[str, str] | _Joined | _Said] = []
    for part in joined.parts:
        if isinstance(part, _Said) and _may_merge(part, joined.word):
            key = part.clause.subject, part.clause.verb
            if key not in together:
                together[key] = []
                order.append(key)
            together[key].append(part)
        else:
            order.append(part)
    told: list[str | _Joined] = []
    for item in order:
        if isinstance(item, _Joined):
            told.append(item)
        elif isinstance(item, _Said):
            told.append(_one(item))
        else:
            told.append(_several(together[item], tongue))
    return told


def _may_merge(said: _Said, word: str) -> bool:
    """Whether "is A or B", "is neither A nor B" fit; other pairs are told one by one."""
    return said.negated == (word == "and") and not (said.negated and said.clause.note)


def _several(said: Sequence[_Said], tongue: _Tongue) -> str:
    first = said[0]
    if len(said) == 1:
        return _one(first)
    clause, values = first.clause, [one.clause.value for one in said]
    if first.negated:
        neither, nor = tongue.words["neither"], tongue.words["nor"]
        text = f"{neither} {', '.join(values[:-1])} {nor} {values[-1]}"
        return f"{clause.subject} {clause.verb} {text}"
    text = f"{', '.join(values[:-1])} {tongue.words['or']} {values[-1]}"
    return f"{clause.subject} {clause.verb} {text}"


def _one(said: _Said) -> str:
    clause = said.clause
    verb = clause.negative if said.negated else clause.verb
    value = (clause.opposite or clause.value) if said.negated else clause.value
    return f"{clause.subject} {verb} {value}{clause.note if said.negated else ''}"
