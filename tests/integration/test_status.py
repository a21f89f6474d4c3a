"""GET /v1/status/full: what an administrator sees of the service."""

from __future__ import annotations

import pytest
from tests.integration.conftest import RunningService

pytestmark = pytest.mark.timeout(120)


def test_only_administrators_see_it(service: RunningService) -> None:
    assert service.request("GET", "/v1/status/full").status == 401
    assert service.request("GET", "/v1/status/full", key=service.key("r")).status == 403
    assert service.request("GET", "/v1/status/full", key=service.key("a")).status == 200


def test_sources_and_what_is_missing_of_their_sequences(service: RunningService) -> None:
    def sent(source: str, instance: str, seq: int | None) -> dict[str, object]:
        context = {"source": source, "source_instance": instance, "source_seq": seq}
        note = 'a "source_seq":77 in a text, and "source_instance":"x"'
        return {
            "operation": "Numbered",
            "context": {name: value for name, value in context.items() if value is not None},
            "reason": note,
            "targets": [{"type": note, "id": note}],
        }

    service.send(
        *(sent("shop", "web-1", seq) for seq in (5, 6, 9, 10)),
        *(sent("shop", "web-2", seq) for seq in (1, 2, 3)),
        *(sent("plain", "p", None) for _ in range(2)),
    )
    service.settle()
    found = service.request("GET", "/v1/status/full", key=service.key("a")).json
    sources = {source["source"]: source for source in found["sources"]}
    assert set(sources) == {"shop", "plain"}
    assert (sources["shop"]["events"], sources["shop"]["instances"]) == (7, 2)
    assert sources["shop"]["missing"] == 2
    assert (sources["plain"]["events"], sources["plain"]["missing"]) == (2, 0)
    assert sources["shop"]["last_at"].endswith("Z")


def test_the_rest(service: RunningService) -> None:
    service.send(*({"operation": "Bulk"} for _ in range(500)))
    service.settle()
    found = service.request("GET", "/v1/status/full", key=service.key("a")).json
    assert found["ledger"]["size"] >= 502
    assert found["ledger"]["unsigned"] >= 0
    assert found["ledger"]["queue_limit"] == 40_000
    assert found["index"]["state"] in ("ready", "catching_up")
    assert found["index"]["restarts"] == 0
    assert found["check"] == {
        "state": "waiting", "checked": 0, "done_at": None, "done_size": None, "fault_at": None,
        "fault_entry": None, "fault": None, "every_hours": 24,
    }  # fmt: skip
    disk = found["disk"]
    assert disk["ledger"] > 0
    assert disk["bytes_per_day"] > 0
    assert disk["full_in_days"] is None or disk["full_in_days"] > 0
    assert found["memory"]["service"] > 10 * 1024**2
    assert found["memory"]["index"] > 10 * 1024**2
    assert found["tenant"]["origin"] == "test/main"
