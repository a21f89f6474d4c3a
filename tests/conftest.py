"""Fixtures that all tests share. What only one folder needs stands in that folder's conftest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# No deadline: two cores are shared, and a slow example is not a wrong one. On CI the examples are
# the same on each run, so that a red build stays red until it is mended.
settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Real data and vectors that stand beside the clone on our machines, never in it."""
    folder = Path(os.environ.get("INDELIBLE_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside this clone (set INDELIBLE_SHARED)")
    return folder
