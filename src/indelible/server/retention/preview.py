"""
What an edit would come to, in numbers, before it is saved.

Counts come from the index, by category, day of receipt and policy in force; when they go is worked
out from what was promised for each of these groups, with and without the edit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from indelible.clock import format_us
from indelible.server.index import IndexProcess
from indelible.server.ledger.desk import Standing
from indelible.server.ledger.policies import PolicyAt, PolicyHistory
from indelible.server.ledger.policy_rules import days_of
from indelible.server.retention.edit import BITS, Change, Next, Part, day_text
from indelible.server.retention.held_counts import Counts, HeldCounts

_RATE_DAYS: Final = 30
_GROUPS: Final = """
SELECT category, toInt32(intDiv(received_us, 86400000000)) AS day,
    toInt32(arrayCount(x -> x < idx, {policies:Array(UInt64)})) AS policies,
    count() AS events, countIf(bitAnd(sealed, 2) != 0 AND bitAnd(flags, 32) = 0) AS persons,
    countIf(bitAnd(sealed, 4) != 0 AND bitAnd(flags, 64) = 0) AS contents,
    countIf(bitAnd(flags, 24) = 0) AS facts,
    min(received_us) AS oldest, max(received_us) AS newest
FROM events WHERE tenant = {tenant:UInt32} AND category IN {categories:Array(String)}
GROUP BY category, day, policies ORDER BY category, day
"""


class Holding(Protocol):
    """What holds tell: `server/retention/hold.py` has it."""

    def covering(
        self, tenant_id: int, places: Sequence[tuple[int, int, int]], /
    ) -> Mapping[int, Sequence[str]]: ...
    def gone(
        self, tenant_id: int, place: tuple[int, int, int], parts: int, /
    ) -> Mapping[int, str]: ...
    def counts(self, tenant_id: int, /) -> dict[int, dict[str, int]]: ...
    async def kept(
        self, tenant_id: int, categories: Sequence[str], /
    ) -> Mapping[str, HeldCounts]: ...
    def ready_through(self, tenant_id: int, /) -> int: ...


class Span(msgspec.Struct, frozen=True):
    """First and last day on which events go; null is never."""

    first_day: str | None
    last_day: str | None


class Recorded(msgspec.Struct, frozen=True):
    """Events that are there and have one of the parts."""

    events: int
    oldest: str | None
    newest: str | None


class NewEvents(msgspec.Struct, frozen=True):
    """What holds for events that come, at the rate of the last 30 days."""

    from_day: str
    first_gone_day: str | None
    per_day: float


class HeldBy(msgspec.Struct, frozen=True):
    """One hold, and how many events that the change is about it keeps."""

    name: str
    events: int


class Held(msgspec.Struct, frozen=True):
    """
    Events that holds keep whatever the policy says: those that the change is about, each counted
    once, and `by` each hold for itself.
    """

    events: int
    holds: list[str]
    by: list[HeldBy]


class CategoryPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit comes to for one category."""

    category: str
    label: str
    parts: list[Part]
    effect: str
    before: dict[str, int | None]
    after: dict[str, int | None]
    recorded: Recorded
    go: Span
    go_before: Span
    due_now: int
    new_events: NewEvents
    held: Held


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """All categories of an edit together."""

    events: int
    due_now: int
    oldest: str | None
    newest: str | None
    held: int
    new_per_day: float


class _Group(msgspec.Struct):
    category: str
    day: int
    policies: int
    events: int
    persons: int
    contents: int
    facts: int
    oldest: int
    newest: int

    def with_part(self, parts: Sequence[Part]) -> int:
        """How many have one of the parts."""
        return _with_part(self, parts)


def _with_part(counts: _Group | Counts, parts: Sequence[Part]) -> int:
    """How many have one of the parts; facts are had by all, so they count for any."""
    if "fact" in parts:
        return counts.facts
    return max((counts.persons if part == "person" else counts.contents) for part in parts)


_decode = msgspec.json.Decoder(_Group, strict=False).decode_lines


