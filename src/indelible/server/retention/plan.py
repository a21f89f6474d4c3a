"""
What an erasure would take, and what it would leave: judged by the rules that a verifier has.

Pure. Parts go in which the person stands, and of events that the person did the whole person part;
or, where that is asked for, the chosen parts of every event in which they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from indelible.seal import CONTENT, FACT, PERSON, Policy
from indelible.server.ledger.categories import LAST_RESERVED
from indelible.server.ledger.policy_rules import floors_of
from indelible.server.retention.scan import Hit
from indelible.server.retention.subject import Identifier

Why = Literal["not-chosen", "reserved", "floor", "hold"]
PARTS = (FACT, PERSON, CONTENT)
_SHOWN = 20

Held = Callable[[int, int, int], tuple[str, ...]]
"""The names of holds that cover an event: index, category id, day."""


class Obstacle(msgspec.Struct, frozen=True):
    """Why a part stays: until a day, or because of holds."""

    why: Why
    until_day: int | None = None
    holds: tuple[str, ...] = ()


class Left(msgspec.Struct, kw_only=True):
    """Parts that stay although the person stands in them, of one category and for one reason."""

    obstacle: Obstacle
    category_id: int
    part: int
    events: int = 0
    indices: list[int] = msgspec.field(default_factory=list)
    paths: list[str] = msgspec.field(default_factory=list)


class Rules:
    """The policy in force, the holds and the day."""

    def __init__(self, policy: Policy, today: int, held: Held) -> None:
        self._floors = floors_of(policy)
        self._today = today
        self._held = held

    def obstacle(self, index: int, category_id: int, day: int, part: int) -> Obstacle | None:
        """What keeps a part from being erased now, if anything."""
        if part == FACT and category_id <= LAST_RESERVED:
            return Obstacle("reserved")
        for floor in self._floors:
            until = day + floor.min_days
            if floor.until_day is not None:
                until = min(until, floor.until_day)
            if floor.category == category_id and floor.parts & part and self._today < until:
                return Obstacle("floor", until_day=until)
        holds = self._held(index, category_id, day)
        return Obstacle("hold", holds=holds) if holds else None


class Plan:
    """Grows hit by hit. `goes` has the parts that go by entry index."""

    def __init__(self, rules: Rules, parts: int, *, whole_events: bool) -> None:
        self.goes: dict[int, int] = {}
        self.events = 0
        self.by_part: Counter[int] = Counter()
        self.by_category: Counter[int] = Counter()
        self.known: Counter[Identifier] = Counter()
        self.first: list[int] = []
        self._rules = rules
        self._parts = parts
        self._whole_events = whole_events
        self._left: dict[tuple[Obstacle, int, int], Left] = {}

    def add_all(self, hits: Iterable[Hit]) -> Plan:
        """Takes hits in."""
        for hit in hits:
            self.add(hit)
        return self

    def add(self, hit: Hit) -> None:
        """Takes one hit in."""
        self.events += 1
        self.by_category[hit.category_id] += 1
        self.known.update(hit.known)
        if len(self.first) < _SHOWN:
            self.first.append(hit.index)
        asked = hit.has if self._whole_events else hit.found_in
        if hit.is_actor:
            asked |= hit.has & PERSON
        goes = 0
        for part in PARTS:
            if not asked & part:
                continue
            obstacle = (
                self._rules.obstacle(hit.index, hit.category_id, hit.day, part)
                if self._parts & part
                else Obstacle("not-chosen")
            )
            if obstacle is None:
                goes |= part
                self.by_part[part] += 1
            elif part in hit.paths or obstacle.why != "not-chosen":
                self._leave(hit, part, obstacle)
        if goes:
            self.goes[hit.index] = goes

    def _leave(self, hit: Hit, part: int, obstacle: Obstacle) -> None:
        # The day differs from event to event; what matters is that there is a floor.
        key = (msgspec.structs.replace(obstacle, until_day=None), hit.category_id, part)
        left = self._left.setdefault(
            key, Left(obstacle=obstacle, category_id=hit.category_id, part=part)
        )
        left.events += 1
        if obstacle.until_day is not None and (left.obstacle.until_day or 0) < obstacle.until_day:
            left.obstacle = obstacle
        if len(left.indices) < _SHOWN:
            left.indices.append(hit.index)
        for path in hit.paths.get(part, ()):
            if path not in left.paths and len(left.paths) < _SHOWN:
                left.paths.append(path)

    @property
    def left(self) -> list[Left]:
        """What stays, most first."""
        return sorted(self._left.values(), key=lambda one: -one.events)


def spans(goes: dict[int, int]) -> list[tuple[int, int, int]]:
    """Runs of consecutive entries that lose the same parts: first, count, parts."""
    found: list[tuple[int, int, int]] = []
    for index in sorted(goes):
        if found and found[-1][0] + found[-1][1] == index and found[-1][2] == goes[index]:
            first, count, parts = found[-1]
            found[-1] = (first, count + 1, parts)
        else:
            found.append((index, 1, goes[index]))
    return found
