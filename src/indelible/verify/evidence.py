"""
Checks an evidence bundle offline: events, their place in the log, and the signature over it.

The steps (spec/evidence.md):
 1. read the lines that are no events: the log's keys, policies, and what was declared removed
 2. walk all lines from left to right; they cover the tree without a gap and lead to one root
 3. each part that is shown is the one that its leaf commits to; each that is not is explained,
    or said to be withheld
 4. the root is the one of the checkpoint, and the checkpoint is signed by the log's key
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import zstandard

from indelible.errors import Error, MalformedProof
from indelible.seal import EventLeaf, GenesisLeaf, KeysLeaf, parse_leaf
from indelible.seal.evidence import START, End, EntryLine, Head, Line, SubtreeLine, parse_line
from indelible.tlog.checkpoint import parse_checkpoint
from indelible.tlog.merkle import MAX_SIZE, Frontier
from indelible.tlog.note import parse_note
from indelible.tlog.signature import VerifierKey
from indelible.verify.checkpoints import CheckpointChecker
from indelible.verify.removal import Record, Removals
from indelible.verify.report import (
    CheckpointInfo,
    Collector,
    Finding,
    Report,
    TenantReport,
    Verdict,
    make_report,
)
from indelible.verify.shown import ShownEntries
from indelible.verify.source import CannotCheck, CheckpointRow

_MAGIC: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
# A leaf of 64 KiB in base64, and 256 KiB of event in escapes; more is no line of ours.
_LONGEST_LINE: Final = 16 * 1024 * 1024
_TOP_LEVEL: Final = MAX_SIZE.bit_length() - 1


def is_evidence(path: Path) -> bool:
    """Whether the file begins as an evidence bundle does, whatever it is compressed with."""
    try:
        with _open(path) as file:
            return file.read(len(START)) == START
    except (OSError, EOFError, zlib.error, zstandard.ZstdError):
        return False


def verify_evidence(
    path: Path, keys: Sequence[VerifierKey], *, max_findings: int = 20, max_ranges: int = 1000
) -> Report:
    """
    Checks one bundle. `keys` are log keys known from elsewhere; without them those that the log's
    first entry names are used, and the report says so.

    Raises CannotCheck when the file cannot be read, or no given key is of its log.
    """
    try:
        head, facts = _first_pass(path)
        pinned = [key for key in keys if key.name == head.origin]
        if keys and not pinned:
            raise CannotCheck(f"the bundle is of the log {head.origin!r}, which no given key is of")
        check = _Check(head, facts, pinned, max_findings, max_ranges)
        for line in _after_head(path):
            check.take(line)
        return make_report(str(path), (check.finish(),), ())
    except OSError as error:
        raise CannotCheck(f"cannot read {path}: {error}") from error
    except (EOFError, zlib.error, zstandard.ZstdError, MalformedProof) as error:
        reason = f"not an evidence bundle that can be read: {error}"
        return make_report(str(path), (), (Finding(Verdict.ALTERED, reason, part="bundle"),))


class _Facts:
    """What the lines that are no events say, before any event is judged."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, bytes]] = []
        self.records: dict[int, Record] = {}
        self.newest_day = 0


def _first_pass(path: Path) -> tuple[Head, _Facts]:
    lines = _lines(path)
    head = next(lines, None)
    if not isinstance(head, Head):
        raise MalformedProof("it does not begin with a head")
    facts = _Facts()
    for line in lines:
        if not isinstance(line, EntryLine):
            continue
        try:
            leaf = parse_leaf(line.leaf)
        except MalformedProof:
            continue  # told where the entry is judged
        facts.newest_day = max(facts.newest_day, leaf.header.day)
        if not isinstance(leaf, EventLeaf):
            facts.entries.append((line.index, line.leaf))
            if line.record is not None:
                facts.records[line.index] = Record(line.record.salt, line.record.data)
    return head, facts


def _after_head(path: Path) -> Iterator[Line]:
    lines = _lines(path)
    next(lines, None)
    return lines


