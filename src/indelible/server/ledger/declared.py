"""
Which parts of which events are declared removed, and by which entry: from the ledger alone.

The sweeper, the index's follower and the screen all ask here, so that they agree: an expiry takes
what it covers, unless the part was promised for longer or a hold that was open at its index covers
the event; an erasure takes what it names. One per tenant and thread; not safe for concurrent use.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Mapping
from itertools import takewhile

import msgspec

from indelible.errors import MalformedProof
from indelible.seal import (
    CONTENT,
    FACT,
    PERSON,
    ErasureLeaf,
    ExpiryLeaf,
    HoldLeaf,
    PolicyLeaf,
    parse_leaf,
)
from indelible.server.ledger.held import Held
from indelible.server.ledger.policies import PolicyAt, PolicyHistory

_PARTS = (FACT, PERSON, CONTENT)
_NOTHING: Mapping[int, str] = {}


class Removal(msgspec.Struct, frozen=True):
    """One removal entry. Of an erasure `first` to `stop` are named; of an expiry all below."""

    index: int
    parts: int
    first: int
    stop: int
    category_id: int | None = None
    cutoff_day: int | None = None


class Declared:
    """The removals of one tenant, up to entry `through`."""

    def __init__(self) -> None:
        self.through = 0
        self.held = Held()
        self.removals: list[Removal] = []
        self._policies: list[PolicyAt] = []
        self._history: PolicyHistory | None = None
        self._expiries: dict[int, list[tuple[int, ExpiryLeaf]]] = {}
        self._erasures: list[Removal] = []
        self._firsts: list[int] = []
        self._longest = 0
        # (category, part, day, policy in force) → lawful expiries in order, as (index, upto).
        self._lawful: dict[tuple[int, int, int, int], list[tuple[int, int]]] = {}

    def catch_up(self, connection: sqlite3.Connection, tenant_id: int) -> None:
        """Learns what the ledger has had since; the connection may be inside a transaction."""
        rows = connection.execute(
            "SELECT e.idx, e.leaf, r.data FROM entry e INDEXED BY declaration"
            " LEFT JOIN record r ON r.tenant = e.tenant AND r.idx = e.idx"
            " WHERE e.tenant = ? AND e.idx >= ?"
            " AND substr(e.leaf, 5, 1) IN (x'02', x'03', x'04', x'05') ORDER BY e.idx",
            (tenant_id, self.through),
        ).fetchall()
        for index, leaf, data in rows:
            self._learn(index, leaf, data)
        if rows:
            self._lawful.clear()
            self._history = PolicyHistory(self._policies)
            self._erasures.sort(key=lambda one: one.first)
            self._firsts = [one.first for one in self._erasures]

    @property
    def names(self) -> dict[int, str]:
        """Category id → name, of all that there ever were."""
        if not self._policies:
            return {}
        return {c.id: c.name for c in self._policies[-1].policy.categories}

    @property
    def policies(self) -> PolicyHistory:
        """All policies up to there."""
        return PolicyHistory(self._policies)

    @property
    def any(self) -> bool:
        """Whether anything was ever declared removed."""
        return bool(self.removals)

    def gone(self, index: int, category_id: int, day: int, parts: int) -> Mapping[int, str]:
        """Part bit → what took it away, as `expired 9100` or `erased 9100`: the first that may."""
        if not self.removals:
            return _NOTHING
        found: dict[int, str] = {}
        for part in _PARTS:
            if not parts & part:
                continue
            erased = self._erased_by(index, part)
            expired = self._expired_by(index, category_id, day, part)
            best = min((at for at in (erased, expired) if at is not None), default=None)
            if best is not None:
                found[part] = f"{'erased' if best == erased else 'expired'} {best}"
        return found

    def _erased_by(self, index: int, part: int) -> int | None:
        low = bisect_left(self._firsts, index - self._longest + 1)
        return min(
            (
                one.index
                for one in takewhile(lambda one: one.first <= index, self._erasures[low:])
                if index < one.stop and one.parts & part and one.index > index
            ),
            default=None,
        )

    def _expired_by(self, index: int, category_id: int, day: int, part: int) -> int | None:
        for at, upto in self._lawful_expiries(index, category_id, day, part):
            if at > index and index < upto:
                held = self.held.covering(index, category_id, day, at) if self.held.through else ()
                if not held:
                    return at
        return None

    def _lawful_expiries(
        self, index: int, category_id: int, day: int, part: int
    ) -> list[tuple[int, int]]:
        history = self._history
        if history is None or category_id not in self._expiries:
            return []
        key = (category_id, part, day, history.position(index))
        known = self._lawful.get(key)
        if known is None:
            known = self._lawful[key] = []
            for at, leaf in self._expiries[category_id]:
                if not leaf.header.parts & part or day >= leaf.cutoff_day:
                    continue
                days = history.required_days(index, day, category_id, part, at)
                if days is not None and leaf.cutoff_day <= leaf.header.day - days:
                    known.append((at, leaf.upto))
        return known

    def _learn(self, index: int, data: bytes, record: bytes | None) -> None:
        self.through = index + 1
        try:
            leaf = parse_leaf(data)
        except MalformedProof:
            return  # a verifier names it
        match leaf:
            case PolicyLeaf():
                self._policies.append(PolicyAt(index, leaf.header.day, leaf.policy))
            case HoldLeaf():
                self.held.learn(index, leaf, record)
            case ExpiryLeaf():
                self._expiries.setdefault(leaf.header.category_id, []).append((index, leaf))
                self.removals.append(
                    Removal(
                        index, leaf.header.parts, 0, leaf.upto,
                        leaf.header.category_id, leaf.cutoff_day,
                    )
                )  # fmt: skip
            case ErasureLeaf():
                one = Removal(index, leaf.header.parts, leaf.first, leaf.first + leaf.count)
                self._erasures.append(one)
                self._longest = max(self._longest, leaf.count)
                self.removals.append(one)
