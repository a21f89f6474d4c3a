"""Fields of text: actor, endpoint, target, change. Part of it is enough; in quotes, all of it."""

from __future__ import annotations

import msgspec

from indelible.server.index import folding
from indelible.server.query.filters.base import Context, Lookup, any_of, says
from indelible.server.query.pattern import part_or_whole
from indelible.server.query.tree import Field


class TextField(msgspec.Struct, frozen=True):
    """Columns of the values table, and pieces of the `text` column, that one name stands for."""

    noun: str
    marks: str
    columns: tuple[str, ...] = ()

    def check(self, _field: Field) -> None:
        """Any text will do."""

    def lookups(self, field: Field) -> list[Lookup]:
        """The columns with few distinct values."""
        pattern = part_or_whole(field.value, quoted=field.quoted)
        return [Lookup(pattern, self.columns)] if self.columns else []

    def condition(self, field: Field, context: Context) -> str:
        """A column with such a value, or such a piece of text."""
        pattern = part_or_whole(field.value, quoted=field.quoted)
        conditions = [
            condition for lookup in self.lookups(field) for condition in context.columns(lookup)
        ]
        conditions.append(pattern.on_pieces(self.marks, context.parameters))
        return any_of(conditions)

    def explain(self, field: Field) -> str:
        """In English."""
        pattern = part_or_whole(field.value, quoted=field.quoted)
        return says(self.noun, field, "contains" if pattern.kind == "part" else "is")


TEXTS = {
    "actor": TextField("actor", folding.BEHALF, ("actor_email", "actor_name", "actor_id")),
    "endpoint": TextField("endpoint", folding.ENDPOINT, ("endpoint",)),
    "target": TextField("target", folding.TARGET + folding.TARGET_NAME, ("target_types",)),
    "change": TextField("change", folding.BEFORE + folding.AFTER, ("change_paths",)),
}
