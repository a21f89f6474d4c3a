"""Hooks in real frameworks, recording into memory; what the SDK would hide fails the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.capture import servers
from tests.unit.client.fake_service import FakeService

from indelible.testing import MemoryAudit, raise_swallowed


@pytest.fixture(autouse=True)
def swallow_nothing() -> Iterator[None]:
    with raise_swallowed():
        yield


@pytest.fixture
def audit() -> Iterator[MemoryAudit]:
    with MemoryAudit() as audit:
        yield audit


@pytest.fixture
def service() -> Iterator[FakeService]:
    fake = FakeService()
    yield fake
    fake.stop()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with servers.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.redis() as url:
        yield url
