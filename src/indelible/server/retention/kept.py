"""Until when each part of an event is kept, as its drawer shows it."""

from __future__ import annotations

import msgspec

from indelible.seal import CONTENT, FACT, PERSON
from indelible.server.ledger import Entry
from indelible.server.ledger.desk import Standing
from indelible.server.retention.edit import day_text


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """
    The last day on which each part is promised to be there; null is for ever, or no such part.

    The promise can grow with a longer policy; it never shrinks.
    """

    category: str
    fact_until: str | None
    person_until: str | None
    content_until: str | None
    holds: list[str] = []


def kept_until(standing: Standing, entry: Entry, holds: list[str]) -> Kept:
    """What was promised for an entry that is an event."""
    policies = standing.policies
    category = next(
        (c for c in policies.newest.policy.categories if c.id == entry.category_id), None
    )

    def until(part: int) -> str | None:
        if not entry.parts & part or category is None:
            return None
        days = policies.required_days(entry.index, entry.day, entry.category_id, part)
        return None if days is None else day_text(entry.day + days)

    return Kept(
        category=category.name if category else "",
        fact_until=until(FACT),
        person_until=until(PERSON),
        content_until=until(CONTENT),
        holds=holds,
    )
