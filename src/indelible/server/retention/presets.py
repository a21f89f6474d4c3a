"""
Ready-made retention: spans and floors that a regime asks for, as a starting point.

They fill the form; nothing is saved by choosing one. What a regime really asks of a company is not
decided here (docs/how-to/retention.md says where each number comes from).
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from indelible.seal import Floor, Policy
from indelible.server.ledger.policy_rules import PARTS, floors_of
from indelible.server.retention.edit import BITS, CategoryEdit, FloorEdit, Keep, Part

Span = int | None
PresetName = Literal["pci-dss", "soc2", "iso27001", "hipaa", "sec-17a-4", "gdpr-minimal"]


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """Spans of all categories by default, of some by name, and floors."""

    name: PresetName
    title: str
    description: str
    keep: tuple[Span, Span, Span]
    special: tuple[tuple[str, tuple[Span, Span, Span]], ...] = ()
    floor_parts: tuple[Part, ...] = ()
    floor_days: int = 0

    def categories(self, policy: Policy) -> list[CategoryEdit]:
        """What the preset says of the categories of a policy, never below one of its floors."""
        special = dict(self.special)
        found = []
        for category in policy.categories:
            spans = special.get(category.name, self.keep)
            keep = [
                _at_least(
                    days,
                    [f.min_days for f in floors_of(policy)
                     if f.category == category.id and f.parts & part],
                )
                for days, (part, _) in zip(spans, PARTS, strict=True)
            ]  # fmt: skip
            found.append(CategoryEdit(category.name, keep=Keep(*keep)))
        return _audit_longest(found)

    def applied(self, policy: Policy) -> Policy:
        """A first policy with the preset in it from the start, so that it counts for all events."""
        keeps = {edit.name: edit.keep for edit in self.categories(policy)}
        categories = []
        for category in policy.categories:
            keep = keeps[category.name]
            days = msgspec.to_builtins(keep)
            categories.append(
                msgspec.structs.replace(
                    category,
                    fact_days=days.get("fact"),
                    person_days=days.get("person"),
                    content_days=days.get("content"),
                )
            )
        ids = {category.name: category.id for category in policy.categories}
        floors = tuple(
            Floor(ids[one.category], sum(BITS[part] for part in one.parts), one.min_days)
            for one in self.floors(policy)
        )
        return msgspec.structs.replace(
            policy, categories=tuple(categories), floors=(*policy.floors, *floors)
        )

    def floors(self, policy: Policy) -> list[FloorEdit]:
        """The floors of its categories; they last for ever, as the obligation does."""
        if not self.floor_parts:
            return []
        return [
            FloorEdit(category.name, list(self.floor_parts), self.floor_days)
            for category in policy.categories
        ]


def _at_least(days: Span, floors: list[int]) -> Span:
    return days if days is None else max([days, *floors])


def _audit_longest(edits: list[CategoryEdit]) -> list[CategoryEdit]:
    """Facts of audit are kept as long as any others."""
    facts = [edit.keep.fact for edit in edits if edit.keep is not msgspec.UNSET]
    longest = None if None in facts else max(days for days in facts if isinstance(days, int))
    return [
        edit
        if edit.name != "audit" or edit.keep is msgspec.UNSET
        else msgspec.structs.replace(edit, keep=msgspec.structs.replace(edit.keep, fact=longest))
        for edit in edits
    ]


PRESETS: Final = (
    Preset(
        name="pci-dss",
        title="PCI DSS 4.0.1",
        description="Everything for 12 months (requirement 10.5.1); all of it can be searched at"
        " once, not only the last three months. The floor keeps it so.",
        keep=(366, 366, 366),
        floor_parts=("fact", "person", "content"),
        floor_days=365,
    ),
    Preset(
        name="soc2",
        title="SOC 2",
        description="Facts for two years, so that a whole audit period and the one before it can be"
        " shown; persons and content for 13 months.",
        keep=(730, 396, 396),
    ),
    Preset(
        name="iso27001",
        title="ISO 27001:2022",
        description="Facts for two years, persons and content for one (A.8.15 asks for a span that"
        " you decide and keep to).",
        keep=(730, 365, 365),
    ),
    Preset(
        name="hipaa",
        title="HIPAA",
        description="Everything for six years (164.316(b)(2)(i)), with a floor.",
        keep=(2192, 2192, 2192),
        floor_parts=("fact", "person", "content"),
        floor_days=2190,
    ),
    Preset(
        name="sec-17a-4",
        title="SEC 17a-4",
        description="Everything for six years, with a floor for facts and content: what happened"
        " cannot be erased before that.",
        keep=(2192, 2192, 2192),
        floor_parts=("fact", "content"),
        floor_days=2190,
    ),
    Preset(
        name="gdpr-minimal",
        title="GDPR, minimal",
        description="Persons' data and content go after 90 days; facts stay for one year.",
        keep=(365, 90, 90),
        special=(("audit", (730, 365, 365)), ("job", (180, 30, 30))),
    ),
)
