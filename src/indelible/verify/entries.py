"""
Takes stored entries in index order: their leaf hashes, and the rules of place, day, type, policy.

Fed slice by slice; hands out what belongs to one tile at a time. Nothing here looks at the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from indelible.errors import MalformedProof
from indelible.seal import (
    CONTENT,
    FACT,
    GENESIS,
    PERSON,
    POLICY,
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
    parse_leaf,
)
from indelible.tlog.merkle import leaf_hash
from indelible.verify.checkpoints import CheckpointChecker
from indelible.verify.policy import policy_faults
from indelible.verify.removal import Judgement, Place, Removals
from indelible.verify.report import (
    NOT_CHECKED,
    OK,
    TAMPERED,
    Finding,
    Verdict,
    exit_code_of,
)
from indelible.verify.sealed import PART_NAMES, CheckedRun, Damaged, Opened, Problem, RunChecker
from indelible.verify.source import PieceRow, RunRow, Slice


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one entry, whatever the tree says."""

    verdict: Verdict
    reason: str
    part: str | None = None


class _StoredRun(msgspec.Struct, frozen=True):
    row: RunRow
    pieces: list[PieceRow]
    stop: int


class EntryTaker:
    """Owned by one check. Holds the entries of one slice, and what crosses its end."""

    def __init__(
        self,
        origin: str,
        signed: CheckpointChecker,
        report: Callable[[Finding], None],
        removals: Callable[[], Removals],
        *,
        leaves_only: bool = False,
    ) -> None:
        self._origin = origin
        self._load_removals = removals
        self._removals = removals()
        # From afar only leaves can be had: that an event's parts are not there is no fault then.
        self._leaves_only = leaves_only
        self._signed = signed
        self._report = report
        self._runs = RunChecker()
        self._policy: Policy | None = None
        self._names: dict[int, str] = {}
        # Where the log stands after everything taken so far.
        self.taken = 0
        self.highest_day = 0
        self.last_policy = -1
        # Taken and not yet handed out: leaf hash and fault of each index below `taken`.
        self._hashes: list[bytes | None] = []
        self._faults: list[Fault | None] = []
        self._stored: list[_StoredRun] = []

    def take(self, data: Slice, stop: int) -> None:
        """Takes every index below `stop` that was not taken yet, and whole runs beyond it."""
        for run in data.runs:
            if run.first < self.taken:
                reason = f"the run at {run.first} begins inside another one"
                self._report(Finding(Verdict.UNEXPECTED, reason, part="run"))
                continue
            self._take_entries(data, run.first)
            self._take_run(data, run)
        self._take_entries(data, stop)
        for first in sorted(data.pieces.keys() - {run.first for run in data.runs}):
            reason = f"there are pieces at {first}, but no run"
            self._report(Finding(Verdict.UNEXPECTED, reason, part="piece"))

    def hand_out(self, width: int) -> tuple[list[bytes | None], list[Fault | None]]:
        """The next `width` leaf hashes and faults; None is no hash, and no fault."""
        hashes, faults = self._hashes[:width], self._faults[:width]
        del self._hashes[:width], self._faults[:width]
        return hashes, faults

    def open_event(self, index: int) -> tuple[Opened, int] | None:
        """The stored run around an event of the last slice, and the event's position in it."""
        for stored in self._stored:
            if stored.row.first <= index < stored.stop:
                try:
                    return self._runs.open(stored.row, stored.pieces), index - stored.row.first
                except Damaged:
                    return None
        return None

    def forget(self, index: int) -> None:
        """Drops what was kept of runs that end before `index`."""
        self._stored = [stored for stored in self._stored if stored.stop > index]

    def _take_entries(self, data: Slice, stop: int) -> None:
        """Takes indices that no run covers; what is not stored either is MISSING."""
        while self.taken < stop:
            leaf = data.entries.get(self.taken)
            if leaf is None:
                self._add(None, Fault(Verdict.MISSING, "nothing is stored of it"))
            else:
                self._add(leaf_hash(leaf), self._judge(self.taken, leaf))

    def _take_run(self, data: Slice, run: RunRow) -> None:
        pieces = data.pieces.get(run.first, [])
        try:
            checked = self._runs.check(run, pieces, data.entries, self._names)
        except Damaged as error:
            fault = Fault(Verdict.ALTERED, f"its run cannot be read: {error}", "layout")
            for _ in range(_damaged_length(data, run)):
                self._add(None, fault)
            return
        for verdict, remark in checked.remarks:
            self._report(Finding(verdict, remark, checked.first, checked.stop, part="run"))
        faults: list[Fault | None] = [None] * len(checked.hashes)
        if checked.first < 2:
            faults = [Fault(Verdict.INVALID, "it stands before the first policy")] * len(faults)
        elif run.day < self.highest_day - 1:
            faults = [self._bad_day(run.day)] * len(faults)
        # The first problem of an event is the one to tell; parts come before rules, and whatever is
        # wrong before a gap that is explained.
        for problem in reversed(self._with_removals(checked, run, pieces)):
            before = faults[problem.k]
            if before is None or _weight(problem.verdict) >= _weight(before.verdict):
                faults[problem.k] = Fault(problem.verdict, problem.reason, problem.part)
        self._hashes += checked.hashes
        self._faults += faults
        self.taken = checked.stop
        self.highest_day = max(self.highest_day, run.day)
        self._stored.append(_StoredRun(run, pieces, checked.stop))

    def _with_removals(
        self, checked: CheckedRun, run: RunRow, pieces: list[PieceRow]
    ) -> list[Problem]:
        """The problems of a run, with what the log itself says of parts that are not there."""
        problems: list[Problem] = []
        absent: set[tuple[int, str | None]] = set()
        is_touched = self._removals.touches(run.day, checked.first, checked.stop)
        is_reloaded = False
        layout: list[tuple[int, int]] = []
        if is_touched or any(problem.is_absence for problem in checked.problems):
            layout = self._runs.open(run, pieces).layout
        for problem in checked.problems:
            if problem.part is not None:
                absent.add((problem.k, problem.part))
            if not problem.is_absence:
                problems.append(problem)
                continue
            part = _PART_BITS[problem.part or ""]
            place = Place(run.first + problem.k, run.day, layout[problem.k][1], part)
            found = self._removals.judge_absent(place)
            if found.verdict is Verdict.MISSING and not is_reloaded:
                # A service that is running may have declared and removed it since they were read.
                self._removals, is_reloaded = self._load_removals(), True
                found = self._removals.judge_absent(place)
            problems.append(_judged(problem.k, part, found))
        if not is_touched:
            return problems
        for k, (parts, category) in enumerate(layout):
            for part, name in PART_NAMES.items():
                if not parts & part or (k, name) in absent:
                    continue
                place = Place(run.first + k, run.day, category, part)
                remains = self._removals.judge_present(place)
                if remains is not None:
                    problems.append(_judged(k, part, remains))
        return problems

    def _add(self, hash_: bytes | None, fault: Fault | None) -> None:
        self._hashes.append(hash_)
        self._faults.append(fault)
        self.taken += 1

    def _judge(self, index: int, data: bytes) -> Fault | None:
        """The rules for an entry that is no event in a run."""
        try:
            leaf = parse_leaf(data)
        except MalformedProof as error:
            return Fault(Verdict.ALTERED, str(error), "leaf")
        day = leaf.header.day
        fault = next(self._entry_faults(index, leaf), None)
        if fault is None and day < self.highest_day - 1:
            fault = self._bad_day(day)
        self.highest_day = max(self.highest_day, day)
        return fault

    def _bad_day(self, day: int) -> Fault:
        return Fault(Verdict.BAD_DAY, f"day {day} comes after day {self.highest_day}", "day")

    def _entry_faults(self, index: int, leaf: Leaf) -> Iterator[Fault]:
        kind = leaf.header.type
        if self._leaves_only:
            self._removals.learn(index, leaf)
        if (kind == GENESIS) != (index == 0) or (index == 1 and kind != POLICY):
            yield Fault(Verdict.INVALID, f"an entry of type {kind} may not stand here", "leaf")
        match leaf:
            case GenesisLeaf():
                faults = self._signed.add_genesis(leaf.genesis.keys)
                if leaf.genesis.format != 1 or leaf.genesis.origin != self._origin:
                    faults.append(f"it names {leaf.genesis.origin!r}, {leaf.genesis.format}")
            case PolicyLeaf():
                faults = policy_faults(leaf.policy, leaf.header.day, self._policy)
                self.last_policy = index
                # One that breaks a rule never comes in force; with none at all nothing has a name.
                if not faults or self._policy is None:
                    self._policy = leaf.policy
                    self._names = {c.id: c.name for c in leaf.policy.categories}
            case KeysLeaf():
                faults = self._signed.add_keys(leaf.keys.log_keys, leaf.keys.not_before)
            case EventLeaf():
                faults = []
                if not self._leaves_only:
                    yield Fault(Verdict.MISSING, "only its leaf is there, not its parts", "fact")
                elif index < 2:
                    faults = ["it stands before the first policy"]
                elif leaf.header.category_id not in self._names:
                    faults = [f"category id {leaf.header.category_id} is not in the policy"]
            case UnknownLeaf():
                faults = []
                yield Fault(Verdict.UNKNOWN, f"entries of type {kind} are not known here", "leaf")
            case ErasureLeaf() | ExpiryLeaf() | HoldLeaf():
                faults = self._removals.entry_faults(index, leaf)
                record = None if isinstance(leaf, ExpiryLeaf) else leaf.record
                if record is not None and not self._leaves_only and not faults:
                    wrong = self._removals.record_fault(index, record)
                    if wrong is not None:
                        yield Fault(wrong.verdict, wrong.reason, "record")
        if faults:
            yield Fault(Verdict.INVALID, "; ".join(faults), "leaf")


_PART_BITS = {"fact": FACT, "person": PERSON, "content": CONTENT}


def _judged(k: int, part: int, found: Judgement) -> Problem:
    """A verdict on one part as a problem of its event."""
    return Problem(k, found.verdict, f"its {PART_NAMES[part]} {found.reason}", PART_NAMES[part])


def _weight(verdict: Verdict) -> int:
    """How much a verdict outweighs others of the same event: tampering most, a sound one least."""
    return (OK, NOT_CHECKED, TAMPERED).index(exit_code_of(verdict))


def _damaged_length(data: Slice, run: RunRow) -> int:
    """How many entries a run had that does not say so itself: up to its next neighbour."""
    following = [other.first for other in data.runs if other.first > run.first]
    following += [index for index in data.entries if index > run.first]
    claimed = min(max(run.count, 1), 256)
    return max(1, min([*following, run.first + claimed]) - run.first)
