"""Taking events in: receipts, partial rejection, categories, own events, pushback."""

import asyncio
import gzip
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indelible.clock import FixedClock
from indelible.errors import InvalidRequest, Pushback
from indelible.event import Event, join
from indelible.server.ingest import Ingest, IngestReply
from indelible.server.ledger import Ledger

NOW_US = 1_795_000_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    clock = FixedClock(NOW_US)
    Ledger.create(tmp_path, clock, tenant="default", origin="host.example/default")
    opened = Ledger.open(tmp_path, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def ingest(ledger: Ledger) -> Ingest:
    return Ingest(ledger, new_id=lambda: str(uuid.uuid4()))


def send(ingest: Ingest, body: Any, **more: Any) -> IngestReply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    options = {"key_id": "k1", "content_type": "application/json", **more}
    return asyncio.run(ingest.submit(1, raw, **options))


def stored_event(ledger: Ledger, index: int) -> Event:
    entry = ledger.reader.entry(1, index)
    assert entry.fact is not None
    return join(entry.fact, entry.person, entry.content)


def test_one_event(ingest: Ingest, ledger: Ledger) -> None:
    reply = send(ingest, {"operation": "AssignRole", "status": 200})
    assert (reply.stored, reply.duplicates, reply.rejected, reply.tree_size) == (1, 0, [], 3)
    (receipt,) = reply.receipts
    event = stored_event(ledger, receipt.index)
    assert (event.id, event.category, event.reported_by) == (receipt.id, "access", "client")
    assert receipt.leaf_hash == ledger.reader.entry(1, receipt.index).leaf_hash.hex()


def test_good_events_are_stored_although_others_are_rejected(ingest: Ingest) -> None:
    reply = send(
        ingest,
        [{"operation": "A"}, {"operation": 7}, {"operation": "B", "x": 1}, {"operation": "C"}],
    )
    assert reply.status == 200
    assert [receipt.position for receipt in reply.receipts] == [0, 3]
    assert [(wrong.position, wrong.code, wrong.detail) for wrong in reply.rejected] == [
        (1, "invalid-event", "operation: expected string, got int"),
        (2, "invalid-event", "x: unknown key"),
    ]


def test_nothing_stored_is_422(ingest: Ingest, ledger: Ledger) -> None:
    reply = send(ingest, [{"operation": ""}, 5])
    assert (reply.status, reply.stored, ledger.size(1)) == (422, 0, 2)


def test_an_empty_array_is_no_error(ingest: Ingest) -> None:
    assert send(ingest, []).status == 200


def test_ill_formed_values_do_not_sink_the_batch(ingest: Ingest, ledger: Ledger) -> None:
    bad = rb'{"operation":"B","reason":"\ud800"},{"operation":"C","metadata":{"v":NaN}}'
    body = b'[{"operation":"A"},' + bad + b"]"
    reply = send(ingest, body)
    assert reply.stored == 3
    contexts = [stored_event(ledger, receipt.index).context for receipt in reply.receipts]
    assert contexts[0] is None
    assert contexts[1] is not None
    assert contexts[1].altered == ["reason: lone surrogate, replaced"]


def test_gzip_lines(ingest: Ingest) -> None:
    lines = b"".join(b'{"operation":"x"}\n' for _ in range(1000))
    reply = send(
        ingest, gzip.compress(lines), content_type="application/x-ndjson", content_encoding="gzip"
    )
    assert reply.stored == 1000


def test_a_repeat_answers_with_the_first_receipt(ingest: Ingest) -> None:
    event = {"id": str(uuid.uuid4()), "operation": "x"}
    first = send(ingest, event).receipts[0]
    reply = send(ingest, [event])
    assert (reply.stored, reply.duplicates) == (0, 1)
    again = reply.receipts[0]
    assert (again.index, again.leaf_hash, again.duplicate) == (first.index, first.leaf_hash, True)


def test_categories_that_a_client_may_not_name(ingest: Ingest) -> None:
    reply = send(
        ingest, [{"operation": "x", "category": "audit"}, {"operation": "x", "category": "nope"}]
    )
    assert [wrong.code for wrong in reply.rejected] == ["reserved-category", "invalid-event"]
    assert "authentication" in (reply.rejected[1].hint or "")


def test_an_import_is_marked_and_its_ids_are_its_formats(ingest: Ingest, ledger: Ledger) -> None:
    event = {"id": str(uuid.uuid4()), "operation": "x", "occurred_at": "2023-07-10T11:42:36Z"}
    first = send(ingest, event, import_format="cloudtrail").receipts[0]
    again = send(ingest, event, import_format="cloudtrail", key_id="another").receipts[0]
    assert again.duplicate
    stored = stored_event(ledger, first.index)
    assert (stored.reported_by, stored.late) == ("import", True)


def test_own_events_are_audit_and_stored_once(ingest: Ingest, ledger: Ledger) -> None:
    own = {"id": str(uuid.uuid4()), "operation": "LoginUser", "method": "UserLogin"}
    first = ingest.store_own(1, own)
    assert ingest.store_own(1, own).duplicate
    event = stored_event(ledger, first.index)
    assert (event.category, event.reported_by) == ("audit", "service")
    assert event.context is not None
    assert event.context.source == "indelible"


def test_rejections_are_counted_by_key_and_code(ingest: Ingest) -> None:
    send(ingest, [{"operation": 1}, {"operation": 2}, {"operation": "x", "category": "audit"}])
    taken = [
        (event["targets"][0]["id"], event["metadata"]) for _, event in ingest.rejections.take()
    ]
    assert taken == [
        ("k1", {"code": "invalid-event", "count": 2}),
        ("k1", {"code": "reserved-category", "count": 1}),
    ]
    assert list(ingest.rejections.take()) == []


def test_a_body_that_is_no_json_stores_nothing(ingest: Ingest, ledger: Ledger) -> None:
    with pytest.raises(InvalidRequest):
        send(ingest, b"[{")
    assert ledger.size(1) == 2


def test_after_the_ledger_stopped_there_is_pushback(ingest: Ingest, ledger: Ledger) -> None:
    ledger._sequencer.stop()
    with pytest.raises(Pushback):
        send(ingest, {"operation": "x"})
    ledger._sequencer = _Stopped()  # type: ignore[assignment]


class _Stopped:
    def stop(self) -> None:
        """The fixture closes a second time."""
