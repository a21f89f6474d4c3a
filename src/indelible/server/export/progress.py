"""How far an export is."""

from __future__ import annotations


class Progress:
    """Counts of a running export; owned by the event loop."""

    def __init__(self, started_s: float) -> None:
        self.rows = 0
        self.bytes = 0
        self.cancelled = False
        self._started_s = started_s

    def on_rows(self, number: int) -> None:
        """So many rows have come."""
        self.rows += number

    def left_s(self, total: int, now_s: float) -> float | None:
        """Seconds still to go, at the pace so far."""
        if not self.rows or not total:
            return None
        return (now_s - self._started_s) / self.rows * max(0, total - self.rows)
