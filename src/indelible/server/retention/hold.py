"""
Holds: what stops expiry and erasure, for as long as it is open.

A hold by category and day of receipt stands in the log in clear. One that asks for a person, a
target, a query or moments is a list of entries, which the log commits to without saying why they
are on it; events that match later are added by further entries, in the order of the index.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from indelible.clock import Clock, format_us
from indelible.errors import Conflict, Error, FatalError, InvalidRequest
from indelible.server.access.approvals import Somebody
from indelible.server.access.token import RandomBytes
from indelible.server.index import IndexProcess
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_service
from indelible.server.ledger import Ledger
from indelible.server.ledger.desk import Desk
from indelible.server.query import Query
from indelible.server.query.prepare import Prepared
from indelible.server.retention.held_counts import HeldCounts, count_held
from indelible.server.retention.hold_desk import (
    append_clear,
    append_list,
    append_more,
    append_release,
    first_entry,
)
from indelible.server.retention.hold_table import Hold, HoldTable, MakeEvent
from indelible.server.retention.hold_wish import Wish, day_number, filter_of

log = logging.getLogger("indelible.retention")

MAX_MATCHES = 1_000_000
"""Of one list; more is a hold by category."""
_SHORTEST_REST_S = 1.0
# Each addition is an entry of the log: what comes in a steady stream is added in these steps.
_LONGEST_REST_S = 20.0
_REST_PER_LOOK = 20.0  # looking for further matches takes a twentieth of the time at most
_WAIT_S = 10.0

_decode_numbers = msgspec.json.Decoder(dict[str, int]).decode_lines


class Holds:
    """Places, follows and releases holds. Owned by the event loop."""

    def __init__(
        self,
        table: HoldTable,
        ledger: Ledger,
        query: Query,
        index: IndexProcess,
        own: OwnAudit,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        self.table = table
        self._ledger = ledger
        self._query = query
        self._index = index
        self._own = own
        self._clock = clock
        self._random_bytes = random_bytes
        self._following = asyncio.Lock()
        # Between ledger and table at this moment, by a request: not what a crash left.
        self._under_way: set[int] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Mends what a crash left, and follows the log from then on."""
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        """Ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # -- what others ask

    def ready_through(self, tenant_id: int) -> int:
        """
        The entry below which everything that an open hold covers is known to the ledger.

        One that is being placed counts too: the ledger may have it already, and what matches it
        since is added only when it is open.
        """
        standing = self.table.standing(tenant_id)
        listed = [hold.through for hold in standing if hold.wish.is_listed]
        return min(listed, default=self._ledger.size(tenant_id))

    def names(self, tenant_id: int) -> dict[int, str]:
        """The names of open holds, by id."""
        return {hold.id: hold.name for hold in self.table.open(tenant_id)}

    async def matches(self, tenant_id: int, wish: Wish) -> int:
        """How many events a hold would cover now."""
        prepared, where = await self._where(tenant_id, wish)
        if prepared.empty:
            return 0
        found = await self._index.query(
            f"SELECT count() AS n FROM events WHERE {where}",
            prepared.parameters.values,
        )
        return sum(row["n"] for row in _decode_numbers(found))

    async def kept(self, tenant_id: int, categories: Sequence[str]) -> dict[str, HeldCounts]:
        """How many events of these categories open holds keep now, by category."""
        holds = []
        for hold in self.table.standing(tenant_id):
            prepared, where = await self._where(tenant_id, hold.wish)
            if not prepared.empty:
                holds.append((hold.name, prepared, where))
        return await count_held(self._index, tenant_id, holds, categories)

    # -- placing and releasing

    async def place(
        self,
        tenant_id: int,
        *,
        name: str,
        reason: str,
        wish: Wish,
        owner: Somebody,
        event: MakeEvent,
    ) -> Hold:
        """Durable and in the log on return. Raises InvalidRequest, Conflict."""
        through = await self._settled(tenant_id)
        indices: list[int] = []
        if wish.is_listed:
            indices = await self._listed(tenant_id, wish, 0, through)
            if len(indices) > MAX_MATCHES:
                raise InvalidRequest(
                    f"more than {MAX_MATCHES:,} events match", code="hold-too-large",
                    hint="narrow it, or hold whole categories",
                )  # fmt: skip
        matched = len(indices) if wish.is_listed else await self.matches(tenant_id, wish)
        hold = Hold(
            id=int.from_bytes(self._random_bytes(6), "big"),
            tenant_id=tenant_id,
            state="placing",
            name=name,
            reason=reason,
            wish=wish,
            owner=owner,
            placed_us=self._clock.now_us(),
            entry=None,
            through=through if wish.is_listed else 0,
            matched=matched,
        )
        with self._working_on(hold):
            await asyncio.to_thread(self.table.add, hold)
            try:
                entry = await asyncio.to_thread(
                    self._ledger.act_and_wait,
                    tenant_id,
                    lambda desk: self._append(desk, hold, indices),
                )
            except Error as error:
                # Unless nobody knows whether the log has it: then the look after a start tells.
                if not isinstance(error, FatalError):
                    await asyncio.to_thread(self.table.forget, hold)
                raise
            placed = await asyncio.to_thread(self.table.placed, hold, entry, event)
        await self._own.drain()
        return placed

    async def release(self, hold: Hold, releaser: Somebody, reason: str, event: MakeEvent) -> Hold:
        """Ends a hold for good. May be begun again after a crash."""
        if hold.state == "released":
            return hold
        now_us = self._clock.now_us()
        with self._working_on(hold):
            marked = await asyncio.to_thread(self.table.releasing, hold, releaser, reason, now_us)
            entry = await asyncio.to_thread(
                self._ledger.act_and_wait,
                hold.tenant_id,
                lambda desk: append_release(desk, hold.id),
            )
            released = await asyncio.to_thread(self.table.released, marked, entry, event)
        await self._own.drain()
        return released

    @contextmanager
    def _working_on(self, hold: Hold) -> Iterator[None]:
        self._under_way.add(hold.id)
        try:
            yield
        finally:
            self._under_way.discard(hold.id)

    def _append(self, desk: Desk, hold: Hold, indices: Sequence[int]) -> int:
        if hold.wish.is_listed:
            return append_list(desk, hold.id, indices, self._random_bytes)
        return append_clear(desk, hold.id, hold.wish)

    # -- following

    async def follow(self) -> bool:
        """Adds events that came since to the listed holds they match; whether there were any."""
        found = False
        async with self._following:
            for tenant in self._ledger.tenants():
                for hold in self.table.open(tenant.id):
                    if hold.wish.is_listed:
                        try:
                            found |= await self._follow(hold)
                        except Error as error:
                            # The others must not wait for this one.
                            log.warning("the hold %d: %s", hold.id, error.message)
        return found

    async def _follow(self, hold: Hold) -> bool:
        through = self._index.indexed_through(hold.tenant_id)
        if through <= hold.through:
            return False
        indices = await self._listed(hold.tenant_id, hold.wish, hold.through, through)
        if len(indices) > MAX_MATCHES:
            # An import may bring more than one list takes: the rest comes with the next round.
            indices = indices[:MAX_MATCHES]
            through = indices[-1] + 1
        if indices:
            entry = await asyncio.to_thread(
                self._ledger.act_and_wait,
                hold.tenant_id,
                lambda desk: append_more(desk, hold.id, indices, self._random_bytes),
            )
            if entry is None:  # it was released meanwhile
                return False
        await asyncio.to_thread(self.table.follow, hold, through, len(indices))
        return bool(indices)

    async def _repeat(self) -> None:
        while True:
            begun_s = self._clock.monotonic_s()
            rest_s = _LONGEST_REST_S
            try:
                await self._mend()
                if not await self.follow():
                    took_s = self._clock.monotonic_s() - begun_s
                    rest_s = min(max(_REST_PER_LOOK * took_s, _SHORTEST_REST_S), _LONGEST_REST_S)
            except Error as error:
                log.warning("holds: %s", error.message)
            except Exception:
                log.exception("holds failed")
            await asyncio.sleep(rest_s)

    async def _mend(self) -> None:
        """Completes what a crash broke off between the ledger and our table."""
        for hold in self.table.unfinished():
            if hold.id in self._under_way:
                continue
            if hold.state == "releasing":
                releaser = hold.releaser or hold.owner
                await self.release(hold, releaser, hold.release_reason or "", self.mended)
                continue
            entry = await asyncio.to_thread(
                self._ledger.act_and_wait,
                hold.tenant_id,
                lambda desk, number=hold.id: first_entry(desk, number),
            )
            if entry is None:
                await asyncio.to_thread(self.table.forget, hold)
            else:
                await asyncio.to_thread(self.table.placed, hold, entry, self.mended)
        await self._own.drain()

    def mended(self, hold: Hold) -> dict[str, Any]:
        """The event of a step that the service completed by itself."""
        event = of_service(
            "ReleaseHold" if hold.state == "released" else "PlaceHold",
            event_id=self._own.new_id(),
            occurred_at=format_us(self._clock.now_us()),
            metadata={"after": "restart"},
        )
        return {**event, "targets": [{"type": "hold", "id": str(hold.id), "name": hold.name}]}

    # -- the index

    async def _settled(self, tenant_id: int) -> int:
        """Waits until the index has all that is stored by now; returns how far that is."""
        size = self._ledger.size(tenant_id)
        if not await self._index.wait_for(tenant_id, size - 1, _WAIT_S):
            raise Conflict(
                "the search index is behind: what the hold covers is not known yet",
                code="index-behind",
                hint="try again in a moment",
            )
        return size

    async def _listed(self, tenant_id: int, wish: Wish, start: int, stop: int) -> list[int]:
        """The entries [start, stop) that match, sorted: the first of too many, and one more."""
        prepared, where = await self._where(tenant_id, wish)
        if prepared.empty:
            return []
        add = prepared.parameters.add
        where += f" AND idx >= {add(start, 'UInt64')} AND idx < {add(stop, 'UInt64')}"
        found = await self._index.query(
            f"SELECT idx FROM events WHERE {where} ORDER BY idx LIMIT {MAX_MATCHES + 1}",
            prepared.parameters.values,
        )
        return [row["idx"] for row in _decode_numbers(found)]

    async def _where(self, tenant_id: int, wish: Wish) -> tuple[Prepared, str]:
        prepared = await self._query.prepare(filter_of(wish, tenant_id, self._clock.now_us()))
        where = prepared.where
        for column, text, sign in (
            ("first_day", wish.first_day, ">="), ("last_day", wish.last_day, "<=")
        ):  # fmt: skip
            day = day_number(text, column)
            if day is not None:
                mark = prepared.parameters.add(day, "Int64")
                where += f" AND intDiv(received_us, 86400000000) {sign} {mark}"
        return prepared, where
