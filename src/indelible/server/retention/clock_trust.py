"""
Whether expiry may go by the wall clock (formats.md B, time rules).

What was trusted is on disk, so a service that was stopped meanwhile compares too:

* `jump`: the machine did not start anew, and its uptime says that less, or more, time went by than
  the wall clock does;
* `behind`: the clock is earlier than at the last sweep;
* `pause`: the machine started anew, and the clock says that more than four days went by. Nobody can
  tell a long stop from a clock that was set ahead, so people have to.

Any of them stops expiry until two administrators say that the clock is right.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import msgspec

from indelible.clock import US_PER_S, Clock, ReadUptime, format_us
from indelible.errors import Conflict
from indelible.server.access.approvals import Approval, Wanted
from indelible.server.access.removals import DoubtKind, RemovalNotes, SweepNote
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_service

MAX_JUMP_S = 3600
MAX_PAUSE_S = 4 * 86_400


class Reading(msgspec.Struct, frozen=True):
    """The wall clock, and how it stands to the machine's uptime."""

    clock_us: int
    boot: str
    offset_us: int


class Doubt(NamedTuple):
    """Why the clock cannot be trusted, and by how many seconds."""

    kind: DoubtKind
    seconds: int

    def __str__(self) -> str:
        if self.kind == "jump":
            return f"the clock jumped by {_minutes(self.seconds)} minutes"
        if self.kind == "behind":
            return f"the clock is {_minutes(self.seconds)} minutes behind the last sweep"
        return (
            f"{self.seconds // 3600} hours went by since the last sweep, by the clock: a long"
            " stop, or a clock that was set ahead"
        )


def find_doubt(trusted: Reading, now: Reading, *, may_pause: bool) -> Doubt | None:
    """What speaks against the clock, from a reading that was trusted."""
    if trusted.boot == now.boot:
        jump_s = (now.offset_us - trusted.offset_us) // US_PER_S
        return Doubt("jump", jump_s) if abs(jump_s) > MAX_JUMP_S else None
    passed_s = (now.clock_us - trusted.clock_us) // US_PER_S
    if passed_s < -MAX_JUMP_S:
        return Doubt("behind", -passed_s)
    if passed_s > MAX_PAUSE_S and not may_pause:
        return Doubt("pause", passed_s)
    return None


class ClockTrust:
    """Of all tenants: each log has its own sweeps."""

    def __init__(
        self, notes: RemovalNotes, own: OwnAudit, clock: Clock, read_uptime: ReadUptime
    ) -> None:
        self._notes = notes
        self._own = own
        self._clock = clock
        self._read_uptime = read_uptime
        self._begun = self.read()

    def read(self) -> Reading:
        """The clock now."""
        boot, up_us = self._read_uptime()
        now_us = self._clock.now_us()
        return Reading(now_us, boot, now_us - up_us)

    async def holds(self, tenant_id: int, *, can_expire: bool) -> bool:
        """
        Whether dropping may go by the clock. A doubt is written down with an event, and stays.
        `can_expire` False: everything is kept for ever, so a long stop is nothing to ask about.
        """
        note = self._notes.sweep(tenant_id)
        if note.stopped is not None:
            return False
        now = self.read()
        trusted = self._begun
        if note.clock_us:
            trusted = Reading(note.clock_us, note.boot, note.offset_us)
        doubt = find_doubt(trusted, now, may_pause=not can_expire)
        if doubt is None:
            return True
        await self._stop(tenant_id, note, now, doubt)
        return False

    def swept(self, tenant_id: int) -> SweepNote:
        """The note of a sweep that was made by a trusted clock, to be written down."""
        note = self._notes.sweep(tenant_id)
        now = self.read()
        # The offset stays as it was trusted first: many small jumps are one large one.
        offset_us = note.offset_us if note.boot == now.boot else now.offset_us
        return SweepNote(
            swept_us=now.clock_us, clock_us=now.clock_us, boot=now.boot, offset_us=offset_us
        )

    def wanted(self, tenant_id: int, reason: str) -> Wanted:
        """What a second person is asked to confirm. Raises Conflict when nothing is in doubt."""
        note = self._notes.sweep(tenant_id)
        if note.stopped is None:
            raise Conflict("nothing waits for the clock", code="clock-not-doubted")
        now = self.read()
        return Wanted(
            kind="clock",
            title="The clock is right",
            reason=reason,
            target_type="clock",
            target="clock",
            act=msgspec.to_builtins(now),
            shown={
                "clock": format_us(now.clock_us // US_PER_S * US_PER_S),
                "last_sweep": format_us(note.swept_us // US_PER_S * US_PER_S)
                if note.swept_us
                else None,
                "doubt": note.doubt,
                "seconds": note.doubt_s,
            },
        )

    async def confirm(self, approval: Approval) -> bool:
        """
        Two people said that the clock is right; True when expiry goes on. A clock that jumped
        again since they were asked is another doubt. Done twice it changes nothing.
        """
        tenant_id = approval.tenant_id
        note = self._notes.sweep(tenant_id)
        if note.stopped is None:
            return False
        asked = msgspec.convert(approval.act, Reading)
        now = self.read()
        doubt = find_doubt(asked, now, may_pause=True)
        if doubt is not None:
            await self._stop(tenant_id, note, now, doubt)
            return False
        decider = approval.decider or approval.asker
        event = self._event(
            "ConfirmClock",
            {
                "approval": approval.id,
                "asked_by": approval.asker.id,
                "approved_by": decider.id,
                "why": note.stopped,
                "clock": format_us(now.clock_us),
            },
            "success",
        )
        event["reason"] = approval.reason
        event["changes"] = [{"path": "expiry", "before": "stopped", "after": "running"}]
        trusted = SweepNote(
            swept_us=note.swept_us, clock_us=now.clock_us, boot=now.boot, offset_us=now.offset_us
        )
        await asyncio.to_thread(self._notes.put_sweep, tenant_id, trusted, event)
        await self._own.drain()
        return True

    async def _stop(self, tenant_id: int, note: SweepNote, now: Reading, doubt: Doubt) -> None:
        told = {"why": str(doubt), "clock": format_us(now.clock_us)}
        if note.swept_us:
            told["last_sweep"] = format_us(note.swept_us)
        event = self._event("StopExpiry", told, "failure")
        stopped = msgspec.structs.replace(
            note, stopped=str(doubt), doubt=doubt.kind, doubt_s=doubt.seconds
        )
        await asyncio.to_thread(self._notes.put_sweep, tenant_id, stopped, event)
        await self._own.drain()

    def _event(self, operation: str, told: dict[str, Any], outcome: str) -> dict[str, Any]:
        return of_service(
            operation,
            event_id=self._own.new_id(),
            occurred_at=format_us(self._clock.now_us()),
            metadata=told,
            outcome=outcome,
        )


def _minutes(seconds: int) -> int:
    return abs(seconds) // 60 * (1 if seconds >= 0 else -1)
