"""
What waits for the writer, in the order in which it is taken: each tenant in turn.

Of one tenant what came first is taken first, acts and events alike. With one tenant this is a
plain queue; with several, one that floods the service waits for itself, not the others for it.
"""

from __future__ import annotations

from collections import deque

from indelible.server.ledger.desk import Act
from indelible.server.ledger.submission import Submission


class _Line:
    """What waits of one tenant, and how much it is."""

    __slots__ = ("events", "items", "weight_bytes")

    def __init__(self) -> None:
        self.items: deque[Submission | Act] = deque()
        self.events = 0
        self.weight_bytes = 0


class Turns:
    """Guarded by the lock of its owner: not safe for several threads by itself."""

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        # A tenant is in both as long as something of it waits.
        self._lines: dict[int, _Line] = {}
        self._order: deque[int] = deque()
        self._length = 0
        self.events = 0
        self.weight_bytes = 0

    def __len__(self) -> int:
        return self._length

    def has_room_for(self, one: Submission | Act) -> bool:
        """
        Whether it may wait too. One alone always may.

        Above the limit those may still who have less than their share of it waiting, up to twice
        the limit in all: what one tenant sent must not turn the others away.
        """
        events, weight_bytes = len(one.items), one.weight_bytes
        if not self._length or self._fits(self.events + events, self.weight_bytes + weight_bytes):
            return True
        line = self._lines.get(one.tenant_id) or _Line()
        sharing = len(self._lines) + (one.tenant_id not in self._lines)
        return self._fits(
            (line.events + events) * sharing, (line.weight_bytes + weight_bytes) * sharing
        ) and self._fits((self.events + events) / 2, (self.weight_bytes + weight_bytes) / 2)

    def _fits(self, events: float, weight_bytes: float) -> bool:
        return events <= self._max_events and weight_bytes <= self._max_bytes

    def put(self, one: Submission | Act) -> None:
        """Puts it behind what waits of its tenant."""
        line = self._lines.get(one.tenant_id)
        if line is None:
            line = self._lines[one.tenant_id] = _Line()
            self._order.append(one.tenant_id)
        line.items.append(one)
        line.events += len(one.items)
        line.weight_bytes += one.weight_bytes
        self._length += 1
        self.events += len(one.items)
        self.weight_bytes += one.weight_bytes

    @property
    def next(self) -> Submission | Act:
        """What `take` gives; there must be something."""
        return self._lines[self._order[0]].items[0]

    def take(self) -> Submission | Act:
        """Takes the next one out; then it is the turn of the next tenant."""
        tenant_id = self._order.popleft()
        line = self._lines[tenant_id]
        one = line.items.popleft()
        line.events -= len(one.items)
        line.weight_bytes -= one.weight_bytes
        if line.items:
            self._order.append(tenant_id)
        else:
            del self._lines[tenant_id]
        self._length -= 1
        self.events -= len(one.items)
        self.weight_bytes -= one.weight_bytes
        return one

    def take_all(self) -> list[Submission | Act]:
        """Takes out all that waits."""
        return [self.take() for _ in range(self._length)]
