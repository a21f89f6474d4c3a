"""
Checks one log, entry by entry, in one pass and bounded memory, wherever it is read from.

Every leaf hash is recomputed from what is there; nothing that the service has computed is believed.

The steps, for about 1,000 entries at a time:
 1. read what is stored of them
 2. recompute leaf hashes, and check the rules of place, day, type, policy and category (`entries`)
 3. compare leaf hashes with the tiles, and the tree with each signed checkpoint (`tree`)
 4. name what was changed (`diagnose`)
 5. at the end: say what no signed checkpoint could confirm
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from indelible.errors import Error
from indelible.seal import FACT
from indelible.tlog.merkle import Frontier
from indelible.tlog.signature import VerifierKey
from indelible.tlog.tile import WIDTH
from indelible.verify.checkpoints import CheckpointChecker
from indelible.verify.diagnose import Diagnosis
from indelible.verify.entries import EntryTaker, Fault
from indelible.verify.removal import Removals
from indelible.verify.report import (
    SOUND,
    CheckpointInfo,
    Collector,
    Finding,
    TenantReport,
    Verdict,
)
from indelible.verify.sealed import read_event_id
from indelible.verify.source import CheckpointRow, Slice, Source, Tenant
from indelible.verify.tree import Judged, SignedRoot, TreeChecker

# Four tiles: a read transaction lasts milliseconds, and memory is that of about 1,000 events.
_SLICE = 4 * WIDTH
Progress = Callable[[int, int], None]


class Memory(msgspec.Struct, frozen=True):
    """What somebody outside the log remembers of it: a size, and the root in hex."""

    keeper: str
    size: int
    root: str


class LogCheck:
    """One check of one log, wherever it is read from. Used once."""

    def __init__(
        self,
        source: Source,
        tenant: Tenant,
        memories: Sequence[Memory],
        pinned: Sequence[VerifierKey] = (),
        *,
        removals: Callable[[], Removals],
        max_findings: int,
        max_ranges: int,
        progress: Progress | None,
        leaves_only: bool = False,
    ) -> None:
        self._source = source
        self._tenant = tenant
        self._memories = tuple(memories)
        self._pinned = bool(pinned)
        self._progress = progress
        self._out = Collector(max_findings, max_ranges)
        self._signed = CheckpointChecker(tenant.origin, pinned)
        self._entries = EntryTaker(
            tenant.origin, self._signed, self._out.finding, removals, leaves_only=leaves_only
        )
        self._tree = TreeChecker(
            lambda level, n: source.tile(tenant.id, level, n), self._out.finding
        )
        self._diagnosis = Diagnosis()
        self._compared = 0
        self._confirmed: SignedRoot | None = None
        self._newest: CheckpointRow | None = None
        # Signed roots that the tree did not lead to, since the last one that it did.
        self._contradicted: list[SignedRoot] = []
        # Keepers whose root the tree leads to.
        self._agreed: set[str] = set()

    @property
    def log_keys(self) -> list[VerifierKey]:
        """The keys that checkpoints were checked with."""
        return self._signed.keys

    @property
    def taken(self) -> int:
        """The index after the last entry that was read."""
        return self._entries.taken

    @property
    def highest_day(self) -> int:
        """The highest day of any entry."""
        return self._entries.highest_day

    @property
    def last_policy(self) -> int:
        """The index of the last policy entry."""
        return self._entries.last_policy

    @property
    def edge(self) -> Frontier | None:
        """The right edge of the whole tree; None when a part of it is lost."""
        return self._tree.edge

    def walk(self, size: int) -> None:
        """Checks entries [0, size). Raises CannotCheck when the source cannot be read."""
        for memory in self._memories:
            if memory.size > size:
                reason = (
                    f"{memory.keeper} remembers {memory.size} signed entries, here are {size}: this"
                    " is an older copy, or its end was cut off"
                )
                self.fault(Verdict.ROLLED_BACK, reason, memory.keeper, size, memory.size)
        for start in range(0, size, _SLICE):
            stop = min(start + _SLICE, size)
            data = self._source.slice(self._tenant.id, start, stop, WIDTH)
            for damage in data.damage:
                self.fault(
                    Verdict.ALTERED,
                    f"a page of the database is damaged: {damage.table} {damage.key} is lost",
                    "database",
                )
            self._entries.take(data, stop)
            self._judge(data, start, stop)
            if self._progress is not None:
                self._progress(stop, size)
        self._settle(size)

    def finish_tiles(self, *, growing: bool) -> None:
        """Looks for more than the log has in the upper tiles, unless it grows meanwhile."""
        self._tree.finish(growing)

    def fault(
        self,
        verdict: Verdict,
        reason: str,
        part: str,
        index: int | None = None,
        stop: int | None = None,
    ) -> None:
        """Records what is wrong around the entries."""
        self._out.finding(Finding(verdict, reason, index, stop, part=part))

    # 3. tiles and checkpoints

    def _judge(self, data: Slice, start: int, stop: int) -> None:
        rows = {row.size: row for row in data.checkpoints}
        roots = self._signed_roots(data)
        for first in range(start, stop, WIDTH):
            end = min(first + WIDTH, stop)
            hashes, faults = self._entries.hand_out(end - first)
            inside = [root for root in roots if first < root.size <= end]
            judged = self._tree.tile(hashes, data.tiles.get(first // WIDTH), inside)
            if judged.altered or any(faults):
                for k, fault in enumerate(faults):
                    self._judge_entry(first, k, fault, judged)
            else:
                self._out.add(first, end, Verdict.VALID)
            for root, holds in judged.answers:
                if root.keeper:
                    self._agreed |= {root.keeper} if holds else set()
                elif holds:
                    self._confirm(root, rows[root.size])
                else:
                    self._compared += 1
                    self._contradicted.append(root)
        self._entries.forget(stop)

    def _signed_roots(self, data: Slice) -> list[SignedRoot]:
        """The roots of this slice that a signature, or the guard, vouches for, by size."""
        roots = []
        for row in data.checkpoints:
            try:
                checkpoint = self._signed.check(row)
            except Error as error:
                reason = f"the checkpoint of size {row.size} does not hold: {error}"
                self.fault(Verdict.ALTERED, reason, "checkpoint")
            else:
                roots.append(SignedRoot(row.size, checkpoint.root))
        for memory in self._memories:
            try:
                root = bytes.fromhex(memory.root)
            except ValueError:
                continue  # told at the end: nothing leads to such a root
            roots.append(SignedRoot(memory.size, root, memory.keeper))
        return sorted(roots, key=lambda root: root.size)

    def _confirm(self, root: SignedRoot, row: CheckpointRow) -> None:
        """The tree leads to a signed root: everything below it is proven."""
        self._compared += 1
        for other in self._contradicted:
            reason = (
                f"the checkpoint of size {other.size} is signed with another root than the one the"
                f" checkpoint of size {root.size} leads to: two histories were signed"
            )
            self.fault(Verdict.ALTERED, reason, "checkpoint")
        self._contradicted.clear()
        self._confirmed, self._newest = root, row
        self._out.decide(root.size, Verdict.VALID)

    # 4. naming what was changed

    def _judge_entry(self, first: int, position: int, fault: Fault | None, judged: Judged) -> None:
        index, right = first + position, judged.altered.get(position)
        if right is None and (fault is None or fault.verdict in SOUND):
            # A gap that the log explains is counted, and is no finding.
            self._out.add(index, index + 1, Verdict.VALID if fault is None else fault.verdict)
            return
        verdict, reason, part = Verdict.ALTERED, "it was changed", None
        if fault is not None:
            verdict, reason, part = fault.verdict, fault.reason, fault.part
        event_id = None
        if not self._out.full:
            found = self._entries.open_event(index)
            if found is not None:
                opened, k = found
                event_id = read_event_id(opened.part(k, FACT))
                if right is not None and (fault is None or fault.part is None):
                    start = index - k - first
                    fate = {
                        other: other + start in judged.altered
                        for other in range(len(opened.layout))
                        if 0 <= other + start < judged.width
                    }
                    part, reason = self._diagnosis.explain(
                        opened, k, right, self._entries.highest_day, fate
                    )
            elif right is not None and fault is None:
                part, reason = "leaf", "its leaf was changed"
        if right is not None:
            verdict = Verdict.ALTERED
            if position >= judged.certain:
                reason += "; or its hash in the tile was: nothing signed above tells which"
        self._out.add(index, index + 1, verdict)
        self._out.finding(Finding(verdict, reason, index, index + 1, event_id, part))

    # 5. the end

    def _settle(self, size: int) -> None:
        """Says what no signed checkpoint could confirm."""
        proven = self._confirmed.size if self._confirmed is not None else 0
        if self._contradicted:
            first, last = self._contradicted[0], self._contradicted[-1]
            reason = (
                f"these entries do not lead to the root signed at size {first.size}: at least one"
                " of them was changed, added or left out together with its tiles"
            )
            where = (proven, first.size)
            self._out.finding(Finding(Verdict.ALTERED, reason, *where, part="tree"))
            self._out.decide(first.size, Verdict.ALTERED)
            self._out.decide(last.size, Verdict.UNPROVEN)
            proven = last.size
        if self._compared == 0 and size:
            self._no_checkpoint()
        for memory in self._memories:
            if memory.size <= size and memory.keeper not in self._agreed:
                reason = f"{memory.keeper} remembers another root for size {memory.size}"
                self.fault(Verdict.ALTERED, reason, memory.keeper)
        if proven < size:
            reason = "not yet covered by a checkpoint"
            self._out.finding(Finding(Verdict.NOT_COVERED, reason, proven, size))
        self._out.decide(size, Verdict.NOT_COVERED)

    def _no_checkpoint(self) -> None:
        if self._memories:
            most = max(memory.size for memory in self._memories)
            reason = f"size {most} was signed, but no signed checkpoint is there"
            self.fault(Verdict.MISSING, reason, "checkpoint")
        else:
            reason = "there is no signed checkpoint: whether entries were changed cannot be said"
            self.fault(Verdict.UNKNOWN, reason, "checkpoint")

    def report(self, size: int) -> TenantReport:
        """The verdicts on [0, size) and all findings."""
        checkpoint = None
        if self._confirmed is not None and self._newest is not None:
            checkpoint = CheckpointInfo(
                self._confirmed.size,
                self._confirmed.root.hex(),
                self._newest.time_us,
                self._signed.signed_by(self._newest),
                self._compared,
            )
        out = self._out
        return TenantReport(
            name=self._tenant.name,
            origin=self._tenant.origin,
            size=size,
            checkpoint=checkpoint,
            counts=out.counts,
            ranges=tuple(out.ranges),
            ranges_left_off=out.ranges_left_off,
            findings=tuple(out.findings),
            findings_left_off=out.findings_left_off,
            key_pinned=self._pinned,
            exit_code=out.exit_code,
        )
