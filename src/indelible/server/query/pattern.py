"""
How a sought text is compared: somewhere in a value, as the whole value, or with `*` wildcards.

One pattern gives all its conditions: on the folded column of the values table, on the pieces of
the `text` column, and on a column kept as sent. Values and patterns are bound, never spliced in.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from indelible.server.index.folding import BREAK, fold
from indelible.server.index.schema import GRAM, TOKENS
from indelible.server.index.seen import MASKS, Part

Kind = Literal["part", "whole", "wild", "loose"]

_SAFE = re.compile(r"[^A-Za-z0-9_\u0080-\U0010ffff]")
_SPECIAL = re.compile(r"[\\%_]")
_NOT_BREAK: Final = f"[^{BREAK}]*"


class Parameters:
    """Collects bound values and gives each its placeholder."""

    def __init__(self, tenant_id: int) -> None:
        self.tenant_id = tenant_id
        self.values: dict[str, Any] = {"tenant": tenant_id}

    def add(self, value: object, kind: str) -> str:
        """The placeholder of a value of an engine type."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"

    def hide(self, masks: tuple[Part, ...]) -> None:
        """Hides these parts of events from the statement."""
        if masks:
            self.values[MASKS] = masks

    @property
    def hidden(self) -> tuple[Part, ...]:
        """What is hidden from the statement."""
        found: tuple[Part, ...] = self.values.get(MASKS, ())
        return found


class Pattern(msgspec.Struct, frozen=True):
    """A folded text and how it is compared."""

    kind: Kind
    text: str

    def on(self, column: str, parameters: Parameters) -> str:
        """The condition on a column that holds folded text, or text that folding left as it was."""
        if self.kind == "part":
            return _holds(column, self.text, parameters)
        if self.kind == "whole":
            return f"{column} = {parameters.add(self.text, 'String')}"
        if self.kind == "loose":
            expression = _wild(self.text, _NOT_BREAK)
        else:
            expression = r"\A(?s:" + _wild(self.text, ".*") + r")\z"
        return f"match({column}, {parameters.add(expression, 'String')})"

    def on_pieces(self, marks: str, parameters: Parameters) -> str:
        """The condition on the pieces with one of these marks in the `text` column."""
        head = BREAK + (marks if len(marks) == 1 else f"[{marks}]")
        if self.kind == "whole":
            # The cheap test comes first where rows are looked at; the second one has an index
            # that tells for most blocks of rows that none of them needs to be.
            anywhere = _holds("text", self.text, parameters)
            return f"({anywhere} AND {self.on_tokens(marks, parameters)})"
        if self.kind == "part":
            anywhere = _holds("text", self.text, parameters)
            expression = head + _NOT_BREAK + _escape(self.text)
            return f"({anywhere} AND match(text, {parameters.add(expression, 'String')}))"
        expression = head + _wild(self.text, _NOT_BREAK) + BREAK
        return f"match(text, {parameters.add(expression, 'String')})"

    def on_tokens(self, marks: str, parameters: Parameters) -> str:
        """For a whole text: one of the tokens of the row, behind one of these marks, is it."""
        tokens = parameters.add([mark + self.text for mark in marks], "Array(String)")
        return f"hasAny({TOKENS}, {tokens})"


def _holds(column: str, text: str, parameters: Parameters) -> str:
    """The condition that the text stands somewhere in a column."""
    if column == "text" and len(text) >= GRAM:
        # The same as `position`, in the form for which there is an index.
        like = _SPECIAL.sub(r"\\\g<0>", text)
        return f"{column} LIKE {parameters.add(f'%{like}%', 'String')}"
    return f"position({column}, {parameters.add(text, 'String')}) > 0"


class Between(msgspec.Struct, frozen=True):
    """Addresses from `low` to `high`, both as IPv6; `without_mapped` leaves out those of IPv4."""

    low: str
    high: str
    without_mapped: bool

    def on(self, column: str, parameters: Parameters) -> str:
        """The condition on a column of texts, of which some may be no addresses."""
        address = f"toIPv6OrNull({column})"
        low, high = parameters.add(self.low, "String"), parameters.add(self.high, "String")
        inside = f"{address} >= toIPv6({low}) AND {address} <= toIPv6({high})"
        if self.without_mapped:
            inside += f" AND NOT ({address} >= toIPv6('::ffff:0.0.0.0') "
            inside += f"AND {address} <= toIPv6('::ffff:255.255.255.255'))"
        return f"ifNull({inside}, 0)"


def part(text: str) -> Pattern:
    """Somewhere in the value."""
    return Pattern("part", fold(text))


def anywhere(text: str, *, quoted: bool) -> Pattern:
    """Somewhere in a value; outside quotes `*` stands for any text in between."""
    if quoted:
        return part(text)
    text = text.strip("*")
    return Pattern("loose" if "*" in text else "part", fold(text))


def whole(text: str, *, quoted: bool) -> Pattern:
    """The whole value; outside quotes `*` stands for any text."""
    if not quoted and "*" in text:
        return Pattern("wild", fold(text))
    return Pattern("whole", fold(text))


def part_or_whole(text: str, *, quoted: bool) -> Pattern:
    """Somewhere in the value; in quotes, or with `*`, the whole value."""
    if quoted or "*" in text:
        return whole(text, quoted=quoted)
    return part(text)


def _escape(text: str) -> str:
    """The text as a regular expression of the engine (RE2) that matches just it."""
    return _SAFE.sub(lambda found: f"\\x{{{ord(found[0]):x}}}", text)


def _wild(text: str, any_text: str) -> str:
    return any_text.join(_escape(piece) for piece in text.split("*"))
