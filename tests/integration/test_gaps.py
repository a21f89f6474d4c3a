"""The bands of the timeline: when the service did not run, and what is missing of a sequence."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.integration.conftest import RunningService

pytestmark = pytest.mark.timeout(180)

Start = Callable[..., RunningService]


def gaps(service: RunningService, **params: Any) -> list[dict[str, Any]]:
    service.settle()
    reply = service.request("GET", "/v1/gaps", key=service.key("r"), params=params)
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.json["gaps"]
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_stop_and_a_kill_are_told_apart(start_service: Start) -> None:
    service = start_service()
    service.send({"operation": "First"})
    assert gaps(service) == [], "before the first start nothing is a gap"
    assert service.stop() == 0
    stopped_log = service.data
    service = start_service(stopped_log)
    life = service.events(q="operation:StopService", stream="system")
    life += service.events(q="operation:StartService", stream="system", limit=1)
    stop, begin = (event["received_at"] for event in life)
    clean = [(gap["from"], gap["to"], gap["clean"]) for gap in gaps(service)]
    assert clean == ([(stop, begin, True)] if (at(begin) - at(stop)).total_seconds() >= 1 else [])
    last = service.send({"operation": "BeforeTheKill"})["receipts"][0]["id"]
    service.settle()
    assert (service.data / "alive").stat().st_mode & 0o777 == 0o600
    service.stop(signal.SIGKILL)
    # The service was seen alive at its start at least; the entry came after that.
    (service.data / "alive").write_text("1700000000000000\n")
    time.sleep(1.1)  # a gap of less than a second is none
    service = start_service(service.data)
    found = [gap for gap in gaps(service) if gap["clean"] is False]
    assert len(found) == 1
    event = next(event for event in service.events() if event["id"] == last)
    starts = service.events(q="operation:StartService", stream="system", limit=1)
    assert found[0]["from"] == event["received_at"], "the last entry is later than the mark"
    assert at(found[0]["to"]) == at(starts[0]["received_at"])
    assert starts[0]["metadata"]["last_seen"] == "2023-11-14T22:13:20Z"
    before = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}
    assert gaps(service, **before) == []


def numbered(number: int, second: int, **context: Any) -> dict[str, Any]:
    return {
        "operation": f"Numbered{number}",
        "occurred_at": f"2026-03-01T12:00:{second:02}Z",
        "context": {"source": "depot", "source_seq": number, **context},
    }


def test_missing_numbers_of_a_sequence(service: RunningService) -> None:
    service.send(numbered(1, 1), numbered(2, 2), numbered(6, 9), numbered(7, 10))
    service.send(numbered(1, 3, source_instance="b"), numbered(2, 4, source_instance="b"))
    range_ = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
    (gap,) = [gap for gap in gaps(service, **range_) if gap["kind"] == "missing"]
    assert (gap["source"], gap["instance"], gap["missing"]) == ("depot", None, 3)
    assert (gap["from"], gap["to"]) == ("2026-03-01T12:00:02Z", "2026-03-01T12:00:09Z")
    # One of them comes late, with a time far away: two are missing still.
    service.send({**numbered(4, 5), "occurred_at": "2026-01-01T00:00:00Z"})
    (gap,) = [gap for gap in gaps(service, **range_) if gap["kind"] == "missing"]
    assert gap["missing"] == 2
    service.send(numbered(3, 3), numbered(5, 5))
    assert [gap for gap in gaps(service, **range_) if gap["kind"] == "missing"] == []


def test_long_ranges_are_not_looked_through_for_numbers(service: RunningService) -> None:
    reply = service.request(
        "GET", "/v1/gaps", key=service.key("r"), params={"from": "2020-01-01T00:00:00Z"}
    )
    assert reply.json["sequences_checked"] is False
    assert service.request("GET", "/v1/gaps", key=service.key("w")).status == 403
    reply = service.request("GET", "/v1/gaps", key=service.key("r"), params={"q": "x"})
    assert reply.status == 400
