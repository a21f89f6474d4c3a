"""The status: a number, a class (`4xx`), a comparison (`>=400`), or none at all (`none`, `n/a`)."""

from __future__ import annotations

import re
from typing import Final

from indelible.errors import InvalidRequest
from indelible.server.index.schema import NO_STATUS
from indelible.server.query.filters.base import Context, Lookup
from indelible.server.query.tree import Field

_CLASS = re.compile(r"([0-9])(?:xx|XX|\*\*|\*)")
_COMPARED = re.compile(r"(<=|>=|<|>|=)?(\d{1,3})")
_NONE: Final = frozenset({"none", "n/a", "na"})
_SIGNS: Final = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}


class Status:
    """`status:` in all its forms. Events without a status match only `none`."""

    def check(self, field: Field) -> None:
        """Refuses what is no status."""
        value = field.value
        if not (value.lower() in _NONE or _CLASS.fullmatch(value) or _COMPARED.fullmatch(value)):
            raise InvalidRequest(
                f"{value} is not a status",
                parameter="q",
                position=field.position,
                expected="a number, 4xx, a comparison such as >=400, or none",
                code="bad-query",
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
        compared = _COMPARED.fullmatch(value)
        sign, number = (compared[1] or "=", int(compared[2])) if compared else ("=", NO_STATUS)
        condition = f"status {sign} {context.parameters.add(number, 'Int16')}"
        return f"(status > {NO_STATUS} AND {condition})" if sign in ("<", "<=") else condition

    def explain(self, field: Field) -> str:
        """In English."""
        is_ = "is not" if field.negated else "is"
        if field.value.lower() in _NONE:
            return f"whose status {is_} N/A"
        compared = _COMPARED.fullmatch(field.value)
        if compared and compared[1] in _SIGNS:
            text = f"{_SIGNS[compared[1]]} {compared[2]}"
        else:
            text = field.value.lstrip("=").lower()
        return f"whose status {is_} {text}" + (" (N/A counts too)" if field.negated else "")
