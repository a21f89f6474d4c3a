"""Hooks in real frameworks, recording into memory; what the SDK would hide fails the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from indelible.testing import MemoryAudit, raise_swallowed


@pytest.fixture(autouse=True)
def swallow_nothing() -> Iterator[None]:
    with raise_swallowed():
        yield


@pytest.fixture
def audit() -> Iterator[MemoryAudit]:
    with MemoryAudit() as audit:
        yield audit
