"""
Erases: plan, declare, forget in the index, remove, make physical, certify (formats.md B).

Each step may be begun again, so a crash at any point is mended by the next round: what is declared
is read back from the records in the ledger, what is still there is found by looking again. Requests
of data subjects wait for one batch a day, shuffled, so that neighbours in the tree tell nobody
which events were one person's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from indelible.clock import US_PER_DAY, US_PER_S, Clock, day_of, format_us
from indelible.errors import Error, Pushback
from indelible.seal import DATA_SUBJECT, PERSON
from indelible.server.access.approvals import Approval, Somebody
from indelible.server.access.outbox import OwnEvent
from indelible.server.access.token import RandomBytes
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_service
from indelible.server.ledger import Ledger
from indelible.server.ledger.held import Held
from indelible.server.ledger.journal import Span, add_to_journal
from indelible.server.retention.certificate import make_certificate
from indelible.server.retention.declare import (
    Declared,
    Where,
    declare,
    declared_of,
    parts_of,
    remove,
)
from indelible.server.retention.erasure_table import Erasure, ErasureTable
from indelible.server.retention.hold import Holds
from indelible.server.retention.outcome import left_of, numbers_of
from indelible.server.retention.plan import Plan, Rules, spans
from indelible.server.retention.scan import Hit, Scanner

log = logging.getLogger("indelible.retention")

BATCH_HOUR = 3
"""Of the day, in UTC: when requests of data subjects are done."""
_EVERY_S = 5.0
_SPANS_AN_ACT = 100
_EVENTS_AN_ACT = 400
_PHYSICAL_TRIES = 100

ForgetIndex = Callable[[int, int], Awaitable[None]]
"""Waits until no row of the index has any more what entries up to this one took."""
CleanIndex = Callable[[int, int], Awaitable[None]]
"""Waits until no file of the index, old ones too, has it any more."""
ForgetExports = Callable[[Erasure, Sequence[int]], Awaitable[list[str]]]
"""Removes exports on disk that hold, or may hold, what is erased; returns what it removed."""


class Erasures:
    """Owned by the event loop."""

    def __init__(
        self,
        table: ErasureTable,
        ledger: Ledger,
        scanner: Scanner,
        holds: Holds,
        forget_index: ForgetIndex,
        clean_index: CleanIndex,
        forget_exports: ForgetExports,
        own: OwnAudit,
        clock: Clock,
        random_bytes: RandomBytes,
        guard_folder: Path,
    ) -> None:
        self.table = table
        self.scanner = scanner
        self._ledger = ledger
        self._holds = holds
        self._forget_index = forget_index
        self._clean_index = clean_index
        self._forget_exports = forget_exports
        self._own = own
        self._clock = clock
        self._random_bytes = random_bytes
        self._guard_folder = guard_folder
        self._control_clean = False  # a crash may have left what was asked in its log
        self._held: dict[int, Held] = {}  # used in acts alone, so by the writer thread alone
        self._running = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Goes on with what was begun, and does what falls due."""
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        """Ends; what is under way is taken up after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # -- asking

    async def plan(self, erasure: Erasure) -> tuple[Plan, dict[int, Where]]:
        """What would go now and what would stay, from the ledger itself."""
        # A read that is still held could name the person: it is put into the log first.
        await self._own.flush()
        names = self._holds.names(erasure.tenant_id)
        return await asyncio.to_thread(self._plan, erasure, names)

    def _plan(self, erasure: Erasure, names: dict[int, str]) -> tuple[Plan, dict[int, Where]]:
        tenant_id = erasure.tenant_id
        held = self.scanner.held(tenant_id)

        def named(index: int, category_id: int, day: int) -> tuple[str, ...]:
            found = held.covering(index, category_id, day) if held.any_open else ()
            return tuple(names.get(hold_id, str(hold_id)) for hold_id in found)

        policy = self._ledger.policies(tenant_id).newest.policy
        rules = Rules(policy, day_of(self._clock.now_us()), named)
        asked = erasure.asked
        whole = asked.whole_events or bool(asked.entries)
        plan = Plan(rules, erasure.parts, whole_events=whole)
        where: dict[int, Where] = {}
        for hit in self._hits(erasure):
            plan.add(hit)
            where[hit.index] = (hit.category_id, hit.day)
        return plan, where

    def _hits(self, erasure: Erasure) -> Iterator[Hit]:
        asked, tenant_id = erasure.asked, erasure.tenant_id
        if asked.entries:
            return self.scanner.entries(self._ledger.reader, tenant_id, asked.entries)
        wanted = self.scanner.with_aliases(tenant_id, list(asked.identifiers))
        return self.scanner.find(tenant_id, wanted)

    # -- approvals

    def due_us(self, erasure: Erasure) -> int:
        """When it is done once nothing stands in its way any more."""
        now_us = self._clock.now_us()
        if erasure.asked.at_once or erasure.reason != DATA_SUBJECT:
            return now_us
        batch_us = day_of(now_us) * US_PER_DAY + BATCH_HOUR * 3600 * US_PER_S
        return batch_us if batch_us > now_us else batch_us + US_PER_DAY

    async def approved(self, approval: Approval) -> None:
        """A second person agreed: it is done when it is due."""
        erasure = self.table.one(approval.tenant_id, approval.target)
        approver = approval.decider or approval.asker
        await self.let(erasure, approver)

    async def let(self, erasure: Erasure, approver: Somebody) -> None:
        """Nothing stands in its way any more."""
        await asyncio.to_thread(self.table.approve, erasure, approver, self.due_us(erasure))
        self._wake.set()

    async def ask_alone(self, erasure: Erasure, asker: Somebody, event: OwnEvent) -> Erasure:
        """A request that needs no second person: written down and let in one step."""
        let = msgspec.structs.replace(
            erasure, state="approved", approver=asker, due_us=self.due_us(erasure)
        )
        await asyncio.to_thread(self.table.add, let, event)
        self._wake.set()
        return let

    async def ended(self, approval: Approval) -> None:
        """The request came to nothing."""
        erasure = self.table.one(approval.tenant_id, approval.target)
        state = approval.state
        if state in ("refused", "withdrawn", "expired"):
            await asyncio.to_thread(self.table.end, erasure, state, self._clock.now_us())
            self._control_clean = False
            self._wake.set()

    # -- doing

    async def _repeat(self) -> None:
        while True:
            self._wake.clear()
            try:
                if await asyncio.to_thread(self.table.end_told, self._clock.now_us()):
                    self._control_clean = False
                await self.do_due()
                await self._clean_control()
            except Pushback as error:
                log.info("an erasure waits: %s", error.message)
            except Error as error:
                log.warning("an erasure is tried again: %s", error.message)
            except Exception:
                log.exception("an erasure failed and is tried again")
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def do_due(self) -> None:
        """Does everything that is due, tenant by tenant, as one batch each."""
        async with self._running:
            due = self.table.due(self._clock.now_us())
            later: Pushback | None = None
            for tenant_id in sorted({one.tenant_id for one in due}):
                try:
                    await self._batch([one for one in due if one.tenant_id == tenant_id])
                except Pushback as error:  # of this tenant: the others need not wait for it
                    later = error
            if later is not None:
                raise later

    async def _batch(self, erasures: list[Erasure]) -> None:
        tenant_id = erasures[0].tenant_id
        plans: dict[str, Plan] = {}
        wanted: list[tuple[Erasure, tuple[int, int, int]]] = []
        where: dict[int, Where] = {}
        for erasure in erasures:
            plan, found = await self.plan(erasure)
            plans[erasure.id] = plan
            await self._holds_reach(tenant_id, max(plan.goes, default=-1))
            before = parts_of(await asyncio.to_thread(self._declared, erasure))
            fresh = {
                index: parts & ~before.get(index, 0)
                for index, parts in plan.goes.items()
                if parts & ~before.get(index, 0)
            }
            wanted += [(erasure, span) for span in spans(fresh)]
            where.update(found)
            await asyncio.to_thread(self.table.removing, erasure, numbers_of(plan))
        # Any order will do, and one that says nothing is the best.
        wanted.sort(key=lambda _: self._random_bytes(8))
        held = self._held.setdefault(tenant_id, Held())
        for at in range(0, len(wanted), _SPANS_AN_ACT):
            some = wanted[at : at + _SPANS_AN_ACT]
            await asyncio.to_thread(
                self._ledger.act_and_wait,
                tenant_id,
                lambda desk, part=some: declare(desk, held, part, where, self._random_bytes),
            )
        for erasure in erasures:
            await self._carry_out(erasure, plans[erasure.id])

    async def _holds_reach(self, tenant_id: int, index: int) -> None:
        """Sees to it that the ledger has what listed holds cover. Raises Pushback."""
        if self._holds.ready_through(tenant_id) <= index:
            await self._holds.follow()
        if self._holds.ready_through(tenant_id) <= index:
            raise Pushback("what an open hold covers of these events is not known yet")

    async def _carry_out(self, erasure: Erasure, plan: Plan) -> None:
        declared = await asyncio.to_thread(self._declared, erasure)
        goes = parts_of(declared)
        if not goes:
            await self._refuse(erasure, plan)
            return
        last = max(one.entry for one in declared)
        spans = [Span(one.first, one.count, one.parts) for one in declared]
        await asyncio.to_thread(add_to_journal, self._guard_folder, erasure.tenant_id, spans)
        await self._forget_index(erasure.tenant_id, last)
        indices = sorted(goes)
        for at in range(0, len(indices), _EVENTS_AN_ACT):
            some = {index: goes[index] for index in indices[at : at + _EVENTS_AN_ACT]}
            await asyncio.to_thread(
                self._ledger.act_and_wait,
                erasure.tenant_id,
                lambda desk, part=some: remove(desk, part),
            )
        if erasure.parts & PERSON and erasure.asked.identifiers:
            subjects = await asyncio.to_thread(
                self.scanner.subjects, erasure.tenant_id, list(erasure.asked.identifiers)
            )
            await asyncio.to_thread(self._ledger.forget_aliases, erasure.tenant_id, subjects)
        exports = await self._forget_exports(erasure, indices)
        await self._clean_index(erasure.tenant_id, last)
        await self._make_physical()
        await self._finish(erasure, plan, declared, exports)

    async def _make_physical(self) -> None:
        for _ in range(_PHYSICAL_TRIES):
            if await asyncio.to_thread(self._ledger.make_physical):
                return
            await asyncio.sleep(0.1)
        raise Pushback("the write-ahead log cannot be emptied: somebody reads for long")

    async def _clean_control(self) -> None:
        """
        What was asked names the person. At the end it is overwritten in the control database, and
        must not stay in its write-ahead log; where somebody reads, it is tried again soon.
        """
        if self._control_clean:
            return
        self._control_clean = True
        try:
            self._control_clean = await asyncio.to_thread(self.table.empty_log)
        except Error:
            self._control_clean = False
            raise

    async def _finish(
        self, erasure: Erasure, plan: Plan, declared: list[Declared], exports: list[str]
    ) -> None:
        now_us = self._clock.now_us()
        outcome = {
            **numbers_of(plan, parts_of(declared)),
            "entries": sorted(one.entry for one in declared),
            "exports": exports,
            "left": left_of(plan, self._ledger.policies(erasure.tenant_id).newest.policy),
        }
        certificate = await asyncio.to_thread(
            make_certificate, self._ledger, erasure, declared, outcome, now_us
        )
        event = self._event(erasure, "FinishErasure", "done", outcome)
        await asyncio.to_thread(
            self.table.finish, erasure, "done", now_us, outcome, certificate, event
        )
        self._control_clean = False
        await self._own.drain()

    async def _refuse(self, erasure: Erasure, plan: Plan) -> None:
        """Nothing of it may go: says why, and is an event."""
        policy = self._ledger.policies(erasure.tenant_id).newest.policy
        outcome = {**numbers_of(plan, {}), "left": left_of(plan, policy)}
        event = self._event(erasure, "RefuseErasure", "refused", outcome)
        event["outcome"] = "denied"
        now_us = self._clock.now_us()
        await asyncio.to_thread(self.table.finish, erasure, "refused", now_us, outcome, None, event)
        self._control_clean = False
        await self._own.drain()

    def _declared(self, erasure: Erasure) -> list[Declared]:
        return declared_of(erasure, self.scanner.records(erasure.tenant_id, 0))

    def _event(
        self, erasure: Erasure, operation: str, state: str, outcome: dict[str, Any]
    ) -> dict[str, Any]:
        shown = {name: value for name, value in outcome.items() if name != "entries"}
        event = of_service(
            operation,
            event_id=self._own.new_id(),
            occurred_at=format_us(self._clock.now_us()),
            metadata={
                "case": erasure.case,
                "requested_by": erasure.asker.id,
                "approved_by": None if erasure.approver is None else erasure.approver.id,
                "entries": outcome.get("entries", [])[:100],
                **shown,
            },
        )
        event["targets"] = [{"type": "erasure", "id": erasure.id}]
        event["changes"] = [{"path": "state", "before": "approved", "after": state}]
        return event
