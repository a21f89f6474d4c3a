"""The SDK client against the real service: receipts, outages, kills, and what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import ROOT, RunningService, start

from indelible import Indelible
from indelible.client import Actor, Pace, Problem, audit_context, guard
from indelible.errors import InvalidEvent
from indelible.server.access.token import encode_key, new_key

pytestmark = pytest.mark.timeout(120)

FAST = Pace(linger_s=0.0, longest_backoff_s=0.2)


@pytest.fixture(autouse=True)
def swallow_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the SDK would hide from its host fails the test."""
    monkeypatch.setattr(guard, "reraise", True)


def operations(service: RunningService, word: str) -> list[str]:
    """Operations that hold this word, in the order of the ledger."""
    found = service.events(q=word, limit=1000, order="asc")
    return [event["operation"] for event in sorted(found, key=lambda event: event["index"])]


def read(service: RunningService, event_id: str) -> dict[str, Any]:
    """One event, after the index has all that was acknowledged."""
    service.events(limit=1)
    reply = service.request("GET", f"/v1/events/{event_id}", key=service.key("r"))
    assert reply.status == 200, reply.body
    event: dict[str, Any] = reply.json
    return event


def test_a_sync_receipt_is_the_place_in_the_ledger(service: RunningService) -> None:
    with (
        Indelible(service.url, service.key("w"), source="sdk-test", mode="sync") as audit,
        audit_context(actor=Actor(kind="user", id="u_1", email="ana@meridian.example")),
    ):
        receipt = audit.record("ApproveBudget", changes={"limit": (1000, 2000)}, reason="Q4")
    assert receipt is not None
    assert receipt.index is not None
    stored = read(service, receipt.id)
    assert (stored["index"], stored["leaf_hash"]) == (receipt.index, receipt.leaf_hash)
    assert stored["actor"]["email"] == "ana@meridian.example"
    assert stored["changes"] == [{"path": "limit", "before": 1000, "after": 2000}]
    assert (stored["category"], stored["reason"]) == ("approval", "Q4")
    assert stored["context"]["source"] == "sdk-test"


def test_what_the_service_refuses_is_told_and_the_rest_stored(service: RunningService) -> None:
    problems: list[Problem] = []
    audit = Indelible(
        service.url, service.key("w"), source="sdk-test", pace=FAST, on_error=problems.append
    )
    audit.record("RefusedBefore")
    audit.record("RefusedItself", status="200")  # type: ignore[arg-type]
    audit.record("RefusedAfter")
    assert audit.flush(30)
    audit.close()
    assert operations(service, "Refused") == ["RefusedBefore", "RefusedAfter"]
    assert audit.health().rejected == 1
    assert ("status" in problems[0].detail, problems[0].lost) == (True, 1)
    with (
        Indelible(service.url, service.key("w"), source="sdk-test", mode="sync") as strict,
        pytest.raises(InvalidEvent, match="status"),
    ):
        strict.record("RefusedItself", status="200")  # type: ignore[arg-type]


def test_the_same_id_is_stored_once(service: RunningService) -> None:
    event_id = "0193b1a2-7c00-7000-8000-000000000001"
    for _ in range(2):
        with Indelible(
            service.url, service.key("w"), source="sdk-test", instance="fixed", pace=FAST
        ) as audit:
            audit.record("SaidTwice", id=event_id, occurred_at="2026-11-22T10:00:00Z")
    assert audit.health().duplicates == 1
    assert operations(service, "SaidTwice") == ["SaidTwice"]


def test_a_wrong_key_keeps_the_events(service: RunningService, tmp_path: Path) -> None:
    unknown = encode_key(new_key("w", os.urandom))
    wrong = Indelible(service.url, unknown, source="sdk-test", spool_dir=tmp_path, pace=FAST)
    wrong.record("KeptForTheRightKey")
    assert wrong.close(timeout_s=1.0) is False
    with Indelible(service.url, service.key("w"), source="sdk-test", spool_dir=tmp_path) as right:
        assert right.flush(30)
    assert operations(service, "KeptForTheRightKey") == ["KeptForTheRightKey"]


def test_hostile_text_arrives_whole_or_marked(service: RunningService) -> None:
    text = "<script>\u202e=cmd|' /C calc'!A0\x00\ud800"
    with Indelible(service.url, service.key("w"), source="sdk-test", mode="sync") as audit:
        receipt = audit.record("HostileText", reason=text, metadata={text: [text]})
        long = audit.record("HostileText", changes={"text": ("x" * 300_000, None)})
    assert receipt is not None
    assert long is not None
    stored = read(service, receipt.id)
    assert stored["reason"].startswith("<script>\u202e=cmd|")
    stored = read(service, long.id)
    assert any("cut" in mark for mark in stored["context"]["altered"])


def test_nothing_is_lost_while_the_service_is_killed_and_comes_back(
    start_service: Callable[..., RunningService],
) -> None:
    service = start_service()
    key = service.key("w")
    audit = Indelible(service.url, key, source="sdk-test", pace=FAST)
    for n in range(300):
        audit.record(f"Outage{n:04}")
        if n == 100:
            service.stop(signal.SIGKILL)
    port = service.url.rsplit(":", 1)[1]
    again = start(service.data, "--port", port)
    try:
        assert audit.flush(60)
        audit.close()
        again.keys = service.keys
        assert operations(again, "Outage") == [f"Outage{n:04}" for n in range(300)]
    finally:
        again.stop()


def test_a_killed_host_loses_nothing_that_was_recorded(
    service: RunningService, tmp_path: Path
) -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, service.url, service.key("w"), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert host.stdout is not None
    while int(host.stdout.readline()) < 150:
        continue
    host.kill()
    said = [int(line) for line in host.communicate()[0].splitlines() if line]
    recorded = said[-1] if said else 150
    with Indelible(
        service.url, service.key("w"), source="sdk-test", spool_dir=tmp_path
    ) as next_one:
        assert next_one.flush(30)
    found = operations(service, "Killed")
    # Sent in order, none missing, none twice; one more may be written than was said.
    assert found == [f"Killed{n:04}" for n in range(len(found))]
    assert len(found) in (recorded, recorded + 1)


HOST = """
import sys
from indelible import Indelible
from indelible.client import Pace
url, key, folder = sys.argv[1:]
audit = Indelible(url, key, source="sdk-test", spool_dir=folder, pace=Pace(linger_s=0.0))
for n in range(1_000_000):
    assert audit.record(f"Killed{n:04}") is not None
    print(n + 1, flush=True)
"""


def test_a_burst_arrives_complete_and_in_order(service: RunningService) -> None:
    count = 20_000
    with Indelible(
        service.url, service.key("w"), source="burst", max_queue=50_000, exit_timeout_s=60
    ) as audit:
        for n in range(count):
            audit.record("Burst", metadata={"n": n})
        assert audit.flush(60)
        health = audit.health()
    assert (health.stored, health.dropped, health.rejected, health.queued) == (count, 0, 0, 0)
    newest = service.events(q="Burst", limit=1000)
    newest.sort(key=lambda event: event["index"])
    sequence: list[Any] = [event["context"]["source_seq"] for event in newest]
    assert sequence == list(range(count - len(newest), count))
    assert json.dumps(newest[-1]["metadata"]) == json.dumps({"n": count - 1})
