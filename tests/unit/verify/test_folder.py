"""Checking a data folder: what each kind of damage, fraud and rule reads as."""

from __future__ import annotations

import json
import shutil
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard
from tests.sample_ledger import (
    CATEGORIES,
    DAY,
    SampleLedger,
    SeededRandom,
    first_policy,
    sample_event,
    sample_events,
)

from indelible.seal import (
    Keys,
    PartedEvent,
    commitment,
    event_leaf,
    expand_salts,
    genesis_leaf,
    keys_leaf,
    seal_run,
)
from indelible.seal.leaf import Genesis
from indelible.tlog.signature import SigningKey, encode_vkey
from indelible.verify import CannotCheck, Finding, Report, TenantReport, Verdict, verify_folder
from indelible.verify import encode_report as encode

inflate = zstandard.ZstdDecompressor().decompress
deflate = zstandard.ZstdCompressor().compress


@pytest.fixture
def sample(tmp_path: Path) -> SampleLedger:
    return SampleLedger(tmp_path / "data").start()


@pytest.fixture
def filled(sample: SampleLedger) -> SampleLedger:
    """602 entries in runs of 150; signed at 2, 302 and 602."""
    sample.sign()
    for _ in range(2):
        sample.add_runs(300, 150)
        sample.sign()
    return sample


def check(sample: SampleLedger) -> tuple[Report, TenantReport]:
    report = verify_folder(sample.data_dir)
    (tenant,) = report.tenants
    assert sum(tenant.counts.values()) == tenant.size
    assert tenant.ranges[0].first == 0
    assert all(a.stop == b.first for a, b in zip(tenant.ranges, tenant.ranges[1:], strict=False))
    assert tenant.ranges[-1].stop == tenant.size
    assert msgspec.json.decode(encode(report), type=Report) == report
    return report, tenant


def spans(tenant: TenantReport) -> list[tuple[int, int, str]]:
    return [(r.first, r.stop, r.verdict.value) for r in tenant.ranges]


def change_item(
    sample: SampleLedger, where: str, position: int, edit: Callable[[bytes], bytes]
) -> None:
    """Rewrites one item of a piece, as someone with the database in hand would."""
    (data,) = sample.db.execute(f"SELECT data FROM piece WHERE {where}").fetchone()
    raw, items, at = inflate(data), [], 0
    while at < len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        items.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    items[position] = edit(items[position])
    framed = b"".join(struct.pack(">I", len(item)) + item for item in items)
    sample.db.execute(f"UPDATE piece SET data = ? WHERE {where}", (deflate(framed),))


def only(tenant: TenantReport) -> Finding:
    (finding,) = tenant.findings
    return finding


def test_a_whole_ledger_is_valid_range_by_range(filled: SampleLedger) -> None:
    report, tenant = check(filled)
    assert report.exit_code == 0
    assert spans(tenant) == [(0, 602, "VALID")]
    assert tenant.counts == {"VALID": 602}
    assert tenant.findings == ()
    assert tenant.checkpoint is not None
    assert (tenant.checkpoint.size, tenant.checkpoint.compared) == (602, 3)
    assert tenant.checkpoint.root == filled.frontier.root().hex()
    assert len(tenant.checkpoint.signed_by) == len(filled.keys)
    assert not tenant.key_pinned


def test_entries_beyond_the_last_checkpoint_are_said_apart(filled: SampleLedger) -> None:
    filled.add_runs(5)
    report, tenant = check(filled)
    assert report.exit_code == 0
    assert spans(tenant) == [(0, 602, "VALID"), (602, 607, "NOT-YET-COVERED")]
    assert only(tenant).reason == "not yet covered by a checkpoint"


