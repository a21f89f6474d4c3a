"""`Indelible` against a real server that fails in every way a network can."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.client.fake_service import FakeService, dying, dying_after_storing, failing, stored

from indelible import Indelible
from indelible.client import NotStored, Pace, Problem, QueueFull, Receipt, audit_context, guard
from indelible.clock import FixedClock
from indelible.errors import InvalidEvent, SettingsError

NewClient = Callable[..., Indelible]


def operations(service: FakeService) -> list[str]:
    return [event["operation"] for event in service.events]


def test_events_arrive_in_order_in_batches_over_one_connection(
    service: FakeService, new_client: NewClient
) -> None:
    client = new_client()
    for n in range(1200):
        client.record(f"Op{n}")
    assert client.flush(10)
    assert operations(service) == [f"Op{n}" for n in range(1200)]
    assert [event["context"]["source_seq"] for event in service.events] == list(range(1200))
    assert len({event["context"]["source_instance"] for event in service.events}) == 1
    assert len(service.requests) < 1200
    assert service.connections == 1
    assert service.requests[0]["Authorization"] == "Bearer ind_w_test_key"
    assert client.health().stored == 1200


def test_a_path_of_the_address_is_kept(service: FakeService, new_client: NewClient) -> None:
    client = new_client(url=service.url + "/audit/")
    client.record("A")
    assert client.flush(10)
    assert service.requests[0]["path"] == "/audit/v1/events"


@pytest.mark.parametrize(
    "answers",
    [
        [failing(503, {"Retry-After": "0"})],
        [failing(500), failing(502), failing(429, {"Retry-After": "0"})],
        [dying, dying, dying],
        [dying_after_storing],
        [failing(401), failing(404)],
        [failing(200, body=b"<html>a proxy's login page</html>")],
        [failing(302, {"Location": "https://elsewhere.example/"})],
    ],
    ids=["pushback", "5xx and 429", "killed", "stored, no reply", "wrong key", "proxy", "redirect"],
)
def test_nothing_is_lost_or_reordered_by_failures(
    service: FakeService, new_client: NewClient, answers: list[Any]
) -> None:
    service.answers = [stored, *answers]
    client = new_client(jitter=lambda: 0.01)
    for n in range(40):
        client.record(f"Op{n}")
        if n % 10 == 0:
            client.flush(10)
    assert client.flush(10)
    assert operations(service) == [f"Op{n}" for n in range(40)]
    assert client.health().queued == 0


def test_an_idle_connection_that_the_service_closed_is_no_failure(
    service: FakeService, new_client: NewClient
) -> None:
    service.answers = [stored, dying]
    client = new_client()
    for operation in ("A", "B"):
        client.record(operation)
        assert client.flush(10)
    assert operations(service) == ["A", "B"]
    assert client.health().failed_attempts == 0


def test_retry_after_is_waited_for_even_when_somebody_flushes(
    service: FakeService, new_client: NewClient
) -> None:
    service.answers = [failing(503, {"Retry-After": "120"})]
    problems: list[Problem] = []
    seen = threading.Event()

    def on_error(problem: Problem) -> None:
        problems.append(problem)
        seen.set()

    client = new_client(on_error=on_error)
    client.record("A")
    assert seen.wait(10)
    assert client.flush(0.05) is False
    assert len(service.requests) == 1
    assert (problems[0].code, problems[0].lost) == ("send-failed", 0)


def test_rejected_events_are_counted_and_offered_and_the_others_stored(
    service: FakeService, new_client: NewClient
) -> None:
    def reject_second(
        service: FakeService, events: list[dict[str, Any]]
    ) -> tuple[int, dict[str, str], bytes]:
        service.events += [events[0], *events[2:]]
        rejected = [{"position": 1, "code": "invalid-event", "detail": "status: expected integer"}]
        return 200, {}, json.dumps({"stored": len(events) - 1, "rejected": rejected}).encode()

    service.answers = [reject_second]
    problems: list[Problem] = []
    client = new_client(on_error=problems.append, pace=Pace(batch_events=3, linger_s=5.0))
    for operation in ("A", "B", "C"):
        client.record(operation)
    assert client.flush(10)
    assert operations(service) == ["A", "C"]
    assert client.health().rejected == 1
    assert (problems[0].code, problems[0].lost) == ("invalid-event", 1)
    assert problems[0].event is not None
    assert json.loads(problems[0].event)["operation"] == "B"


def test_a_batch_refused_as_a_whole_is_halved_until_the_bad_event_stands_alone(
    service: FakeService, new_client: NewClient
) -> None:
    def refuse_poison(
        service: FakeService, events: list[dict[str, Any]]
    ) -> tuple[int, dict[str, str], bytes]:
        service.answers.append(refuse_poison)
        if any(event["operation"] == "Poison" for event in events):
            return 400, {}, b'{"code": "invalid-request", "detail": "body: not JSON"}'
        return stored(service, events)

    service.answers = [refuse_poison]
    problems: list[Problem] = []
    client = new_client(on_error=problems.append, pace=Pace(batch_events=16, linger_s=5.0))
    for n in range(16):
        client.record("Poison" if n == 11 else f"Op{n}")
    assert client.flush(10)
    assert operations(service) == [f"Op{n}" for n in range(16) if n != 11]
    assert [(problem.code, problem.lost) for problem in problems] == [("invalid-request", 1)]


def test_a_full_queue_drops_counts_and_tells(service: FakeService, new_client: NewClient) -> None:
    release = threading.Event()

    def slow(
        service: FakeService, events: list[dict[str, Any]]
    ) -> tuple[int, dict[str, str], bytes]:
        release.wait(10)
        return stored(service, events)

    service.answers = [slow]
    problems: list[Problem] = []
    client = new_client(max_queue=5, on_error=problems.append)
    receipts = [client.record(f"Op{n}") for n in range(8)]
    release.set()
    assert client.flush(10)
    assert [receipt is None for receipt in receipts] == [False] * 5 + [True] * 3
    assert operations(service) == [*(f"Op{n}" for n in range(5)), "GapRecorded"]
    gap = service.events[-1]
    assert (gap["metadata"]["dropped"], gap["stream"]) == (3, "system")
    assert (client.health().dropped, sum(problem.lost for problem in problems)) == (3, 3)


def test_the_policy_raise_reaches_the_host(service: FakeService, new_client: NewClient) -> None:
    client = new_client(max_queue=1, on_full="raise", pace=Pace(linger_s=60.0))
    client.record("A")
    with pytest.raises(QueueFull):
        client.record("B")


def test_sync_returns_the_receipt_after_a_retry(
    service: FakeService, new_client: NewClient
) -> None:
    service.answers = [failing(503, {"Retry-After": "0"}), dying]
    client = new_client(jitter=lambda: 0.01)
    receipt = client.record("A", mode="sync")
    assert receipt is not None
    assert receipt == Receipt(service.events[0]["id"], index=0, leaf_hash="h0")


def test_sync_raises_when_the_event_is_not_stored(
    service: FakeService, new_client: NewClient
) -> None:
    client = new_client(mode="sync", timeout_s=0.05, clock=FixedClock(0))
    service.answers = [failing(403), failing(503, {"Retry-After": "9"})]
    for _ in range(2):
        with pytest.raises(NotStored):
            client.record("A")
    rejected = b'{"stored": 0, "rejected": [{"position": 0, "code": "x", "detail": "bad"}]}'
    service.answers = [failing(422, body=rejected)]
    with pytest.raises(InvalidEvent, match="bad"):
        client.record("A")
    assert service.events == []


def test_coroutines_record_too(service: FakeService, new_client: NewClient) -> None:
    client = new_client()

    async def work() -> Receipt | None:
        with audit_context(actor={"kind": "user", "id": "u_1"}):
            await client.arecord("Queued")
            return await client.arecord("Stored", mode="sync")

    receipt = asyncio.run(work())
    assert receipt is not None
    assert receipt.index is not None
    assert client.flush(10)
    assert {event["actor"]["id"] for event in service.events} == {"u_1"}


def test_receipts_come_to_who_asks(service: FakeService, new_client: NewClient) -> None:
    receipts: list[Receipt] = []
    client = new_client(on_receipt=receipts.append)
    recorded = client.record("A")
    assert client.flush(10)
    client.close()
    assert recorded is not None
    assert receipts == [Receipt(recorded.id, index=0, leaf_hash="h0")]


def test_the_sdk_never_audits_itself(
    service: FakeService, new_client: NewClient, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers = [failing(500)]
    client = new_client(jitter=lambda: 0.0)

    class Auditing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            client.record("LogLine")

    handler = Auditing()
    logging.getLogger("indelible.client").addHandler(handler)
    try:
        client.record("A")
        assert client.flush(10)
    finally:
        logging.getLogger("indelible.client").removeHandler(handler)
    assert "the service answered 500" in caplog.text
    assert (operations(service), client.health().suppressed) == (["A"], 1)


def test_a_host_never_sees_a_mistake_of_ours(
    service: FakeService, new_client: NewClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "reraise", False)
    problems: list[Problem] = []
    client = new_client(on_error=problems.append)
    assert client.record("A", colour="red") is None  # type: ignore[call-arg]
    assert (problems[0].code, problems[0].lost) == ("internal", 1)
    assert client.health().swallowed == 1
    client.record("B", changes=5)  # type: ignore[arg-type]
    client.record("C")
    assert client.flush(10)
    assert operations(service) == ["C"]


def test_a_failing_on_error_does_not_stop_the_sender(
    service: FakeService, new_client: NewClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "reraise", False)
    service.answers = [failing(500)]

    def broken(problem: Problem) -> None:
        raise RuntimeError("host bug")

    client = new_client(on_error=broken, jitter=lambda: 0.0)
    client.record("A")
    assert client.flush(10)
    assert operations(service) == ["A"]


def test_closing_flushes_and_refuses_later_events(
    service: FakeService, new_client: NewClient
) -> None:
    problems: list[Problem] = []
    with new_client(on_error=problems.append) as client:
        client.record("A")
    assert operations(service) == ["A"]
    assert client.record("B") is None
    assert problems[-1].detail == "the client is closed"


def test_closing_without_a_service_says_what_is_lost(
    service: FakeService, new_client: NewClient
) -> None:
    problems: list[Problem] = []
    client = new_client(url="http://127.0.0.1:9", on_error=problems.append)
    client.record("A")
    assert client.close(timeout_s=0.05) is False
    assert (problems[-1].code, problems[-1].lost) == ("lost-at-close", 1)


def test_with_a_spool_nothing_is_lost_while_the_service_is_away(
    service: FakeService, new_client: NewClient, tmp_path: Path
) -> None:
    away = new_client(url="http://127.0.0.1:9", spool_dir=tmp_path, max_queue=1)
    for n in range(30):
        assert away.record(f"Op{n}") is not None
    assert away.close(timeout_s=0.05) is False
    assert away.health().dropped == 0
    back = new_client(spool_dir=tmp_path)
    back.record("Op30")
    assert back.flush(10)
    assert operations(service) == [f"Op{n}" for n in range(31)]
    back.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "audit.example"},
        {"url": "ftp://audit.example"},
        {"on_full": "drop"},
        {"mode": "outbox"},
    ],
)
def test_wrong_settings_stop_the_start(new_client: NewClient, settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        new_client(**settings)


def test_an_empty_key_or_source_stops_the_start(service: FakeService) -> None:
    for key, source in (("", "x"), ("k", ""), ("k\n", "x")):
        with pytest.raises(SettingsError):
            Indelible(service.url, key, source=source)
