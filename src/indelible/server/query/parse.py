"""
Reads query text: words, "quoted phrases", `field:value`, and `-` before any of them.

Whatever cannot be understood is an error that says where and what was expected; it is never
searched for as if it were text. Specified in spec/query.md.
"""

from __future__ import annotations

import re
from typing import Final

from indelible.errors import InvalidRequest
from indelible.server.query.filters import FAMILIES
from indelible.server.query.tree import Field, Term, Word

MAX_TEXT: Final = 4000
MAX_TERMS: Final = 40

_SPACE = re.compile(r"\s+")
_FIELD = re.compile(r"([A-Za-z][A-Za-z_.]*):(?!:|//)")
_BARE = re.compile(r"[^\s\"]+")
_OPERATORS: Final = frozenset({"OR", "AND", "NOT"})
_QUOTE_HINT: Final = 'put text in "quotes" to search for it as it is'


def parse_text(text: str) -> tuple[Term, ...]:
    """The terms of a query. Raises InvalidRequest with position and what was expected."""
    if len(text) > MAX_TEXT:
        raise InvalidRequest(f"the query is longer than {MAX_TEXT} characters", parameter="q")
    terms: list[Term] = []
    at = 0
    while True:
        if space := _SPACE.match(text, at):
            at = space.end()
        if at == len(text):
            return tuple(terms)
        if len(terms) == MAX_TERMS:
            raise _error(f"more than {MAX_TERMS} terms", at, "the end of the query")
        term, at = _term(text, at)
        terms.append(term)
        if at < len(text) and not text[at].isspace():
            raise _error("two terms stand together", at, "a space between them")


def _term(text: str, at: int) -> tuple[Term, int]:
    start = at
    negated = text[at] == "-"
    if negated:
        at += 1
        if at == len(text) or text[at].isspace():
            raise _error("nothing follows the minus sign", at, "a word, a phrase or field:value")
    if text[at] == "(":
        raise _error(
            "parentheses cannot be used here", at, "a word, a phrase or field:value", _QUOTE_HINT
        )
    if found := _FIELD.match(text, at):
        return _field(text, found, negated)
    if text[at] == '"':
        phrase, end = _phrase(text, at)
        return Word(phrase, negated, start), end
    bare = _BARE.match(text, at)
    word = bare[0] if bare else ""
    end = at + len(word)
    if word in _OPERATORS:
        raise _error(
            f"{word} cannot be used here", at, "a word, a phrase or field:value", _QUOTE_HINT
        )
    inner = word.strip("*")
    if "*" in inner or not inner:
        where = at + word.index("*")
        raise _error("a wildcard stands in a word", where, "a word without *", _QUOTE_HINT)
    return Word(inner, negated, start), end


def _field(text: str, found: re.Match[str], negated: bool) -> tuple[Term, int]:
    name = found[1].lower()
    family = FAMILIES.get(name)
    if family is None:
        raise _error(
            f"unknown field {found[1]}",
            found.start(),
            "one of " + ", ".join(sorted(FAMILIES)),
            _QUOTE_HINT,
        )
    at = found.end()
    if at == len(text) or text[at].isspace():
        raise _error(f"{name} has no value", at, "a value")
    if text[at] == '"':
        value, end = _phrase(text, at)
        field = Field(name, value, True, negated, at)
    else:
        bare = _BARE.match(text, at)
        value = bare[0] if bare else ""
        end = at + len(value)
        field = Field(name, value, False, negated, at)
    family.check(field)
    return field, end


def _phrase(text: str, at: int) -> tuple[str, int]:
    """A quoted phrase; inside it `\\"` is a quote and `\\\\` a backslash."""
    letters: list[str] = []
    position = at + 1
    while position < len(text):
        letter = text[position]
        if letter == '"':
            if not letters:
                raise _error("the quotes are empty", at, "text between the quotes")
            return "".join(letters), position + 1
        if letter == "\\" and text[position + 1 : position + 2] in ('"', "\\"):
            position += 1
            letter = text[position]
        letters.append(letter)
        position += 1
    raise _error("a quote is not closed", at, 'a closing "')


def _error(message: str, position: int, expected: str, hint: str | None = None) -> InvalidRequest:
    return InvalidRequest(
        message, parameter="q", position=position, expected=expected, hint=hint, code="bad-query"
    )