@pytest.mark.parametrize(("part", "name"), [(1, "fact"), (2, "person"), (4, "content")])
def test_one_changed_byte_of_a_part_names_event_part_and_byte(
    sample: SampleLedger, part: int, name: str
) -> None:
    sample.add_run([sample_event(n) for n in range(40)])
    sample.sign()
    change_item(sample, f"part = {part}", 17, lambda data: data.replace(b"1", b"2", 1))
    report, tenant = check(sample)
    finding = only(tenant)
    assert report.exit_code == 1
    assert (finding.index, finding.verdict, finding.part) == (19, Verdict.ALTERED, name)
    if part != 1:
        assert finding.event_id == "00000000-0000-7000-8000-000000000017"
    assert "was b'1', now b'2'" in finding.reason
    assert spans(tenant) == [(0, 19, "VALID"), (19, 20, "ALTERED"), (20, 42, "VALID")]


def test_a_rewritten_part_is_found_and_its_candidates_named(sample: SampleLedger) -> None:
    sample.add_run([sample_event(n) for n in range(40)])
    sample.sign()
    change_item(sample, "part = 2", 3, lambda _: b'{"email":"somebody.else@example.com"}')
    _, tenant = check(sample)
    finding = only(tenant)
    assert (finding.index, finding.part) == (5, "fact, person or content")
    assert finding.event_id == "00000000-0000-7000-8000-000000000003"


def test_a_changed_tile_is_told_apart_from_a_changed_entry(filled: SampleLedger) -> None:
    (data,) = filled.db.execute("SELECT hashes FROM tile WHERE level = 0 AND n = 1").fetchone()
    changed = bytearray(data)
    changed[32 * 9] ^= 1
    filled.db.execute("UPDATE tile SET hashes = ? WHERE level = 0 AND n = 1", (bytes(changed),))
    report, tenant = check(filled)
    assert report.exit_code == 1
    assert tenant.counts == {"VALID": 602}
    assert only(tenant).part == "tile 0/1"
    assert "entry 265" in only(tenant).reason


def test_a_changed_tile_behind_the_last_checkpoint_in_it(filled: SampleLedger) -> None:
    """The tile above decides, although the checkpoint at 302 fits the changed tile as well."""
    (data,) = filled.db.execute("SELECT hashes FROM tile WHERE level = 0 AND n = 1").fetchone()
    changed = bytearray(data)
    changed[32 * 100] ^= 1
    filled.db.execute("UPDATE tile SET hashes = ? WHERE level = 0 AND n = 1", (bytes(changed),))
    _, tenant = check(filled)
    assert tenant.counts == {"VALID": 602}
    assert only(tenant).part == "tile 0/1"


def test_where_nothing_decides_both_are_named(filled: SampleLedger) -> None:
    """In the last tile, after its last checkpoint, nothing lies above tile and entry."""
    filled.add_run([sample_event(n) for n in range(20)])
    change_item(filled, "first = 602 AND part = 4", 5, lambda data: data.replace(b"5", b"6", 1))
    report, tenant = check(filled)
    assert report.exit_code == 1
    assert spans(tenant)[-2] == (607, 608, "ALTERED")
    reasons = {f.index: f.reason for f in tenant.findings if f.verdict is Verdict.ALTERED}
    assert "nothing signed above tells which" in reasons[607]


def test_a_changed_tile_and_a_changed_entry_at_once(filled: SampleLedger) -> None:
    where = "first = 2 AND category = 19 AND part = 1"
    change_item(filled, where, 3, lambda data: data.replace(b"POST", b"GETS"))
    (data,) = filled.db.execute("SELECT hashes FROM tile WHERE level = 0 AND n = 1").fetchone()
    changed = bytearray(data)
    changed[40] ^= 1
    filled.db.execute("UPDATE tile SET hashes = ? WHERE level = 0 AND n = 1", (bytes(changed),))
    _, tenant = check(filled)
    assert tenant.counts == {"VALID": 601, "ALTERED": 1}
    assert {f.part for f in tenant.findings} >= {"tile 0/1"}


