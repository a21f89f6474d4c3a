"""A control database with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indelible.clock import FixedClock
from indelible.server.access.door import Access
from indelible.server.settings import load_settings


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_700_000_000_000_000)


@pytest.fixture
def access(tmp_path: Path, clock: FixedClock) -> Iterator[Access]:
    opened = Access(tmp_path / "control.sqlite3", load_settings(None, {}), clock)
    yield opened
    opened.close()
