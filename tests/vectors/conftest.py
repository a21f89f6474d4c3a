"""Published vectors stand beside the clone, never in it; without them these tests are skipped."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def vectors(shared_dir: Path) -> Path:
    """The folder of published vectors."""
    folder = shared_dir / "vectors"
    if not folder.is_dir():
        pytest.skip(f"the folder of published vectors is not there: {folder.name} in shared")
    return folder
