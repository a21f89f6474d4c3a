"""What every family of filters can do, and how they ask the values table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import msgspec

from indelible.errors import InvalidRequest
from indelible.server.index import schema as table
from indelible.server.query.pattern import Between, Parameters, Pattern
from indelible.server.query.tree import Field, Mistake, bad

NOTHING: Final = "0"
EVERYTHING: Final = "1"


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """
    A term in English, in parts, so that terms can be put together: "whose status is 404 or 500".

    `note` says what a negation takes in that one would not expect; `opposite` stands in the place
    of the value where a negation changes that, too.
    """

    subject: str
    verb: str
    negative: str
    value: str
    note: str = ""
    opposite: str = ""


class Lookup(msgspec.Struct, frozen=True):
    """A question to the values table: which values of these columns match?"""

    pattern: Pattern | Between
    columns: tuple[str, ...]


class Found(msgspec.Struct, frozen=True):
    """
    Its answer: the values of each column that has any. `more` when there are too many to list;
    then the rows are selected by the same question inside the statement.
    """

    values: Mapping[str, list[str]]
    more: bool = False


class Context:
    """What a filter needs to make its condition: the answers, and where values are bound."""

    def __init__(
        self,
        parameters: Parameters,
        answers: Mapping[Lookup, Found],
        days: tuple[int, int] | None,
        id_kinds: Mapping[str, set[str]],
    ) -> None:
        self.parameters = parameters
        # For filters that look beyond the range: where the periods in it begin (nowhere
        # when it is open), the snapshot, and the condition on all that the caller may see.
        self.starts: tuple[int, ...] = ()
        self.through = 0
        self.seen = ""
        self.is_whole = False  # it is the tenant alone
        self.id_kinds = id_kinds  # column of ids → what it holds in the range; absent: nothing
        self._answers = answers
        self._days = days

    def columns(self, lookup: Lookup) -> list[str]:
        """Conditions, one for each column in which the lookup found something."""
        found = self._answers[lookup]
        if found.more:
            return [self._inner(lookup, column) for column in lookup.columns]
        return [self._listed(column, values) for column, values in found.values.items()]

    def _listed(self, column: str, values: list[str]) -> str:
        if column == "status":
            return f"status IN {self.parameters.add([int(v) for v in values], 'Array(Int16)')}"
        if column in table.LISTS:
            return f"hasAny({column}, {self.parameters.add(values, 'Array(String)')})"
        return _own(column, f"{column} IN {self.parameters.add(values, 'Array(String)')}")

    def _inner(self, lookup: Lookup, column: str) -> str:
        value = "toInt16(value)" if column == "status" else "value"
        conditions = values_where(lookup.pattern, (column,), self.parameters, self._days)
        if column in table.LISTS:
            found = f"(SELECT groupUniqArray(value) FROM known WHERE {conditions})"
            return f"hasAny({column}, {found})"
        return _own(column, f"{column} IN (SELECT {value} FROM known WHERE {conditions})")


def _own(column: str, condition: str) -> str:
    # An endpoint with ids in it stands in `text`; its row's `endpoint` is only a template.
    return f"(endpoint_sent = '' AND {condition})" if column == "endpoint" else condition


def values_where(
    pattern: Pattern | Between | None,
    columns: Iterable[str],
    parameters: Parameters,
    days: tuple[int, int] | None,
) -> str:
    """The condition of a lookup in the table of known values; without a pattern, any value."""
    names = parameters.add(list(columns), "Array(String)")
    conditions = ["tenant = {tenant:UInt32}", f"col IN {names}"]
    if pattern is not None:
        conditions.append(pattern.on("folded", parameters))
    if days is not None:
        first, last = days
        conditions.append(
            f"first_day <= {parameters.add(last, 'Int32')} "
            f"AND last_day >= {parameters.add(first, 'Int32')}"
        )
    return " AND ".join(conditions)


def any_of(conditions: Iterable[str]) -> str:
    """Their disjunction; of none, what is never true."""
    listed = list(conditions)
    if not listed:
        return NOTHING
    return listed[0] if len(listed) == 1 else "(" + " OR ".join(listed) + ")"


class Family(Protocol):
    """A family of fields that are filtered in the same way."""

    def check(self, field: Field, /) -> None:
        """Raises InvalidRequest when the value cannot be one of this field."""
        ...

    def lookups(self, field: Field, /) -> list[Lookup]:
        """What must be asked of the values table before `condition`."""
        ...

    def condition(self, field: Field, context: Context, /) -> str:
        """The condition on a row of `events`, without regard to negation."""
        ...

    def explain(self, field: Field, /) -> Clause:
        """The term in English, to follow "events": "whose method is POST"."""
        ...


_NEGATIVES: Final = {"is": "is not", "contains": "does not contain", "has": "has no"}


def says(noun: str, verb: str, value: str, note: str = "") -> Clause:
    """The usual form of `Family.explain`."""
    return Clause(
        subject=f"whose {noun}", verb=verb, negative=_NEGATIVES[verb], value=value, note=note
    )


def refuse(
    field: Field,
    message: str,
    expected: str,
    hint: str | None = None,
    *,
    mistake: Mistake,
    **values: str,
) -> InvalidRequest:
    """The error for a value that cannot be one of this field."""
    # A value in quotes is shorter than its text; the term's end is the text's, parentheses apart.
    length = len(field.value) + 2 * field.quoted
    return bad(
        message,
        field.at,
        field.at + length,
        expected,
        hint,
        mistake=mistake,
        field=field.name,
        value=field.value,
        **values,
    )


ALL_VALUES: Final = table.VALUE_COLUMNS
