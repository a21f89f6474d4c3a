"""
What a check found: verdicts per range, findings, and totals. Frozen values, written as JSON.

Never one bare "ok": a report says of which entries what holds, and what nobody can say.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What is said of an entry; some are said of what lies around the entries, too."""

    VALID = "VALID"
    # Well formed and in the tree, but no signed checkpoint contains it yet.
    NOT_COVERED = "NOT-YET-COVERED"
    # A part is not there, and a later entry explains that and keeps the rules.
    ERASED = "ERASED"
    EXPIRED_UNWITNESSED = "EXPIRED-UNWITNESSED"
    # Declared removed less than two days ago, and still there.
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    ALTERED = "ALTERED"
    MISSING = "MISSING"
    BAD_DAY = "BAD-DAY"
    # Breaks a rule of spec/leaf.md: a wrong place, a policy that may not be, a wrong category.
    INVALID = "INVALID"
    # A part is not there, and what explains it breaks a rule.
    UNLAWFUL = "UNLAWFUL"
    # Comes after an altered range whose tree differs from the signed one.
    UNPROVEN = "UNPROVEN"
    # The data folder is older than what was signed.
    ROLLED_BACK = "ROLLED-BACK"
    # Bytes that nothing calls for, or that should have been removed.
    UNEXPECTED = "UNEXPECTED"


# What an entry's own bytes show when nothing is wrong with them.
SOUND = frozenset({Verdict.VALID, Verdict.ERASED, Verdict.EXPIRED_UNWITNESSED, Verdict.PENDING})
_HARMLESS = SOUND | {Verdict.NOT_COVERED}
_UNDECIDED = frozenset({Verdict.UNKNOWN})

