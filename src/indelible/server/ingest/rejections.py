"""
Counts rejected events, so that they leave a trace: one `audit` event per key, code and minute.

Counting never fails and never waits; the service takes the counts once a minute and records them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

_MAX_KINDS = 10_000  # a sender with endless keys or codes cannot fill the memory


class Rejections:
    """Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[int, str, str], int] = {}  # guarded by _lock

    def count(self, tenant_id: int, key_id: str, code: str) -> None:
        """Notes one rejected event."""
        kind = (tenant_id, key_id, code)
        with self._lock:
            if kind in self._counts or len(self._counts) < _MAX_KINDS:
                self._counts[kind] = self._counts.get(kind, 0) + 1

    def take(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """What was counted since the last call, as (tenant id, event to record)."""
        with self._lock:
            counts, self._counts = self._counts, {}
        for (tenant_id, key_id, code), count in sorted(counts.items()):
            yield (
                tenant_id,
                {
                    "stream": "system",
                    "operation": "RejectEvents",
                    "method": "EventsRejected",
                    "endpoint": "/v1/events",
                    "outcome": "failure",
                    "severity": "warning",
                    "targets": [{"type": "key", "id": key_id}],
                    "metadata": {"code": code, "count": count},
                },
            )
