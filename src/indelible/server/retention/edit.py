"""
From what an administrator asks for to the next policy, and what that changes. Pure.

A policy is never edited: the next one is made from the newest, with what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from indelible.errors import InvalidPolicy, InvalidRequest, PolicyFault
from indelible.seal import ALL_PARTS, MAX_ENTRY, Category, Floor, Policy, policy_leaf
from indelible.server.ledger.catalogue import Catalogue, CategoryText, Rule, catalogue_hash
from indelible.server.ledger.desk import Standing
from indelible.server.ledger.policy_rules import (
    NOTICE_DAYS,
    PARTS,
    days_of,
    faults_of,
    is_reduced,
    is_shorter,
)

Part = Literal["fact", "person", "content"]
Effect = Literal[
    "shorter", "longer", "off", "on", "new", "floor-raised", "floor-ended", "text", "rules"
]
BITS: Final = {name: part for part, name in PARTS}
FIRST_OWN_ID: Final = 25
MOST_RULES: Final = 50
MOST_RULES_IN_ALL: Final = 500
MAX_PATTERN: Final = 200
MAX_LABEL: Final = 80
MAX_DESCRIPTION: Final = 300
_EPOCH: Final = date(1970, 1, 1)
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LAST_DAY: Final = 2_900_000  # in the year 9909: what a date can show


class Keep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days to keep each part; null is for ever. What is left out stays as it is."""

    fact: int | msgspec.UnsetType | None = msgspec.UNSET
    person: int | msgspec.UnsetType | None = msgspec.UNSET
    content: int | msgspec.UnsetType | None = msgspec.UNSET


class CategoryEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One category as it shall be. What is left out stays as it is."""

    name: str
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    keep: Keep | msgspec.UnsetType = msgspec.UNSET


class FloorEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A minimum that cannot be lowered before `until_day` (null: never)."""

    category: str
    parts: list[Part]
    min_days: int
    until_day: str | None = None


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to change, based on the version that was shown."""

    base_version: int
    reason: str | None = None
    categories: list[CategoryEdit] = []
    floors: list[FloorEdit] = []


class NewCategory(msgspec.Struct, frozen=True, kw_only=True):
    """A category to be added, checked."""

    text: CategoryText
    keep: Keep = Keep()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between two policies, and from which day on it holds."""

    category: str
    label: str
    path: str
    before: str | int | bool | None
    after: str | int | bool | None
    effect: Effect
    effective_day: str


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """The policy that would follow, with its catalogue."""

    policy: Policy
    catalogue: Catalogue
    changes: tuple[Change, ...]
    faults: tuple[PolicyFault, ...]

    @property
    def is_reduction(self) -> bool:
        """Whether anything is kept shorter or no longer recorded."""
        return any(change.effect in ("shorter", "off") for change in self.changes)


def day_text(day: int) -> str:
    """A day as people write it: 2026-11-25."""
    return (_EPOCH + timedelta(days=min(max(day, 0), _LAST_DAY))).isoformat()


def read_day(text: str, parameter: str) -> int:
    """Raises InvalidRequest."""
    try:
        return (date.fromisoformat(text) - _EPOCH).days
    except ValueError:
        raise InvalidRequest(
            f"{text[:40]!r} is no date", parameter=parameter, hint="as in 2026-11-29"
        ) from None


def check_text(text: CategoryText) -> CategoryText:
    """A category's texts and rules within their limits. Raises InvalidRequest."""
    for name, value, most in (
        ("label", text.label, MAX_LABEL),
        ("description", text.description, MAX_DESCRIPTION),
    ):
        if len(value) > most or not value.isprintable():
            raise InvalidRequest(f"{name} has at most {most} printable characters", parameter=name)
    if len(text.rules) > MOST_RULES:
        raise InvalidRequest(f"a category has at most {MOST_RULES} rules", parameter="rules")
    for rule in text.rules:
        patterns = [p for p in (rule.method, rule.operation, rule.endpoint) if p is not None]
        if not patterns and rule.stream is None:
            raise InvalidRequest("a rule needs at least one pattern", parameter="rules")
        if any(not 0 < len(p) <= MAX_PATTERN or not p.isprintable() for p in patterns):
            raise InvalidRequest(
                f"a pattern has 1 to {MAX_PATTERN} printable characters", parameter="rules"
            )
    return text


