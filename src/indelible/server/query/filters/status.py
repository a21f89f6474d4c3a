"""The status: a number, class (`4xx`), comparison (`>=400`), range, or none at all (`none`)."""

from __future__ import annotations

import re
from typing import Final

from indelible.server.index.schema import NO_STATUS
from indelible.server.query.filters.base import Clause, Context, Lookup, refuse, says
from indelible.server.query.filters.numbers import compared
from indelible.server.query.tree import Field

_CLASS = re.compile(r"([0-9])(?:xx|XX|\*\*|\*)")
_COMPARED = re.compile(r"(<=|>=|<|>|=)?([0-9]{1,3})")
_RANGE = re.compile(r"([0-9]{1,3})\.\.([0-9]{1,3})")
_NONE: Final = frozenset({"none", "n/a", "na"})


class Status:
    """`status:` in all its forms. Events without a status match only `none`."""

    def check(self, field: Field) -> None:
        """Refuses what is no status."""
        value = field.value
        if value.lower() in _NONE or _CLASS.fullmatch(value) or _COMPARED.fullmatch(value):
            return
        found = _RANGE.fullmatch(value)
        if found is None or int(found[1]) > int(found[2]):
            raise refuse(
                field,
                f"{value} is not a status",
                "a number, 4xx, a comparison such as >=400, a range such as 400..499, or none",
                mistake="no-status",
            )

    def lookups(self, _field: Field) -> list[Lookup]:
        """None: the column is a number."""
        return []

    def condition(self, field: Field, context: Context) -> str:
        """The status is so."""
        value = field.value
        if value.lower() in _NONE:
            return f"status = {NO_STATUS}"
        if found := _CLASS.fullmatch(value):
            hundred = int(found[1]) * 100
            return f"(status >= {hundred} AND status < {hundred + 100})"
        if found := _RANGE.fullmatch(value):
            low = context.parameters.add(int(found[1]), "Int16")
            high = context.parameters.add(int(found[2]), "Int16")
            return f"(status >= {low} AND status <= {high})"
        found = _COMPARED.fullmatch(value)
        sign, number = (found[1] or "=", int(found[2])) if found else ("=", NO_STATUS)
        condition = f"status {sign} {context.parameters.add(number, 'Int16')}"
        return f"(status > {NO_STATUS} AND {condition})" if sign in ("<", "<=") else condition

    def explain(self, field: Field) -> Clause:
        """In English."""
        if field.value.lower() in _NONE:
            return says("status", "is", "N/A")
        text = compared(field.value.lower()).replace("*", "x")
        text = f"{text[0]}xx" if _CLASS.fullmatch(field.value) else text
        return says("status", "is", text, f" (N/A counts as not {text})")
