"""Parts that are gone: which gaps the log itself explains, and which break its rules."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest
import zstandard
from tests.sample_ledger import CATEGORIES, DAY, SampleLedger, first_policy, sample_event

from indelible.seal import (
    CONTENT,
    FACT,
    PERSON,
    PLACE,
    RECORD,
    RELEASE,
    Floor,
    PartedEvent,
    Policy,
    Selection,
    commitment,
    erasure_leaf,
    event_leaf,
    expand_salts,
    expiry_leaf,
    hold_leaf,
)
from indelible.verify import TenantReport, Verdict, verify_folder

inflate = zstandard.ZstdDecompressor().decompress
deflate = zstandard.ZstdCompressor().compress
SALT = bytes(range(32))
DATA = CATEGORIES["data"]


@pytest.fixture
def sample(tmp_path: Path) -> SampleLedger:
    """Genesis, and a policy that keeps everything for ever."""
    return SampleLedger(tmp_path / "data").start()


def keep(sample: SampleLedger, day: int, *, effective: int | None = None, **days: int) -> None:
    """A new policy in which parts of the category data are kept for so many days."""
    policy = first_policy(day if effective is None else effective)
    categories = tuple(
        msgspec.structs.replace(one, **days) if one.id == DATA else one for one in policy.categories
    )
    sample.add_policy(msgspec.structs.replace(policy, categories=categories), day)


def add_events(sample: SampleLedger, day: int, category: str = "data", count: int = 3) -> int:
    """A run of whole events; returns the index of the first."""
    first = sample.size
    sample.add_run([sample_event(first + k, category) for k in range(count)], day)
    return first


def expire(sample: SampleLedger, day: int, cutoff: int, parts: int = PERSON) -> int:
    """Declares an expiry under the policy in force; returns its index."""
    index = sample.size
    policy = sample.policy_index
    leaf = expiry_leaf(parts, DATA, day, cutoff_day=cutoff, upto=index, policy_index=policy)
    sample.add_entry(leaf, day)
    return index


def erase(
    sample: SampleLedger, day: int, first: int, parts: int = PERSON, *, record: bool = True
) -> int:
    """Declares an erasure of one event, with the record that it commits to."""
    index, data = sample.size, b'{"case":"C-1"}'
    leaf = erasure_leaf(
        parts, day, first=first, count=1, reason=1, record=commitment(RECORD, SALT, data)
    )
    sample.add_entry(leaf, day)
    if record:
        sample.db.execute("INSERT INTO record VALUES (1, ?, ?, ?)", (index, SALT, data))
    return index


def events_of(sample: SampleLedger, first: int) -> list[PartedEvent]:
    (count,) = sample.db.execute("SELECT count FROM run WHERE first = ?", (first,)).fetchone()
    found = sample.db.execute("SELECT min(category) FROM piece WHERE first = ?", (first,))
    names = {number: name for name, number in CATEGORIES.items()}
    name = names[found.fetchone()[0]]
    return [sample_event(first + k, name) for k in range(count)]


def write_out_leaves(sample: SampleLedger, first: int) -> None:
    """What must stay of events that lose a part: their leaves."""
    events = events_of(sample, first)
    (day,) = sample.db.execute("SELECT day FROM run WHERE first = ?", (first,)).fetchone()
    for k, event in enumerate(events):
        commitments = []
        for part, data in ((FACT, event.fact), (PERSON, event.person), (CONTENT, event.content)):
            row = sample.db.execute(
                "SELECT seed FROM piece WHERE first = ? AND part = ?", (first, part)
            ).fetchone()
            assert data is not None
            commitments.append(commitment(part, expand_salts(row[0], k + 1)[32 * k :], data))
        leaf = event_leaf(7, event.category_id, day, commitments)
        sample.db.execute("INSERT INTO entry VALUES (1, ?, ?)", (first + k, leaf))


def drop(sample: SampleLedger, first: int, part: int = PERSON) -> None:
    """Takes a piece away as the sweeper does."""
    write_out_leaves(sample, first)
    sample.db.execute("DELETE FROM piece WHERE first = ? AND part = ?", (first, part))


def blank(sample: SampleLedger, first: int, k: int, part: int = PERSON) -> None:
    """Takes one item out of a piece as an erasure does: the others' salts are written out."""
    write_out_leaves(sample, first)
    row = sample.db.execute(
        "SELECT seed, data FROM piece WHERE first = ? AND part = ?", (first, part)
    ).fetchone()
    raw, items, at = inflate(row[1]), [], 0
    while at < len(raw):
        (length,) = struct.unpack_from(">I", raw, at)
        items.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    salts = bytearray(expand_salts(row[0], len(items)))
    items[k] = b""
    salts[32 * k : 32 * k + 32] = bytes(32)
    data = deflate(b"".join(struct.pack(">I", len(item)) + item for item in items))
    sample.db.execute(
        "UPDATE piece SET seed = NULL, salts = ?, data = ? WHERE first = ? AND part = ?",
        (bytes(salts), data, first, part),
    )


