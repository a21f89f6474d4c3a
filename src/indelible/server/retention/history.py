"""The series of policies as people read it: what each changed, who saved it, what holds today."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from indelible.seal import FACT, Category
from indelible.seal import Floor as LedgerFloor
from indelible.server.access.policy_notes import PolicyNote
from indelible.server.ledger.catalogue import Catalogue
from indelible.server.ledger.categories import AUDIT, FLOOR_DAYS, FLOORED, first_policy
from indelible.server.ledger.desk import Standing
from indelible.server.ledger.policies import PolicyAt, PolicyHistory
from indelible.server.ledger.policy_rules import PARTS, days_of, floors_of, is_shorter
from indelible.server.retention.edit import Change, day_text, floor_text


class PastPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One policy entry of the log."""

    version: int
    index: int
    day: int
    effective_day: int
    note: PolicyNote | None
    changes: list[Change]


def changes_between(before: PolicyAt, after: PolicyAt, catalogue: Catalogue) -> list[Change]:
    """What differs between two policies: days, switches, floors, categories, rules."""
    old = {category.id: category for category in before.policy.categories}
    found: list[Change] = []
    recorded, effective = day_text(after.day), day_text(after.policy.effective_day)

    def say(name: str, path: str, one: object, other: object, effect: str, day: str) -> None:
        found.append(
            msgspec.convert(
                {
                    "category": name,
                    "label": catalogue.text_of(name).label,
                    "path": path,
                    "before": one,
                    "after": other,
                    "effect": effect,
                    "effective_day": day,
                },
                Change,
            )
        )

    for category in after.policy.categories:
        was = old.get(category.id)
        if was is None:
            say(category.name, "category", None, category.name, "new", recorded)
            continue
        if was.enabled != category.enabled:
            on = category.enabled
            day = recorded if on else effective
            say(category.name, "enabled", was.enabled, on, "on" if on else "off", day)
        for part, name in PARTS:
            one, other = days_of(was, part), days_of(category, part)
            if one != other:
                shorter = is_shorter(other, one)
                effect, day = ("shorter", effective) if shorter else ("longer", recorded)
                say(category.name, f"{name}_days", one, other, effect, day)
    names = {category.id: category.name for category in after.policy.categories}
    for floor in after.policy.floors:
        if floor not in before.policy.floors:
            name = names.get(floor.category, "")
            say(name, "floor", None, floor_text(floor), "floor-raised", recorded)
    for floor in before.policy.floors:
        kept = [(f.category, f.parts) for f in after.policy.floors]
        if (floor.category, floor.parts) not in kept:
            name = names.get(floor.category, "")
            say(name, "floor", floor_text(floor), None, "floor-ended", recorded)
    if before.policy.rules != after.policy.rules:
        say("", "rules", before.policy.rules[:12], after.policy.rules[:12], "rules", recorded)
    return found


def past_policies(
    standing: Standing, notes: dict[int, PolicyNote], *, below: int | None, limit: int
) -> tuple[list[PastPolicy], bool]:
    """The newest policies below a version, and whether there are more."""
    policies = standing.policies.policies
    found: list[PastPolicy] = []
    for position in range(len(policies) - 1, -1, -1):
        one = policies[position]
        if below is not None and one.policy.version >= below:
            continue
        if len(found) == limit:
            return found, True
        # The first is told against what a log keeps where nobody chose: everything, for ever.
        plain = msgspec.structs.replace(first_policy(one.day), rules=one.policy.rules)
        before = policies[position - 1] if position else PolicyAt(one.index, one.day, plain)
        changes = changes_between(before, one, standing.catalogue)
        found.append(
            PastPolicy(
                version=one.policy.version,
                index=one.index,
                day=one.day,
                effective_day=one.policy.effective_day,
                note=notes.get(one.policy.version),
                changes=changes,
            )
        )
    return found, False


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """A floor of one category that holds today."""

    parts: int
    min_days: int
    until_day: int | None
    built_in: bool


def floors_today(policies: PolicyHistory, category: Category, day: int) -> list[Floor]:
    """The floors of a category, those of every log last."""
    built_in = LedgerFloor(category.id, FACT, FLOOR_DAYS) if category.name in FLOORED else None
    return [
        Floor(
            parts=floor.parts,
            min_days=floor.min_days,
            until_day=floor.until_day,
            built_in=floor == built_in,
        )
        for floor in floors_of(policies.newest.policy)
        if floor.category == category.id and (floor.until_day is None or floor.until_day > day)
    ]


def off_since(policies: PolicyHistory, category_id: int, day: int) -> int | None:
    """The day from which on a category is off, if it is today."""
    today = policies.category_on(category_id, day)
    if today is None or today.enabled or category_id == AUDIT:
        return None
    since = day
    for start, stop in off_spans(policies, category_id):
        if start <= day and (stop is None or stop > day):
            since = start
    return since


def off_spans(policies: PolicyHistory, category_id: int) -> Iterable[tuple[int, int | None]]:
    """
    The spans of days in which a category is off, half-open; None is without an end.

    A switch-off holds from the day on which it takes effect, a switch-on from the day of its entry.
    """
    start: int | None = None
    for one in policies.policies:
        category = next((c for c in one.policy.categories if c.id == category_id), None)
        if category is None:
            continue
        if not category.enabled and start is None:
            start = one.policy.effective_day
        elif category.enabled and start is not None:
            if one.day > start:
                yield start, one.day
            start = None
    if start is not None:
        yield start, None
