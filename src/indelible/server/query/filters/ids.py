"""Fields of ids: request, session, job, the event's own id, and its index in the ledger."""

from __future__ import annotations

import re
from uuid import UUID

import msgspec

from indelible.errors import InvalidRequest
from indelible.server.index import folding
from indelible.server.query.filters.base import Context, Lookup, any_of, says
from indelible.server.query.pattern import part, whole
from indelible.server.query.tree import Field

_INDEX = re.compile(r"(<=|>=|<|>|=)?(\d{1,18})")


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
        if pattern.kind == "whole":
            # The cheap test first where rows are looked at; the tokens have an index.
            own = pattern.on(self.column, context.parameters)
            anywhere = part(field.value).on("text", context.parameters)
            tokens = pattern.on_tokens(self.mark, context.parameters)
            return f"(({own} OR {anywhere}) AND {tokens})"
        return any_of(
            [
                pattern.on(self.column, context.parameters),
                pattern.on_pieces(self.mark, context.parameters),
            ]
        )

    def explain(self, field: Field) -> str:
        """In English."""
        return says(self.noun, field, "is")


class EventId:
    """The event's id, a UUID."""

    def check(self, field: Field) -> None:
        """Refuses what is no UUID."""
        try:
            UUID(field.value)
        except ValueError:
            raise InvalidRequest(
                f"{field.value} is not an event id",
                parameter="q",
                position=field.position,
                expected="a UUID",
                code="bad-query",
            ) from None

    def lookups(self, _field: Field) -> list[Lookup]:
        """None."""
        return []

    def condition(self, field: Field, context: Context) -> str:
        """The id is that one."""
        return f"id = {context.parameters.add(str(UUID(field.value)), 'UUID')}"

    def explain(self, field: Field) -> str:
        """In English."""
        return says("id", field, "is")


class EntryIndex:
    """The entry's index in the ledger: `index:812`, `index:>=800`."""

    def check(self, field: Field) -> None:
        """Refuses what is no index."""
        if not _INDEX.fullmatch(field.value):
            raise InvalidRequest(
                f"{field.value} is not an entry index",
                parameter="q",
                position=field.position,
                expected="a number, or a comparison such as >=800",
                code="bad-query",
            )

    def lookups(self, _field: Field) -> list[Lookup]:
        """None."""
        return []

    def condition(self, field: Field, context: Context) -> str:
        """The index compares so."""
        found = _INDEX.fullmatch(field.value)
        sign, number = (found[1] or "=", int(found[2])) if found else ("=", 0)
        return f"idx {sign} {context.parameters.add(number, 'UInt64')}"

    def explain(self, field: Field) -> str:
        """In English."""
        return says("index", field, "is")


IDS = {
    "request": IdField("request", "request_id", folding.REQUEST),
    "session": IdField("session", "session_id", folding.SESSION),
    "job": IdField("job", "job_id", folding.JOB),
}
