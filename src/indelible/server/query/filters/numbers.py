"""Fields of numbers: entry index, attempt and duration of a job. Compared, or a range."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from indelible.server.query.filters.base import Clause, Context, Lookup, refuse, says
from indelible.server.query.tree import Field

_NUMBER: Final = re.compile(r"(\d{1,15})([a-z]{0,2})")
_FORM: Final = re.compile(r"(<=|>=|<|>|=)?(\w+)|(\w+)\.\.(\w+)")
_UNITS_MS: Final = {"": 1, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
SIGNS: Final = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least "}


class NumberField(msgspec.Struct, frozen=True):
    """A column of numbers; below zero stands for none, which no comparison finds."""

    noun: str
    column: str
    units: bool = False

    def _bounds(self, field: Field) -> tuple[str, int, int] | None:
        """Sign and number, or `..` and both ends; None of what cannot be read."""
        found = _FORM.fullmatch(field.value)
        if found is None:
            return None
        if found[3] is not None:
            low, high = self._number(found[3]), self._number(found[4])
            return None if low is None or high is None or low > high else ("..", low, high)
        number = self._number(found[2])
        return None if number is None else (found[1] or "=", number, number)

    def _number(self, text: str) -> int | None:
        found = _NUMBER.fullmatch(text)
        if found is None or not found[1].isascii() or found[2] not in _UNITS_MS:
            return None
        if found[2] and not self.units:
            return None
        return min(int(found[1]) * _UNITS_MS[found[2]], 2**62)

    def check(self, field: Field) -> None:
        """Refuses what is no number, comparison or range."""
        if self._bounds(field) is None:
            raise refuse(
                field,
                f"{field.value} is not a {self.noun}",
                "a duration such as >=5s, or a range such as 1s..5s"
                if self.units
                else "a number, a comparison such as >=800, or a range such as 10..20",
                mistake="no-duration" if self.units else "no-number",
            )

    def lookups(self, _field: Field) -> list[Lookup]:
        """None."""
        return []

    def condition(self, field: Field, context: Context) -> str:
        """The number compares so."""
        sign, low, high = self._bounds(field) or ("=", 0, 0)
        first = context.parameters.add(low, "Int64")
        if sign == "..":
            last = context.parameters.add(high, "Int64")
            return f"({self.column} >= {first} AND {self.column} <= {last})"
        condition = f"{self.column} {sign} {first}"
        return f"({self.column} >= 0 AND {condition})" if sign in ("<", "<=") else condition

    def explain(self, field: Field) -> Clause:
        """In English."""
        return says(self.noun, "is", compared(field.value))


def compared(value: str) -> str:
    """A comparison or range in English."""
    if ".." in value:
        low, high = value.split("..", 1)
        return f"from {low} to {high}"
    sign = next((sign for sign in ("<=", ">=", "<", ">") if value.startswith(sign)), "")
    return SIGNS.get(sign, "") + value.removeprefix(sign).removeprefix("=")


NUMBERS = {
    "index": NumberField("index", "idx"),
    "attempt": NumberField("attempt", "attempt"),
    "duration": NumberField("duration", "duration_ms", units=True),
}
