"""
Judges parts that are not there, and parts that should not be there any more (spec/ledger.md).

A gap is lawful only if a later entry of the same log explains it and keeps the rules that were in
force: what was promised for an event counts, whatever a later policy says. Made once for a log from
its entries that are no events; pure, holds no more than those.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

import msgspec

from indelible.errors import MalformedProof
from indelible.seal import (
    FACT,
    PLACE,
    RECORD,
    Category,
    ErasureLeaf,
    ExpiryLeaf,
    HoldLeaf,
    Leaf,
    Policy,
    PolicyLeaf,
    Selection,
    commitment,
    parse_leaf,
)
from indelible.verify.policy import LAST_RESERVED, floors_of, policy_faults
from indelible.verify.report import Verdict

_PENDING_DAYS = 2
_LIST_ITEM = 8
_FOR_EVER = 1 << 63


class Record(msgspec.Struct, frozen=True):
    """What an erasure or a hold commits to: the salt, and the bytes."""

    salt: bytes
    data: bytes


class Place(msgspec.Struct, frozen=True):
    """One part of one event: where it stands, and what its leaf says of it."""

    index: int
    day: int
    category: int
    part: int


class Judgement(msgspec.Struct, frozen=True):
    """A verdict on a part that is not there, and why."""

    verdict: Verdict
    reason: str


class _InForce(msgspec.Struct, frozen=True):
    index: int
    day: int
    policy: Policy


class _Hold(msgspec.Struct):
    id: int
    placed: int
    released: int
    selection: Selection | None
    # The indices of a committed list; None with no selection either: the list is not there.
    indices: frozenset[int] | None

    def covers(self, place: Place) -> bool | None:
        """Whether it covers this event; None when that cannot be known."""
        chosen = self.selection
        if chosen is not None:
            return (
                place.category in chosen.category_ids
                and chosen.first_day <= place.day <= chosen.last_day
                and chosen.first_index <= place.index < chosen.stop_index
            )
        return None if self.indices is None else place.index in self.indices


class _Erasure(msgspec.Struct, frozen=True):
    index: int
    leaf: ErasureLeaf


class _Expiry(msgspec.Struct, frozen=True):
    index: int
    leaf: ExpiryLeaf


class Removals:
    """
    What the log itself says of removals.

    Parts are judged by what it was made from. Where that cannot be had before the entries are read
    (from afar), it learns from each as it comes, which is enough to judge the entries themselves.
    """

    def __init__(
        self, entries: Iterable[tuple[int, bytes]], records: Mapping[int, Record], newest_day: int
    ) -> None:
        self._records = records
        self._newest_day = newest_day
        self._policies: list[_InForce] = []
        self._holds: list[_Hold] = []
        self._erasures: list[_Erasure] = []
        self._expiries: list[_Expiry] = []
        for index, data in entries:
            try:
                self.learn(index, parse_leaf(data))
            except MalformedProof:
                continue  # reported where the entry itself is judged
        self._erasures.sort(key=lambda one: one.leaf.first)
        self._firsts = [one.leaf.first for one in self._erasures]
        self._longest = max((one.leaf.count for one in self._erasures), default=0)
        self._latest_cutoff = max((one.leaf.cutoff_day for one in self._expiries), default=0)

    def touches(self, day: int, first: int, stop: int) -> bool:
        """Whether anything could be declared removed among [first, stop), received on this day."""
        return day < self._latest_cutoff or next(self._near(first, stop), None) is not None

    def judge_absent(self, place: Place) -> Judgement:
        """What to say of a part that is not there."""
        unlawful: Judgement | None = None
        for index, what, faults in self._declared(place):
            if not faults:
                verdict = Verdict.ERASED if what == "erasure" else Verdict.EXPIRED_UNWITNESSED
                return Judgement(verdict, f"declared by the {what} of entry {index}")
            unlawful = unlawful or Judgement(
                Verdict.UNLAWFUL, f"the {what} of entry {index} breaks a rule: {faults[0]}"
            )
        return unlawful or Judgement(Verdict.MISSING, "nothing explains that")

    def judge_present(self, place: Place) -> Judgement | None:
        """What to say of a part that is there although it was declared removed, if it was."""
        for index, what, faults in self._declared(place):
            if faults:
                continue
            late = self._newest_day - self._day_of(index) >= _PENDING_DAYS
            verdict = Verdict.UNEXPECTED if late else Verdict.PENDING
            return Judgement(verdict, f"is there in spite of the {what} of entry {index}")
        return None

    def record_fault(self, index: int, expected: bytes) -> Judgement | None:
        """What is wrong with the record that an entry commits to."""
        record = self._records.get(index)
        if record is None:
            return Judgement(Verdict.MISSING, "the record that it commits to is not there")
        if commitment(RECORD, record.salt, record.data) != expected:
            return Judgement(Verdict.ALTERED, "the record that it commits to was changed")
        return None

    def entry_faults(self, index: int, leaf: Leaf) -> list[str]:
        """Rules that a declaration breaks by itself, whatever it removes."""
        match leaf:
            case ErasureLeaf():
                if leaf.first + leaf.count > index:
                    return ["it erases entries that come after it"]
            case ExpiryLeaf():
                if leaf.upto > index:
                    return ["it expires entries that come after it"]
                if leaf.policy_index != self._in_force(index):
                    return [f"entry {leaf.policy_index} is not the policy in force"]
            case HoldLeaf() if leaf.action != PLACE and not any(
                hold.id == leaf.hold_id and hold.placed < index for hold in self._holds
            ):
                return [f"there is no hold {leaf.hold_id} to release"]
        return []

    def learn(self, index: int, leaf: Leaf) -> None:
        """Takes an entry in; entries come in order."""
        match leaf:
            case PolicyLeaf():
                before = self._policies[-1].policy if self._policies else None
                # One that breaks a rule never comes in force.
                if before is None or not policy_faults(leaf.policy, leaf.header.day, before):
                    self._policies.append(_InForce(index, leaf.header.day, leaf.policy))
            case ErasureLeaf():
                self._erasures.append(_Erasure(index, leaf))
            case ExpiryLeaf():
                self._expiries.append(_Expiry(index, leaf))
            case HoldLeaf():
                self._add_hold(index, leaf)

    def _add_hold(self, index: int, leaf: HoldLeaf) -> None:
        if leaf.action == PLACE:
            listed = None if leaf.record is None else self._listed(index, leaf.record)
            self._holds.append(_Hold(leaf.hold_id, index, _FOR_EVER, leaf.selection, listed))
            return
        for hold in self._holds:
            if hold.id == leaf.hold_id and hold.released == _FOR_EVER:
                hold.released = index

    def _listed(self, index: int, expected: bytes) -> frozenset[int] | None:
        if self.record_fault(index, expected) is not None:
            return None
        data = self._records[index].data
        return frozenset(
            int.from_bytes(data[at : at + _LIST_ITEM], "big")
            for at in range(0, len(data), _LIST_ITEM)
        )

    # -- asking

    def _declared(self, place: Place) -> Iterator[tuple[int, str, list[str]]]:
        """The declarations that cover a part: index, kind, and the rules that each breaks."""
        for erasure in self._near(place.index, place.index + 1):
            if erasure.index > place.index and erasure.leaf.header.parts & place.part:
                yield erasure.index, "erasure", self._erasure_faults(erasure, place)
        for expiry in self._expiries:
            leaf = expiry.leaf
            if (
                expiry.index > place.index
                and leaf.header.category_id == place.category
                and leaf.header.parts & place.part
                and place.day < leaf.cutoff_day
                and place.index < leaf.upto
            ):
                yield expiry.index, "expiry", self._expiry_faults(expiry, place)

    def _near(self, first: int, stop: int) -> Iterator[_Erasure]:
        low = bisect_left(self._firsts, first - self._longest + 1)
        for erasure in takewhile(lambda one: one.leaf.first < stop, self._erasures[low:]):
            if erasure.leaf.first + erasure.leaf.count > first:
                yield erasure

    def _erasure_faults(self, erasure: _Erasure, place: Place) -> list[str]:
        faults = self.entry_faults(erasure.index, erasure.leaf)
        if place.part == FACT and place.category <= LAST_RESERVED:
            faults.append("facts of a reserved category are never erased")
        record = self.record_fault(erasure.index, erasure.leaf.record)
        if record is not None:
            faults.append(record.reason)
        day = erasure.leaf.header.day
        policy = self._policy_at(erasure.index)
        for floor in () if policy is None else floors_of(policy):
            is_in_force = floor.until_day is None or floor.until_day > day
            if (
                floor.category == place.category
                and floor.parts & place.part
                and is_in_force
                and day < place.day + floor.min_days
            ):
                faults.append(f"a floor keeps it for {floor.min_days} days")
        return faults + self._hold_faults(erasure.index, place)

    def _expiry_faults(self, expiry: _Expiry, place: Place) -> list[str]:
        faults = self.entry_faults(expiry.index, expiry.leaf)
        days = self.required_days(place, expiry.index)
        day = expiry.leaf.header.day
        if days is None:
            faults.append("it was to be kept for ever")
        elif expiry.leaf.cutoff_day > day - days:
            faults.append(f"it was to be kept for {days} days")
        return faults + self._hold_faults(expiry.index, place)

    def _hold_faults(self, at: int, place: Place) -> list[str]:
        faults = []
        for hold in self._holds:
            if not hold.placed < at < hold.released:
                continue
            covers = hold.covers(place)
            if covers is None:
                faults.append(f"whether hold {hold.id} covers it cannot be known")
            elif covers:
                faults.append(f"hold {hold.id} covers it")
        return faults

    def required_days(self, place: Place, before: int) -> int | None:
        """
        The longest that any policy in force from the event to entry `before` keeps a part.

        Of policies that had not taken effect when the event came, those before them count too, also
        where a later one took effect at once: else two entries could do what one may not.
        """
        at = self._policies_before(place.index) - 1
        counted = self._policies[max(at, 0) : self._policies_before(before)]
        counted += [
            self._policies[k - 1]
            for k in range(at, 0, -1)
            if self._policies[k].policy.effective_day > place.day
        ]
        longest: int | None = None
        for one in counted:
            category = next((c for c in one.policy.categories if c.id == place.category), None)
            if category is None:
                continue  # of before the category was there
            days = _days(category, place.part)
            if days is None:
                return None
            longest = days if longest is None else max(longest, days)
        return longest

    def _in_force(self, index: int) -> int:
        at = self._policies_before(index)
        return self._policies[at - 1].index if at else -1

    def _policy_at(self, index: int) -> Policy | None:
        at = self._policies_before(index)
        return self._policies[at - 1].policy if at else None

    def _policies_before(self, index: int) -> int:
        return bisect_left(self._policies, index, key=lambda one: one.index)

    def _day_of(self, index: int) -> int:
        declared: list[_Erasure | _Expiry] = [*self._erasures, *self._expiries]
        return next(one.leaf.header.day for one in declared if one.index == index)


def _days(category: Category, part: int) -> int | None:
    """How long a policy keeps a part."""
    spans = (category.fact_days, category.person_days, category.content_days)
    return spans[part.bit_length() - 1]
