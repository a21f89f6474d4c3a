"""
Counts events of categories that are switched off: they are not recorded, but that they came is.

One `audit` event per category and minute. Counting never fails and never waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any


class Skips:
    """Safe to call from several threads. Bounded by the number of categories."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[int, str], int] = {}  # guarded by _lock
        self._totals: dict[tuple[int, str], int] = {}  # guarded by _lock

    def count(self, tenant_id: int, category: str) -> None:
        """Notes one event that was not recorded."""
        kind = (tenant_id, category)
        with self._lock:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._totals[kind] = self._totals.get(kind, 0) + 1

    def total(self, tenant_id: int, category: str) -> int:
        """How many were skipped since the service started."""
        with self._lock:
            return self._totals.get((tenant_id, category), 0)

    def take(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """What was counted since the last call, as (tenant id, event to record)."""
        with self._lock:
            counts, self._counts = self._counts, {}
        for (tenant_id, category), count in sorted(counts.items()):
            yield (
                tenant_id,
                {
                    "stream": "system",
                    "operation": "SkipEvents",
                    "method": "EventsSkipped",
                    "endpoint": "/v1/events",
                    "outcome": "success",
                    "severity": "notice",
                    "targets": [{"type": "category", "id": category}],
                    "metadata": {"category": category, "count": count},
                },
            )
