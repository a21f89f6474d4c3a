"""
Drops what its time is over for, in the background and in small steps (formats.md B, order).

For each tenant, again and again:

    1. expiries are appended to the log: which parts, of which category, received before which day
    2. a checkpoint covers them; the index takes them out of its rows (`indexed`)
    3. pieces, seeds and salts leave the ledger (`removed`)
    4. old files of the index, the write-ahead log, exports and stand-ins forget them, and an event
       says that it is complete (`done`)

How far an expiry is stands on disk after each step, and each step may be done again, so a kill at
any point is mended by the next round. Nothing is dropped while the clock cannot be trusted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from indelible.clock import Clock, ReadUptime, day_of, format_us, uptime
from indelible.errors import Error, Pushback
from indelible.seal import PERSON
from indelible.server.access.approvals import Approval, Wanted
from indelible.server.access.removals import RemovalNote, RemovalNotes
from indelible.server.index import IndexProcess
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_service
from indelible.server.ledger import Desk, Ledger
from indelible.server.ledger.declared import Removal
from indelible.server.ledger.due import Due, DueReader, declare_expiries
from indelible.server.ledger.policy_rules import PARTS, days_of
from indelible.server.retention.clock_trust import ClockTrust
from indelible.server.retention.govern import LastRemoval, SweeperState
from indelible.server.retention.preview import Holding

log = logging.getLogger("indelible.retention")

_EVERY_S = 60.0
_SOON_S = 2.0
_MOST_AN_ACT = 100
_INDEX_WAIT_S = 20.0
_SUBJECTS_A_QUERY = 500

ForgetExports = Callable[[int], Awaitable[None]]


class _Seen(msgspec.Struct):
    subject: str


_decode_seen = msgspec.json.Decoder(_Seen).decode_lines


class Sweeper:
    """Owned by the event loop."""

    def __init__(
        self,
        ledger: Ledger,
        due: DueReader,
        notes: RemovalNotes,
        index: IndexProcess,
        holding: Holding,
        forget_exports: ForgetExports,
        own: OwnAudit,
        clock: Clock,
        read_uptime: ReadUptime = uptime,
    ) -> None:
        self._ledger = ledger
        self._due = due
        self.notes = notes
        self._index = index
        self._holding = holding
        self._forget_exports = forget_exports
        self._own = own
        self._clock = clock
        self._trust = ClockTrust(notes, own, clock, read_uptime)
        self._states: dict[int, SweeperState] = {}
        self._running = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Goes on with what was begun, and looks for what falls due."""
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        """Ends; what is under way is taken up after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._due.close)

    def wake(self) -> None:
        """Looks at once."""
        self._wake.set()

    def state(self, tenant_id: int) -> SweeperState:
        """What it is about, for the screen."""
        sweep = self.notes.sweep(tenant_id)
        done = self.notes.last_done(tenant_id)
        known = self._states.get(tenant_id, SweeperState())
        if sweep.stopped is not None:
            known = SweeperState(
                state="stopped",
                detail=sweep.stopped,
                waits_for="clock",
                doubt=sweep.doubt,
                doubt_s=sweep.doubt_s,
            )
        return msgspec.structs.replace(
            known,
            last_sweep_us=sweep.swept_us or None,
            last=None if done is None else LastRemoval(done.index, done.changed_us, done.events),
        )

    async def clock_holds(self, tenant_id: int) -> bool:
        """
        Whether something that nothing takes back may be done by this clock. A doubt stops expiry
        too, until two people say that the clock is right.
        """
        return await self._trust.holds(tenant_id, can_expire=True)

    async def sweep(self) -> bool:
        """One round over all tenants. Returns whether something is under way still."""
        busy = False
        async with self._running:
            for tenant in self._ledger.tenants():
                try:
                    busy |= await self._sweep(tenant.id)
                except Pushback as error:
                    self._say(tenant.id, "waiting", error.message)
                    busy = True
                except Error as error:
                    log.warning("retention of %s is tried again: %s", tenant.name, error.message)
                    self._say(tenant.id, "waiting", error.message)
        return busy

    async def _repeat(self) -> None:
        while True:
            self._wake.clear()
            busy = False
            try:
                busy = await self.sweep()
            except Exception:
                log.exception("the sweeper failed and tries again")
            try:
                async with asyncio.timeout(_SOON_S if busy else _EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _sweep(self, tenant_id: int) -> bool:
        if not await self._trust.holds(tenant_id, can_expire=self._can_expire(tenant_id)):
            return False
        await asyncio.to_thread(self._find_unnoted, tenant_id)
        unfinished = self.notes.unfinished(tenant_id)
        if not unfinished:
            await self._declare(tenant_id)
            unfinished = self.notes.unfinished(tenant_id)
        if unfinished:
            self._say(tenant_id, "sweeping", f"{len(unfinished)} expiries are carried out")
            await self._carry_out(tenant_id, unfinished)
        await asyncio.to_thread(self.notes.put_sweep, tenant_id, self._trust.swept(tenant_id))
        self._states[tenant_id] = SweeperState()
        return bool(unfinished)

    def _say(self, tenant_id: int, state: str, detail: str, waits_for: str | None = None) -> None:
        self._states[tenant_id] = msgspec.convert(
            {"state": state, "detail": detail, "waits_for": waits_for}, SweeperState
        )

    # -- the clock

    def wanted_clock(self, tenant_id: int, reason: str) -> Wanted:
        """What a second person is asked, who says that the clock is right. Raises Conflict."""
        return self._trust.wanted(tenant_id, reason)

    async def clock_approved(self, approval: Approval) -> None:
        """Two people say that the clock is right: the sweeper goes on."""
        if await self._trust.confirm(approval):
            self.wake()

    def _can_expire(self, tenant_id: int) -> bool:
        """Whether any policy ever kept anything for less than ever."""
        return any(
            days_of(category, part) is not None
            for one in self._ledger.policies(tenant_id).policies
            for category in one.policy.categories
            for part, _ in PARTS
        )

    # -- 1. declaring

    async def _declare(self, tenant_id: int) -> None:
        today = day_of(self._clock.now_us())
        ready = self._holding.ready_through(tenant_id)
        policies = self._ledger.policies(tenant_id)
        due = await asyncio.to_thread(self._due.find, tenant_id, policies, today, ready)
        if not due:
            return

        def append(some: list[Due]) -> Callable[[Desk], list[int]]:
            def act(desk: Desk) -> list[int]:
                if desk.policy_index != policies.newest.index:
                    raise Pushback("the policy changed meanwhile", code="policy-changed")
                if desk.day < today:
                    raise Pushback("the clock was set back meanwhile", code="clock-changed")
                return declare_expiries(desk, some)

            return act

        for at in range(0, len(due), _MOST_AN_ACT):
            some = due[at : at + _MOST_AN_ACT]
            indices = await asyncio.to_thread(self._ledger.act_and_wait, tenant_id, append(some))
            now_us = self._clock.now_us()
            notes = [
                RemovalNote(index, "declared", one.events, now_us)
                for index, one in zip(indices, some, strict=True)
            ]
            await asyncio.to_thread(self.notes.put, tenant_id, notes)

    def _find_unnoted(self, tenant_id: int) -> None:
        """Notes expiries that were appended just before a crash."""
        known = {note.index for note in self.notes.of_tenant(tenant_id, limit=1_000_000)}
        missing = [
            RemovalNote(one.index, "declared", 0, self._clock.now_us())
            for one in self._due.declared(tenant_id).removals
            if one.category_id is not None and one.index not in known
        ]
        if missing:
            self.notes.put(tenant_id, missing)

    # -- 2. to 4.

    async def _carry_out(self, tenant_id: int, notes: list[RemovalNote]) -> None:
        last = max(note.index for note in notes)
        signed = self._ledger.reader.latest_checkpoint(tenant_id)
        if signed is None or signed.size <= last:
            raise Pushback("a checkpoint has to cover the expiries first")
        if not await self._index.wait_for(tenant_id, last, _INDEX_WAIT_S):
            self._say(tenant_id, "waiting", "the search index is behind", "index")
            raise Pushback("the search index has not come to the expiries yet")
        await self._move(tenant_id, [note for note in notes if note.state == "declared"], "indexed")
        declared = await asyncio.to_thread(self._due.declared, tenant_id)
        by_index = {one.index: one for one in declared.removals}
        counts: dict[int, int] = {}
        for note in notes:
            if note.state != "removed":
                counts[note.index] = await self._remove(tenant_id, by_index[note.index])
        events = {note.index: max(note.events, counts.get(note.index, 0)) for note in notes}
        notes = [msgspec.structs.replace(note, events=events[note.index]) for note in notes]
        await self._move(tenant_id, [note for note in notes if note.state != "removed"], "removed")
        if any(by_index[note.index].parts & PERSON for note in notes):
            await self._forget_aliases(tenant_id)
        if self._index.clean_through(tenant_id) <= last:
            raise Pushback("old files of the search index are still there")
        if not await asyncio.to_thread(self._ledger.make_physical):
            raise Pushback("the write-ahead log is in use")
        await self._forget_exports(tenant_id)
        await self._finish(tenant_id, notes, by_index)

    async def _move(self, tenant_id: int, notes: list[RemovalNote], state: str) -> None:
        now_us = self._clock.now_us()
        moved = [
            msgspec.convert(
                {**msgspec.structs.asdict(note), "state": state, "changed_us": now_us}, RemovalNote
            )
            for note in notes
        ]
        if moved:
            await asyncio.to_thread(self.notes.put, tenant_id, moved)

    async def _remove(self, tenant_id: int, one: Removal) -> int:
        def run() -> int:
            removed = 0
            steps = self._due.steps(
                tenant_id, one.category_id or 0, one.cutoff_day or 0, one.stop, one.parts
            )
            for step in steps:
                removed += self._ledger.act_and_wait(tenant_id, step)
            return removed

        return await asyncio.to_thread(run)

    async def _forget_aliases(self, tenant_id: int) -> None:
        """Stand-ins whose subject no event names any more go, with the subject."""
        subjects = await asyncio.to_thread(self._due.alias_subjects, tenant_id)
        size = self._ledger.size(tenant_id)
        if not await self._index.wait_for(tenant_id, size - 1, _INDEX_WAIT_S):
            raise Pushback("the search index is behind")
        for at in range(0, len(subjects), _SUBJECTS_A_QUERY):
            some = subjects[at : at + _SUBJECTS_A_QUERY]
            found = _decode_seen(
                await self._index.query(
                    "SELECT arrayJoin({subjects:Array(String)}) AS subject WHERE subject IN ("
                    "SELECT arrayJoin(arrayConcat([toString(actor_id)], target_ids, "
                    "[simpleJSONExtractString(simpleJSONExtractRaw(rest, 'behalf'), 'id')])) "
                    "FROM events WHERE tenant = {tenant:UInt32})",
                    {"tenant": tenant_id, "subjects": some},
                )
            )
            gone = set(some) - {row.subject for row in found}
            if gone:
                await asyncio.to_thread(self._ledger.forget_aliases, tenant_id, sorted(gone))

    async def _finish(
        self, tenant_id: int, notes: list[RemovalNote], by_index: dict[int, Removal]
    ) -> None:
        now_us = self._clock.now_us()
        names = (await asyncio.to_thread(self._due.declared, tenant_id)).names
        done = [msgspec.structs.replace(note, changed_us=now_us) for note in notes]
        event = of_service(
            "FinishExpiry",
            event_id=self._own.new_id(),
            occurred_at=format_us(now_us),
            metadata={
                "entries": [note.index for note in notes][:100],
                "events": sum(note.events for note in notes),
                "categories": sorted(
                    {names.get(by_index[note.index].category_id or 0, "") for note in notes}
                ),
            },
        )
        await asyncio.to_thread(self.notes.finish, tenant_id, done, event)
        await self._own.drain()
