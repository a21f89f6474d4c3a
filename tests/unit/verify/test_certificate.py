"""Certificates of erasures: what holds, and that no letter of one can be changed unseen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.sample_ledger import DAY, SampleLedger

from indelible.seal import PERSON, RECORD, commitment, erasure_leaf
from indelible.tlog.note import encode_base64
from indelible.tlog.proof import prove_inclusion
from indelible.tlog.signature import encode_vkey, parse_vkey
from indelible.verify.certificate import verify_certificate
from indelible.verify.source import CannotCheck

SALT = bytes(range(32))


@pytest.fixture
def sample(tmp_path: Path) -> SampleLedger:
    sample = SampleLedger(tmp_path / "data").start()
    sample.add_runs(40)
    return sample


def made(
    sample: SampleLedger, spans: tuple[tuple[int, int], ...] = ((5, 2), (20, 1))
) -> dict[str, Any]:
    """A certificate of two entries, written down from the document and not by the service."""
    entries = []
    for first, count in spans:
        told = {
            "erasure": "er_1", "case": "C-1", "parts": ["person"], "first": first, "count": count,
            "requested_by": "p_1", "approved_by": "p_2", "requested_at": "2026-11-25T10:00:00Z",
        }  # fmt: skip
        data = json.dumps(told, separators=(",", ":")).encode()
        leaf = erasure_leaf(
            PERSON, DAY, first=first, count=count, reason=1, record=commitment(RECORD, SALT, data)
        )
        entries.append((sample.size, first, count, leaf, data))
        sample.add_entry(leaf, DAY)
    note = sample.sign()
    size = sample.size
    return {
        "certificate": "indelible-erasure/1",
        "origin": sample.origin,
        "erasure": "er_1",
        "case": "C-1",
        "reason": "data-subject",
        "parts": ["person"],
        "requested_by": "p_1",
        "approved_by": "p_2",
        "requested_at": "2026-11-25T10:00:00Z",
        "done_at": "2026-11-25T10:05:00Z",
        "events": 3,
        "erased": {"fact": 0, "person": 3, "content": 0},
        "left": [],
        "checkpoint": note.decode(),
        "keys": [encode_vkey(key.vkey) for key in sample.keys],
        "entries": [
            {
                "index": index, "first": first, "count": count, "parts": ["person"],
                "leaf": leaf.hex(), "salt": SALT.hex(), "record": data.decode(),
                "proof": [encode_base64(h) for h in prove_inclusion(index, size, sample._tile)],
            }
            for index, first, count, leaf, data in entries
        ],
    }  # fmt: skip


def _written(certificate: dict[str, Any], tmp_path: Path) -> Path:
    file = tmp_path / "er_1.certificate.json"
    file.write_text(json.dumps(certificate))
    return file


def code_of(certificate: dict[str, Any], tmp_path: Path) -> int:
    return verify_certificate(_written(certificate, tmp_path), ()).exit_code


def test_one_that_holds(sample: SampleLedger, tmp_path: Path) -> None:
    file = tmp_path / "er_1.certificate.json"
    file.write_text(json.dumps(made(sample)))
    (report,) = verify_certificate(file, ()).tenants
    assert (report.exit_code, report.key_pinned, report.counts) == (0, False, {"VALID": 2})
    assert report.findings[0].reason == "it declares erased: person of 5 to 6"
    keys = [parse_vkey(encode_vkey(key.vkey)) for key in sample.keys]
    assert verify_certificate(file, keys).tenants[0].key_pinned


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("case", "C-2"), ("erasure", "er_2"), ("reason", "authority"), ("approved_by", None),
        ("requested_by", "p_9"), ("requested_at", "2026-11-24T10:00:00Z"), ("parts", ["content"]),
        ("parts", []), ("erased", {"fact": 0, "content": 0}), ("events", 4),
        ("origin", "other/log"),
        ("erased.person", 2), ("entries.0.first", 6), ("entries.0.count", 1),
        ("entries.0.parts", ["content"]), ("entries.0.index", 41), ("entries.1.salt", "00" * 32),
        ("entries.1.proof", []), ("entries.0.leaf", "00"), ("entries.0.leaf", "zz"),
        ("entries.0.record", "{}"), ("entries", []), ("checkpoint", "none"), ("keys", []),
    ],
)  # fmt: skip
def test_every_change_is_seen(sample: SampleLedger, tmp_path: Path, path: str, value: Any) -> None:
    certificate = made(sample)
    at: Any = certificate
    *way, last = path.split(".")
    for step in way:
        at = at[int(step) if step.isdigit() else step]
    at[int(last) if last.isdigit() else last] = value
    assert code_of(certificate, tmp_path) == 1


def test_ranges_that_meet_count_once_and_huge_ones_cost_nothing(
    sample: SampleLedger, tmp_path: Path
) -> None:
    certificate = made(sample)
    certificate["entries"] *= 2  # the same events named twice are still three
    assert code_of(certificate, tmp_path) == 0
    # Four thousand million entries, as far as a leaf can say: more than the log has before it.
    certificate = made(sample, spans=((5, 2), (20, 0xFFFF_FFFF)))
    (report,) = verify_certificate(_written(certificate, tmp_path), ()).tenants
    assert report.counts == {"VALID": 1, "ALTERED": 1}
    assert any("come after it" in finding.reason for finding in report.findings)


def test_what_is_no_certificate(sample: SampleLedger, tmp_path: Path) -> None:
    assert code_of({"certificate": "indelible-erasure/1"}, tmp_path) == 1
    with pytest.raises(CannotCheck, match="known is"):
        code_of({**made(sample), "certificate": "indelible-erasure/9"}, tmp_path)
    with pytest.raises(CannotCheck, match="cannot read"):
        verify_certificate(tmp_path / "none.json", ())


def test_with_keys_of_other_logs_alone_nothing_is_said(
    sample: SampleLedger, tmp_path: Path
) -> None:
    """Whoever pins a key must not get a valid answer that only the file's own keys gave."""
    other = SampleLedger(tmp_path / "other", origin="other.example/log").start()
    file = tmp_path / "er_1.certificate.json"
    file.write_text(json.dumps(made(sample)))
    with pytest.raises(CannotCheck, match="no given key"):
        verify_certificate(file, [parse_vkey(encode_vkey(key.vkey)) for key in other.keys])
