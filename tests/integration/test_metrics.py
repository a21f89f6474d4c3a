"""/metrics: who may read it, what it counts, and that it names nobody."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.integration.conftest import Reply, RunningService

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., RunningService]
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(reply: Reply) -> Samples:
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


def scrape(service: RunningService) -> Samples:
    return samples(service.request("GET", "/metrics", key=service.key("r")))


def test_only_keys_that_may_read_see_it(service: RunningService) -> None:
    assert service.request("GET", "/metrics").status == 401
    assert service.request("GET", "/metrics", key=service.key("w")).status == 403
    assert service.request("GET", "/metrics", key=service.key("r")).status == 200
    assert service.request("GET", "/metrics", key=service.key("a")).status == 200


def test_events_and_requests_are_counted(service: RunningService) -> None:
    before = scrape(service)
    event = {"operation": "Counted", "id": "0193a5a0-0000-7000-8000-00000000000a"}
    key = service.key("w")
    service.request("POST", "/v1/events", key=key, json=[event, {"operation": "Two"}])
    service.request("POST", "/v1/events", key=key, json=[event, {"wrong": 1}])
    service.request("GET", "/v1/events/0193a5a0-0000-7000-8000-0000000000ff", key=key)
    service.request("GET", "/nowhere/at/all.txt")
    service.settle()
    after = scrape(service)

    def grown(name: str, **labels: str) -> float:
        place = (name, tuple(sorted(labels.items())))
        return after.get(place, 0.0) - before.get(place, 0.0)

    assert grown("indelible_events_total", result="stored") == 2
    assert grown("indelible_events_total", result="duplicate") == 1
    assert grown("indelible_events_total", result="rejected") == 1
    count = "indelible_request_seconds_count"
    assert grown(count, route="/v1/events", method="POST", status="200") == 2
    assert grown(count, route="/v1/events/{id}", method="GET", status="403") == 1
    assert grown(count, route="other", method="GET", status="404") == 1
    assert grown("indelible_commit_seconds_count") >= 1
    assert grown("indelible_commit_events_sum") >= 2
    assert after["indelible_ledger_entries", ()] > before["indelible_ledger_entries", ()]
    assert after["indelible_index_up", ()] == 1
    assert after["indelible_disk_used_bytes", (("part", "ledger"),)] > 0
    for name in (
        "indelible_queued_events", "indelible_index_lag_entries", "indelible_index_lag_seconds",
        "indelible_index_restarts_total", "indelible_disk_free_bytes",
        "indelible_index_resident_memory_bytes", "process_resident_memory_bytes",
        "indelible_unsigned_entries",
    ):  # fmt: skip
        assert (name, ()) in after, name


def test_a_checkpoint_has_an_age(service: RunningService) -> None:
    service.send({"operation": "Signed"})
    end_s = time.monotonic() + 30
    while time.monotonic() < end_s:
        found = scrape(service)
        if found["indelible_unsigned_entries", ()] == 0:
            break
        time.sleep(0.2)
    assert 0 <= found["indelible_checkpoint_age_seconds", ()] < 60


def test_no_label_comes_from_a_sender(service: RunningService) -> None:
    service.request("GET", "/v1/events/ana@example.com", key=service.key("r"))
    service.request("SECRETVERB", "/v1/events")
    service.send({"operation": "SecretOperation", "context": {"source": "secret-source"}})
    text = service.request("GET", "/metrics", key=service.key("r")).body.decode()
    for secret in ("ana@example.com", "SECRETVERB", "SecretOperation", "secret-source"):
        assert secret not in text
    assert str(service.data) not in text


def test_it_is_open_on_loopback_only_by_setting(
    start_service: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service()
    service.stop()
    (service.data / "indelible.toml").write_text("[metrics]\nopen_on_loopback = true\n")
    service = start_service(service.data)
    assert "indelible_info" in service.request("GET", "/metrics").body.decode()
    # A proxy on this machine has a loopback address too: what it passes on stays shut.
    for headers in (
        {"x-forwarded-for": "203.0.113.7"},
        {"x-forwarded-host": "audit.example.com"},
        {"forwarded": "for=203.0.113.7"},
        {"host": "audit.example.com"},
    ):
        assert service.request("GET", "/metrics", headers=headers).status == 401, headers
    # Nothing else is opened by it.
    assert service.request("GET", "/v1/status").status == 401