def test_history_written_anew_with_its_tiles_is_found_by_the_signature(
    tmp_path: Path, filled: SampleLedger
) -> None:
    """Everything agrees with everything, only the old signatures do not: the range is named."""
    other = SampleLedger(tmp_path / "other").start()
    other.sign()
    other.add_runs(300, 150)
    other.sign()
    other.add_run([*sample_events(302, 149), sample_event(9999)])
    other.add_runs(150, 150)
    notes = filled.db.execute("SELECT size, note, time_us FROM checkpoint").fetchall()
    other.db.execute("DELETE FROM checkpoint")
    other.db.executemany("INSERT INTO checkpoint VALUES (1, ?, ?, ?)", notes)
    other.write_guard(602, filled.frontier.root())
    report, tenant = check(other)
    assert report.exit_code == 1
    assert spans(tenant)[-1] == (302, 602, "ALTERED")
    assert spans(tenant)[0] == (0, 302, "VALID")
    assert any("do not lead to the root signed at size 602" in f.reason for f in tenant.findings)
    assert any("the guard remembers another root" in f.reason for f in tenant.findings)


def test_two_signed_histories_are_an_inconsistency(tmp_path: Path) -> None:
    first = SampleLedger(tmp_path / "a").start()
    first.add_run(sample_events(2, 10))
    stray = first.sign()
    second = SampleLedger(tmp_path / "b").start()
    second.add_run(sample_events(50, 10))
    second.db.execute(
        "INSERT INTO checkpoint VALUES (1, 12, ?, 1700000000000000)", (stray.decode(),)
    )
    second.add_run(sample_events(60, 10))
    second.sign()
    report, tenant = check(second)
    assert report.exit_code == 1
    assert "two histories were signed" in only(tenant).reason


def test_a_missing_run_is_missing_by_its_range(filled: SampleLedger) -> None:
    filled.db.execute("DELETE FROM run WHERE first = 152")
    filled.db.execute("DELETE FROM piece WHERE first = 152")
    report, tenant = check(filled)
    assert report.exit_code == 1
    assert spans(tenant) == [
        (0, 152, "VALID"),
        (152, 302, "MISSING"),
        (302, 602, "VALID"),
    ]
    finding = only(tenant)
    assert (finding.index, finding.stop, finding.verdict) == (152, 302, Verdict.MISSING)


def test_a_missing_piece_names_the_part(filled: SampleLedger) -> None:
    filled.db.execute("DELETE FROM piece WHERE first = 302 AND category = 19 AND part = 2")
    _, tenant = check(filled)
    assert tenant.counts["MISSING"] > 1
    assert {f.part for f in tenant.findings} == {"person"}
    assert all(f.event_id for f in tenant.findings)


def test_a_piece_that_cannot_be_read_names_its_entries(filled: SampleLedger) -> None:
    filled.db.execute("UPDATE piece SET data = x'00' WHERE first = 302 AND part = 1")
    _, tenant = check(filled)
    assert tenant.counts == {"VALID": 452, "ALTERED": 150}
    assert only(tenant).index == 302
    assert only(tenant).stop == 452


def test_a_huge_claim_of_a_frame_takes_no_memory(filled: SampleLedger) -> None:
    """A frame may claim any size; it is refused before memory is taken for it."""
    bomb = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 40) + b"\x01\x00\x00"
    filled.db.execute("UPDATE piece SET data = ? WHERE first = 2 AND part = 1", (bomb,))
    _, tenant = check(filled)
    assert tenant.counts["ALTERED"] == 150


def test_an_older_copy_is_a_rollback(filled: SampleLedger, tmp_path: Path) -> None:
    shutil.copytree(filled.data_dir, tmp_path / "older")
    filled.add_runs(10)
    filled.sign()
    shutil.copy(filled.data_dir / "guard" / "1.json", tmp_path / "older" / "guard" / "1.json")
    report = verify_folder(tmp_path / "older")
    finding = only(report.tenants[0])
    assert report.exit_code == 1
    assert (finding.verdict, finding.index, finding.stop) == (Verdict.ROLLED_BACK, 602, 612)


