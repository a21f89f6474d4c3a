"""
What a client owns in one process: buffer, sender, connection, spool.

A sender thread does not survive fork(), sockets and files must not be shared by two processes, and
what the parent has queued the parent sends. So a child forgets these parts and makes its own with
its first event.
"""

from __future__ import annotations

import atexit
import functools
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Protocol

import msgspec

from indelible.client.buffer import Buffer, Gap, MemoryStage, Policy
from indelible.client.ids import RandomBytes
from indelible.client.sender import Pace, Problem, Sender
from indelible.client.spool import Spool
from indelible.client.transport import Receipt, Transport, inside
from indelible.clock import Clock


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed to make the parts again in another process."""

    new_transport: Callable[[], Transport]
    make_gap: Callable[[Gap, int, str], bytes]
    instance: str | None
    home_pid: int
    policy: Policy
    max_queue: int
    max_queue_bytes: int
    spool_root: Path | None
    max_spool_bytes: int
    spool_sync: bool
    pace: Pace
    clock: Clock
    random_bytes: RandomBytes
    jitter: Callable[[], float]
    on_problem: Callable[[Problem], None]
    on_receipt: Callable[[Receipt], None] | None


class Parts:
    """The working parts of one client in this process."""

    def __init__(self, plan: Plan) -> None:
        self.pid = os.getpid()
        # A name given by the host is for the process that it was given in, not for its children.
        named = plan.instance if self.pid == plan.home_pid else None
        self.instance = (
            named or f"{socket.gethostname()[:100]}-{self.pid}-{plan.random_bytes(4).hex()}"
        )
        self.spools: list[Spool] = []
        own: Spool | None = None
        if plan.spool_root is not None:
            self.spools = Spool.adopt_all(plan.spool_root)
            own = Spool.create(
                plan.spool_root,
                f"{plan.clock.now_us():016x}-{self.instance}",
                max_bytes=plan.max_spool_bytes,
                sync=plan.spool_sync,
            )
        self.buffer = Buffer(
            memory=MemoryStage(plan.max_queue, plan.max_queue_bytes),
            spool=own,
            older=list(self.spools),
            policy=plan.policy,
            now_us=plan.clock.now_us,
            make_gap=functools.partial(self._gap, plan),
        )
        if own is not None:
            self.spools.append(own)
        self.transport = plan.new_transport()
        self.sender = Sender(
            self.buffer,
            self.transport,
            pace=plan.pace,
            clock=plan.clock,
            jitter=plan.jitter,
            on_problem=plan.on_problem,
            on_receipt=plan.on_receipt,
        )

    def _gap(self, plan: Plan, gap: Gap, seq: int) -> bytes:
        return plan.make_gap(gap, seq, self.instance)

    def stop(self, timeout_s: float) -> int:
        """Stops the sender and lets go of all files; returns how many events are lost by that."""
        self.sender.stop(timeout_s)
        self.transport.close()
        spooled = sum(len(spool) for spool in self.spools)
        lost = self.buffer.waiting() - spooled + self.buffer.pending_gap()
        for spool in self.spools:
            spool.close()
        return lost

    def abandon(self) -> None:
        """Closes our copies of the parent's descriptors and touches nothing else of it."""
        self.transport.abandon()
        for spool in self.spools:
            spool.abandon()


class Member(Protocol):
    """What the hooks of this module call."""

    def forget_parent(self) -> None:
        """Called in a forked child, before any other code of it."""
        ...

    def close_at_exit(self) -> None:
        """Called when the process ends in an orderly way."""
        ...


# Every open client of this process. Only `join` and `leave` change it.
_members: dict[int, Member] = {}


def join(member: Member) -> None:
    """From now on the fork and exit hooks know this client."""
    _members[id(member)] = member


def leave(member: Member) -> None:
    """Undoes `join`."""
    _members.pop(id(member), None)


def close_at_worker_exit(member: Member) -> None:
    """multiprocessing ends its workers without atexit; its own list is all that they run."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, member.close_at_exit, exitpriority=10)


def _after_fork_in_child() -> None:
    inside.depth = 0
    for member in list(_members.values()):
        member.forget_parent()


def _at_exit() -> None:
    for member in list(_members.values()):
        member.close_at_exit()


def flush_on_sigterm() -> None:
    """
    When SIGTERM would end the process without a word, sends what waits first.

    Only where nobody else has taken the signal: a server that has ends in its own orderly way, and
    the exit hook runs then. One that takes it later replaces this.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _on_sigterm)
    except (ValueError, OSError):
        return  # an interpreter that is not the main one has no signals


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_DFL)
    _at_exit()
    # Ends as it would have without us: the parent sees the signal, not an exit status.
    os.kill(os.getpid(), number)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_at_exit)
