"""The route: an endpoint with the ids in it left out, `/groups/{id}`."""

from __future__ import annotations

from indelible.server.query.filters.base import Clause, Context, Lookup, says
from indelible.server.query.pattern import whole
from indelible.server.query.tree import Field


class Route:
    """A column with few values, not in the values table: what was sent is searched there."""

    def check(self, _field: Field) -> None:
        """Any text will do."""

    def lookups(self, _field: Field) -> list[Lookup]:
        """None."""
        return []

    def condition(self, field: Field, context: Context) -> str:
        """The whole route, `*` allowed. Worked out once per distinct route, not per row."""
        pattern = whole(field.value, quoted=field.quoted)
        return pattern.on("lowerUTF8(endpoint)", context.parameters)

    def explain(self, field: Field) -> Clause:
        """In English."""
        return says("route", "is", field.value)
