"""
Who, exactly: the actor under the name that the list shows, and what is new for an actor.

`by:` is what a count of actors selects: e-mail, else name, else id, and never the person on whose
behalf somebody acted, whom `actor:` finds as well.
"""

from __future__ import annotations

from typing import Final

from indelible.server.query.filters.base import Clause, Context, Lookup, any_of, refuse, says
from indelible.server.query.pattern import whole
from indelible.server.query.tree import Field

# The names of an actor in the order in which one stands for it.
_NAMES: Final = ("actor_email", "actor_name", "actor_id")
# What can be new for an actor → its column, and how a sentence calls it.
FIRST: Final = {
    "ip": ("ip", "address"),
    "device": ("device_id", "device"),
    "agent": ("user_agent", "user agent"),
    "operation": ("operation", "operation"),
}


class ShownActor:
    """`by:`: the actor as the list shows it."""

    def check(self, _field: Field) -> None:
        """Any text will do."""

    def lookups(self, field: Field) -> list[Lookup]:
        """The whole name, `*` allowed, column by column."""
        pattern = whole(field.value, quoted=field.quoted)
        return [Lookup(pattern, (name,)) for name in _NAMES]

    def condition(self, field: Field, context: Context) -> str:
        """A name counts only where no better one is there."""
        conditions = []
        for position, lookup in enumerate(self.lookups(field)):
            for found in context.columns(lookup):
                better = [f"{name} = ''" for name in _NAMES[:position]]
                conditions.append("(" + " AND ".join([*better, found]) + ")" if better else found)
        return any_of(conditions)

    def explain(self, field: Field) -> Clause:
        """In English."""
        return says("actor", "is", field.value)


class FirstTime:
    """`first:ip`: before the period the log has no event of this actor from this address."""

    def check(self, field: Field) -> None:
        """Refuses what is no such thing."""
        if field.value.lower() not in FIRST:
            raise refuse(
                field,
                f"first: does not know {field.value}",
                "one of " + ", ".join(sorted(FIRST)),
                mistake="unknown-value",
                allowed=", ".join(sorted(FIRST)),
            )

    def lookups(self, _field: Field) -> list[Lookup]:
        """None: pairs are not in the values table."""
        return []

    def condition(self, field: Field, context: Context) -> str:
        """
        The pair of actor and value came first in the period of the event.
        """
        column = FIRST[field.value.lower()][0]
        known = f"({column} != '' AND (actor_email != '' OR actor_name != '' OR actor_id != ''))"
        if not context.starts:
            return known
        add = context.parameters.add
        starts = [add(start, "Int64") for start in context.starts]
        through = add(context.through, "UInt64")
        seen = f"{context.seen} AND idx < {through}"
        pair = ", ".join(_NAMES)
        source = f"SELECT {pair}, {column} AS value, occurred_us AS first_us FROM events WHERE "
        firsts = f"{source}{seen} AND {column} != ''"
        if context.is_whole:
            # Of the whole log, the blocks that are counted know when each pair came first.
            counted = f"(SELECT max(stop) FROM rolled WHERE {context.seen} AND stop <= {through})"
            firsts += (
                f" AND idx >= {counted} UNION ALL SELECT {pair}, value, first_us FROM pairs "
                f"WHERE {context.seen} AND col = '{column}'"
            )
        fresh = []
        for place, start in enumerate(starts):
            # Each event is held against the time before its own period.
            until = f" AND occurred_us < {starts[place + 1]}" if place + 1 < len(starts) else ""
            new = f"FROM ({firsts}) GROUP BY {pair}, value HAVING min(first_us) >= {start}"
            # Few values are new for anybody: their rows alone are looked at together with names.
            fresh.append(
                f"(occurred_us >= {start}{until} AND {column} IN (SELECT value {new}) "
                f"AND ({pair}, {column}) IN (SELECT {pair}, value {new}))"
            )
        return f"({known} AND {any_of(fresh)})"

    def explain(self, field: Field) -> Clause:
        """In English."""
        noun = FIRST[field.value.lower()][1]
        return Clause(
            subject=f"whose {noun}",
            verb="is",
            negative="is not",
            value="new for the actor in this period",
        )
