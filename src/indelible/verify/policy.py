"""Rules that a policy must keep (spec/leaf.md, Policy)."""

from __future__ import annotations

from indelible.seal import FACT, Category, Floor, Policy

LAST_RESERVED = 15
_NOTICE_DAYS = 7
_BUILT_IN_FLOOR_DAYS = 90
_BUILT_IN_FLOORS = ("audit", "authentication", "configuration")
_AUDIT = "audit"


def policy_faults(policy: Policy, day: int, before: Policy | None) -> list[str]:
    """What makes this policy invalid, in words; nothing when it may come in force."""
    faults = _own_faults(policy)
    if before is not None:
        faults += _change_faults(policy, day, before)
    return faults


def _own_faults(policy: Policy) -> list[str]:
    faults = []
    ids = [category.id for category in policy.categories]
    names = [category.name for category in policy.categories]
    if len(set(ids)) != len(ids) or len(set(names)) != len(names):
        faults.append("two categories share an id or a name")
    for category in policy.categories:
        if not 1 <= category.id <= 0xFFFF or not category.name:
            faults.append(f"{category.id} {category.name!r} cannot be a category")
        faults += [
            f"{category.name} is kept for {days} days"
            for days in _days(category)
            if days is not None and days < 1
        ]
        if category.id <= LAST_RESERVED and not category.enabled:
            faults.append(f"the reserved category {category.name} is switched off")
    faults += _floor_faults(policy)
    audit = next((c for c in policy.categories if c.name == _AUDIT), None)
    if audit is None:
        faults.append("there is no category audit")
    elif any(_shorter(audit.fact_days, c.fact_days) for c in policy.categories):
        faults.append("facts of audit are kept for less than the longest fact_days")
    return faults


def floors_of(policy: Policy) -> tuple[Floor, ...]:
    """The floors of a policy and those that every log has."""
    built_in = (
        Floor(category=c.id, parts=FACT, min_days=_BUILT_IN_FLOOR_DAYS)
        for c in policy.categories
        if c.name in _BUILT_IN_FLOORS
    )
    return (*policy.floors, *built_in)


def _floor_faults(policy: Policy) -> list[str]:
    by_id = {category.id: category for category in policy.categories}
    faults = []
    for floor in floors_of(policy):
        category = by_id.get(floor.category)
        if category is None:
            faults.append(f"a floor for category {floor.category}, which is not there")
            continue
        for bit, days in enumerate(_days(category)):
            if floor.parts >> bit & 1 and _shorter(days, floor.min_days):
                faults.append(
                    f"{category.name} is kept for {days} days, the floor is {floor.min_days}"
                )
    return faults


def _change_faults(policy: Policy, day: int, before: Policy) -> list[str]:
    faults = []
    now = {category.id: category for category in policy.categories}
    names_before = {category.name: category.id for category in before.categories}
    reduced = False
    for old in before.categories:
        new = now.get(old.id)
        if new is None or new.name != old.name:
            faults.append(f"category {old.id} {old.name} was left out, renamed or reused")
            continue
        if any(_shorter(n, o) for n, o in zip(_days(new), _days(old), strict=True)):
            reduced = True
        if old.enabled and not new.enabled:
            reduced = True
    faults += [
        f"the name {category.name} was given to another category"
        for category in policy.categories
        if names_before.get(category.name, category.id) != category.id
    ]
    if reduced and policy.effective_day < day + _NOTICE_DAYS:
        faults.append(f"a reduction takes effect on day {policy.effective_day}, recorded on {day}")
    for floor in before.floors:
        if floor.until_day is not None and floor.until_day <= policy.effective_day:
            continue
        if not any(_covers(kept, floor) for kept in policy.floors):
            faults.append(f"the floor of category {floor.category} was lowered before its date")
    return faults


def _covers(kept: Floor, floor: Floor) -> bool:
    return (
        kept.category == floor.category
        and kept.parts & floor.parts == floor.parts
        and kept.min_days >= floor.min_days
        and not _shorter(kept.until_day, floor.until_day)
    )


def _days(category: Category) -> tuple[int | None, int | None, int | None]:
    return category.fact_days, category.person_days, category.content_days


def _shorter(days: int | None, than: int | None) -> bool:
    """Whether one span ends before another; None never ends."""
    return days is not None and (than is None or days < than)