def test_a_cut_off_end_is_a_rollback(filled: SampleLedger) -> None:
    """Cleanly cut: head, tiles, checkpoints made to fit. Only the guard knows better."""
    short = SampleLedger(filled.data_dir.parent / "short").start()
    short.sign()
    short.add_runs(300, 150)
    short.sign()
    shutil.copy(filled.data_dir / "guard" / "1.json", short.data_dir / "guard" / "1.json")
    _, tenant = check(short)
    assert [f.verdict for f in tenant.findings] == [Verdict.ROLLED_BACK]


def test_a_tenant_that_only_the_guard_knows(filled: SampleLedger) -> None:
    (filled.data_dir / "guard" / "2.json").write_text('{"size": 5, "root": "00"}')
    report = verify_folder(filled.data_dir)
    assert report.exit_code == 1
    assert [f.verdict for f in report.findings] == [Verdict.ROLLED_BACK]


def test_without_any_checkpoint(filled: SampleLedger) -> None:
    filled.db.execute("DELETE FROM checkpoint")
    report, tenant = check(filled)
    assert report.exit_code == 1
    assert tenant.counts == {"NOT-YET-COVERED": 602}
    (filled.data_dir / "guard" / "1.json").unlink()
    report, tenant = check(filled)
    assert report.exit_code == 2


def test_a_key_made_up_by_whoever_made_the_folder_is_found_with_a_pinned_one(
    tmp_path: Path, filled: SampleLedger
) -> None:
    forged = SampleLedger(tmp_path / "forged", seed=b"forger").start()
    forged.add_runs(10)
    forged.sign()
    assert verify_folder(forged.data_dir).exit_code == 0
    keys = [key.vkey for key in filled.keys]
    assert verify_folder(filled.data_dir, keys=keys).tenants[0].key_pinned
    assert verify_folder(filled.data_dir, keys=keys).exit_code == 0
    report = verify_folder(forged.data_dir, keys=keys)
    assert report.exit_code == 1
    assert any("not one of this log" in f.reason for f in report.tenants[0].findings)
    other = SigningKey.generate("other.example", SeededRandom(b"o")).vkey
    assert verify_folder(filled.data_dir, keys=[other]).exit_code == 2


def test_a_pin_file_remembers_the_checkpoint(filled: SampleLedger, tmp_path: Path) -> None:
    pin = tmp_path / "pins.json"
    assert verify_folder(filled.data_dir, pin_file=pin).exit_code == 0
    (stored,) = json.loads(pin.read_text())
    assert (stored["origin"], stored["size"]) == (filled.origin, 602)
    filled.add_runs(10)
    filled.sign()
    report = verify_folder(filled.data_dir, pin_file=pin)
    assert report.exit_code == 0
    assert report.tenants[0].key_pinned
    assert json.loads(pin.read_text())[0]["size"] == 612
    forged = SampleLedger(tmp_path / "forged", seed=b"forger").start()
    forged.add_runs(700)
    forged.sign()
    report = verify_folder(forged.data_dir, pin_file=pin)
    assert report.exit_code == 1
    assert json.loads(pin.read_text())[0]["size"] == 612


# -- rules


def test_a_day_that_goes_back_more_than_one(sample: SampleLedger) -> None:
    sample.add_run(sample_events(2, 5), DAY + 5)
    sample.add_run(sample_events(7, 5), DAY + 4)
    sample.add_run(sample_events(12, 5), DAY + 3)
    sample.sign()
    report, tenant = check(sample)
    assert report.exit_code == 1
    assert spans(tenant)[1] == (12, 17, "BAD-DAY")


def test_a_category_that_is_not_the_one_of_the_fact(sample: SampleLedger) -> None:
    event = sample_event(1, "data")
    liar = PartedEvent(CATEGORIES["access"], event.fact, event.person, event.content)
    unknown = PartedEvent(40, event.fact, None, None)
    sample.add_run([sample_event(0), liar, unknown])
    sample.sign()
    report, tenant = check(sample)
    assert report.exit_code == 1
    assert spans(tenant)[1] == (3, 5, "INVALID")
    assert "'data'" in tenant.findings[0].reason
    assert "40" in tenant.findings[1].reason