def check(sample: SampleLedger) -> TenantReport:
    sample.sign()
    (tenant,) = verify_folder(sample.data_dir).tenants
    assert sum(tenant.counts.values()) == tenant.size
    return tenant


def verdict_at(tenant: TenantReport, index: int) -> Verdict:
    return next(one.verdict for one in tenant.ranges if one.first <= index < one.stop)


def reason_at(tenant: TenantReport, index: int) -> str:
    return next(one.reason for one in tenant.findings if one.index == index)


def test_what_its_time_is_over_may_go(sample: SampleLedger) -> None:
    keep(sample, DAY, effective=DAY + 7, person_days=30)
    first = add_events(sample, DAY + 7)
    expire(sample, DAY + 40, DAY + 10)
    drop(sample, first)
    tenant = check(sample)
    assert verdict_at(tenant, first) is Verdict.EXPIRED_UNWITNESSED
    assert tenant.counts["EXPIRED-UNWITNESSED"] == 3
    assert tenant.findings == ()
    assert tenant.exit_code == 0


def test_what_nothing_explains_is_missing(sample: SampleLedger) -> None:
    first = add_events(sample, DAY)
    drop(sample, first)
    tenant = check(sample)
    assert verdict_at(tenant, first) is Verdict.MISSING
    assert reason_at(tenant, first) == "its person nothing explains that"
    assert tenant.exit_code == 1


@pytest.mark.parametrize(
    ("cutoff", "lawful"), [(DAY + 10, True), (DAY + 11, False)], ids=["in time", "a day early"]
)
def test_not_a_day_early(sample: SampleLedger, cutoff: int, lawful: bool) -> None:
    keep(sample, DAY, effective=DAY + 7, person_days=30)
    first = add_events(sample, DAY + 8)
    expire(sample, DAY + 40, cutoff)
    drop(sample, first)
    tenant = check(sample)
    expected = Verdict.EXPIRED_UNWITNESSED if lawful else Verdict.UNLAWFUL
    assert verdict_at(tenant, first) is expected


def test_a_shorter_policy_is_not_for_what_came_before_it(sample: SampleLedger) -> None:
    first = add_events(sample, DAY)
    keep(sample, DAY, effective=DAY + 7, person_days=30)
    expire(sample, DAY + 100, DAY + 70)
    drop(sample, first)
    tenant = check(sample)
    assert verdict_at(tenant, first) is Verdict.UNLAWFUL
    assert "for ever" in reason_at(tenant, first)


def test_a_shorter_policy_is_not_for_what_came_in_its_notice(sample: SampleLedger) -> None:
    keep(sample, DAY, effective=DAY + 7, person_days=30)
    first = add_events(sample, DAY + 6)
    later = add_events(sample, DAY + 7)
    expire(sample, DAY + 100, DAY + 70)
    drop(sample, first)
    drop(sample, later)
    tenant = check(sample)
    assert verdict_at(tenant, first) is Verdict.UNLAWFUL
    assert verdict_at(tenant, later) is Verdict.EXPIRED_UNWITNESSED


def test_a_longer_policy_is_for_all(sample: SampleLedger) -> None:
    keep(sample, DAY, effective=DAY + 7, person_days=30)
    first = add_events(sample, DAY + 7)
    keep(sample, DAY + 8, person_days=60)
    expire(sample, DAY + 60, DAY + 20)
    drop(sample, first)
    assert "60 days" in reason_at(check(sample), first)


def test_a_wrong_policy_and_entries_to_come(sample: SampleLedger) -> None:
    keep(sample, DAY, effective=DAY + 7, person_days=30)
    first = add_events(sample, DAY + 7)
    ahead = expiry_leaf(PERSON, DATA, DAY + 50, cutoff_day=DAY + 9, upto=99, policy_index=2)
    other = expiry_leaf(PERSON, DATA, DAY + 50, cutoff_day=DAY + 9, upto=first, policy_index=1)
    for leaf in (ahead, other):
        sample.add_entry(leaf, DAY + 50)
    tenant = check(sample)
    assert verdict_at(tenant, sample.size - 2) is Verdict.INVALID
    assert verdict_at(tenant, sample.size - 1) is Verdict.INVALID


def test_a_hold_stops_expiry_until_it_is_released(sample: SampleLedger) -> None:
    keep(sample, DAY, effective=DAY + 7, person_days=30)
    first = add_events(sample, DAY + 7)
    held = Selection((DATA,), DAY, DAY + 999, 0, 1 << 40)
    sample.add_entry(hold_leaf(PLACE, 1, DAY + 8, selection=held), DAY + 8)
    expire(sample, DAY + 50, DAY + 9)
    drop(sample, first)
    assert "hold 1 covers it" in reason_at(check(sample), first)
    sample.add_entry(hold_leaf(RELEASE, 1, DAY + 51), DAY + 51)
    expire(sample, DAY + 51, DAY + 9)
    tenant = check(sample)
    assert verdict_at(tenant, first) is Verdict.EXPIRED_UNWITNESSED
    assert tenant.exit_code == 0


