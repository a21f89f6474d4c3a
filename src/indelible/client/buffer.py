"""
Where events wait for the sender, in the order in which they were recorded.

Stages, read in this order: spools left by dead processes, the own spool, memory. With a spool
folder each event is in the file before `put` returns; memory takes over only while the file does
not. Both are bounded. When both are full the policy decides: `block`, `raise` or
`drop_and_count`; what was dropped is told by a gap event as soon as there is room.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from indelible.errors import Error

Policy = Literal["block", "raise", "drop_and_count"]
MakeLine = Callable[[int], bytes]


class QueueFull(Error):
    """There was no room for the event and the policy is `raise`; the event was not recorded."""

    code = "queue-full"


class Gap(msgspec.Struct, frozen=True):
    """Events that could not be kept: how many, when, and where in the sequence if known."""

    count: int
    first_us: int
    last_us: int
    first_seq: int | None
    last_seq: int | None


class Stage(Protocol):
    """
    A first-in first-out store of event lines.

    All calls come under the buffer's lock; `peek` and `settle` only from the sender. A line is
    given again by `peek` until it is settled.
    """

    def append(self, line: bytes) -> bool:
        """Keeps the line; False when there is no room or the store cannot write."""
        ...

    def peek(self, most: int, most_bytes: int) -> list[bytes]:
        """The oldest lines, at least one if there is any."""
        ...

    def settle(self, count: int) -> None:
        """The oldest `count` lines of the last `peek` need not be kept any more."""
        ...

    def take_lost(self) -> int:
        """How many lines turned out to be unreadable since the last call."""
        ...

    def __len__(self) -> int: ...


class MemoryStage:
    """Lines in memory, bounded by count and bytes. Lost when the process dies."""

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._lines: deque[bytes] = deque()
        self._bytes = 0

    def append(self, line: bytes) -> bool:
        if len(self._lines) >= self._max_events or self._bytes + len(line) > self._max_bytes:
            return False
        self._lines.append(line)
        self._bytes += len(line)
        return True

    def peek(self, most: int, most_bytes: int) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        for line in self._lines:
            size += len(line)
            if batch and (len(batch) >= most or size > most_bytes):
                break
            batch.append(line)
        return batch

    def settle(self, count: int) -> None:
        for _ in range(count):
            self._bytes -= len(self._lines.popleft())

    def take_lost(self) -> int:
        return 0

    def __len__(self) -> int:
        return len(self._lines)


class Buffer:
    """
    The bounded queue between the host's threads and the sender.

    `changed` guards everything here; it is reentrant, so a signal handler that records cannot
    deadlock. Counters only grow.
    """

    def __init__(
        self,
        *,
        memory: MemoryStage,
        spool: Stage | None,
        older: list[Stage],
        policy: Policy,
        now_us: Callable[[], int],
        make_gap: Callable[[Gap, int], bytes],
    ) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._memory = memory
        self._spool = spool
        self._older = deque(stage for stage in older if len(stage))
        self._policy = policy
        self._now_us = now_us
        self._make_gap = make_gap
        self._next_seq = 0
        self._gap: Gap | None = None
        self._closed = False
        self.accepted = sum(len(stage) for stage in self._older)
        self.settled = 0
        self.dropped = 0
        # How many must wait before the sender wants to be woken: waking it for each event costs
        # the host more than the event itself.
        self.wake_at = 1

    def take_seq(self) -> int:
        """The next number of this instance, for an event that goes another way (mode `sync`)."""
        with self.changed:
            seq = self._next_seq
            self._next_seq += 1
            return seq

    def put(self, make_line: MakeLine) -> bool:
        """
        Keeps one event; False when it was dropped and counted.

        Raises:
            QueueFull: there is no room and the policy is `raise`.
        """
        with self.changed:
            while not self._closed:
                self._tell_gap()
                # The number belongs to the place in the queue, so it is taken with the place.
                if self._gap is None and self._append(make_line(self._next_seq)):
                    self._next_seq += 1
                    self.accepted += 1
                    if self.accepted - self.settled >= self.wake_at:
                        self.changed.notify_all()
                    return True
                if self._policy != "block":
                    break
                self.changed.wait()
            self._count_drop(self.take_seq())
            if self._policy == "raise" and not self._closed:
                raise QueueFull("no room for the event in memory or spool")
            return False

    def _append(self, line: bytes) -> bool:
        # While memory holds events, newer ones must not overtake them through the file.
        if self._spool is not None and not self._memory and self._spool.append(line):
            return True
        return self._memory.append(line)

    def _count_drop(self, seq: int | None, count: int = 1) -> None:
        now_us = self._now_us()
        self.dropped += count
        gap = self._gap or Gap(0, now_us, now_us, seq, seq)
        first_seq = seq if gap.first_seq is None else gap.first_seq
        last_seq = gap.last_seq if seq is None else seq
        self._gap = Gap(gap.count + count, gap.first_us, now_us, first_seq, last_seq)

    def _tell_gap(self) -> None:
        """Puts the gap event where the lost ones would have been, once there is room."""
        if self._gap is not None and self._append(self._make_gap(self._gap, self._next_seq)):
            self._next_seq += 1
            self._gap = None
            self.accepted += 1
            self.changed.notify_all()

    def peek(self, most: int, most_bytes: int) -> tuple[Stage, list[bytes]] | None:
        """The oldest waiting lines and the stage to settle them in; None when nothing waits."""
        with self.changed:
            while self._older and not len(self._older[0]):
                self._older.popleft()
            own = [self._spool] if self._spool is not None else []
            for stage in (*self._older, *own, self._memory):
                lines = stage.peek(most, most_bytes) if len(stage) else []
                if lost := stage.take_lost():
                    self.settled += lost
                    self._count_drop(None, lost)
                if lines:
                    return stage, lines
            return None

    def settle(self, stage: Stage, count: int) -> None:
        """The oldest `count` lines of `stage` are stored or refused for good."""
        with self.changed:
            stage.settle(count)
            self.settled += count
            self._tell_gap()
            self.changed.notify_all()

    def waiting(self) -> int:
        """How many events are not settled."""
        return self.accepted - self.settled

    def pending_gap(self) -> int:
        """How many dropped events have not been told yet."""
        return 0 if self._gap is None else self._gap.count

    def close(self) -> None:
        """Takes no more events; who waits for room is let go, and the event counted as dropped."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()
