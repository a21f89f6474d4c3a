"""
The service checks its own ledger, a slice at a time, round after round, with little of the machine.

Each entry's parts must give the leaf hash in the tree, each full tile the hash above it, and the
tree the root that was signed. This finds damage and clumsy changes early; who holds the signing
key can rebuild a history that passes, which only `indelible verify` with a kept checkpoint shows.
How far a round is stands in the control database, so that a restart goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from indelible.clock import US_PER_S, Clock
from indelible.errors import Error, StorageError
from indelible.server.access.control import ControlDatabase
from indelible.server.ledger import LedgerReader, Tenant
from indelible.tlog.note import encode_base64
from indelible.tlog.tile import HEIGHT, WIDTH, TileReader, tile_root

log = logging.getLogger("indelible.selfcheck")

FIRST_AFTER_S = 60.0  # starting up is busy enough
_REST = 60.0  # times as long as the slice took: under two percent of one core
_SHORTEST_REST_S = 0.1
_SAVE_EVERY_S = 30.0
_HOUR_US = 3600 * US_PER_S


class CheckState(msgspec.Struct, frozen=True):
    """What is known of a tenant's ledger. `next_index` 0 with `done_us` set: no round under way."""

    next_index: int
    begun_us: int
    done_us: int | None = None
    done_size: int | None = None
    fault_us: int | None = None
    fault_index: int | None = None
    fault: str | None = None


class Fault(msgspec.Struct, frozen=True):
    """Something that does not hold; `index` is the first entry concerned, None for the tree."""

    index: int | None
    text: str


Record = Callable[[int, dict[str, Any]], Awaitable[None]]
"""Puts an event of the service into a tenant's log."""


def read_state(control: ControlDatabase, tenant_id: int) -> CheckState | None:
    """The state as last written down."""
    rows = control.read(
        "SELECT next_index, begun_us, done_us, done_size, fault_us, fault_index, fault"
        " FROM self_check WHERE tenant = ?",
        (tenant_id,),
    )
    return CheckState(*rows[0]) if rows else None


def write_state(control: ControlDatabase, tenant_id: int, state: CheckState) -> None:
    """Replaces it; durable on return."""
    with control.write() as transaction:
        transaction.execute(
            "INSERT OR REPLACE INTO self_check VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
            (tenant_id, *msgspec.structs.astuple(state)),
        )


def check_slice(reader: LedgerReader, tenant_id: int, start: int, stop: int) -> Fault | None:
    """Checks the entries of one tile, [start, stop), and the tiles above that it completes."""
    try:
        reader.sealed(tenant_id, start, stop)
    except Error as error:
        return _first_fault(reader, tenant_id, start, stop) or Fault(start, error.message)
    try:
        return _check_above(reader, tenant_id, start, stop)
    except Error as error:
        return Fault(start, error.message)


def _first_fault(reader: LedgerReader, tenant_id: int, start: int, stop: int) -> Fault | None:
    for index in range(start, stop):
        try:
            reader.sealed(tenant_id, index, index + 1)
        except Error as error:
            return Fault(index, error.message)
    return None


def _check_above(reader: LedgerReader, tenant_id: int, start: int, stop: int) -> Fault | None:
    level, n, full = 0, start // WIDTH, stop - start == WIDTH
    while full:
        below = reader.tile(tenant_id, level, n)
        level, place = level + 1, n
        n, position = divmod(place, WIDTH)
        above = reader.tile(tenant_id, level, n)
        if above[32 * position : 32 * position + 32] != tile_root(below):
            return Fault(
                place << (HEIGHT * level), f"tile {level}/{n} does not fit the tiles below it"
            )
        full = position == WIDTH - 1
    return None


def check_root(reader: LedgerReader, tenant_id: int) -> Fault | None:
    """The tree at the newest checkpoint's size has the root that was signed."""
    checkpoint = reader.latest_checkpoint(tenant_id)
    if checkpoint is None:
        return None
    size = reader.size(tenant_id)
    if checkpoint.size > size:
        return Fault(None, f"{checkpoint.size} entries were signed, there are {size}")
    try:
        tiles = TileReader(size, lambda level, n: reader.tile(tenant_id, level, n))
        root = tiles.frontier(checkpoint.size).root()
    except Error as error:
        return Fault(None, error.message)
    # A checkpoint's note: origin, size, root in base64, an empty line, signatures.
    if encode_base64(root) != checkpoint.note.split("\n", 3)[2]:
        return Fault(None, f"the tree has another root than the checkpoint at {checkpoint.size}")
    return None


