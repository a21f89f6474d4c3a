"""
Checks the certificate of a tenant's deletion: a `.deletion.json` file (spec/deletion.md).

The checkpoint must be signed by a key of the log, be of its origin, size and root; and the whole
certificate must be signed by the log's Ed25519 key. What it cannot show, that nothing is left, is
seen on the folder that held the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from indelible.errors import BadSignature, Error, HashMismatch
from indelible.tlog.checkpoint import Checkpoint, parse_checkpoint
from indelible.tlog.note import parse_note
from indelible.tlog.signature import (
    OpenedNote,
    VerifierKey,
    encode_vkey,
    open_checkpoint,
    open_note,
    parse_vkey,
)
from indelible.verify.report import (
    CheckpointInfo,
    Finding,
    Report,
    TenantReport,
    Verdict,
    exit_code_of,
    make_report,
    worst,
)
from indelible.verify.source import CannotCheck

FORM = "indelible-deletion/1"
_MAX_BYTES = 1_000_000


class _Somebody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str


class _Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certificate: str
    deletion: str
    tenant: str
    origin: str
    reason: str
    requested_by: _Somebody
    requested_at: str
    approved_by: _Somebody
    approved_at: str
    due_at: str
    closed_at: str
    events: int
    first_day: str | None
    last_day: str | None
    people: int
    keys: int
    size: int
    root: str
    checkpoint: str
    log_keys: tuple[str, ...]
    signature: str


def is_deletion(path: Path) -> bool:
    """Whether a file says that it is one."""
    try:
        with path.open("rb") as file:
            found = msgspec.json.decode(file.read(_MAX_BYTES), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    form = found.get("certificate")
    return isinstance(form, str) and form.startswith("indelible-deletion/")


def verify_deletion(path: Path, keys: Sequence[VerifierKey]) -> Report:
    """
    Checks one file, with keys given from outside or else with those that it carries.

    Raises CannotCheck when it cannot be read, or is of a form that is not known.
    """
    try:
        data = path.read_bytes()
        members = msgspec.json.decode(data, type=dict[str, Any])
    except OSError as error:
        raise CannotCheck(f"cannot read {path}: {error}") from error
    if members.get("certificate") != FORM:
        raise CannotCheck(f"{path} is of the form {members['certificate'][:60]!r}, known is {FORM}")
    try:
        found = msgspec.convert(members, _Certificate)
    except msgspec.MsgspecError as error:
        reason = f"not a certificate that can be read: {error}"
        return make_report(str(path), (), (Finding(Verdict.ALTERED, reason, part="certificate"),))
    given = [key for key in keys if key.name == found.origin]
    if keys and not given:
        raise CannotCheck(
            f"the certificate is of the log {found.origin[:200]!r}, which no given key is of"
        )
    return make_report(str(path), (_check(found, members, given),), ())


def _check(
    found: _Certificate, members: dict[str, Any], given: Sequence[VerifierKey]
) -> TenantReport:
    keys = given or _carried(found)
    findings: list[Finding] = []
    checkpoint: Checkpoint | None = None
    info: CheckpointInfo | None = None
    try:
        checkpoint, opened = _open_last(found, keys)
        info = _info(checkpoint, opened)
        findings.append(
            Finding(Verdict.VALID, f"the log ended at {checkpoint.size:,} entries: the checkpoint")
        )
    except Error as error:
        reason = f"its last checkpoint does not hold: {error}"
        findings.append(Finding(Verdict.ALTERED, reason, part="checkpoint"))
    try:
        _check_statement(found, members, keys)
        asked, approved = found.requested_by, found.approved_by
        findings.append(
            Finding(
                Verdict.VALID,
                f"signed by the log: {found.events:,} events, asked for by {asked.name}, approved"
                f" by {approved.name}, closed at {found.closed_at}",
            )
        )
    except Error as error:
        reason = f"its signature does not hold: {error}"
        findings.append(Finding(Verdict.ALTERED, reason, part="certificate"))
    counts: dict[str, int] = {}
    for one in findings:
        counts[one.verdict] = counts.get(one.verdict, 0) + 1
    return TenantReport(
        name=found.tenant,
        origin=found.origin,
        size=0 if checkpoint is None else checkpoint.size,
        checkpoint=info,
        counts=counts,
        ranges=(),
        ranges_left_off=0,
        findings=tuple(findings),
        findings_left_off=0,
        key_pinned=bool(given),
        exit_code=worst([exit_code_of(one.verdict) for one in findings]),
    )


def _carried(found: _Certificate) -> list[VerifierKey]:
    try:
        return [parse_vkey(text) for text in found.log_keys]
    except Error:
        return []


def _open_last(found: _Certificate, keys: Sequence[VerifierKey]) -> tuple[Checkpoint, OpenedNote]:
    note = found.checkpoint.encode()
    claimed = parse_checkpoint(parse_note(note).text)
    if claimed.origin != found.origin:
        raise BadSignature(f"it is of the log {claimed.origin!r}")
    checkpoint, opened = open_checkpoint(note, found.origin, keys)
    if (checkpoint.size, checkpoint.root.hex()) != (found.size, found.root):
        raise HashMismatch("it is of another size or root than the certificate says")
    return checkpoint, opened


def _check_statement(
    found: _Certificate, members: dict[str, Any], keys: Sequence[VerifierKey]
) -> None:
    rest = {name: value for name, value in members.items() if name != "signature"}
    digest = sha256(msgspec.json.encode(rest, order="sorted")).hexdigest()
    own = [key for key in keys if key.name == found.origin]
    opened = open_note(found.signature.encode(), own)
    if opened.note.text != f"{FORM}\n{found.origin}\n{digest}\n":
        raise HashMismatch("it is of another certificate, or this one was changed")


def _info(checkpoint: Checkpoint, opened: OpenedNote) -> CheckpointInfo:
    signers = tuple(encode_vkey(key) for key, _ in opened.signers)
    time_s = next((time for _, time in opened.signers if time), None)
    time_us = None if time_s is None else time_s * 1_000_000
    return CheckpointInfo(checkpoint.size, checkpoint.root.hex(), time_us, signers, 1)
