"""
The service audits itself: puts its own events into the ledger by the rules of design.md, section 5.

Acts come with their change in one transaction of the control database (`access/outbox.py`) and
are moved from there. Reads of the log pass through the rules of `own_reads.py` first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from indelible.clock import Clock, format_us
from indelible.errors import Error
from indelible.server.access import outbox
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import OwnEvent
from indelible.server.ingest.own_event import Acting, of_act
from indelible.server.ingest.own_reads import Read, ReadMerger, filter_of, make_read

log = logging.getLogger("indelible.own")

EXPORT = "ExportAuditLog"

# The ledger's side: durable when it returns; the same id again stores nothing.
RecordOwn = Callable[[int, OwnEvent], Awaitable[object]]


class OwnAudit:
    """Owned by the event loop: every method is called from it."""

    def __init__(
        self,
        control: ControlDatabase,
        record_own: RecordOwn,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._control = control
        self._record_own = record_own
        self._clock = clock
        self.new_id = new_id
        self._draining = asyncio.Lock()
        self._reads = ReadMerger()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def record(self, tenant_id: int, event: OwnEvent) -> None:
        """
        Records an event that has no change of the control database with it; durable on return.

        When the ledger cannot take it now, it waits in the outbox.
        """
        try:
            await self._record_own(tenant_id, event)
        except Error:
            await asyncio.to_thread(self._put, tenant_id, event)

    def _put(self, tenant_id: int, event: OwnEvent) -> None:
        with self._control.write() as transaction:
            outbox.put(transaction, tenant_id, event)

    async def drain(self) -> None:
        """
        Moves waiting events to the ledger, in order.

        When the ledger cannot take them they stay where they are, durable, and the next call
        tries again: the act they tell of has happened and must not be reported as failed.
        """
        async with self._draining:
            try:
                while batch := outbox.waiting(self._control):
                    for item in batch:
                        await self._record_own(item.tenant_id, item.event)
                    done = [item.position for item in batch]
                    await asyncio.to_thread(outbox.forget, self._control, done)
            except Error as error:
                log.error("own events wait: %s", error.message)

    async def read(
        self,
        caller: Acting,
        operation: str,
        *,
        method: str,
        endpoint: str,
        query: Mapping[str, Any],
        count: int | None = None,
    ) -> None:
        """
        Takes note of a read of the log; `query` is its filter and period as plain values.

        Exports and reads by keys are durable when this returns, exports are never merged. Another
        read of a person may be held for some seconds.
        """
        metadata: dict[str, Any] = {"query": filter_of(query)}
        if count is not None:
            metadata["count"] = count
        is_export = operation == EXPORT
        event_id = self.new_id()
        event = of_act(
            caller,
            event_id=event_id,
            operation=operation,
            method=method,
            endpoint=endpoint,
            status=200,
            stream="task" if is_export else "user",
            # Such an export is made whole before any of it leaves.
            job={"id": event_id, "state": "succeeded"} if is_export else None,
            metadata=metadata,
        )
        event["occurred_at"] = format_us(self._clock.now_us())
        if is_export:
            await self.record(caller.tenant_id, event)
            return
        # An id that a host product gives may be one of ours, too: it is still somebody else.
        who = f"{caller.kind} {caller.id}"
        read = make_read((caller.tenant_id, who), operation, query, event)
        now_s = self._clock.monotonic_s()
        if caller.kind == "key":
            for taken in self._reads.take_now(read, now_s):
                await self.record(caller.tenant_id, taken.event)
            return
        self._reads.hold(read, now_s)
        self._set_timer()

    async def flush(self) -> None:
        """Records all held reads now; called at shutdown, when no request runs any more."""
        if self._timer is not None:
            self._timer.cancel()
        await self._write(self._reads.flush(self._clock.monotonic_s()))
        await asyncio.gather(*self._tasks)
        await self.drain()

    def _set_timer(self) -> None:
        due_s = self._reads.next_due_s()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due_s is None:
            return
        wait_s = max(0.0, due_s - self._clock.monotonic_s())
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._on_timer)

    def _on_timer(self) -> None:
        task = asyncio.get_running_loop().create_task(
            self._write(self._reads.due(self._clock.monotonic_s()))
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, reads: list[Read]) -> None:
        self._set_timer()
        try:
            for read in reads:
                await self.record(read.who[0], read.event)
        except Error as error:
            log.error("a read of the log could not be recorded: %s", error.message)