OK, TAMPERED, NOT_CHECKED = 0, 1, 2


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    One thing that is wrong, or that could not be judged.

    `index` is the first entry it is about, `stop` the entry after the last one; both None when it
    is not about entries. `event_id` is set when the fact can still be read.
    """

    verdict: Verdict
    reason: str
    index: int | None = None
    stop: int | None = None
    event_id: str | None = None
    part: str | None = None


class Range(msgspec.Struct, frozen=True):
    """Consecutive entries [first, stop) with the same verdict."""

    first: int
    stop: int
    verdict: Verdict

    @property
    def count(self) -> int:
        """Number of entries."""
        return self.stop - self.first


class CheckpointInfo(msgspec.Struct, frozen=True):
    """The newest signed checkpoint that the entries lead to."""

    size: int
    root: str
    time_us: int | None
    signed_by: tuple[str, ...]
    # Number of signed checkpoints that were compared with the tree.
    compared: int


class TenantReport(msgspec.Struct, frozen=True):
    """The log of one tenant."""

    name: str
    origin: str
    size: int
    checkpoint: CheckpointInfo | None
    counts: dict[str, int]
    ranges: tuple[Range, ...]
    ranges_left_off: int
    findings: tuple[Finding, ...]
    findings_left_off: int
    # Whether the signing key was given from outside; else it was read out of the log itself.
    key_pinned: bool
    exit_code: int
    # What a reader of the verdicts should know besides, in sentences.
    remarks: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """A whole check. `exit_code`: 0 all holds, 1 tampering, 2 could not check."""

    source: str
    tenants: tuple[TenantReport, ...]
    # What concerns the folder and no tenant.
    findings: tuple[Finding, ...]
    exit_code: int


def make_report(
    source: str, tenants: tuple[TenantReport, ...], findings: tuple[Finding, ...]
) -> Report:
    """A report; its exit code is the worst of its parts, 1 before 2 before 0."""
    codes = [tenant.exit_code for tenant in tenants]
    codes += [exit_code_of(finding.verdict) for finding in findings]
    return Report(source, tenants, findings, worst(codes))


def exit_code_of(verdict: Verdict) -> int:
    """The exit code that one verdict asks for."""
    if verdict in _HARMLESS:
        return OK
    return NOT_CHECKED if verdict in _UNDECIDED else TAMPERED


def worst(codes: list[int]) -> int:
    """Tampering outweighs what could not be checked, and that outweighs the rest."""
    for code in (TAMPERED, NOT_CHECKED):
        if code in codes:
            return code
    return OK


def encode_report(report: Report) -> bytes:
    """The report as one JSON object."""
    return msgspec.json.encode(report)


class Collector:
    """
    Gathers verdicts in index order and findings, in bounded memory.

    Owned by one check. Entries wait as "pending" until a signed checkpoint decides on them.
    """

    def __init__(self, max_findings: int, max_ranges: int) -> None:
        self._max_findings = max_findings
        self._max_ranges = max_ranges
        self.findings: list[Finding] = []
        self.findings_left_off = 0
        self.ranges: list[Range] = []
        self.ranges_left_off = 0
        self.counts: dict[str, int] = {}
        self._pending: list[Range] = []
        self._max_pending = 100 * max_ranges
        # Verdicts of every finding, kept although a finding itself was left off.
        self._codes: set[int] = set()

    def add(self, first: int, stop: int, verdict: Verdict) -> None:
        """Says of [first, stop) what its own bytes show; ranges come in order without gaps."""
        if stop <= first:
            return
        if len(self._pending) < self._max_pending:
            _append(self._pending, Range(first, stop, verdict))
        else:
            # Only a log changed all over gets here; memory stays bounded, counts get coarse.
            last = self._pending[-1]
            self._pending[-1] = Range(last.first, stop, Verdict.ALTERED)

    def decide(self, upto: int, verdict: Verdict) -> None:
        """Settles what is pending below `upto`; a verdict but VALID replaces whatever is sound."""
        rest: list[Range] = []
        for item in self._pending:
            if item.first >= upto:
                rest.append(item)
                continue
            keeps = verdict is Verdict.VALID or item.verdict not in SOUND
            final = item.verdict if keeps else verdict
            self._settle(Range(item.first, min(item.stop, upto), final))
            if item.stop > upto:
                rest.append(Range(upto, item.stop, item.verdict))
        self._pending = rest

    def finding(self, finding: Finding) -> None:
        """Records a finding, or only counts it when there are many."""
        self._codes.add(exit_code_of(finding.verdict))
        last = self.findings[-1] if self.findings else None
        if last is not None and _same(last, finding):
            self.findings[-1] = msgspec.structs.replace(last, stop=finding.stop)
        elif len(self.findings) < self._max_findings:
            self.findings.append(finding)
        else:
            self.findings_left_off += 1

    @property
    def full(self) -> bool:
        """Whether a further finding would only be counted."""
        return len(self.findings) >= self._max_findings

    @property
    def exit_code(self) -> int:
        """The exit code of all that was settled and found."""
        return worst([*self._codes, *(exit_code_of(Verdict(v)) for v in self.counts)])

    def _settle(self, item: Range) -> None:
        self.counts[item.verdict] = self.counts.get(item.verdict, 0) + item.count
        before = len(self.ranges)
        if before < self._max_ranges:
            _append(self.ranges, item)
        elif not _extend(self.ranges, item):
            self.ranges_left_off += 1


def _same(last: Finding, finding: Finding) -> bool:
    """Whether a finding says of the next entry what the last one said of those before."""
    return (
        last.stop is not None
        and last.stop == finding.index
        and last.event_id is None
        and finding.event_id is None
        and (last.verdict, last.reason, last.part)
        == (finding.verdict, finding.reason, finding.part)
    )


def _append(ranges: list[Range], item: Range) -> None:
    if not _extend(ranges, item):
        ranges.append(item)


def _extend(ranges: list[Range], item: Range) -> bool:
    """Joins the item to the last range when both say the same and touch."""
    if ranges and ranges[-1].verdict is item.verdict and ranges[-1].stop == item.first:
        ranges[-1] = Range(ranges[-1].first, item.stop, item.verdict)
        return True
    return False
