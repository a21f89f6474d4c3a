"""
All policies of a log in order, and what they say of an event together (spec/leaf.md, Removal).

What was promised for an event counts: the longest that any policy in force from then on says, and
until a policy takes effect the one before it as well. Immutable; the writer replaces it whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import msgspec

from indelible.seal import Category, Policy
from indelible.server.ledger.policy_rules import PARTS, days_of, is_shorter


class PolicyAt(msgspec.Struct, frozen=True):
    """A policy entry: where it stands, and on which day it was recorded."""

    index: int
    day: int
    policy: Policy


class PolicyHistory:
    """Never empty: entry 1 of every log is a policy."""

    def __init__(self, policies: Sequence[PolicyAt]) -> None:
        self.policies = tuple(policies)
        self._indices = [one.index for one in self.policies]
        self._by_id = [
            {category.id: category for category in one.policy.categories} for one in self.policies
        ]
        # The latest day on which any policy up to this one takes effect.
        self._settled: list[int] = []
        for one in self.policies:
            last = self._settled[-1] if self._settled else 0
            self._settled.append(max(last, one.policy.effective_day))

    @property
    def newest(self) -> PolicyAt:
        """The last policy entry."""
        return self.policies[-1]

    def with_next(self, one: PolicyAt) -> PolicyHistory:
        """The history after one more entry."""
        return PolicyHistory((*self.policies, one))

    def position(self, index: int) -> int:
        """Which policy is in force at an entry, as a position in `policies`."""
        return max(bisect_left(self._indices, index) - 1, 0)

    def in_force(self, index: int) -> PolicyAt:
        """The policy in force at an entry."""
        return self.policies[self.position(index)]

    def required_days(
        self, index: int, day: int, category_id: int, part: int, before: int | None = None
    ) -> int | None:
        """
        How long a part of an event of this index and day is kept at least; None is for ever.

        `before` leaves out policies from that entry on. A policy without the category says
        nothing; where none has it, its events are kept for ever.
        """
        longest: int | None = None
        for categories in self._counted(index, day, before):
            category = categories.get(category_id)
            if category is None:
                continue
            days = days_of(category, part)
            if days is None:
                return None
            longest = days if longest is None else max(longest, days)
        return longest

    def category_on(self, category_id: int, day: int) -> Category | None:
        """What holds on a day for an event that comes then; None where it is not there yet."""
        found: Category | None = None
        for categories in self._counted(self.newest.index + 1, day, None):
            other = categories.get(category_id)
            if other is None:
                continue
            found = other if found is None else _longer(found, other)
        return found

    def settled_day(self) -> int:
        """From this day on the newest policy holds alone."""
        return self._settled[-1]

    def days_of_change(self, after: int) -> list[int]:
        """Days after this one on which a policy takes effect, in order."""
        return sorted(
            {p.policy.effective_day for p in self.policies if p.policy.effective_day > after}
        )

    def _counted(self, index: int, day: int, before: int | None) -> Iterator[dict[int, Category]]:
        at = self.position(index)
        stop = len(self.policies) if before is None else bisect_left(self._indices, before)
        yield from self._by_id[at : max(stop, at + 1)]
        for k in range(at, 0, -1):
            if self._settled[k] <= day:
                return
            if self.policies[k].policy.effective_day > day:
                yield self._by_id[k - 1]


def _longer(one: Category, other: Category) -> Category:
    """For each field what keeps more."""
    changes: dict[str, object] = {"enabled": one.enabled or other.enabled}
    for part, name in PARTS:
        if is_shorter(days_of(one, part), days_of(other, part)):
            changes[f"{name}_days"] = days_of(other, part)
    return msgspec.structs.replace(one, **changes)