def test_an_event_before_the_first_policy(tmp_path: Path) -> None:
    sample = SampleLedger(tmp_path / "data")
    vkeys = tuple(encode_vkey(key.vkey) for key in sample.keys)
    sample.add_entry(genesis_leaf(Genesis(1, sample.origin, vkeys), DAY), DAY)
    sample.add_run(sample_events(1, 3))
    sample.add_policy(first_policy(), DAY)
    sample.sign()
    report, tenant = check(sample)
    assert report.exit_code == 1
    assert spans(tenant)[1] == (1, 4, "INVALID")


def test_a_genesis_of_another_log_or_in_another_place(tmp_path: Path) -> None:
    sample = SampleLedger(tmp_path / "data").start()
    vkeys = tuple(encode_vkey(key.vkey) for key in sample.keys)
    sample.add_entry(genesis_leaf(Genesis(1, sample.origin, vkeys), DAY), DAY)
    sample.sign()
    sample.db.execute("UPDATE tenant SET origin = 'log.example/2'")
    report, tenant = check(sample)
    assert report.exit_code == 1
    assert [(f.index, f.verdict) for f in tenant.findings if f.index is not None][:2] == [
        (0, Verdict.INVALID),
        (2, Verdict.INVALID),
    ]


def test_an_entry_of_a_later_version_cannot_be_judged(sample: SampleLedger) -> None:
    sample.add_entry(b"IND1\x63\x00\x00\x00" + DAY.to_bytes(4, "big") + b"news", DAY)
    sample.sign()
    report, tenant = check(sample)
    assert report.exit_code == 2
    assert spans(tenant)[1] == (2, 3, "UNKNOWN")


def test_a_stored_leaf_stands_in_for_a_removed_part(sample: SampleLedger) -> None:
    """The leaf hash still fits, the other parts are checked, the gap is named."""
    run = seal_run([sample_event(1)], DAY, sample.random)
    sample.add_run([sample_event(1)])
    sample.sign()
    assert run.parts == b"\x07"
    leaf = leaf_of(sample, 2)
    sample.db.execute("INSERT INTO entry VALUES (1, 2, ?)", (leaf,))
    assert check(sample)[0].exit_code == 0
    sample.db.execute("DELETE FROM piece WHERE part = 2")
    _, tenant = check(sample)
    assert (only(tenant).verdict, only(tenant).part) == (Verdict.MISSING, "person")
    change_item(sample, "part = 4", 0, lambda _: b"{}")
    _, tenant = check(sample)
    assert (only(tenant).verdict, only(tenant).part) == (Verdict.MISSING, "person")
    sample.db.execute("DELETE FROM piece")
    sample.db.execute("DELETE FROM run")
    _, tenant = check(sample)
    assert (only(tenant).verdict, only(tenant).index) == (Verdict.MISSING, 2)


def leaf_of(sample: SampleLedger, index: int) -> bytes:
    """The leaf of a run of one event, made again from its pieces."""
    rows = sample.db.execute(
        "SELECT part, seed, data FROM piece WHERE first = ? ORDER BY part", (index,)
    ).fetchall()
    sealed = [commitment(p, expand_salts(seed, 1), inflate(data)[4:]) for p, seed, data in rows]
    return event_leaf(7, CATEGORIES["data"], DAY, sealed)


def test_keys_may_be_added_by_a_keys_entry(sample: SampleLedger) -> None:
    new = SigningKey.generate(sample.origin, SeededRandom(b"new"))
    sample.sign()
    entry = Keys(log_keys=(encode_vkey(new.vkey),), not_before=sample.size)
    sample.add_entry(keys_leaf(entry, DAY), DAY)
    sample.keys = (new,)
    sample.sign()
    assert check(sample)[0].exit_code == 0
    stranger = SigningKey.generate(sample.origin, SeededRandom(b"stranger"))
    sample.keys = (stranger,)
    sample.add_runs(3)
    sample.sign()
    report, tenant = check(sample)
    assert report.exit_code == 1
    assert any("no known key" in f.reason for f in tenant.findings)


# -- folders


