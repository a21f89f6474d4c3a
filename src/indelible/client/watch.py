"""
Who watches what this process records: coverage of tests. Empty in a product that runs.

Told are events as they are composed, and requests that left none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Watcher(Protocol):
    """Gets everything, in the thread that does it; must not raise."""

    def on_event(self, event: Mapping[str, Any]) -> None:
        """An event was composed."""

    def on_request(self, method: str, endpoint: str, status: int) -> None:
        """A request is over and left no event."""


watchers: list[Watcher] = []
"""Changed before and after a run of tests only."""
