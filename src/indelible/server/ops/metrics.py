"""
Counts what the service does. Counting costs well under a microsecond, never fails and never waits.

Each number has one writing thread: requests and events the event loop, groups the ledger's writer.
Readers may see a count that is one behind another, which a counter allows. Labels are route
templates, methods and statuses: never anything that a sender chooses.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

REQUEST_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
COMMIT_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
GROUP_BOUNDS = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


class Distribution:
    """How many values were at most each bound, how many in all, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Counts one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulative(self) -> list[tuple[str, float]]:
        """Upper bound and number of values up to it, as Prometheus wants them."""
        found: list[tuple[str, float]] = []
        sum_ = 0
        for bound, count in zip((*self.bounds, float("inf")), list(self.counts), strict=True):
            sum_ += count
            found.append(("+Inf" if bound == float("inf") else repr(bound), float(sum_)))
        return found


class Ingested(NamedTuple):
    """What became of the events that a tenant sent."""

    stored: int = 0
    duplicate: int = 0
    rejected: int = 0


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        # Owned by the event loop.
        self.requests: dict[tuple[str, str, int], Distribution] = {}
        self.events: dict[int, Ingested] = {}
        # Owned by the ledger's writer thread.
        self.commit_s = Distribution(COMMIT_BOUNDS_S)
        self.group_events = Distribution(GROUP_BOUNDS)

    def request(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the template that took it, None when none did."""
        key = (route or OTHER, method if method in _METHODS else OTHER, status)
        series = self.requests.get(key)
        if series is None:
            series = self.requests[key] = Distribution(REQUEST_BOUNDS_S)
        series.add(seconds)

    def ingested(self, tenant_id: int, stored: int, duplicates: int, rejected: int) -> None:
        """A write of a tenant was answered."""
        before = self.events.get(tenant_id, Ingested())
        self.events[tenant_id] = Ingested(
            before.stored + stored, before.duplicate + duplicates, before.rejected + rejected
        )

    def group(self, events: int, seconds: float) -> None:
        """A group of events was committed."""
        self.commit_s.add(seconds)
        self.group_events.add(float(events))
