"""
Checks the certificate of an erasure: a `.certificate.json` file (spec/certificate.md).

For each entry that it names: the leaf is an erasure of what the certificate says, its record is the
one that the leaf commits to and names this erasure, and the leaf is in the tree of the checkpoint.
What a certificate cannot show by itself, that the parts are gone and that the rules were kept, is
judged on the log: `indelible verify --data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from indelible.errors import BadSignature, Error, HashMismatch, MalformedProof
from indelible.seal import RECORD, ErasureLeaf, commitment, parse_leaf
from indelible.tlog.checkpoint import Checkpoint, parse_checkpoint
from indelible.tlog.merkle import leaf_hash, verify_inclusion
from indelible.tlog.note import parse_base64, parse_note
from indelible.tlog.signature import VerifierKey, encode_vkey, open_checkpoint, parse_vkey
from indelible.verify.report import (
    CheckpointInfo,
    Finding,
    Range,
    Report,
    TenantReport,
    Verdict,
    exit_code_of,
    make_report,
    worst,
)
from indelible.verify.sealed import PART_NAMES
from indelible.verify.source import CannotCheck

FORM = "indelible-erasure/1"
_REASONS = {"data-subject": 1, "authority": 2, "error": 3, "contract": 4, "other": 255}
_MAX_BYTES = 512 * 1024 * 1024


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    first: int
    count: int
    parts: tuple[str, ...]
    leaf: str
    salt: str
    record: str
    proof: tuple[str, ...]


class _Certificate(msgspec.Struct, frozen=True):
    certificate: str
    origin: str
    erasure: str
    case: str
    reason: str
    parts: tuple[str, ...]
    requested_by: str
    approved_by: str | None
    requested_at: str
    events: int
    erased: dict[str, int]
    checkpoint: str
    keys: tuple[str, ...]
    entries: tuple[_Entry, ...]


class _Record(msgspec.Struct, frozen=True):
    erasure: str
    case: str
    first: int
    count: int
    parts: tuple[str, ...]
    requested_by: str
    approved_by: str | None
    requested_at: str


def is_certificate(path: Path) -> bool:
    """Whether a file looks like one, rather than like a proof."""
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip()[:1] == b"{"
    except OSError:
        return False


def verify_certificate(path: Path, keys: Sequence[VerifierKey]) -> Report:
    """
    Checks one file, with keys given from outside or else with those that it carries.

    Raises CannotCheck when it cannot be read.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CannotCheck(f"{path} is too large to be a certificate")
        found = msgspec.json.decode(path.read_bytes(), type=_Certificate)
    except OSError as error:
        raise CannotCheck(f"cannot read {path}: {error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = f"not a certificate that can be read: {error}"
        return make_report(str(path), (), (Finding(Verdict.ALTERED, reason, part="certificate"),))
    if found.certificate != FORM:
        raise CannotCheck(f"{path} is of the form {found.certificate[:60]!r}, known is {FORM}")
    return make_report(str(path), (_check(found, keys),), ())


def _check(found: _Certificate, keys: Sequence[VerifierKey]) -> TenantReport:
    given = [key for key in keys if key.name == found.origin]
    if keys and not given:
        raise CannotCheck(
            f"the certificate is of the log {found.origin[:200]!r}, which no given key is of"
        )
    checkpoint, info, fault = _open(found, given or _carried(found))
    findings: list[Finding] = []
    ranges: list[Range] = []
    if fault is not None:
        findings.append(Finding(Verdict.ALTERED, fault, part="checkpoint"))
    covered: list[_Entry] = []
    for entry in sorted(found.entries, key=lambda one: one.index):
        try:
            leaf = _leaf(entry, found)
            if checkpoint is None:
                raise HashMismatch("there is no checkpoint to compare it with")
            hashes = tuple(parse_base64(step) for step in entry.proof)
            verify_inclusion(leaf_hash(leaf), entry.index, checkpoint.size, hashes, checkpoint.root)
            verdict = Verdict.VALID
            last = entry.first + entry.count - 1
            where = f"{entry.first}" if entry.count == 1 else f"{entry.first} to {last}"
            text = f"it declares erased: {', '.join(entry.parts)} of {where}"
            covered.append(entry)
        except (Error, ValueError) as error:
            verdict, text = Verdict.ALTERED, str(error)
        findings.append(Finding(verdict, text, entry.index, entry.index + 1))
        ranges.append(Range(entry.index, entry.index + 1, verdict))
    findings += _totals(found, covered)
    counts: dict[str, int] = {}
    for one in ranges:
        counts[one.verdict] = counts.get(one.verdict, 0) + 1
    return TenantReport(
        name=found.origin,
        origin=found.origin,
        size=0 if checkpoint is None else checkpoint.size,
        checkpoint=info,
        counts=counts,
        ranges=tuple(ranges),
        ranges_left_off=0,
        findings=tuple(findings),
        findings_left_off=0,
        key_pinned=bool(given),
        exit_code=worst([exit_code_of(one.verdict) for one in findings]),
    )


def _carried(found: _Certificate) -> list[VerifierKey]:
    try:
        return [parse_vkey(text) for text in found.keys]
    except Error:
        return []


def _open(
    found: _Certificate, keys: Sequence[VerifierKey]
) -> tuple[Checkpoint | None, CheckpointInfo | None, str | None]:
    """The signed checkpoint, or why it does not hold."""
    try:
        note = found.checkpoint.encode()
        claimed = parse_checkpoint(parse_note(note).text)
        if claimed.origin != found.origin:
            raise BadSignature(f"it is of the log {claimed.origin!r}")
        checkpoint, opened = open_checkpoint(note, found.origin, keys)
    except Error as error:
        return None, None, f"its checkpoint does not hold: {error}"
    signers = tuple(encode_vkey(key) for key, _ in opened.signers)
    time_s = next((time for _, time in opened.signers if time), None)
    time_us = None if time_s is None else time_s * 1_000_000
    root = checkpoint.root.hex()
    return checkpoint, CheckpointInfo(checkpoint.size, root, time_us, signers, 1), None


def _leaf(entry: _Entry, found: _Certificate) -> bytes:
    """The leaf of an entry, once it says what the certificate says of it."""
    leaf, salt, record = bytes.fromhex(entry.leaf), bytes.fromhex(entry.salt), entry.record.encode()
    parsed = parse_leaf(leaf)
    if not isinstance(parsed, ErasureLeaf):
        raise MalformedProof("its leaf is no erasure")
    parts = tuple(name for part, name in PART_NAMES.items() if parsed.header.parts & part)
    if (parsed.first, parsed.count, parts) != (entry.first, entry.count, entry.parts):
        raise HashMismatch("its leaf erases something else than the certificate says")
    if parsed.first + parsed.count > entry.index:
        raise HashMismatch("it erases entries that come after it")
    if not set(entry.parts) <= set(found.parts):
        raise HashMismatch("it erases parts that the certificate says nobody asked for")
    if parsed.reason != _REASONS.get(found.reason):
        raise HashMismatch("its leaf gives another reason than the certificate")
    if commitment(RECORD, salt, record) != parsed.record:
        raise HashMismatch("its record is not the one that the leaf commits to")
    told = msgspec.json.decode(record, type=_Record)
    wanted = (
        found.erasure, found.case, entry.first, entry.count, entry.parts,
        found.requested_by, found.approved_by, found.requested_at,
    )  # fmt: skip
    if msgspec.structs.astuple(told) != wanted:
        raise HashMismatch("its record is of another erasure, or says something else")
    return leaf


def _totals(found: _Certificate, covered: Sequence[_Entry]) -> Iterator[Finding]:
    events = _count(covered)
    erased = {
        name: _count([entry for entry in covered if name in entry.parts]) for name in found.erased
    }
    left_out = {name for entry in covered for name in entry.parts} - erased.keys()
    if events != found.events or erased != found.erased or left_out:
        reason = (
            f"it says {found.events} events, its entries that hold cover {events}"
            if events != found.events
            else "its numbers of parts are not those of its entries"
        )
        yield Finding(Verdict.ALTERED, reason, part="certificate")


def _count(entries: Sequence[_Entry]) -> int:
    """How many indices their ranges have together. A range is never written out: it may be huge."""
    total = reached = 0
    for entry in sorted(entries, key=lambda one: one.first):
        stop = entry.first + entry.count
        total += max(0, stop - max(entry.first, reached))
        reached = max(reached, stop)
    return total
