"""Evidence bundles: any choice of events leads to the signed root, and no byte can be changed."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.sample_ledger import DAY, ORIGIN, SampleLedger, sample_events
from tests.unit.verify.test_removal import add_events, blank, drop, erase, expire, keep

from indelible.errors import Error, MalformedProof
from indelible.seal import CONTENT
from indelible.seal.evidence import parse_line
from indelible.server.export.evidence import evidence_lines
from indelible.server.ledger import LedgerReader
from indelible.tlog.keyfile import generate_log_keys
from indelible.tlog.signature import VerifierKey
from indelible.verify import CannotCheck, Report
from indelible.verify.evidence import is_evidence, verify_evidence

Objects = list[dict[str, Any]]


def bundle(sample: SampleLedger, indices: Sequence[int], **statement: Any) -> bytes:
    """The bundle of these events, as the service makes it."""

    async def rows() -> AsyncGenerator[bytes]:
        for index in indices:
            yield f"{index}\n".encode()

    async def work() -> bytes:
        reader = LedgerReader(sample.data_dir / "ledger.sqlite3")
        try:
            chunks = evidence_lines(rows(), reader, 1, sample.size, statement)
            return b"".join([chunk async for chunk in chunks])
        finally:
            reader.close()

    return asyncio.run(work())


def check(data: bytes, folder: Path, keys: Sequence[VerifierKey] = ()) -> Report:
    path = folder / "some.evidence"
    path.write_bytes(data)
    return verify_evidence(path, keys)


def objects(data: bytes) -> Objects:
    return [json.loads(line) for line in data.splitlines()]


def joined(lines: Objects) -> bytes:
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleLedger:
    """Three tiles with several runs, signed."""
    made = SampleLedger(tmp_path_factory.mktemp("evidence")).start()
    for number, count in enumerate((7, 1, 256, 200, 90)):
        made.add_run(sample_events(made.size, count), DAY + number // 2)
    made.sign()
    return made


def test_the_whole_log_is_shown_and_complete(sample: SampleLedger, tmp_path: Path) -> None:
    data = bundle(sample, range(2, sample.size), count=sample.size - 2)
    pinned = [key.vkey for key in sample.keys]
    for packed in (data, gzip.compress(data), zstandard.compress(data)):
        report = check(packed, tmp_path, pinned)
        assert is_evidence(tmp_path / "some.evidence")
        (tenant,) = report.tenants
        assert (report.exit_code, tenant.counts) == (0, {"VALID": sample.size})
        assert tenant.key_pinned
        assert any(f"every entry from 0 to {sample.size - 1} is" in one for one in tenant.remarks)
    assert not any("subtree" in line["is"] for line in objects(data))


def test_a_damaged_compressed_file_gets_a_verdict(sample: SampleLedger, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(bundle(sample, range(2, 40)), mtime=0))
    for place in range(10, len(packed) - 8, 97):
        packed[place] ^= 0xFF
        report = check(bytes(packed), tmp_path)
        assert report.exit_code == 1
        is_evidence(tmp_path / "some.evidence")


def test_any_choice_leads_to_the_same_root_and_shows_no_more(
    sample: SampleLedger, tmp_path: Path
) -> None:
    dice = random.Random(7)
    choices = [[], [2], [sample.size - 1], [255, 256, 257]]
    choices += [sorted(dice.sample(range(2, sample.size), dice.randint(1, 60))) for _ in range(25)]
    for indices in choices:
        data = bundle(sample, indices)
        report = check(data, tmp_path)
        assert report.exit_code == 0, report
        (tenant,) = report.tenants
        assert tenant.counts == {"VALID": len(indices) + 2}
        shown = [line["index"] for line in objects(data) if line["is"] == "entry"]
        assert shown == [0, 1, *indices]
        hidden = next(n for n in range(2, sample.size) if n not in indices)
        assert f"0000-{hidden:012}".encode() not in data


def test_keys_from_elsewhere_decide(sample: SampleLedger, tmp_path: Path) -> None:
    data = bundle(sample, [5])
    assert not check(data, tmp_path).tenants[0].key_pinned
    other = generate_log_keys("log.example/2", sample.random)
    with pytest.raises(CannotCheck, match="which no given key is of"):
        check(data, tmp_path, [key.vkey for key in other])
    forged = generate_log_keys(ORIGIN, sample.random)
    report = check(data, tmp_path, [key.vkey for key in forged])
    assert report.exit_code == 1


Change = Callable[[Objects], None]


def _entry(lines: Objects, index: int = 300) -> dict[str, Any]:
    return next(line for line in lines if line.get("index") == index)


def _text(lines: Objects) -> None:
    part = _entry(lines)["fact"]
    part["text"] = part["text"].replace("POST", "GET")


def _salt(lines: Objects) -> None:
    _entry(lines)["fact"]["salt"] = base64.b64encode(bytes(32)).decode()


def _leaf(lines: Objects) -> None:
    entry = _entry(lines)
    leaf = bytearray(base64.b64decode(entry["leaf"]))
    leaf[11] ^= 1
    entry["leaf"] = base64.b64encode(leaf).decode()


def _strange_part(lines: Objects) -> None:
    lines[1]["fact"] = {"salt": base64.b64encode(bytes(32)).decode(), "text": "{}"}


def _other_event(lines: Objects) -> None:
    found = [line for line in lines if line["is"] == "entry"]
    found[-1]["leaf"], found[-1]["fact"] = _entry(lines)["leaf"], _entry(lines)["fact"]


def _dropped(lines: Objects) -> None:
    lines.remove(_entry(lines))


def _doubled(lines: Objects) -> None:
    lines.insert(lines.index(_entry(lines)), _entry(lines))


def _hash(lines: Objects) -> None:
    subtree = next(line for line in lines if line["is"] == "subtree")
    subtree["hash"] = base64.b64encode(bytes(32)).decode()


def _level(lines: Objects) -> None:
    next(line for line in lines if line["is"] == "subtree")["level"] += 1


def _no_end(lines: Objects) -> None:
    lines.pop()


def _early_end(lines: Objects) -> None:
    del lines[-4:-1]


def _counts(lines: Objects) -> None:
    lines[-1]["events"] += 1


def _after_end(lines: Objects) -> None:
    lines.append(lines[-1])


def _count(lines: Objects) -> None:
    lines[0]["statement"]["count"] = 5


def _signature(lines: Objects) -> None:
    note = lines[0]["checkpoint"]
    lines[0]["checkpoint"] = note[:-20] + ("A" if note[-20] != "A" else "B") + note[-19:]


def _size(lines: Objects) -> None:
    lines[0]["size"] -= 1


def _origin(lines: Objects) -> None:
    lines[0]["origin"] = "log.example/2"


def _genesis(lines: Objects) -> None:
    lines[1]["leaf"] = lines[2]["leaf"]


CHANGES = [
    _text, _salt, _leaf, _strange_part, _other_event, _dropped, _doubled, _hash, _level, _no_end,
    _early_end, _counts, _after_end, _count, _signature, _size, _origin, _genesis,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_a_change_is_found(sample: SampleLedger, tmp_path: Path, change: Change) -> None:
    lines = objects(bundle(sample, [4, 300, 301, 500], count=4))
    assert check(joined(lines), tmp_path).exit_code == 0
    change(lines)
    report = check(joined(lines), tmp_path)
    assert report.exit_code == 1, report
    assert report.findings or report.tenants[0].findings


def test_every_byte_counts(sample: SampleLedger, tmp_path: Path) -> None:
    """A flip anywhere is found, but in what the maker says, which the report calls unproven."""
    data = bundle(sample, [4, 300])
    start = data.index(b'"statement"')
    missed = []
    for at in range(0, len(data), 5):
        if start <= at < start + len(b'"statement":{}'):
            continue
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            # The last digit of base64 may have bits that say nothing: no change then.
            whole = [parse_line(line) for line in flipped.split(b"\n") if line]
            if whole == [parse_line(line) for line in data.split(b"\n") if line]:
                continue
        except MalformedProof:
            pass
        try:
            code = check(flipped, tmp_path).exit_code
        except Error:
            code = 2
        if code == 0:
            missed.append((at, data[at - 20 : at + 20]))
    assert missed == []


def test_what_is_gone_is_explained_or_said_to_be_withheld(tmp_path: Path) -> None:
    sample = SampleLedger(tmp_path / "data").start()
    keep(sample, DAY, effective=DAY + 7, person_days=30)
    first = add_events(sample, DAY + 7, count=3)
    other = add_events(sample, DAY + 7, count=2)
    later = add_events(sample, DAY + 30, count=1)
    erase(sample, DAY + 31, other)
    expire(sample, DAY + 40, DAY + 10)
    drop(sample, first)
    blank(sample, other, 0)
    sample.sign()
    data = bundle(sample, range(first, later + 1))
    (tenant,) = check(data, tmp_path).tenants
    assert tenant.exit_code == 0, (tenant.counts, tenant.findings)
    assert tenant.counts["EXPIRED-UNWITNESSED"] == 3
    assert tenant.counts["ERASED"] == 1
    # The second of the other run is covered by the expiry, and still there: just declared.
    assert tenant.counts["PENDING"] == 1

    lines = objects(data)
    del _entry(lines, later)["content"]
    (tenant,) = check(joined(lines), tmp_path).tenants
    assert tenant.exit_code == 0
    assert any("the content of 1 events" in remark for remark in tenant.remarks)

    # Without the erasure's record its entry is not whole.
    lines = objects(data)
    for line in lines:
        line.pop("record", None)
    (tenant,) = check(joined(lines), tmp_path).tenants
    assert tenant.exit_code == 1
    assert tenant.counts["MISSING"] == 1


def test_a_part_that_went_too_early_is_unlawful(tmp_path: Path) -> None:
    sample = SampleLedger(tmp_path / "data").start()
    first = add_events(sample, DAY)
    expire(sample, DAY + 12, DAY + 1, parts=CONTENT)
    drop(sample, first, CONTENT)
    sample.sign()
    report = check(bundle(sample, [first]), tmp_path)
    assert report.exit_code == 1
    assert report.tenants[0].counts["UNLAWFUL"] == 1