def check_name(name: str) -> str:
    """The name of a new category, which stands in every event. Raises InvalidRequest."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"{name[:60]!r} cannot be the name of a category",
            parameter="name",
            hint="1 to 40 small letters, digits, - and _, a letter first",
        )
    return name


def edited(standing: Standing, edit: Edit, day: int) -> Next:
    """The policy after an edit. Raises InvalidRequest for a category that is not there."""
    newest = standing.policies.newest.policy
    by_name = {category.name: category for category in newest.categories}
    for one in edit.categories:
        old = by_name.get(one.name)
        if old is None:
            raise InvalidRequest(f"there is no category {one.name[:60]!r}", parameter="categories")
        by_name[one.name] = _with_keep(old, one.keep, one.enabled)
    categories = tuple(by_name[category.name] for category in newest.categories)
    floors = _floors(newest, edit.floors, day)
    return following(standing, categories, floors, standing.catalogue, day)


def with_category(standing: Standing, new: NewCategory, day: int) -> Next:
    """The policy with one more category."""
    newest = standing.policies.newest.policy
    like = next((c for c in newest.categories if c.name == "data"), newest.categories[0])
    number = max(FIRST_OWN_ID - 1, *(category.id for category in newest.categories)) + 1
    fresh = msgspec.structs.replace(like, id=number, name=new.text.name, enabled=True)
    categories = (*newest.categories, _with_keep(fresh, new.keep, msgspec.UNSET))
    catalogue = standing.catalogue.with_text(new.text)
    return following(standing, categories, _floors(newest, (), day), catalogue, day)


def with_text(standing: Standing, text: CategoryText, day: int) -> Next:
    """The policy with other texts or rules for one category."""
    newest = standing.policies.newest.policy
    catalogue = standing.catalogue.with_text(text)
    return following(standing, newest.categories, _floors(newest, (), day), catalogue, day)


def withdrawn(standing: Standing, day: int) -> Next:
    """The policy with what holds today, instead of what is to come."""
    newest = standing.policies.newest.policy
    categories = tuple(
        standing.policies.category_on(category.id, day) or category
        for category in newest.categories
    )
    return following(standing, categories, _floors(newest, (), day), standing.catalogue, day)


def following(
    standing: Standing,
    categories: tuple[Category, ...],
    floors: tuple[Floor, ...],
    catalogue: Catalogue,
    day: int,
) -> Next:
    """Puts the next policy together, with the day on which it takes effect."""
    newest = standing.policies.newest.policy
    data = catalogue.encoded()
    rules = newest.rules if catalogue == standing.catalogue else catalogue_hash(data)
    policy = Policy(newest.version + 1, day, categories, floors, rules)
    if is_reduced(policy, newest):
        policy = msgspec.structs.replace(policy, effective_day=day + NOTICE_DAYS)
    pending = standing.policies.settled_day()
    if pending > policy.effective_day and _still_pending(standing, categories, day):
        # What was announced before keeps its own day.
        policy = msgspec.structs.replace(policy, effective_day=pending)
    faults = [*faults_of(policy, day, newest), *_too_large(policy, catalogue, day)]
    changes = tuple(_changes(standing, policy, catalogue, day))
    return Next(policy=policy, catalogue=catalogue, changes=changes, faults=tuple(faults))


def refuse_faults(wanted: Next) -> None:
    """Raises InvalidPolicy with all that is wrong."""
    if wanted.faults:
        first = wanted.faults[0]
        where = f"{first.category}: " if first.category else ""
        raise InvalidPolicy(f"{where}{first.detail}", faults=wanted.faults)


def pending_changes(standing: Standing, day: int) -> list[Change]:
    """What the policies have announced and what does not hold yet."""
    found = []
    policies = standing.policies
    days = policies.days_of_change(day)
    for category in policies.newest.policy.categories:
        today = policies.category_on(category.id, day)
        if today is None or today == category:
            continue
        label = standing.catalogue.text_of(category.name).label
        for path, before, after in _differences(today, category):
            comes = next(
                (
                    later
                    for later in days
                    if getattr(policies.category_on(category.id, later), path) == after
                ),
                day,
            )
            found.append(_change(category.name, label, path, before, after, comes))
    return found


def _still_pending(standing: Standing, categories: tuple[Category, ...], day: int) -> bool:
    for category in categories:
        today = standing.policies.category_on(category.id, day)
        if today is None:
            continue
        if (today.enabled and not category.enabled) or any(
            is_shorter(days_of(category, part), days_of(today, part)) for part, _ in PARTS
        ):
            return True
    return False


def _with_keep(
    category: Category, keep: Keep | msgspec.UnsetType, enabled: bool | msgspec.UnsetType
) -> Category:
    changes: dict[str, object] = {}
    if keep is not msgspec.UNSET:
        for _, name in PARTS:
            days = getattr(keep, name)
            if days is not msgspec.UNSET:
                changes[f"{name}_days"] = days
    if enabled is not msgspec.UNSET:
        changes["enabled"] = enabled
    return msgspec.structs.replace(category, **changes)


def _floors(newest: Policy, edits: Sequence[FloorEdit], day: int) -> tuple[Floor, ...]:
    """The floors that still hold, with those asked for; one for the same parts is replaced."""
    floors = [f for f in newest.floors if f.until_day is None or f.until_day > day]
    ids = {category.name: category.id for category in newest.categories}
    for edit in edits:
        if edit.category not in ids:
            raise InvalidRequest(f"there is no category {edit.category[:60]!r}", parameter="floors")
        parts = sum(BITS[part] for part in set(edit.parts))
        if not parts:
            raise InvalidRequest("a floor is for at least one part", parameter="floors")
        if not 1 <= edit.min_days <= 36_500:
            raise InvalidRequest("a floor is of 1 to 36,500 days", parameter="floors")
        until = None if edit.until_day is None else read_day(edit.until_day, "floors")
        if until is not None and not day < until <= _LAST_DAY:
            raise InvalidRequest("a floor ends after today", parameter="floors")
        new = Floor(ids[edit.category], parts, edit.min_days, until)
        floors = [f for f in floors if (f.category, f.parts) != (new.category, parts)]
        floors.append(new)
    return tuple(floors)


def _too_large(policy: Policy, catalogue: Catalogue, day: int) -> list[PolicyFault]:
    faults = []
    try:
        policy_leaf(policy, day)
        size = 0
    except Exception as error:  # noqa: BLE001 - whatever refuses it, it is not written
        size = MAX_ENTRY + 1
        reason = str(error)
    if size:
        count = len(policy.categories)
        faults.append(
            PolicyFault(None, "category", f"{count} categories do not fit in a policy: {reason}")
        )
    if sum(len(text.rules) for text in catalogue.categories) > MOST_RULES_IN_ALL:
        faults.append(PolicyFault(None, "rules", f"at most {MOST_RULES_IN_ALL} rules in all"))
    return faults


def _differences(
    old: Category, new: Category
) -> list[tuple[str, int | bool | None, int | bool | None]]:
    found: list[tuple[str, int | bool | None, int | bool | None]] = []
    if old.enabled != new.enabled:
        found.append(("enabled", old.enabled, new.enabled))
    for part, name in PARTS:
        before, after = days_of(old, part), days_of(new, part)
        if before != after:
            found.append((f"{name}_days", before, after))
    return found


def _change(
    name: str, label: str, path: str, before: int | bool | None, after: int | bool | None, day: int
) -> Change:
    effect: Effect
    if path == "enabled":
        effect = "on" if after else "off"
    else:
        effect = "shorter" if is_shorter(after, before) else "longer"
    return Change(
        category=name,
        label=label,
        path=path,
        before=before,
        after=after,
        effect=effect,
        effective_day=day_text(day),
    )


def _changes(standing: Standing, policy: Policy, catalogue: Catalogue, day: int) -> list[Change]:
    newest = standing.policies.newest.policy
    old = {category.id: category for category in newest.categories}
    found: list[Change] = []

    def say(name: str, path: str, before: object, after: object, effect: Effect) -> None:
        found.append(
            Change(
                category=name,
                label=catalogue.text_of(name).label,
                path=path,
                before=before,  # type: ignore[arg-type]  # texts and numbers alike
                after=after,  # type: ignore[arg-type]
                effect=effect,
                effective_day=day_text(day),
            )
        )

    for category in policy.categories:
        label = catalogue.text_of(category.name).label
        before = old.get(category.id)
        if before is None:
            say(category.name, "category", None, category.name, "new")
            continue
        for path, one, other in _differences(before, category):
            reduces = other is False or (
                path != "enabled" and is_shorter(other, one)  # days here, never bool
            )
            at = policy.effective_day if reduces else day
            found.append(_change(category.name, label, path, one, other, at))
        was, now = standing.catalogue.text_of(category.name), catalogue.text_of(category.name)
        for path in ("label", "description", "criticality"):
            if getattr(was, path) != getattr(now, path):
                say(category.name, path, getattr(was, path), getattr(now, path), "text")
        if was.rules != now.rules:
            say(category.name, "rules", rules_text(was.rules), rules_text(now.rules), "rules")
    names = {category.id: category.name for category in policy.categories}
    for floor in policy.floors:
        if floor not in newest.floors:
            same = [
                f for f in newest.floors if (f.category, f.parts) == (floor.category, floor.parts)
            ]
            before_text = floor_text(same[0]) if same else None
            say(names[floor.category], "floor", before_text, floor_text(floor), "floor-raised")
    for floor in newest.floors:
        if not any((f.category, f.parts) == (floor.category, floor.parts) for f in policy.floors):
            say(names[floor.category], "floor", floor_text(floor), None, "floor-ended")
    return found


def parts_of(bits: int) -> list[Part]:
    """The names of parts."""
    return [name for name, bit in BITS.items() if bits & bit]  # type: ignore[misc]


def floor_text(floor: Floor) -> str:
    """A floor in words, for events and history."""
    until = "" if floor.until_day is None else f" until {day_text(floor.until_day)}"
    return f"{', '.join(parts_of(floor.parts & ALL_PARTS))}: {floor.min_days} days{until}"


def rules_text(rules: tuple[Rule, ...]) -> str | None:
    """Rules in one line each, for events and history."""
    if not rules:
        return None
    return "; ".join(
        ", ".join(
            f"{name}={value}"
            for name in ("stream", "method", "operation", "endpoint")
            if (value := getattr(rule, name)) is not None
        )
        for rule in rules
    )
