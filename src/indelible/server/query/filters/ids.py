"""Fields of ids: request, session, trace, job, and the event's own id."""

from __future__ import annotations

from uuid import UUID

import msgspec

from indelible.server.index import folding
from indelible.server.query.filters.base import Clause, Context, Lookup, any_of, refuse, says
from indelible.server.query.pattern import part, whole
from indelible.server.query.tree import Field


class IdField(msgspec.Struct, frozen=True):
    """A column kept as sent; what folds to something else stands in the `text` column too."""

    noun: str
    column: str
    mark: str

    def check(self, _field: Field) -> None:
        """Any text will do."""

    def lookups(self, _field: Field) -> list[Lookup]:
        """None: such values are too many for the values table."""
        return []

    def condition(self, field: Field, context: Context) -> str:
        """The whole id, `*` allowed."""
        pattern = whole(field.value, quoted=field.quoted)
        own = pattern.on(self.column, context.parameters)
        if pattern.kind == "whole":
            # The cheap test first where rows are looked at; the tokens have an index.
            anywhere = part(field.value).on("text", context.parameters)
            tokens = pattern.on_tokens(self.mark, context.parameters)
            return f"(({own} OR {anywhere}) AND {tokens})"
        own = f"({self.column} != '' AND {own})"  # a star stands for no text, but not for no id
        return any_of([own, pattern.on_pieces(self.mark, context.parameters)])

    def explain(self, field: Field) -> Clause:
        """In English."""
        return says(self.noun, "is", field.value)


class EventId:
    """The event's id, a UUID."""

    def check(self, field: Field) -> None:
        """Refuses what is no UUID."""
        try:
            UUID(field.value)
        except ValueError:
            raise refuse(
                field, f"{field.value} is not an event id", "a UUID", mistake="no-id"
            ) from None

    def lookups(self, _field: Field) -> list[Lookup]:
        """None."""
        return []

    def condition(self, field: Field, context: Context) -> str:
        """The id is that one."""
        return f"id = {context.parameters.add(str(UUID(field.value)), 'UUID')}"

    def explain(self, field: Field) -> Clause:
        """In English."""
        return says("id", "is", field.value)


IDS = {
    "request": IdField("request", "request_id", folding.REQUEST),
    "session": IdField("session", "session_id", folding.SESSION),
    "trace": IdField("trace", "trace_id", folding.TRACE),
    "job": IdField("job", "job_id", folding.JOB),
}
