"""
Rules that a policy must keep before it is appended (spec/leaf.md, Policy).

The service's own reading of them; the verifier has another. Each fault names the category and the
field, so that a form can show it where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from indelible.errors import PolicyFault
from indelible.seal import CONTENT, FACT, PERSON, Category, Floor, Policy
from indelible.server.ledger.categories import FLOOR_DAYS, FLOORED, LAST_RESERVED

NOTICE_DAYS: Final = 7
"""A reduction or a switch-off takes effect so many days after it was recorded."""
MAX_DAYS: Final = 36_500
PARTS: Final = ((FACT, "fact"), (PERSON, "person"), (CONTENT, "content"))


def is_shorter(days: int | None, than: int | None) -> bool:
    """Whether one span ends before another; None never ends."""
    return days is not None and (than is None or days < than)


def days_of(category: Category, part: int) -> int | None:
    """How long this category keeps a part."""
    if part == FACT:
        return category.fact_days
    return category.person_days if part == PERSON else category.content_days


def floors_of(policy: Policy) -> list[Floor]:
    """The floors of a policy, and those that every log has."""
    built_in = [
        Floor(category=category.id, parts=FACT, min_days=FLOOR_DAYS)
        for category in policy.categories
        if category.name in FLOORED
    ]
    return [*policy.floors, *(floor for floor in built_in if floor not in policy.floors)]


def is_reduced(policy: Policy, before: Policy) -> bool:
    """Whether anything is kept shorter, or is no longer recorded."""
    now = {category.id: category for category in policy.categories}
    return any(
        (old.enabled and not now[old.id].enabled)
        or any(is_shorter(days_of(now[old.id], part), days_of(old, part)) for part, _ in PARTS)
        for old in before.categories
        if old.id in now
    )


def faults_of(policy: Policy, day: int, before: Policy | None) -> list[PolicyFault]:
    """Why this policy may not follow that one on this day; nothing when it may."""
    faults = [*_own(policy), *_floors(policy)]
    if before is not None:
        faults += _changes(policy, day, before)
    return faults


def _own(policy: Policy) -> Iterator[PolicyFault]:
    ids = [category.id for category in policy.categories]
    names = [category.name for category in policy.categories]
    if len(set(ids)) != len(ids) or len(set(names)) != len(names):
        yield PolicyFault(None, None, "two categories share an id or a name")
    longest: int | None = 1
    for category in policy.categories:
        if not 1 <= category.id <= 0xFFFF or not category.name:
            yield PolicyFault(category.name, "category", f"{category.id} cannot be a category")
        for part, name in PARTS:
            days = days_of(category, part)
            if days is not None and not 1 <= days <= MAX_DAYS:
                yield PolicyFault(
                    category.name, f"{name}_days", f"days are 1 to {MAX_DAYS:,}, or for ever"
                )
        if category.id <= LAST_RESERVED and not category.enabled:
            yield PolicyFault(category.name, "enabled", f"{category.name} is always recorded")
        if is_shorter(longest, category.fact_days):
            longest = category.fact_days
    audit = next((c for c in policy.categories if c.name == "audit"), None)
    if audit is None:
        yield PolicyFault("audit", "category", "there is no category audit")
    elif is_shorter(audit.fact_days, longest):
        kept = "for ever" if longest is None else f"{longest:,} days"
        yield PolicyFault(
            "audit", "fact_days", f"facts of audit are kept as long as any other facts: {kept}"
        )


def _floors(policy: Policy) -> Iterator[PolicyFault]:
    by_id = {category.id: category for category in policy.categories}
    for floor in floors_of(policy):
        category = by_id.get(floor.category)
        if category is None:
            detail = f"a floor for category {floor.category}, which is not there"
            yield PolicyFault(None, "floor", detail)
            continue
        for part, name in PARTS:
            if floor.parts & part and is_shorter(days_of(category, part), floor.min_days):
                detail = f"the floor of {floor.min_days:,} days does not let it go below"
                yield PolicyFault(category.name, f"{name}_days", detail)


def _changes(policy: Policy, day: int, before: Policy) -> Iterator[PolicyFault]:
    now = {category.id: category for category in policy.categories}
    names_before = {category.name: category.id for category in before.categories}
    for old in before.categories:
        if old.id not in now or now[old.id].name != old.name:
            detail = "a category is never left out, renamed or reused"
            yield PolicyFault(old.name, "category", detail)
    for category in policy.categories:
        if names_before.get(category.name, category.id) != category.id:
            detail = "the name was given to another category"
            yield PolicyFault(category.name, "category", detail)
    if is_reduced(policy, before) and policy.effective_day < day + NOTICE_DAYS:
        detail = f"a reduction takes effect {NOTICE_DAYS} days after it is recorded, not sooner"
        yield PolicyFault(None, "effective_day", detail)
    for floor in before.floors:
        if floor.until_day is not None and floor.until_day <= policy.effective_day:
            continue
        if not any(_keeps(kept, floor) for kept in policy.floors):
            name = now[floor.category].name if floor.category in now else None
            until = "ever" if floor.until_day is None else f"its date (day {floor.until_day})"
            yield PolicyFault(name, "floor", f"a floor is not lowered before {until}")


def _keeps(kept: Floor, floor: Floor) -> bool:
    return (
        kept.category == floor.category
        and kept.parts & floor.parts == floor.parts
        and kept.min_days >= floor.min_days
        and not is_shorter(kept.until_day, floor.until_day)
    )