def test_a_hold_by_a_list_of_entries(sample: SampleLedger) -> None:
    """Entries beside the list are free; without the list nobody can know."""
    first = add_events(sample, DAY)
    listed = struct.pack(">Q", first + 1)
    sealed = commitment(RECORD, SALT, listed)
    place = sample.size
    sample.add_entry(hold_leaf(PLACE, 7, DAY, record=sealed), DAY)
    sample.db.execute("INSERT INTO record VALUES (1, ?, ?, ?)", (place, SALT, listed))
    for k in range(2):
        erase(sample, DAY + 1, first + k)
    drop(sample, first)
    tenant = check(sample)
    assert verdict_at(tenant, first) is Verdict.ERASED
    assert "hold 7 covers it" in reason_at(tenant, first + 1)
    sample.db.execute("DELETE FROM record WHERE idx = ?", (place,))
    tenant = check_again(sample)
    assert verdict_at(tenant, place) is Verdict.MISSING
    assert "cannot be known" in reason_at(tenant, first)


def check_again(sample: SampleLedger) -> TenantReport:
    (tenant,) = verify_folder(sample.data_dir).tenants
    return tenant


def test_one_erased_event_among_others(sample: SampleLedger) -> None:
    """Its neighbours in the same piece are whole, and are still checked."""
    first = add_events(sample, DAY)
    erase(sample, DAY + 1, first + 1)
    blank(sample, first, 1)
    tenant = check(sample)
    assert verdict_at(tenant, first + 1) is Verdict.ERASED
    assert tenant.counts["VALID"] == tenant.size - 1
    assert tenant.exit_code == 0


@pytest.mark.parametrize(("part", "lawful"), [(FACT, False), (PERSON, True)])
def test_facts_of_audit_are_never_erased(sample: SampleLedger, part: int, lawful: bool) -> None:
    first = add_events(sample, DAY, "audit", 1)
    erase(sample, DAY + 500, first, part)
    drop(sample, first, part)
    verdict = verdict_at(check(sample), first)
    assert verdict is (Verdict.ERASED if lawful else Verdict.UNLAWFUL)


def test_a_floor_protects_from_erasure_while_it_lasts(sample: SampleLedger) -> None:
    floor = Floor(category=DATA, parts=PERSON, min_days=100, until_day=DAY + 300)
    policy: Policy = first_policy(DAY)
    sample.add_policy(msgspec.structs.replace(policy, floors=(*policy.floors, floor)), DAY)
    first = add_events(sample, DAY, count=1)
    later = add_events(sample, DAY + 50, count=1)
    for index in (first, later):
        erase(sample, DAY + 120, index)
        drop(sample, index)
    tenant = check(sample)
    assert verdict_at(tenant, first) is Verdict.ERASED
    assert "a floor keeps it for 100 days" in reason_at(tenant, later)


def test_an_erasure_without_its_record_explains_nothing(sample: SampleLedger) -> None:
    first = add_events(sample, DAY, count=1)
    index = erase(sample, DAY, first, record=False)
    drop(sample, first)
    tenant = check(sample)
    assert verdict_at(tenant, index) is Verdict.MISSING
    assert verdict_at(tenant, first) is Verdict.UNLAWFUL


@pytest.mark.parametrize(("days", "verdict"), [(1, Verdict.PENDING), (2, Verdict.UNEXPECTED)])
def test_what_was_declared_gone_must_go(sample: SampleLedger, days: int, verdict: Verdict) -> None:
    first = add_events(sample, DAY, count=1)
    erase(sample, DAY, first)
    add_events(sample, DAY + days, count=1)
    assert verdict_at(check(sample), first) is verdict


def test_a_gap_that_is_explained_hides_no_change(sample: SampleLedger) -> None:
    """The fact is changed and the person lawfully gone: changed is what is told."""
    first = add_events(sample, DAY)
    erase(sample, DAY, first)
    blank(sample, first, 0)
    (data,) = sample.db.execute(
        "SELECT data FROM piece WHERE first = ? AND part = 1", (first,)
    ).fetchone()
    changed = deflate(inflate(data).replace(b"POST", b"HEAD", 1))
    sample.db.execute("UPDATE piece SET data = ? WHERE first = ? AND part = 1", (changed, first))
    tenant = check(sample)
    assert verdict_at(tenant, first) is Verdict.ALTERED
    assert tenant.exit_code == 1


def test_an_unsigned_gap_is_not_proven(sample: SampleLedger) -> None:
    first = add_events(sample, DAY, count=1)
    sample.sign()
    late = add_events(sample, DAY, count=1)
    for index in (first, late):
        erase(sample, DAY, index)
        drop(sample, index)
    tenant = check_again(sample)
    assert verdict_at(tenant, first) is Verdict.ERASED
    assert verdict_at(tenant, late) is Verdict.NOT_COVERED
