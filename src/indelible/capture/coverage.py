"""
What of a product's surface is audited: of its tests (`watching`), or of what a service has stored.

A route is *audited* when an event names it, *silent* when it was used and left none, *untouched*
when nobody used it, *quiet* when it left events earlier, but not lately. Of a model
or a job nobody can tell whether it was used without an event.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from indelible.capture.inventory import ANY, Surface
from indelible.client.watch import watchers


class Report(msgspec.Struct, frozen=True):
    """Each surface in one of four lists."""

    audited: list[str]
    silent: list[str]
    quiet: list[str]
    untouched: list[str]

    @property
    def total(self) -> int:
        """How many surfaces there are."""
        return len(self.audited) + len(self.silent) + len(self.quiet) + len(self.untouched)

    @property
    def percent(self) -> int:
        """How much is audited, rounded down; a product without a surface is covered."""
        return 100 if self.total == 0 else 100 * len(self.audited) // self.total

    def lines(self) -> Iterator[str]:
        """As text: what is wrong first."""
        for word in ("silent", "quiet", "untouched"):
            yield from (f"{word:<10} {name}" for name in getattr(self, word))
        yield f"{self.percent}% audited: {len(self.audited)} of {self.total}"


class Seen:
    """What was recorded and used meanwhile; safe for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.routes: Counter[tuple[str, str]] = Counter()
        self.models: Counter[str] = Counter()
        self.jobs: Counter[str] = Counter()
        self.silent: Counter[tuple[str, str]] = Counter()

    def on_event(self, event: Mapping[str, Any]) -> None:
        with self._lock:
            if event.get("endpoint"):
                self.routes[str(event.get("method")), str(event["endpoint"])] += 1
                if event.get("job"):
                    self.jobs[str(event["endpoint"])] += 1
            if event.get("changes"):
                for target in event.get("targets") or ():
                    kind = target.get("type") if isinstance(target, dict) else target.type
                    self.models[str(kind)] += 1

    def on_request(self, method: str, endpoint: str, status: int) -> None:
        if status != 404:
            with self._lock:
                self.silent[method, endpoint] += 1

    def report(self, surfaces: Iterable[Surface]) -> Report:
        """Where each of them stands."""
        report = Report([], [], [], [])
        for one in surfaces:
            if one.kind == "route":
                found, used = _has(self.routes, one), _has(self.silent, one)
            else:
                names = self.models if one.kind == "model" else self.jobs
                found, used = one.name in names, False
            where = report.audited if found else report.silent if used else report.untouched
            where.append(str(one))
        return report


class Stored(msgspec.Struct, frozen=True):
    """Endpoints, types of targets and jobs that a service has events of, in one time."""

    routes: frozenset[str]
    models: frozenset[str]
    jobs: frozenset[str] = frozenset()

    def report(self, surfaces: Iterable[Surface], before: Stored) -> Report:
        """Where each surface stands; `before` is an earlier time."""
        report = Report([], [], [], [])
        for one in surfaces:
            if self.has(one):
                report.audited.append(str(one))
            elif before.has(one):
                report.quiet.append(str(one))
            else:
                report.untouched.append(str(one))
        return report

    def has(self, surface: Surface) -> bool:
        """Whether an event names it."""
        names = {"route": self.routes, "model": self.models, "job": self.jobs}
        return surface.name in names[surface.kind]


@contextmanager
def watching() -> Iterator[Seen]:
    """Watches what this process records inside of the block."""
    seen = Seen()
    watchers.append(seen)
    try:
        yield seen
    finally:
        watchers.remove(seen)


def _has(counts: Mapping[tuple[str, str], int], surface: Surface) -> bool:
    if surface.method != ANY:
        return (surface.method, surface.name) in counts
    return any(endpoint == surface.name for _, endpoint in counts)
