"""Own rules and categories that are switched off, as events come in."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indelible.clock import FixedClock
from indelible.event import join
from indelible.seal import policy_leaf
from indelible.server.ingest import Ingest, IngestReply
from indelible.server.ledger import Desk, Ledger, Record
from indelible.server.ledger.catalogue import CategoryText, Rule
from indelible.server.ledger.desk import Standing
from indelible.server.retention.edit import (
    CategoryEdit,
    Edit,
    NewCategory,
    Next,
    edited,
    with_category,
)
from indelible.server.retention.history import off_since, off_spans

DAY_S = 86_400


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_795_000_000_000_000)


@pytest.fixture
def ledger(tmp_path: Path, clock: FixedClock) -> Iterator[Ledger]:
    Ledger.create(tmp_path, clock, tenant="default", origin="host.example/default")
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def ingest(ledger: Ledger) -> Ingest:
    return Ingest(ledger, new_id=lambda: str(uuid.uuid4()))


def send(ingest: Ingest, *events: dict[str, Any]) -> IngestReply:
    body = json.dumps(events).encode()
    return asyncio.run(ingest.submit(1, body, key_id="k", content_type="application/json"))


def save(ledger: Ledger, build: Any) -> None:
    def act(desk: Desk) -> None:
        wanted: Next = build(desk.standing, desk.day)
        assert not wanted.faults
        desk.append(policy_leaf(wanted.policy, desk.day), Record(b"", wanted.catalogue.encoded()))

    ledger.act_and_wait(1, act)


def switch(ledger: Ledger, name: str, on: bool) -> None:
    def build(standing: Standing, day: int) -> Next:
        return edited(standing, Edit(0, "why", [CategoryEdit(name, on)]), day)

    save(ledger, build)


def test_a_switch_off_counts_what_comes_after_seven_days(
    ledger: Ledger, ingest: Ingest, clock: FixedClock
) -> None:
    switch(ledger, "sharing", False)
    share, other = {"operation": "ShareFolder"}, {"operation": "Look"}
    reply = send(ingest, share, other)
    assert (reply.stored, reply.skipped) == (2, 0), "until then it is recorded"
    clock.advance(7 * DAY_S)
    reply = send(ingest, share, other, share)
    assert (reply.stored, reply.skipped, reply.status) == (1, 2, 200)
    assert [receipt.position for receipt in reply.receipts] == [1]
    reply = send(ingest, share)
    assert (reply.stored, reply.skipped, reply.status) == (0, 1, 200)
    assert ingest.skips.total(1, "sharing") == 3
    ((tenant_id, event),) = ingest.skips.take()
    assert (tenant_id, event["metadata"]) == (1, {"category": "sharing", "count": 3})
    assert list(ingest.skips.take()) == []
    asyncio.run(ingest.record_own(1, event))

    number = ledger.category_ids(1)["sharing"]
    policies = ledger.policies(1)
    today = policies.newest.day + 7
    assert off_since(policies, number, today) == today
    switch(ledger, "sharing", True)
    assert send(ingest, share).stored == 1, "switching on holds at once"
    assert list(off_spans(ledger.policies(1), number)) == []
    clock.advance(DAY_S)
    assert off_since(ledger.policies(1), number, today + 1) is None


def test_own_rules_hold_from_the_next_request_on(ledger: Ledger, ingest: Ingest) -> None:
    event = {"operation": "SendInvoice"}
    first = send(ingest, event).receipts[0]
    text = CategoryText(name="billing", label="Billing", rules=(Rule(operation="*Invoice"),))
    save(ledger, lambda standing, day: with_category(standing, NewCategory(text=text), day))
    second = send(ingest, event).receipts[0]
    named = send(ingest, {**event, "category": "export"}).receipts[0]
    found = []
    for receipt in (first, second, named):
        entry = ledger.reader.entry(1, receipt.index)
        assert entry.fact is not None
        found.append((join(entry.fact, None, None).category, entry.category_id))
    assert found == [("data", 19), ("billing", 25), ("export", 21)]