def test_it_leaves_no_trace_in_a_stopped_folder(filled: SampleLedger) -> None:
    folder = filled.close()
    before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*")}
    assert verify_folder(folder).exit_code == 0
    assert {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*")} == before


def test_what_is_no_data_folder_cannot_be_checked(tmp_path: Path, filled: SampleLedger) -> None:
    with pytest.raises(CannotCheck, match="not a folder"):
        verify_folder(tmp_path / "nothing")
    with pytest.raises(CannotCheck, match="no format"):
        verify_folder(tmp_path)
    folder = filled.close()
    (folder / "format.json").write_text('{"format": 2}')
    with pytest.raises(CannotCheck, match="format 2"):
        verify_folder(folder)
    (folder / "format.json").write_text("nonsense")
    assert verify_folder(folder).exit_code == 1
    (folder / "format.json").write_text('{"format": 1}')
    (folder / "ledger.sqlite3").write_bytes(b"not a database" * 1000)
    with pytest.raises(CannotCheck):
        verify_folder(folder)
    (folder / "ledger.sqlite3").unlink()
    with pytest.raises(CannotCheck, match="there is no ledger"):
        verify_folder(folder)


def test_findings_are_capped_and_counted(filled: SampleLedger) -> None:
    for first in (2, 152, 302, 452):
        change_item(
            filled, f"first = {first} AND part = 1 AND category = 19", 0, lambda d: d + b" "
        )
    report = verify_folder(filled.data_dir, max_findings=3)
    (tenant,) = report.tenants
    assert (len(tenant.findings), tenant.findings_left_off) == (3, 1)
    assert tenant.counts["ALTERED"] == 4


def test_beside_a_writer_it_sees_one_moment(sample: SampleLedger) -> None:
    """Entries that arrive while it reads are beyond the size it set out to check."""
    sample.add_runs(3000)
    sample.sign()
    started: list[int] = []

    def write_meanwhile(done: int, total: int) -> None:
        started.append(total)
        if len(started) < 4:
            sample.add_runs(300, 100)
            sample.sign()

    report = verify_folder(sample.data_dir, progress=write_meanwhile)
    assert report.exit_code == 0
    assert report.tenants[0].size == 3002
    assert set(started) == {3002}
    assert report.tenants[0].findings == ()
    assert verify_folder(sample.data_dir).tenants[0].size == sample.size


def test_a_page_of_the_file_overwritten(filled: SampleLedger) -> None:
    """What can be read is checked; what cannot is named, and nothing crashes."""
    path = filled.close() / "ledger.sqlite3"
    size = path.stat().st_size
    good = path.read_bytes()
    page = 4096
    outcomes = []
    for number in range(1, size // page):
        changed = bytearray(good)
        changed[number * page : (number + 1) * page] = b"\xa5" * page
        path.write_bytes(changed)
        try:
            outcomes.append(verify_folder(filled.data_dir).exit_code)
        except CannotCheck:
            outcomes.append(2)
    assert outcomes.count(1) > len(outcomes) // 2
    # The two pages that only make tenant names unique hold nothing that is checked, and that of
    # the records nothing at all here.
    assert outcomes.count(0) <= 3


def test_the_database_can_be_read_by_hand(filled: SampleLedger) -> None:
    """The sample is a plain SQLite file: the checker has no privileged way in."""
    folder = filled.close()
    db = sqlite3.connect(folder / "ledger.sqlite3")
    assert db.execute("SELECT count(*) FROM run").fetchone() == (4,)
    db.close()


def test_a_piece_of_no_known_part_is_unexpected(filled: SampleLedger) -> None:
    """Even when its number looks like that of a piece which is called for."""
    filled.db.execute(
        "INSERT INTO piece SELECT tenant, first, category - 1, 9, seed, salts, data FROM piece"
        " WHERE first = 2 AND category = 19 AND part = 1"
    )
    report, tenant = check(filled)
    assert report.exit_code == 1
    assert only(tenant).verdict is Verdict.UNEXPECTED
    assert "nothing calls for" in only(tenant).reason
    assert tenant.counts == {"VALID": 602}
