"""Fields of text: actor, endpoint, target … Part of it is enough; in quotes, all of it."""

from __future__ import annotations

import msgspec

from indelible.server.index import folding
from indelible.server.query.filters.base import Clause, Context, Lookup, any_of, says
from indelible.server.query.pattern import Pattern, part_or_whole, whole
from indelible.server.query.tree import Field


class TextField(msgspec.Struct, frozen=True):
    """
    Columns of the values table, and pieces of the `text` column, that one name stands for.

    `exact` fields are ids: a part of one is not asked for.
    """

    noun: str
    marks: str = ""
    columns: tuple[str, ...] = ()
    exact: bool = False

    def _pattern(self, field: Field) -> Pattern:
        compare = whole if self.exact else part_or_whole
        return compare(field.value, quoted=field.quoted)

    def check(self, _field: Field) -> None:
        """Any text will do."""

    def lookups(self, field: Field) -> list[Lookup]:
        """The columns with few distinct values."""
        return [Lookup(self._pattern(field), self.columns)] if self.columns else []

    def condition(self, field: Field, context: Context) -> str:
        """A column with such a value, or such a piece of text."""
        conditions = [
            condition for lookup in self.lookups(field) for condition in context.columns(lookup)
        ]
        if self.marks:
            conditions.append(self._pattern(field).on_pieces(self.marks, context.parameters))
        return any_of(conditions)

    def explain(self, field: Field) -> Clause:
        """In English."""
        verb = "contains" if self._pattern(field).kind == "part" else "is"
        return says(self.noun, verb, field.value)


TEXTS = {
    "actor": TextField("actor", folding.BEHALF, ("actor_email", "actor_name", "actor_id")),
    "behalf": TextField("represented person", folding.BEHALF),
    "endpoint": TextField("endpoint", folding.ENDPOINT, ("endpoint",)),
    "agent": TextField("user agent", "", ("user_agent",)),
    "reason": TextField("reason", folding.REASON),
    "target": TextField("target", folding.TARGET + folding.TARGET_NAME, ("target_types",)),
    "target.id": TextField("target id", folding.TARGET, exact=True),
    "target.name": TextField("target name", folding.TARGET_NAME, exact=True),
    "change": TextField("change", folding.BEFORE + folding.AFTER, ("change_paths",)),
    "before": TextField("value before", folding.BEFORE),
    "after": TextField("value after", folding.AFTER),
}
