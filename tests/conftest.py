"""Fixtures that all tests share. What only one folder needs stands in that folder's conftest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# What takes longest begins first: a long file that begins last runs alone while a core is idle.
LONGEST_FIRST = {
    "browser": (
        "every_page", "policy", "accessibility", "settings", "open_page", "access", "list", "embed",
        "narrow", "tour", "search", "erasures", "exports", "columns", "histogram", "keyboard",
        "drawer", "keyboard_pages", "steps", "status", "live", "times", "hostile",
    ),
    "integration": (
        "index", "query_search", "holds", "reach_routes", "service_audit", "fleet", "backup",
        "viewer", "tenants", "import", "service", "export", "single_sign_on", "masked_index",
        "doors", "cli", "erasures", "export_direct", "embed", "live", "demo", "gaps", "expiry",
    ),
    "hostile": ("schemathesis", "stalled", "connections", "traces", "values"),
    "capture": ("tasks", "how_to", "forking_workers", "servers", "coverage"),
}  # fmt: skip
PLACES = {
    (folder, f"test_{name}.py"): place
    for folder, names in LONGEST_FIRST.items()
    for place, name in enumerate(names)
}
# Real processes, databases and browsers on cores that are shared: a limit that ends what hangs.
REAL_PARTS = {"integration", "tamper", "hostile", "capture", "faults"}
REAL_PARTS_LIMIT_S = 180

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders files by how long they take, and gives tests of real parts the time they may need."""
    items.sort(key=lambda item: PLACES.get((item.path.parent.name, item.path.name), len(PLACES)))
    for item in items:
        if item.path.parent.name in REAL_PARTS and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(REAL_PARTS_LIMIT_S))


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
