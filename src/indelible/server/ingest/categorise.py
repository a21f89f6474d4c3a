"""
Which category an event belongs to: the sender's word, own rules, then the built-in ones.

Patterns are plain text in which `*` stands for anything; they are matched piece by piece from left
to right, in one pass, so no text of an event can make them slow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from indelible.event import Stream
from indelible.event.rules import CATEGORY_RULES, default_category
from indelible.server.ledger.catalogue import Catalogue, Rule

Categorise = Callable[[Stream, str | None, str, str | None], str]
"""Stream, method, operation and endpoint of an event whose sender named no category → its name."""

_CACHED = 4096


class Chosen(msgspec.Struct, frozen=True):
    """A category, and what chose it: a rule and its place among those of its category."""

    category: str
    by: Literal["rule", "built-in", "default"]
    rule: Rule | None = None
    position: int | None = None


class Glob:
    """A pattern with `*`. Case matters."""

    def __init__(self, pattern: str) -> None:
        first, *rest = pattern.split("*")
        self._whole = first if not rest else None
        self._first = first
        self._last = rest[-1] if rest else ""
        self._inner = [piece for piece in rest[:-1] if piece]

    def matches(self, text: str) -> bool:
        """Whether the whole text fits."""
        if self._whole is not None:
            return text == self._whole
        end = len(text) - len(self._last)
        at = len(self._first)
        if end < at or not text.startswith(self._first) or not text.endswith(self._last):
            return False
        for piece in self._inner:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True


class _Compiled:
    def __init__(self, category: str, position: int, rule: Rule) -> None:
        self.category = category
        self.position = position
        self.rule = rule
        self._stream = rule.stream
        self._method = None if rule.method is None else Glob(rule.method)
        self._operation = None if rule.operation is None else Glob(rule.operation)
        self.endpoint = None if rule.endpoint is None else Glob(rule.endpoint)

    def may_match(self, stream: Stream, method: str | None, operation: str) -> bool:
        """Whether all but the endpoint matches."""
        return (
            (self._stream is None or self._stream == stream)
            and (self._method is None or (method is not None and self._method.matches(method)))
            and (self._operation is None or self._operation.matches(operation))
        )


class OwnRules:
    """The own rules of one catalogue, in order. Safe for several threads."""

    def __init__(self, rules: Sequence[tuple[str, int, Rule]]) -> None:
        compiled = tuple(_Compiled(*one) for one in rules)

        @lru_cache(maxsize=_CACHED)
        def candidates(stream: Stream, method: str | None, operation: str) -> tuple[_Compiled, ...]:
            found = []
            for one in compiled:
                if one.may_match(stream, method, operation):
                    found.append(one)
                    if one.endpoint is None:
                        break
            return tuple(found)

        self._compiled = compiled
        self._candidates = candidates

    def choose(
        self, stream: Stream, method: str | None, operation: str, endpoint: str | None
    ) -> Chosen:
        """The category, and why."""
        path: str | None = None
        for one in self._candidates(stream, method, operation):
            if one.endpoint is None:
                return Chosen(one.category, "rule", one.rule, one.position)
            if path is None:
                path = (endpoint or "").partition("?")[0]
            if endpoint is not None and one.endpoint.matches(path):
                return Chosen(one.category, "rule", one.rule, one.position)
        name = default_category(stream, method, operation)
        by_table = any(name == row[0] for row in CATEGORY_RULES)
        return Chosen(name, "built-in" if by_table else "default")

    def matching(
        self, stream: Stream, method: str | None, operation: str, endpoint: str | None
    ) -> list[Chosen]:
        """
        Every category that rules lead to, with its first rule that matches, in the order in which
        they are tried; last what the built-in rules say. Looks at all rules: not for ingest.
        """
        path = None if endpoint is None else endpoint.partition("?")[0]
        found: dict[str, Chosen] = {}
        for one in self._compiled:
            if one.category in found or not one.may_match(stream, method, operation):
                continue
            if one.endpoint is None or (path is not None and one.endpoint.matches(path)):
                found[one.category] = Chosen(one.category, "rule", one.rule, one.position)
        built_in = OwnRules(()).choose(stream, method, operation, endpoint)
        found.setdefault(built_in.category, built_in)
        return list(found.values())

    def categorise(
        self, stream: Stream, method: str | None, operation: str, endpoint: str | None
    ) -> str:
        """The category alone, for ingest."""
        path: str | None = None
        for one in self._candidates(stream, method, operation):
            if one.endpoint is None:
                return one.category
            if endpoint is None:
                continue
            if path is None:
                path = endpoint.partition("?")[0]
            if one.endpoint.matches(path):
                return one.category
        return default_category(stream, method, operation)


def own_rules(catalogue: Catalogue) -> OwnRules | None:
    """The own rules of a catalogue; None when there are none."""
    rules = [
        (text.name, position, rule)
        for text in catalogue.categories
        for position, rule in enumerate(text.rules)
    ]
    return OwnRules(rules) if rules else None
