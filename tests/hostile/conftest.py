"""A service with two tenants, and what it takes in memory. Fixtures of the hostile tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import (  # noqa: F401 - fixtures are found by name
    Reply,
    RunningService,
    init_folder,
    service,
    start_service,
)

from indelible.clock import SystemClock
from indelible.server.access.door import Access
from indelible.server.access.token import KeyKind, encode_key, new_key
from indelible.server.ledger import Ledger
from indelible.server.settings import load_settings

STRANGER = 2  # the second tenant of `make_two_tenants`


@dataclass
class Probe:
    """Sends hostile requests, and checks what must hold for every answer to them."""

    service: RunningService

    def send(
        self, body: bytes, *, media: str = "application/json", encoding: str | None = None
    ) -> Reply:
        """POST /v1/events with these bytes. Never a 5xx; every error says what is wrong."""
        headers = {"content-type": media}
        if encoding:
            headers["content-encoding"] = encoding
        reply = self.service.request(
            "POST", "/v1/events", key=self.service.key("w"), body=body, headers=headers, timeout=120
        )
        assert_clear(reply)
        return reply

    def batch(self, *events: bytes) -> dict[str, Any]:
        """Events in one array between two good ones; returns the reply, which must have both."""
        good = b'{"operation":"GoodOne"}'
        reply = self.send(b"[" + b",".join([good, *events, good]) + b"]")
        assert reply.status == 200, reply.body
        answer: dict[str, Any] = reply.json
        stored = {receipt["position"] for receipt in answer["receipts"]}
        assert {0, len(events) + 1} <= stored, "an event was lost for the sake of another"
        return answer

    def stored(self, event: bytes) -> dict[str, Any]:
        """Stores one event among good ones, and reads it back from the ledger."""
        answer = self.batch(event)
        assert answer["rejected"] == []
        return self.read(answer["receipts"][1]["id"])

    def refused(self, event: bytes) -> str:
        """Sends one event among good ones; returns why it alone was refused."""
        answer = self.batch(event)
        assert [wrong["position"] for wrong in answer["rejected"]] == [1]
        assert answer["rejected"][0]["code"] == "invalid-event"
        return str(answer["rejected"][0]["detail"])

    def read(self, event_id: str) -> dict[str, Any]:
        """One event as it reads over the API."""
        self.service.settle()
        reply = self.service.request("GET", f"/v1/events/{event_id}", key=self.service.key("r"))
        assert reply.status == 200, reply.body
        event: dict[str, Any] = reply.json
        return event

    def rss_mb(self) -> float:
        """The most memory that the service's own process has had at once."""
        return _status_mb(self.service.process.pid, "VmHWM")

    def forget_peak(self) -> None:
        """Starts measuring the peak again."""
        Path(f"/proc/{self.service.process.pid}/clear_refs").write_text("5")


def assert_clear(reply: Reply) -> None:
    """No fault of the service, and an error that a person can act on."""
    assert reply.status < 500 or reply.status == 503, reply.body
    if reply.status >= 400 and "rejected" not in reply.json:
        assert reply.headers["content-type"] == "application/problem+json"
        problem = reply.json
        assert problem["status"] == reply.status
        assert problem["code"]
        assert problem["detail"]
        # What is no HTTP never became a request.
        assert problem["request_id"] or problem["code"] in ("invalid-http", "headers-too-large")
        assert "Traceback" not in reply.body.decode()


def _status_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no {name} of process {pid}")


@pytest.fixture(scope="module")
def probe(service: RunningService) -> Probe:  # noqa: F811
    """Hostile requests to the module's service."""
    return Probe(service)


def add_tenant(data: Path, name: str) -> None:
    """Makes another tenant in a folder that is not being served."""
    Ledger.create(data, SystemClock(), tenant=name, origin=f"test/{name}")


def key_of_tenant(data: Path, tenant_id: int, kind: KeyKind) -> str:
    """A key of any tenant, as the command line makes them for the first."""
    access = Access(data / "control.sqlite3", load_settings(data, {}), SystemClock())
    try:
        key = new_key(kind, os.urandom)
        event = {"operation": "CreateApiKey", "id": None}
        access.keys.add(tenant_id, key, f"stranger {key.id}", event)
    finally:
        access.close()
    return encode_key(key)


@pytest.fixture(scope="module")
def two_tenants(
    tmp_path_factory: pytest.TempPathFactory,
    start_service: Callable[..., RunningService],  # noqa: F811
) -> tuple[RunningService, dict[str, str]]:
    """A service with two tenants; the keys by kind are those of the second."""
    data = tmp_path_factory.mktemp("tenants") / "data"
    init_folder(data)
    add_tenant(data, "stranger")
    running = start_service(data)
    kinds: tuple[KeyKind, ...] = ("w", "r", "a", "s")
    return running, {kind: key_of_tenant(data, STRANGER, kind) for kind in kinds}


def dumps(value: Any) -> bytes:
    """JSON bytes."""
    return json.dumps(value).encode()