async def preview(
    index: IndexProcess,
    tenant_id: int,
    standing: Standing,
    wanted: Next,
    day: int,
    holding: Holding,
) -> tuple[list[CategoryPreview], Totals]:
    """The numbers of an edit, by category."""
    of_category: dict[str, list[Change]] = {}
    for change in wanted.changes:
        if change.path in ("fact_days", "person_days", "content_days", "enabled"):
            of_category.setdefault(change.category, []).append(change)
    if not of_category:
        return [], _totals([], [])
    policies = standing.policies
    groups = _decode(
        await index.query(
            _GROUPS,
            {
                "tenant": tenant_id,
                "categories": list(of_category),
                "policies": [one.index for one in policies.policies],
            },
        )
    )
    with_edit = policies.with_next(PolicyAt(policies.newest.index + 1, day, wanted.policy))
    held = await holding.kept(tenant_id, list(of_category))
    shown = [
        _category(
            name,
            changes,
            [group for group in groups if group.category == name],
            policies,
            with_edit,
            wanted,
            day,
            held.get(name),
        )
        for name, changes in of_category.items()
    ]
    return shown, _totals(shown, groups)


def _category(
    name: str,
    changes: list[Change],
    groups: list[_Group],
    policies: PolicyHistory,
    with_edit: PolicyHistory,
    wanted: Next,
    day: int,
    held: HeldCounts | None,
) -> CategoryPreview:
    category = next(c for c in wanted.policy.categories if c.name == name)
    old = next(c for c in policies.newest.policy.categories if c.name == name)
    changed: list[Part] = [part for part in BITS if any(c.path == f"{part}_days" for c in changes)]  # type: ignore[misc]
    # A switch-off is about all of an event.
    parts: list[Part] = changed or ["fact", "person", "content"]
    effects = {change.effect for change in changes}
    effect = effects.pop() if len(effects) == 1 else "mixed"
    touched = [group for group in groups if group.with_part(parts)]

    def go_day(history: PolicyHistory) -> Callable[[_Group], int | None]:
        def when(group: _Group) -> int | None:
            at = policies.policies[max(group.policies - 1, 0)].index + 1
            spans = [
                history.required_days(at, group.day, category.id, BITS[part]) for part in parts
            ]
            known = [span for span in spans if span is not None]
            return group.day + min(known) + 1 if known else None

        return when

    effective = max((c.effective_day for c in changes), default=day_text(day))
    lasting = [days_of(category, BITS[part]) for part in parts]
    shortest = min((days for days in lasting if days is not None), default=None)
    since = day - _RATE_DAYS
    recent = [group for group in groups if group.day > since]
    rate_days = max(1, min(_RATE_DAYS, day - min((g.day for g in recent), default=day) + 1))
    first_gone = None
    if shortest is not None and category.enabled:
        begins = wanted.policy.effective_day if "shorter" in {c.effect for c in changes} else day
        first_gone = day_text(begins + shortest + 1)
    now_when = go_day(policies)
    return CategoryPreview(
        category=name,
        label=changes[0].label,
        parts=parts,
        effect=effect,
        before={part: days_of(old, BITS[part]) for part in parts},
        after={part: days_of(category, BITS[part]) for part in parts},
        recorded=Recorded(
            sum(group.with_part(parts) for group in touched),
            format_us(min(group.oldest for group in touched)) if touched else None,
            format_us(max(group.newest for group in touched)) if touched else None,
        ),
        go=_span(touched, go_day(with_edit)),
        go_before=_span(touched, now_when),
        due_now=sum(
            group.with_part(parts)
            for group in touched
            if (when := now_when(group)) is not None and when <= day
        ),
        new_events=NewEvents(
            effective, first_gone, round(sum(group.events for group in recent) / rate_days, 1)
        ),
        held=_held(held, parts),
    )


def _held(held: HeldCounts | None, parts: Sequence[Part]) -> Held:
    if held is None:
        return Held(0, [], [])
    by = [HeldBy(name, _with_part(counts, parts)) for name, counts in sorted(held.each.items())]
    by = [one for one in by if one.events]
    return Held(_with_part(held.together, parts), [one.name for one in by], by)


def _span(groups: list[_Group], when: Callable[[_Group], int | None]) -> Span:
    days = [when(group) for group in groups]
    known = [day for day in days if day is not None]
    return Span(
        day_text(min(known)) if known else None,
        day_text(max(known)) if known and len(known) == len(days) else None,
    )


def _totals(shown: list[CategoryPreview], groups: list[_Group]) -> Totals:
    return Totals(
        events=sum(one.recorded.events for one in shown),
        due_now=sum(one.due_now for one in shown),
        oldest=format_us(min(group.oldest for group in groups)) if groups else None,
        newest=format_us(max(group.newest for group in groups)) if groups else None,
        held=sum(one.held.events for one in shown),
        new_per_day=round(sum(one.new_events.per_day for one in shown), 1),
    )
