"""Clients of a local server that hide nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.unit.client.fake_service import FakeService

from indelible import Indelible
from indelible.client import Pace, guard


@pytest.fixture
def service() -> Iterator[FakeService]:
    fake = FakeService()
    yield fake
    fake.stop()


@pytest.fixture(autouse=True)
def swallow_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the SDK would hide from its host fails the test."""
    monkeypatch.setattr(guard, "reraise", True)


@pytest.fixture
def new_client(service: FakeService) -> Iterator[Callable[..., Indelible]]:
    """Makes clients of the fake service with hardly any waiting; closes them at the end."""
    clients: list[Indelible] = []

    def make(**settings: Any) -> Indelible:
        url = settings.pop("url", service.url)
        settings.setdefault("pace", Pace(linger_s=0.0, longest_backoff_s=0.02))
        client = Indelible(url, "ind_w_test_key", source="unit", **settings)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close(timeout_s=0.0)
