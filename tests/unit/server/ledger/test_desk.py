"""Entries of the service itself: appended in one transaction, judged clean by the verifier."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from indelible.clock import FixedClock, day_of
from indelible.errors import Conflict, InvalidPolicy
from indelible.seal import (
    CONTENT,
    EXPIRY,
    FACT,
    PERSON,
    POLICY,
    Category,
    Policy,
    expiry_leaf,
    policy_leaf,
)
from indelible.server.ledger import Desk, Ledger, Record
from indelible.server.ledger.dropping import drop_pieces
from indelible.verify import verify_folder
from indelible.verify.report import TenantReport, Verdict

from .conftest import NOW_US, Append, append_to, event

DAY_S = 86_400


def with_days(policy: Policy, name: str, **days: int | None) -> Policy:
    """The next version, in which a category is kept for other spans."""
    return msgspec.structs.replace(
        policy,
        version=policy.version + 1,
        categories=tuple(
            msgspec.structs.replace(category, **days) if category.name == name else category
            for category in policy.categories
        ),
    )


def report_of(data_dir: Path) -> TenantReport:
    (data_dir / "format.json").write_text('{"format":1}\n')
    return verify_folder(data_dir).tenants[0]


def test_a_policy_comes_in_force_with_its_commit(
    data_dir: Path, ledger: Ledger, append: Append
) -> None:
    def add(desk: Desk) -> int:
        grown = msgspec.structs.replace(
            desk.policy,
            version=2,
            effective_day=desk.day,
            categories=(*desk.policy.categories, Category(id=25, name="billing")),
        )
        return desk.append(policy_leaf(grown, desk.day), Record(b"", b"{}"))

    append(event(1))
    index = ledger.act_and_wait(1, add)
    assert index == 3
    assert ledger.policies(1).newest.index == 3
    assert ledger.category_ids(1)["billing"] == 25
    append(event(2, category="billing"))
    assert [e.leaf_type for e in ledger.reader.read(1, 3, 4)] == [POLICY]
    ledger.close()
    report = report_of(data_dir)
    assert (report.exit_code, report.findings) == (0, ())
    with closing(sqlite3.connect(data_dir / "ledger.sqlite3")) as db:
        assert db.execute("SELECT idx, data FROM record").fetchall() == [(3, b"{}")]


def test_the_policy_is_still_in_force_after_a_restart(
    data_dir: Path, clock: FixedClock, ledger: Ledger
) -> None:
    def add(desk: Desk) -> int:
        policy = with_days(desk.policy, "data", fact_days=None)
        return desk.append(policy_leaf(policy, desk.day))

    ledger.act_and_wait(1, add)
    ledger.close()
    again = Ledger.open(data_dir, clock=clock)
    assert again.policies(1).newest.policy.version == 2
    again.close()


def test_a_policy_that_a_verifier_would_refuse_is_not_written(ledger: Ledger) -> None:
    def shorten(desk: Desk) -> int:
        policy = with_days(desk.policy, "data", fact_days=10)  # takes effect too soon
        return desk.append(policy_leaf(policy, desk.day))

    with pytest.raises(InvalidPolicy, match="effect"):
        ledger.act_and_wait(1, shorten)
    assert ledger.size(1) == 2


def test_an_act_that_fails_leaves_nothing(ledger: Ledger, append: Append) -> None:
    def fail(desk: Desk) -> None:
        desk.append(policy_leaf(with_days(desk.policy, "data"), desk.day), Record(b"", b"x"))
        desk.connection.execute("DELETE FROM piece")
        raise Conflict("somebody else was quicker")

    before = append(event(1)).tree_size
    with pytest.raises(Conflict):
        ledger.act_and_wait(1, fail)
    assert ledger.size(1) == before
    assert ledger.reader.entry(1, 2).fact is not None
    assert append(event(2)).tree_size == before + 1


def test_acts_and_events_keep_their_order(ledger: Ledger) -> None:
    """Acts wait in one queue with events; each sees all that was queued before it."""
    for n in range(20):
        append_to(ledger, event(n))

        def add(desk: Desk) -> int:
            return desk.append(policy_leaf(with_days(desk.policy, "data"), desk.day))

        assert ledger.act_and_wait(1, add) == 2 + 2 * n + 1


def test_dropped_pieces_are_explained_and_gone(
    data_dir: Path, clock: FixedClock, ledger: Ledger
) -> None:
    day = day_of(NOW_US)

    def short(desk: Desk) -> int:
        policy = with_days(desk.policy, "data", person_days=5, content_days=5)
        policy = msgspec.structs.replace(policy, effective_day=desk.day + 7)
        return desk.append(policy_leaf(policy, desk.day))

    ledger.act_and_wait(1, short)
    clock.advance(8 * DAY_S)
    stored = append_to(
        ledger, *(event(n, actor={"email": "ana@example.com"}, reason="secret") for n in range(300))
    )
    clock.advance(12 * DAY_S)

    def expire(desk: Desk) -> int:
        return desk.append(
            expiry_leaf(
                PERSON | CONTENT, 19, desk.day, cutoff_day=day + 9, upto=desk.next_index,
                policy_index=desk.policy_index,
            )
        )  # fmt: skip

    at = ledger.act_and_wait(1, expire)
    assert ledger.reader.entry(1, at).leaf_type == EXPIRY

    def drop(desk: Desk) -> int:
        firsts = desk.connection.execute("SELECT first FROM run WHERE tenant = 1").fetchall()
        return sum(
            drop_pieces(desk.connection, 1, first, 19, PERSON | CONTENT) for (first,) in firsts
        )

    assert ledger.act_and_wait(1, drop) == 300
    assert ledger.act_and_wait(1, drop) == 0, "a second time there is nothing left"
    entry = ledger.reader.sealed(1, stored.receipts[0].index, stored.receipts[0].index + 1)[0]
    assert entry.entry.fact is not None
    assert entry.entry.person is None
    assert list(entry.salts) == [FACT]
    while not ledger.make_physical():
        pass
    ledger.close()
    report = report_of(data_dir)
    assert (report.exit_code, report.findings) == (0, ())
    assert report.counts[Verdict.EXPIRED_UNWITNESSED] == 300
    for path in data_dir.rglob("ledger*"):
        assert b"secret" not in path.read_bytes()