class SelfCheck:
    """One task of the event loop; slices run in a thread on a connection of their own."""

    def __init__(
        self,
        reader: LedgerReader,
        control: ControlDatabase,
        tenants: Callable[[], Sequence[Tenant]],
        clock: Clock,
        record: Record,
        *,
        every_hours: int,
        first_after_s: float = FIRST_AFTER_S,
    ) -> None:
        self._reader = reader
        self._control = control
        self._tenants = tenants
        self._clock = clock
        self._record = record
        self._every_us = every_hours * _HOUR_US
        self._first_after_s = first_after_s
        self._task: asyncio.Task[None] | None = None
        self._states: dict[int, CheckState] = {}  # owned by the event loop
        self._saved_s = 0.0

    def start(self) -> None:
        """Starts the task."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends it and writes down how far it was; closes its connection to the ledger."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            for tenant_id, state in self._states.items():
                await asyncio.to_thread(write_state, self._control, tenant_id, state)
        except StorageError as error:
            log.warning("the state of the self-check was not written: %s", error.message)
        self._reader.close()

    def state(self, tenant_id: int) -> CheckState | None:
        """How far it is; None before the first round."""
        return self._states.get(tenant_id) or read_state(self._control, tenant_id)

    def forget(self, tenant_id: int) -> None:
        """Drops what is known of a tenant that leaves."""
        self._states.pop(tenant_id, None)

    async def _run(self) -> None:
        await asyncio.sleep(self._first_after_s)
        while True:
            rest_s = 60.0
            for tenant in self._tenants():
                try:
                    if await self.step(tenant.id):
                        rest_s = _SHORTEST_REST_S
                except Error as error:
                    log.error("the self-check cannot go on now: %s", error.message)
            await asyncio.sleep(rest_s)

    async def step(self, tenant_id: int) -> bool:
        """Checks the next slice if a round is due or under way; whether there was one."""
        now_us = self._clock.now_us()
        state = self.state(tenant_id)
        if state is None or (state.next_index == 0 and self._due(state, now_us)):
            done = (None, None) if state is None else (state.done_us, state.done_size)
            state = CheckState(0, now_us, *done)
        elif state.next_index == 0:
            return False
        begun_s = self._clock.monotonic_s()
        size = await asyncio.to_thread(self._reader.size, tenant_id)
        start = state.next_index
        stop = min(start - start % WIDTH + WIDTH, size)
        fault = await asyncio.to_thread(check_slice, self._reader, tenant_id, start, stop)
        finished = stop >= size
        if finished and fault is None:
            fault = await asyncio.to_thread(check_root, self._reader, tenant_id)
        if tenant_id not in {tenant.id for tenant in self._tenants()}:
            return False  # it left while this was looked at
        await self._settle(tenant_id, state, stop, finished, fault)
        await asyncio.sleep((self._clock.monotonic_s() - begun_s) * _REST)
        return True

    def _due(self, state: CheckState, now_us: int) -> bool:
        return state.done_us is None or now_us - state.done_us >= self._every_us

    async def _settle(
        self, tenant_id: int, state: CheckState, stop: int, finished: bool, fault: Fault | None
    ) -> None:
        now_us = self._clock.now_us()
        changes: dict[str, Any] = {"next_index": 0 if finished else stop}
        if finished:
            changes |= {"done_us": now_us, "done_size": stop}
        # The first fault of a round stays: what it names is where to look.
        first = fault is not None and state.fault is None
        if fault is not None and first:
            changes |= {"fault_us": now_us, "fault_index": fault.index, "fault": fault.text}
        state = self._states[tenant_id] = msgspec.structs.replace(state, **changes)
        now_s = self._clock.monotonic_s()
        if finished or first or now_s - self._saved_s > _SAVE_EVERY_S:
            self._saved_s = now_s
            await asyncio.to_thread(write_state, self._control, tenant_id, state)
        if fault is not None and first:
            log.critical("the ledger does not hold: %s (run `indelible verify`)", fault.text)
            await self._record(tenant_id, _event(stop, fault))
        elif finished and state.fault is None:
            log.info("the self-check found %d entries sound", stop)
            await self._record(tenant_id, _event(stop, None))


def _event(checked: int, fault: Fault | None) -> dict[str, Any]:
    told: dict[str, Any] = {"entries": checked}
    if fault is not None:
        told |= {"entry": fault.index, "fault": fault.text}
    return {
        "stream": "system",
        "operation": "CheckLedger",
        "method": "SelfCheck",
        "endpoint": "ledger",
        "outcome": "success" if fault is None else "failure",
        "severity": "info" if fault is None else "critical",
        "metadata": told,
    }
