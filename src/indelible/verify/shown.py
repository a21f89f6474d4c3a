"""
Judges entries that are shown one by one, out of their runs: the leaf, its parts, its rules.

Entries come in the order of the log, with gaps. Nothing here looks at the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from indelible.errors import MalformedProof
from indelible.seal import (
    FACT,
    ErasureLeaf,
    EventLeaf,
    ExpiryLeaf,
    GenesisLeaf,
    HoldLeaf,
    KeysLeaf,
    Leaf,
    Policy,
    PolicyLeaf,
    UnknownLeaf,
    commitment,
    parse_leaf,
)
from indelible.seal.evidence import EntryLine
from indelible.tlog.merkle import leaf_hash
from indelible.verify.policy import policy_faults
from indelible.verify.removal import Place, Removals
from indelible.verify.report import NOT_CHECKED, OK, TAMPERED, Verdict, exit_code_of
from indelible.verify.sealed import PART_NAMES, read_category, read_event_id

_SALT_SIZE = 32
_WEIGHTS = (OK, NOT_CHECKED, TAMPERED)


class Seen(NamedTuple):
    """One entry: its hash, its leaf, and the first thing that is wrong with it."""

    hash: bytes
    leaf: Leaf | None
    verdict: Verdict
    reason: str | None = None
    part: str | None = None
    event_id: str | None = None


class _Fault(NamedTuple):
    verdict: Verdict
    reason: str
    part: str


class ShownEntries:
    """Owned by one check."""

    def __init__(self, origin: str, removals: Removals) -> None:
        self._origin = origin
        self._removals = removals
        self._policy: Policy | None = None
        self._names: dict[int, str] = {}
        self._highest_day = 0
        self.withheld: dict[str, int] = {}
        """By name of a part: of how many events it is not shown, and nothing says it is gone."""

    def judge(self, line: EntryLine) -> Seen:
        """One entry; they come in order."""
        hash_ = leaf_hash(line.leaf)
        try:
            leaf = parse_leaf(line.leaf)
        except MalformedProof as error:
            return Seen(hash_, None, Verdict.ALTERED, str(error), "leaf")
        faults = self._event if isinstance(leaf, EventLeaf) else self._other
        found = [*faults(line, leaf), *self._day(leaf)]
        if not found:
            return Seen(hash_, leaf, Verdict.VALID)
        # Tampering outweighs what cannot be judged, and that what is explained.
        worst = max(found, key=lambda fault: _WEIGHTS.index(exit_code_of(fault.verdict)))
        event_id = None if line.fact is None else read_event_id(line.fact.text.encode())
        is_sound = exit_code_of(worst.verdict) == 0
        reason = None if is_sound else worst.reason
        return Seen(hash_, leaf, worst.verdict, reason, worst.part, event_id)

    def _day(self, leaf: Leaf) -> Iterator[_Fault]:
        day = leaf.header.day
        if day < self._highest_day - 1:
            yield _Fault(Verdict.BAD_DAY, f"day {day} comes after day {self._highest_day}", "day")
        self._highest_day = max(self._highest_day, day)

    def _event(self, line: EntryLine, leaf: Leaf) -> Iterator[_Fault]:
        if not isinstance(leaf, EventLeaf):
            return
        if line.record is not None:
            yield _Fault(Verdict.UNEXPECTED, "an event has no record", "record")
        present = [part for part in PART_NAMES if leaf.header.parts & part]
        sealed = dict(zip(present, leaf.commitments, strict=True))
        shown = line.parts
        for part, one in shown.items():
            name = PART_NAMES[part]
            if part not in sealed:
                yield _Fault(Verdict.ALTERED, f"its {name} is shown, which it never had", name)
            elif (
                len(one.salt) != _SALT_SIZE
                or commitment(part, one.salt, one.text.encode()) != sealed[part]
            ):
                yield _Fault(Verdict.ALTERED, f"its {name} was changed", name)
        for part in present:
            yield from self._removed(line, leaf, part, is_shown=part in shown)
        category = leaf.header.category_id
        if FACT in shown and self._policy is not None:
            named = read_category(shown[FACT].text.encode())
            if named is None or self._names.get(category) != named:
                reason = (
                    f"its fact says category {named!r}, its leaf says {self._names.get(category)!r}"
                )
                yield _Fault(Verdict.INVALID, reason, "fact")

    def _removed(
        self, line: EntryLine, leaf: EventLeaf, part: int, *, is_shown: bool
    ) -> Iterator[_Fault]:
        name = PART_NAMES[part]
        place = Place(line.index, leaf.header.day, leaf.header.category_id, part)
        if is_shown:
            remains = self._removals.judge_present(place)
            if remains is not None:
                yield _Fault(remains.verdict, f"its {name} {remains.reason}", name)
            return
        found = self._removals.judge_absent(place)
        if found.verdict is Verdict.MISSING:
            self.withheld[name] = self.withheld.get(name, 0) + 1
        else:
            yield _Fault(found.verdict, f"its {name} {found.reason}", name)

    def _other(self, line: EntryLine, leaf: Leaf) -> Iterator[_Fault]:
        """The rules for an entry that is no event."""
        if line.parts:
            yield _Fault(Verdict.UNEXPECTED, "parts are shown of an entry that has none", "leaf")
        if isinstance(leaf, GenesisLeaf) != (line.index == 0):
            kind = leaf.header.type
            yield _Fault(Verdict.INVALID, f"an entry of type {kind} may not stand here", "leaf")
        faults: list[str] = []
        match leaf:
            case GenesisLeaf():
                if leaf.genesis.format != 1 or leaf.genesis.origin != self._origin:
                    faults.append(f"it names {leaf.genesis.origin!r}, {leaf.genesis.format}")
            case PolicyLeaf():
                faults = policy_faults(leaf.policy, leaf.header.day, self._policy)
                # One that breaks a rule never comes in force.
                if not faults or self._policy is None:
                    self._policy = leaf.policy
                    self._names = {one.id: one.name for one in leaf.policy.categories}
            case UnknownLeaf():
                kind = leaf.header.type
                yield _Fault(Verdict.UNKNOWN, f"entries of type {kind} are not known here", "leaf")
            case ErasureLeaf() | ExpiryLeaf() | HoldLeaf():
                faults = self._removals.entry_faults(line.index, leaf)
                record = None if isinstance(leaf, ExpiryLeaf) else leaf.record
                if record is not None:
                    wrong = self._removals.record_fault(line.index, record)
                    if wrong is not None:
                        yield _Fault(wrong.verdict, wrong.reason, "record")
            case KeysLeaf():
                pass
        if faults:
            yield _Fault(Verdict.INVALID, "; ".join(faults), "leaf")
