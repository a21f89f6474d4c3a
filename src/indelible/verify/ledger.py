"""
Checks the whole log of one tenant, entry by entry, in one pass and bounded memory.

Every leaf is recomputed from what is stored; nothing that the service has computed is believed.

The steps:
 1. what the folder says of the log's size: head, stored entries, guard
 2. read a slice: what is stored of about 1,000 entries
 3. recompute leaf hashes, and check the rules of place, day, type, policy and category (`entries`)
 4. compare leaf hashes with the tiles, and the tree with each signed checkpoint (`tree`)
 5. name what was changed (`diagnose`)
 6. at the end: entries beyond the last checkpoint, the head, rows that nothing calls for
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from indelible.errors import Error
from indelible.seal import FACT
from indelible.tlog.signature import VerifierKey
from indelible.tlog.tile import WIDTH
from indelible.verify.checkpoints import CheckpointChecker
from indelible.verify.diagnose import diagnose
from indelible.verify.entries import EntryTaker, Fault
from indelible.verify.report import (
    CheckpointInfo,
    Collector,
    Finding,
    TenantReport,
    Verdict,
)
from indelible.verify.sealed import read_event_id
from indelible.verify.source import CheckpointRow, Head, LedgerSource, Slice, Tenant
from indelible.verify.tree import Judged, SignedRoot, TreeChecker

# Four tiles: a read transaction lasts milliseconds, and memory is that of about 1,000 events.
_SLICE = 4 * WIDTH
Progress = Callable[[int, int], None]


class Guard(msgspec.Struct, frozen=True):
    """What the file outside the database remembers of the largest signed checkpoint."""

    size: int
    root: str


class LedgerCheck:
    """One check of one tenant. Used once."""

    def __init__(
        self,
        source: LedgerSource,
        tenant: Tenant,
        guard: Guard | None,
        pinned: Sequence[VerifierKey] = (),
        *,
        max_findings: int,
        max_ranges: int,
        progress: Progress | None,
    ) -> None:
        self._source = source
        self._tenant = tenant
        self._guard = guard
        self._pinned = bool(pinned)
        self._progress = progress
        self._out = Collector(max_findings, max_ranges)
        self._signed = CheckpointChecker(tenant.origin, pinned)
        self._entries = EntryTaker(tenant.origin, self._signed, self._out.finding)
        self._tree = TreeChecker(
            lambda level, n: source.tile(tenant.id, level, n), self._out.finding
        )
        self._compared = 0
        self._confirmed: SignedRoot | None = None
        self._newest: CheckpointRow | None = None
        # Signed roots that the tree did not lead to, since the last one that it did.
        self._contradicted: list[SignedRoot] = []
        self._guard_holds: bool | None = None

    def run(self) -> TenantReport:
        """Checks everything and reports. Raises CannotCheck when the file cannot be read."""
        head = self._source.head(self._tenant.id)
        size = self._size(head)
        for start in range(0, size, _SLICE):
            stop = min(start + _SLICE, size)
            data = self._source.slice(self._tenant.id, start, stop, WIDTH)
            for damage in data.damage:
                self._fault(
                    Verdict.ALTERED,
                    f"a page of the database is damaged: {damage.table} {damage.key} is lost",
                    "database",
                )
            self._entries.take(data, stop)
            self._judge(data, start, stop)
            if self._progress is not None:
                self._progress(stop, size)
        self._settle(size)
        self._look_around(head, size)
        return self._report(size)

    # 1. sizes

    def _size(self, head: Head | None) -> int:
        end = self._source.end(self._tenant.id)
        if head is None:
            self._fault(Verdict.MISSING, "the head of the log is missing or not readable", "head")
            size = end
        else:
            size = head.size
            # A service that is running may have stored more since the head was read.
            if end < size:
                reason = f"the log should have {size} entries, but it ends at {end}"
                self._out.finding(Finding(Verdict.MISSING, reason, end, size, part="run"))
                # A damaged head may say anything: beyond the end there is nothing to go through.
                size = min(size, max(end, self._tiles_end(end, size)))
        if self._guard is not None and self._guard.size > size:
            reason = (
                f"{self._guard.size} entries were signed, the ledger has {size}: it is an older"
                " copy, or its end was cut off"
            )
            where = (size, self._guard.size)
            self._out.finding(Finding(Verdict.ROLLED_BACK, reason, *where, part="guard"))
        return size

    def _tiles_end(self, end: int, size: int) -> int:
        """How far level-0 tiles reach beyond the last stored entry, below `size`."""
        reach = end
        for n in range(end // WIDTH, min(size, end + (1 << 20)) // WIDTH + 1):
            tile = self._source.tile(self._tenant.id, 0, n)
            if not tile:
                break
            reach = n * WIDTH + len(tile) // 32
        return reach

    # 4. tiles and checkpoints

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
                    self._judge_entry(first + k, fault, judged.altered.get(k), judged)
            else:
                self._out.add(first, end, Verdict.VALID)
            for root, holds in judged.answers:
                if not root.trusted:
                    self._guard_holds = holds
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
                self._fault(Verdict.ALTERED, reason, "checkpoint")
            else:
                roots.append(SignedRoot(row.size, checkpoint.root, trusted=True))
        guard = self._guard
        if guard is not None:
            try:
                roots.append(SignedRoot(guard.size, bytes.fromhex(guard.root), trusted=False))
            except ValueError:
                pass  # told at the end: such a guard holds nothing
        return sorted(roots, key=lambda root: root.size)

    def _confirm(self, root: SignedRoot, row: CheckpointRow) -> None:
        """The tree leads to a signed root: everything below it is proven."""
        self._compared += 1
        for other in self._contradicted:
            reason = (
                f"the checkpoint of size {other.size} is signed with another root than the one the"
                f" checkpoint of size {root.size} leads to: two histories were signed"
            )
            self._fault(Verdict.ALTERED, reason, "checkpoint")
        self._contradicted.clear()
        self._confirmed, self._newest = root, row
        self._out.decide(root.size, Verdict.VALID)

    # 5. naming what was changed

    def _judge_entry(
        self, index: int, fault: Fault | None, right: bytes | None, judged: Judged
    ) -> None:
        if right is None and fault is None:
            self._out.add(index, index + 1, Verdict.VALID)
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
                    part, reason = diagnose(opened, k, right, self._entries.highest_day)
            elif right is not None and fault is None:
                part, reason = "leaf", "its leaf was changed"
        if right is not None:
            verdict = Verdict.ALTERED
            if not judged.certain:
                reason += "; or its hash in the tile was: nothing signed above tells which"
        self._out.add(index, index + 1, verdict)
        self._out.finding(Finding(verdict, reason, index, index + 1, event_id, part))

    # 6. the end

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
        if proven < size:
            reason = "not yet covered by a checkpoint"
            self._out.finding(Finding(Verdict.NOT_COVERED, reason, proven, size))
        self._out.decide(size, Verdict.NOT_COVERED)

    def _no_checkpoint(self) -> None:
        if self._guard is not None:
            reason = f"size {self._guard.size} was signed, but no signed checkpoint is there"
            self._fault(Verdict.MISSING, reason, "checkpoint")
        else:
            reason = "there is no signed checkpoint: whether entries were changed cannot be said"
            self._fault(Verdict.UNKNOWN, reason, "checkpoint")

    def _look_around(self, head: Head | None, size: int) -> None:
        """The service's own notes, and rows beyond the end. Only while nothing is appended."""
        if self._guard is not None and self._guard.size <= size and not self._guard_holds:
            reason = f"the guard remembers another root for size {self._guard.size}"
            self._fault(Verdict.ALTERED, reason, "guard")
        if self._entries.taken > size:
            reason = f"a run reaches beyond the end of the log, to {self._entries.taken}"
            self._fault(Verdict.UNEXPECTED, reason, "run")
        growing = self._source.head(self._tenant.id) != head
        self._tree.finish(growing)
        if head is None or growing:
            return
        edge = self._tree.edge
        if edge is not None and head.frontier != edge.to_bytes():
            self._fault(Verdict.ALTERED, "the right edge in the head is not the tree's", "head")
        if (head.last_day, head.policy_index) != (
            self._entries.highest_day,
            self._entries.last_policy,
        ):
            reason = f"the head says day {head.last_day} and policy {head.policy_index}"
            self._fault(Verdict.ALTERED, reason, "head")
        for stray in self._source.strays(self._tenant.id, size):
            self._fault(Verdict.UNEXPECTED, f"{stray}, outside the log of size {size}", "run")
        for beyond in self._source.strange_checkpoints(self._tenant.id, size):
            reason = f"there is a checkpoint of size {beyond}, the log has {size} entries"
            self._fault(Verdict.ROLLED_BACK, reason, "checkpoint")

    def _report(self, size: int) -> TenantReport:
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

    def _fault(self, verdict: Verdict, reason: str, part: str) -> None:
        self._out.finding(Finding(verdict, reason, part=part))
