"""
Does what a second person approved: whoever owns a kind of act registers here for it.

An act may be begun again: after a crash, or when it could not be done at once, it is tried until it
returns. So it must be safe to do twice. Requests that nobody decided on end here too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from indelible.clock import Clock, format_us
from indelible.errors import Error
from indelible.server.access.approvals import Approval, Approvals, Kind
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_service

log = logging.getLogger("indelible.retention")

_EVERY_S = 30.0

Run = Callable[[Approval], Awaitable[None]]


class Acts:
    """Owned by the event loop."""

    def __init__(self, approvals: Approvals, own: OwnAudit, clock: Clock) -> None:
        self._approvals = approvals
        self._own = own
        self._clock = clock
        self._runs: dict[str, Run] = {}
        self._ended: dict[str, Run] = {}
        self._running = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.register("four_eyes", self._switch_off)

    def register(self, kind: Kind, run: Run, on_end: Run | None = None) -> None:
        """
        Says who does this kind of act, and who wants to know of requests that come to nothing.
        Called while the service is put together.
        """
        self._runs[kind] = run
        if on_end is not None:
            self._ended[kind] = on_end

    async def tell_ended(self, approval: Approval) -> None:
        """Tells whoever asked to know that a request was refused, withdrawn or has expired."""
        on_end = self._ended.get(approval.kind)
        if on_end is not None and approval.state not in ("waiting", "approved"):
            await on_end(approval)

    def start(self) -> None:
        """Does what was approved and not done when the service ended, and looks again and again."""
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        """Ends; what is under way is done again after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def do_approved(self) -> None:
        """Does everything that is approved and not done. Failures are tried again later."""
        async with self._running:
            for approval in self._approvals.pending():
                run = self._runs.get(approval.kind)
                if run is None:
                    continue
                try:
                    await run(approval)
                    await asyncio.to_thread(self._approvals.finish, approval)
                except Error as error:
                    log.error("what %s approved is not done yet: %s", approval.id, error.message)
                except Exception:
                    # A defect in one act must not keep those that were approved after it waiting.
                    log.exception("what %s approved failed and is tried again", approval.id)
        await self._own.drain()

    async def _repeat(self) -> None:
        while True:
            try:
                await self._end_expired()
                await self.do_approved()
            except Error as error:
                log.error("approvals: %s", error.message)
            except Exception:
                log.exception("approvals failed")
            await asyncio.sleep(_EVERY_S)

    async def _end_expired(self) -> None:
        ended = await asyncio.to_thread(self._approvals.expire, self._expired)
        for one in ended:
            await self.tell_ended(one)

    def _expired(self, before: Approval, after: Approval) -> dict[str, Any]:
        event = of_service(
            "ExpireApproval",
            event_id=self._own.new_id(),
            occurred_at=format_us(self._clock.now_us()),
        )
        return {**event, **told(before, after)}

    async def _switch_off(self, approval: Approval) -> None:
        kind = str(approval.act["kind"])
        decider = approval.decider or approval.asker
        event = of_service(
            "ChangeFourEyes",
            event_id=self._own.new_id(),
            occurred_at=format_us(self._clock.now_us()),
            metadata={"approval": approval.id, "asked_by": approval.asker.id,
                      "approved_by": decider.id},
        )  # fmt: skip
        event["targets"] = [{"type": "four_eyes", "id": kind}]
        event["changes"] = [{"path": kind, "before": True, "after": False}]
        await asyncio.to_thread(
            self._approvals.set_four_eyes, approval.tenant_id, kind, False, event
        )


def told(before: Approval, after: Approval) -> dict[str, Any]:
    """Targets, changes and reason of the event of a step."""
    state = None if before is after else before.state
    return {
        "targets": [
            {"type": "approval", "id": after.id, "name": after.title},
            {"type": after.target_type, "id": after.target},
        ],
        "changes": [{"path": "state", "before": state, "after": after.state}],
        "reason": after.decision or after.reason,
        "metadata": {"kind": after.kind, "numbers": after.shown},
    }