class _Check:
    """The second pass; used once."""

    def __init__(
        self,
        head: Head,
        facts: _Facts,
        pinned: Sequence[VerifierKey],
        max_findings: int,
        max_ranges: int,
    ) -> None:
        self._head = head
        self._pinned = bool(pinned)
        self._out = Collector(max_findings, max_ranges)
        self._signed = CheckpointChecker(head.origin, pinned)
        removals = Removals(facts.entries, facts.records, facts.newest_day)
        self._shown = ShownEntries(head.origin, removals)
        self._tree = Frontier()
        self._counts = {"entries": 0, "events": 0, "subtrees": 0}
        self._end: End | None = None
        # The longest stretch of entries that are all shown, and the present one.
        self._longest = (0, 0)
        self._stretch = 0

    def take(self, line: Line) -> None:
        """One line after the head. Raises MalformedProof for one that cannot stand there."""
        at = self._tree.size
        if self._end is not None:
            raise MalformedProof("something follows its end")
        match line:
            case SubtreeLine():
                if not 0 <= line.level <= _TOP_LEVEL or at & ((1 << line.level) - 1):
                    raise MalformedProof(f"a subtree of level {line.level} does not fit at {at}")
                if len(line.hash) != 32 or at + (1 << line.level) > self._head.size:
                    raise MalformedProof(f"the subtree at {at} reaches beyond the log")
                self._tree.append_subtree(line.level, line.hash)
                self._counts["subtrees"] += 1
                self._stretch = self._tree.size
            case EntryLine():
                if line.index != at or at >= self._head.size:
                    raise MalformedProof(f"entry {line.index} stands where {at} belongs")
                self._entry(line)
            case End():
                self._end = line
            case Head():
                raise MalformedProof("it has two heads")

    def _entry(self, line: EntryLine) -> None:
        seen = self._shown.judge(line)
        self._tree.append((seen.hash,))
        self._counts["entries"] += 1
        if isinstance(seen.leaf, EventLeaf):
            self._counts["events"] += 1
        elif isinstance(seen.leaf, GenesisLeaf):
            for fault in self._signed.add_genesis(seen.leaf.genesis.keys):
                self._fault(Verdict.INVALID, fault, "leaf", line.index)
        elif isinstance(seen.leaf, KeysLeaf):
            keys = seen.leaf.keys
            for fault in self._signed.add_keys(keys.log_keys, keys.not_before):
                self._fault(Verdict.INVALID, fault, "leaf", line.index)
        self._out.add(line.index, line.index + 1, seen.verdict)
        if seen.reason is not None:
            stop = line.index + 1
            self._out.finding(
                Finding(seen.verdict, seen.reason, line.index, stop, seen.event_id, seen.part)
            )
        if line.index + 1 - self._stretch > self._longest[1] - self._longest[0]:
            self._longest = (self._stretch, line.index + 1)

    def _fault(self, verdict: Verdict, reason: str, part: str, index: int | None = None) -> None:
        stop = None if index is None else index + 1
        self._out.finding(Finding(verdict, reason, index, stop, part=part))

    def finish(self) -> TenantReport:
        """The root, the signature, and the report."""
        if self._end is None:
            self._fault(Verdict.MISSING, "the file ends before its end: it is not whole", "bundle")
        elif {name: getattr(self._end, name) for name in self._counts} != self._counts:
            self._fault(Verdict.ALTERED, "its end counts other lines than there are", "bundle")
        said, events = self._head.statement.get("count"), self._counts["events"]
        if said is not None and said != events:
            self._fault(
                Verdict.ALTERED,
                f"it says that it holds {said} events, and holds {self._counts['events']}",
                "bundle",
            )
        checkpoint = self._checkpoint()
        self._out.decide(self._head.size, Verdict.UNPROVEN if checkpoint is None else Verdict.VALID)
        return TenantReport(
            name=self._head.origin,
            origin=self._head.origin,
            size=self._head.size,
            checkpoint=checkpoint,
            counts=self._out.counts,
            ranges=tuple(self._out.ranges),
            ranges_left_off=self._out.ranges_left_off,
            findings=tuple(self._out.findings),
            findings_left_off=self._out.findings_left_off,
            key_pinned=self._pinned,
            exit_code=self._out.exit_code,
            remarks=tuple(self._remarks()),
        )

    def _checkpoint(self) -> CheckpointInfo | None:
        """The checkpoint, if it holds and the lines lead to it."""
        row = CheckpointRow(self._head.size, self._head.checkpoint, None)
        try:
            claimed = parse_checkpoint(parse_note(row.note.encode()).text)
            if claimed.origin != self._head.origin:
                raise MalformedProof(f"it is of the log {claimed.origin!r}")
            found = self._signed.check(row)
        except Error as error:
            self._fault(Verdict.ALTERED, f"its checkpoint does not hold: {error}", "checkpoint")
            return None
        if self._tree.size != found.size:
            reason = f"its lines cover {self._tree.size} of {found.size} entries"
            self._fault(Verdict.ALTERED, reason, "tree")
            return None
        if self._tree.root() != found.root:
            reason = "its lines do not lead to the signed root: at least one of them was changed"
            self._fault(Verdict.ALTERED, reason, "tree")
            return None
        return CheckpointInfo(found.size, found.root.hex(), None, self._signed.signed_by(row), 1)

    def _remarks(self) -> Iterator[str]:
        yield (
            f"Shown        {self._counts['events']:,} events and"
            f" {self._counts['entries'] - self._counts['events']:,} other entries"
        )
        first, stop = self._longest
        if stop - first > 1:
            yield (
                f"Complete     every entry from {first} to {stop - 1} is shown: nothing between"
                " them was left out"
            )
        yield (
            "Not proven   that a search found all there is: whoever made the bundle chose its"
            " events"
        )
        for name, count in self._shown.withheld.items():
            yield f"Withheld     the {name} of {count:,} events"
        said = said_of(self._head.statement)
        if said:
            yield f"Says itself  {said}"


def said_of(statement: dict[str, Any]) -> str:
    """What the maker says of the bundle, on one line."""
    asked = statement.get("filter")
    told = [f"{name} {value}" for name, value in asked.items()] if isinstance(asked, dict) else []
    who = statement.get("requested_by")
    if isinstance(who, dict) and who.get("name"):
        told.append(f"asked for by {who['name']}")
    return ", ".join(told)[:500]


def _lines(path: Path) -> Iterator[Line]:
    with _open(path) as file:
        number = 0
        while data := file.readline(_LONGEST_LINE):
            number += 1
            if not data.endswith(b"\n"):
                raise MalformedProof(f"line {number} is cut off")
            try:
                yield parse_line(data)
            except MalformedProof as error:
                raise MalformedProof(f"line {number}: {error}") from error


class _File(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...
    def readline(self, size: int = -1, /) -> bytes: ...


@contextmanager
def _open(path: Path) -> Iterator[_File]:
    """The text of the file; what it is compressed with shows in its first bytes."""
    with path.open("rb") as file:
        begin = file.read(4)
        file.seek(0)
        kind = next((name for magic, name in _MAGIC.items() if begin.startswith(magic)), None)
        if kind == "gzip":
            with gzip.GzipFile(fileobj=file) as text:
                yield text
        elif kind == "zstd":
            source = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            with source, io.BufferedReader(source) as text:
                yield text
        else:
            yield file
