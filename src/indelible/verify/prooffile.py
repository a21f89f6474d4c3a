"""
Checks an offline proof of one entry: a `.tlog-proof` file as `GET /v1/events/{id}/proof` gives it.

The steps: the parts fit the leaf (spec/receipt.md), the checkpoint is signed by a key that was
given from outside, and the leaf is in the tree of that checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indelible.errors import BadSignature, Error, MalformedProof
from indelible.seal import FACT, EventLeaf, Leaf, UnknownLeaf, parse_extra
from indelible.tlog.checkpoint import parse_checkpoint
from indelible.tlog.merkle import leaf_hash, verify_inclusion
from indelible.tlog.note import parse_note
from indelible.tlog.proof import parse_proof
from indelible.tlog.signature import VerifierKey, encode_vkey, open_checkpoint
from indelible.verify.report import (
    CheckpointInfo,
    Finding,
    Range,
    Report,
    TenantReport,
    Verdict,
    exit_code_of,
    make_report,
)
from indelible.verify.sealed import PART_NAMES, read_event_id
from indelible.verify.source import CannotCheck


def verify_proof_file(path: Path, keys: Sequence[VerifierKey]) -> Report:
    """Checks one file. Raises CannotCheck when it cannot be read, or no key is of its log."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotCheck(f"cannot read {path}: {error}") from error
    try:
        return make_report(str(path), (_check(data, keys),), ())
    except MalformedProof as error:
        reason = f"not a proof that can be read: {error}"
        return make_report(str(path), (), (Finding(Verdict.ALTERED, reason, part="proof"),))


def _check(data: bytes, keys: Sequence[VerifierKey]) -> TenantReport:
    proof = parse_proof(data)
    claimed = parse_checkpoint(parse_note(proof.checkpoint).text)
    if not any(key.name == claimed.origin for key in keys):
        raise CannotCheck(
            f"the proof is of the log {claimed.origin!r}, and only its key can tell if it holds",
            hint="give the log's key, kept from elsewhere, with --log-key",
        )
    if proof.extra is None:
        raise MalformedProof("it has no extra: the leaf is not in it")
    disclosure = parse_extra(proof.extra)
    verdict, reason, checkpoint = Verdict.VALID, "", None
    try:
        leaf: Leaf = disclosure.check()
        found, opened = open_checkpoint(proof.checkpoint, claimed.origin, keys)
        hash_ = leaf_hash(disclosure.leaf)
        verify_inclusion(hash_, proof.index, found.size, proof.hashes, found.root)
        signers = tuple(encode_vkey(key) for key, _ in opened.signers)
        time_s = next((time for _, time in opened.signers if time), None)
        time_us = None if time_s is None else time_s * 1_000_000
        checkpoint = CheckpointInfo(found.size, found.root.hex(), time_us, signers, 1)
        if isinstance(leaf, UnknownLeaf):
            verdict, reason = Verdict.UNKNOWN, "this version does not know its type"
        else:
            reason = _shown(leaf, disclosure.parts)
    except BadSignature as error:
        verdict, reason = Verdict.ALTERED, f"its checkpoint does not hold: {error}"
    except Error as error:
        verdict, reason = Verdict.ALTERED, str(error)
    event_id = read_event_id(disclosure.parts.get(FACT))
    finding = Finding(verdict, reason, proof.index, proof.index + 1, event_id)
    return TenantReport(
        name=claimed.origin,
        origin=claimed.origin,
        size=claimed.size,
        checkpoint=checkpoint,
        counts={verdict: 1},
        ranges=(Range(proof.index, proof.index + 1, verdict),),
        ranges_left_off=0,
        findings=(finding,),
        findings_left_off=0,
        key_pinned=True,
        exit_code=exit_code_of(verdict),
    )


def _shown(leaf: Leaf, parts: dict[int, bytes]) -> str:
    if not isinstance(leaf, EventLeaf):
        return "it is in the log; it is no event"
    had = [PART_NAMES[part] for part in PART_NAMES if leaf.header.parts & part]
    shown = [PART_NAMES[part] for part in PART_NAMES if part in parts]
    text = f"it is in the log as shown: {', '.join(shown) or 'no part'}"
    withheld = [name for name in had if name not in shown]
    return f"{text}; withheld: {', '.join(withheld)}" if withheld else text
