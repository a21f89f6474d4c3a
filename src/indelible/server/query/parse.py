"""
Reads query text into a tree.

Lark does the grammar (`language.lark`, LALR); each token is looked at before it is fed, so that an
error says where, how far and what was expected. Whatever cannot be understood is such an error; it
is never searched for as if it were text. Specified in spec/query.md.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any as AnyType
from typing import Final

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from indelible.errors import InvalidRequest
from indelible.server.query.build import build, span
from indelible.server.query.filters import FAMILIES, LIKELY
from indelible.server.query.tree import Node, bad

MAX_TEXT: Final = 4000
MAX_TERMS: Final = 100
MAX_DEPTH: Final = 20

_VALUES: Final = frozenset({"WORD", "PHRASE"})
_SIGNS: Final = frozenset({"MINUS", "NOT"})
_OPERATORS: Final = frozenset({"OR", "AND", "NOT"})
_A_TERM: Final = "a word, a phrase, field:value or (…)"
_QUOTE_HINT: Final = 'put text in "quotes" to search for it as it is'


@cache
def _parser() -> Lark:
    """The parser, made once, on first use."""
    grammar = Path(__file__).with_name("language.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual")


def parse_text(text: str) -> Node | None:
    """
    The tree of a query, None of an empty one.

    Raises InvalidRequest (`bad-query`) with position, end and what was expected.
    """
    if len(text) > MAX_TEXT:
        raise bad(
            "the query is too long",
            MAX_TEXT,
            len(text),
            f"{MAX_TEXT} characters at most",
            mistake="too-long",
            limit=str(MAX_TEXT),
        )
    if not text.strip():
        return None
    parser: AnyType = _parser().parse_interactive(text)
    look = _Look(text)
    try:
        for token in parser.iter_parse():
            look.at(token)
        look.at_end()
        return build(parser.feed_eof())
    except UnexpectedCharacters as error:
        at: AnyType = error.pos_in_stream  # its types say None
        raise _unreadable(text, at) from None
    except UnexpectedToken as error:
        raise look.unexpected(error.token) from None


class _Look:
    """What the grammar does not see: spaces, names, values, how many terms and how deep."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._last: Token | None = None
        self._opened: list[int] = []
        self._terms = 0

    def at(self, token: Token) -> None:
        """Raises InvalidRequest when the next token cannot be meant so."""
        start, end = span(token)
        last, self._last = self._last, token
        joined = last is not None and span(last)[1] == start
        if last is not None and last.type == "FIELD" and not joined:
            raise self._no_value(last)
        if joined and last is not None and last.type in (*_VALUES, "RPAR") and token.type != "RPAR":
            raise bad(
                "two terms stand together",
                start,
                start,
                "a space between them",
                mistake="two-terms-together",
            )
        if token.type == "WORD" and (last is None or last.type != "FIELD"):
            self._at_word(token)
        elif token.type in _SIGNS and last is not None and last.type in _SIGNS:
            raise bad(
                "two signs of negation",
                span(last)[0],
                end,
                "one of them",
                _QUOTE_HINT,
                mistake="two-negations",
            )
        elif token.type == "FIELD":
            _at_field(token)
        elif token.type == "LPAR":
            self._opened.append(start)
            if len(self._opened) > MAX_DEPTH:
                raise bad(
                    "parentheses too deep",
                    start,
                    end,
                    f"{MAX_DEPTH} inside each other",
                    mistake="too-deep",
                    limit=str(MAX_DEPTH),
                )
        elif token.type == "RPAR" and self._opened:
            self._opened.pop()
        self._terms += token.type in _VALUES
        if self._terms > MAX_TERMS:
            raise bad(
                f"more than {MAX_TERMS} terms",
                start,
                len(self._text),
                "fewer terms",
                mistake="too-many-terms",
                limit=str(MAX_TERMS),
            )

    def _at_word(self, token: Token) -> None:
        start, end = span(token)
        if token in _OPERATORS:
            raise _no_place(str(token), start, end)
        if str(token) == "-":
            raise bad(
                "nothing follows the minus sign",
                start,
                end,
                _A_TERM,
                mistake="nothing-follows",
                word="-",
            )
        if not token.strip("*"):
            raise bad(
                "a * alone finds everything",
                start,
                end,
                "a word",
                _QUOTE_HINT,
                mistake="only-stars",
            )

    def at_end(self) -> None:
        """Raises InvalidRequest when the query cannot end so."""
        last = self._last
        if last is not None and last.type == "FIELD":
            raise self._no_value(last)
        if last is not None and last.type in (*_OPERATORS, "MINUS"):
            start, end = span(last)
            raise bad(
                f"nothing follows {last}",
                start,
                end,
                _A_TERM,
                _QUOTE_HINT,
                mistake="nothing-follows",
                word=str(last),
            )
        if self._opened:
            at = self._opened[-1]
            raise bad(
                "a parenthesis is not closed",
                at,
                at + 1,
                "a closing )",
                _QUOTE_HINT,
                mistake="not-closed",
            )

    def unexpected(self, token: Token) -> InvalidRequest:
        """The error for a token that the grammar has no place for."""
        if token.type == "$END":
            return bad(
                "the query ends too soon",
                len(self._text),
                len(self._text),
                _A_TERM,
                mistake="too-short",
            )
        start, end = span(token)
        if self._last is not None and self._last.type == "FIELD":
            return self._no_value(self._last)
        if token.type == "RPAR" and self._last is not None and self._last.type == "LPAR":
            at = span(self._last)[0]
            return bad("the parentheses are empty", at, end, _A_TERM, mistake="empty-parentheses")
        if token.type == "RPAR" and not self._opened:
            return bad(
                "a parenthesis closes nothing",
                start,
                end,
                _A_TERM,
                _QUOTE_HINT,
                mistake="closes-nothing",
            )
        return _no_place(str(token), start, end)

    def _no_value(self, name: Token) -> InvalidRequest:
        end = span(name)[1]
        field = name[:-1].lower()
        return bad(f"{field} has no value", end, end, "a value", mistake="no-value", field=field)


def _unreadable(text: str, at: int) -> InvalidRequest:
    if text.startswith('""', at):
        return bad(
            "the quotes are empty", at, at + 2, "text between the quotes", mistake="empty-quotes"
        )
    if text[at] == '"':
        return bad("a quote is not closed", at, len(text), 'a closing "', mistake="open-quote")
    return _no_place(text[at], at, at + 1)


def _no_place(token: str, start: int, end: int) -> InvalidRequest:
    return bad(
        f"{token} cannot stand here",
        start,
        end,
        _A_TERM,
        _QUOTE_HINT,
        mistake="no-place",
        word=token,
    )


def _at_field(token: Token) -> None:
    name = token[:-1].lower()
    if name in FAMILIES:
        return
    close = LIKELY.get(name) or next(iter(get_close_matches(name, FAMILIES, 1, 0.6)), None)
    start, end = span(token)
    raise bad(
        f"unknown field {token[:-1]}",
        start,
        end - 1,
        "one of " + ", ".join(sorted(FAMILIES)),
        f"did you mean {close}?" if close else _QUOTE_HINT,
        mistake="unknown-field",
        field=str(token[:-1]),
        fields=", ".join(sorted(FAMILIES)),
        close=close or "",
    )
