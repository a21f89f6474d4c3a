"""
Deletes a tenant that two people wanted gone: closes it, certifies its log, removes all of it.

    announced   everything goes on, until the day; it can be withdrawn
    closing     it takes and shows nothing any more; last checkpoint, certificate
    removing    exports, log, keys, rows, search index, control database, in this order
    deleted     the certificate stays, with the home tenant

The state stands in the control database. Each step may be done again, so what a crash broke off is
taken up by the next round from the start of its state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from indelible.clock import US_PER_DAY, Clock, format_us
from indelible.errors import Conflict, Error, NotFound, Pushback
from indelible.server.access.approvals import Approval
from indelible.server.access.control import ControlDatabase
from indelible.server.access.deletions import Deletion, DeletionTable, MakeEvent
from indelible.server.access.token import RandomBytes, random_id
from indelible.server.index import IndexProcess
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_service
from indelible.server.ledger import Ledger, Tenant
from indelible.server.ledger.leaving import delete_files
from indelible.server.retention.deletion_certificate import encode_certificate, make_certificate
from indelible.server.retention.deletion_numbers import DeletionNumbers, Numbers, Obstacle

log = logging.getLogger("indelible.deletion")

_EVERY_S: Final = 2.0
_INDEX_WAIT_S: Final = 120.0
_LOOK_S: Final = 0.5
_PHYSICAL_TRIES: Final = 100

OfTenant = Callable[[int], Awaitable[None]]


class Deletions:
    """Owned by the event loop."""

    def __init__(
        self,
        table: DeletionTable,
        numbers: DeletionNumbers,
        control: ControlDatabase,
        ledger: Ledger,
        index: IndexProcess,
        own: OwnAudit,
        close: OfTenant,
        clock_holds: Callable[[int], Awaitable[bool]],
        forget_exports: OfTenant,
        clock: Clock,
        random_bytes: RandomBytes,
        data_dir: Path,
        notice_days: int,
    ) -> None:
        self.table = table
        self.numbers = numbers
        self.notice_days = notice_days
        self._control = control
        self._ledger = ledger
        self._index = index
        self._own = own
        self._close = close
        self._clock_holds = clock_holds
        self._said: dict[str, str] = {}  # deletion → why it waits, as the service's log has it
        self._forget_exports = forget_exports
        self._clock = clock
        self._random_bytes = random_bytes
        self._data_dir = data_dir
        self._stopping = False
        self._running = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Goes on with what was begun, and does what falls due."""
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        """Ends; what is under way is taken up after the next start."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def obstacles(self, tenant: Tenant, home: int) -> list[Obstacle]:
        """What stands in its way now."""
        now_us = self._clock.now_us()
        return await asyncio.to_thread(self.numbers.obstacles, tenant, home, now_us)

    # -- steps of people

    async def approved(self, approval: Approval) -> None:
        """A second person agreed: it is announced, or refused for what has come in its way."""
        if self.table.of_approval(approval.id) is not None:
            return
        now_us = self._clock.now_us()
        try:
            tenant = self._ledger.tenant(int(approval.act["tenant"]))
        except NotFound:
            return
        numbers = await asyncio.to_thread(self.numbers.count, tenant)
        obstacles = await self.obstacles(tenant, approval.tenant_id)
        deletion = Deletion(
            id=random_id(self._random_bytes, "td"),
            leaving=tenant.id,
            name=tenant.name,
            origin=tenant.origin,
            home=approval.tenant_id,
            state="refused" if obstacles else "announced",
            approval=approval.id,
            reason=approval.reason,
            asker=approval.asker,
            asked_us=approval.asked_us,
            approver=approval.decider or approval.asker,
            approved_us=approval.decided_us or now_us,
            due_us=now_us + self.notice_days * US_PER_DAY,
            numbers=msgspec.to_builtins(numbers),
            ended_us=now_us if obstacles else None,
            note="; ".join(one.detail for one in obstacles) or None,
        )
        operation = "RefuseTenantDeletion" if obstacles else "AnnounceTenantDeletion"
        await asyncio.to_thread(self.table.add, deletion, self._event(operation))
        if not obstacles:
            await self._tell_itself(deletion, "AnnounceTenantDeletion")
        await self._own.drain()
        self._wake.set()

    async def withdraw(self, deletion: Deletion, event: MakeEvent) -> Deletion:
        """Takes back what was announced. Raises Conflict when it is too late."""
        if deletion.state != "announced":
            raise Conflict(
                f"this deletion is {deletion.state}: only an announced one can be withdrawn",
                code="decided",
            )
        async with self._running:
            after = await asyncio.to_thread(
                self.table.move,
                deletion,
                "withdrawn",
                event=event,
                ended_us=self._clock.now_us(),
            )
        await self._tell_itself(after, "WithdrawTenantDeletion")
        await self._own.drain()
        return after

    # -- doing

    async def _repeat(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.do_due()
            except Exception:
                log.exception("the deletion of a tenant failed and is tried again")
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def do_due(self) -> None:
        """Does what is due, and goes on with what was begun."""
        async with self._running:
            for deletion in self.table.open():
                try:
                    await self._go_on(deletion)
                except Error as error:
                    if self._said.get(deletion.id) != error.message:
                        self._said[deletion.id] = error.message
                        log.warning("the deletion of %s waits: %s", deletion.name, error.message)

    async def _go_on(self, deletion: Deletion) -> None:
        if deletion.state == "announced":
            if deletion.due_us > self._clock.now_us():
                return
            deletion = await self._begin(deletion)
        if deletion.state == "closing":
            deletion = await self._certify(deletion)
        if deletion.state == "removing":
            await self._remove(deletion)

    async def _begin(self, deletion: Deletion) -> Deletion:
        if not await self._clock_holds(deletion.home):
            raise Pushback("the clock is in doubt: two administrators have to say that it is right")
        tenant = self._ledger.tenant(deletion.leaving)
        obstacles = await self.obstacles(tenant, deletion.home)
        if obstacles:
            note = "; ".join(one.detail for one in obstacles)
            refused = await asyncio.to_thread(
                self.table.move,
                deletion,
                "refused",
                event=self._event("RefuseTenantDeletion"),
                ended_us=self._clock.now_us(),
                note=note,
            )
            await self._own.drain()
            return refused
        await self._tell_itself(deletion, "CloseTenant")
        await self._own.drain()
        return await asyncio.to_thread(self.table.move, deletion, "closing")

    async def _certify(self, deletion: Deletion) -> Deletion:
        tenant = self._ledger.tenant(deletion.leaving)
        await self._close(tenant.id)
        # What the certificate tells of access is what there was when it was announced.
        before = msgspec.convert(deletion.numbers, Numbers)
        now = await asyncio.to_thread(self.numbers.count, tenant)
        numbers = msgspec.structs.replace(now, people=before.people, keys=before.keys)
        certificate = await asyncio.to_thread(
            make_certificate, self._ledger, deletion, numbers, self._clock.now_us()
        )
        return await asyncio.to_thread(
            self.table.move, deletion, "removing", certificate=encode_certificate(certificate)
        )

    async def _remove(self, deletion: Deletion) -> None:
        leaving = deletion.leaving
        await self._close(leaving)
        await self._forget_exports(leaving)
        await asyncio.to_thread(self._ledger.retire, leaving)
        await asyncio.to_thread(delete_files, self._data_dir, leaving)
        await asyncio.to_thread(self._delete_rows, leaving)
        await self._index_gone(leaving)
        await asyncio.to_thread(self.table.forget_tenant, leaving)
        await self._make_physical()
        certificate = await asyncio.to_thread(self.table.kept_certificate, deletion.id)
        hash_ = sha256(certificate).hexdigest()
        await asyncio.to_thread(
            self.table.move,
            deletion,
            "deleted",
            event=self._event("DeleteTenant", certificate_sha256=hash_),
            ended_us=self._clock.now_us(),
        )
        await self._own.drain()
        log.warning("the tenant %s is deleted", deletion.name)

    def _delete_rows(self, leaving: int) -> None:
        # Each step is an act of its own: the writer takes what others sent in between.
        while not self._stopping and self._ledger.delete_some(leaving):
            pass
        if self._stopping:
            raise Pushback("the service is stopping", code="stopping")

    async def _index_gone(self, tenant_id: int) -> None:
        for _ in range(int(_INDEX_WAIT_S / _LOOK_S)):
            if self._index.is_gone(tenant_id):
                return
            await asyncio.sleep(_LOOK_S)
        raise Pushback("the search index still has files of it")

    async def _make_physical(self) -> None:
        for store in (self._ledger.make_physical, self._control.empty_log):
            for _ in range(_PHYSICAL_TRIES):
                if await asyncio.to_thread(store):
                    break
                await asyncio.sleep(_LOOK_S)
            else:
                raise Pushback("a write-ahead log cannot be emptied while somebody reads")

    # -- telling

    def _event(self, operation: str, **more: Any) -> MakeEvent:
        def make(before: Deletion, after: Deletion) -> dict[str, Any]:
            event = of_service(
                operation,
                event_id=self._own.new_id(),
                occurred_at=format_us(self._clock.now_us()),
                metadata={**told_of(after), **more},
            )
            return {**event, **changed(before, after)}

        return make

    async def _tell_itself(self, deletion: Deletion, operation: str) -> None:
        """In its own log: that it goes, not who wanted it, who are another tenant's people."""
        event = of_service(
            operation,
            event_id=self._own.new_id(),
            occurred_at=format_us(self._clock.now_us()),
            metadata={"deletion": deletion.id, "due_at": format_us(deletion.due_us)},
        )
        event["targets"] = [{"type": "tenant", "id": deletion.name}]
        await self._own.record(deletion.leaving, event)


def told_of(deletion: Deletion) -> dict[str, Any]:
    """What an event says of a deletion besides what changed."""
    return {
        "deletion": deletion.id,
        "approval": deletion.approval,
        "asked_by": deletion.asker.id,
        "approved_by": deletion.approver.id,
        "due_at": format_us(deletion.due_us),
        "numbers": deletion.numbers,
    }


def changed(before: Deletion, after: Deletion) -> dict[str, Any]:
    """Targets, changes and reason of the event of a step."""
    state = None if before is after else before.state
    return {
        "targets": [{"type": "tenant", "id": after.name, "name": after.origin}],
        "changes": [{"path": "state", "before": state, "after": after.state}],
        "reason": after.note or after.reason,
    }
