"""
Exports that go straight to whoever asked, while they are made.

Each is written down before its first byte leaves, with its event, and again when it has ended:
whole, failed, cancelled, or left by its reader. What a crash broke off is said at the next start.
The bytes are hashed as they go, so that a file that somebody has can be told from another.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from indelible.clock import Clock
from indelible.errors import Conflict, Error, StorageError
from indelible.server.access.outbox import OwnEvent
from indelible.server.export.export import Export, OnRows
from indelible.server.export.job import Asked, Job, JobTable, State, Who
from indelible.server.export.progress import Progress
from indelible.server.export.told import Teller
from indelible.server.ingest.own import OwnAudit

log = logging.getLogger("indelible.export")

_LEFT = "the connection ended before the file was whole"
_STOPPED = "the service ended before the file was whole"


class DirectExports:
    """Owned by the event loop."""

    def __init__(self, table: JobTable, tell: Teller, own: OwnAudit, clock: Clock) -> None:
        self._table = table
        self._tell = tell
        self._own = own
        self._clock = clock
        self._running: dict[str, Progress] = {}
        self._ending: set[asyncio.Task[bool]] = set()

    async def start(self) -> None:
        """Says of what an earlier process left that it is not whole."""
        for job in self._table.open("direct"):
            told = self._tell.failed(job, 1, _STOPPED)
            await self._end(job, "failed", told, reason=_STOPPED)

    async def stop(self) -> None:
        """Waits until all ends are written down."""
        await asyncio.gather(*self._ending)

    def progress(self, job_id: str) -> Progress | None:
        """How far a running one is."""
        return self._running.get(job_id)

    async def begin(self, asked: Asked) -> Job:
        """Writes it down; durable, with its event, on return."""
        now_us = self._clock.now_us()
        job = Job(
            id=self._own.new_id(),
            tenant_id=asked.who.tenant_id,
            way="direct",
            state="running",
            attempts=1,
            asked=asked,
            created_us=now_us,
            started_us=now_us,
        )
        await asyncio.to_thread(self._table.add, job, self._tell.asked(job))
        await self._own.drain()
        self._running[job.id] = Progress(self._clock.monotonic_s())
        return job

    async def send(self, job: Job, make: Callable[[OnRows], Export]) -> AsyncGenerator[bytes]:
        """The chunks of a begun export. Its end is written down, however it comes."""
        progress = self._running[job.id]
        made = hashlib.sha256()
        try:
            async with aclosing(make(progress.on_rows).chunks) as chunks:
                async for chunk in chunks:
                    if progress.cancelled:
                        raise StorageError("the export was cancelled")
                    made.update(chunk)
                    progress.bytes += len(chunk)
                    yield chunk
            if progress.rows != job.asked.total:
                raise StorageError(
                    f"{progress.rows} events came, {job.asked.total} were counted: the index has"
                    " changed underneath"
                )
        except (asyncio.CancelledError, GeneratorExit):
            self.leave(job)
            raise
        except Exception as error:
            reason = error.message if isinstance(error, Error) else "an internal error"
            self._running.pop(job.id, None)
            told = self._tell.failed(job, 1, reason)
            await self._end(job, "failed", told, rows=progress.rows, reason=reason[:500])
            raise
        self._running.pop(job.id, None)
        rows, size, sha256 = progress.rows, progress.bytes, made.hexdigest()
        told = self._tell.finished(job, 1, rows=rows, size=size, sha256=sha256)
        await self._end(job, "done", told, rows=rows, bytes=size, sha256=sha256)

    async def cancel(self, job: Job, by: Who) -> None:
        """Breaks a running one off: its reader sees that it is not whole. Raises Conflict."""
        if not await self._end(job, "cancelled", self._tell.cancelled(job, by)):
            raise Conflict(f"the export is {job.state} already; it was not kept here")
        self.break_off(job.id)

    def break_off(self, job_id: str) -> None:
        """Lets a running one go no further."""
        if progress := self._running.get(job_id):
            progress.cancelled = True

    def leave(self, job: Job) -> None:
        """Whoever asked is gone, maybe before the first chunk; nothing when it has ended."""
        progress = self._running.pop(job.id, None)
        if progress is not None:
            # The task that notices is being ended: another one writes it down.
            ending = asyncio.create_task(
                self._end(
                    job, "cancelled", self._tell.left(job, _LEFT), rows=progress.rows, reason=_LEFT
                )
            )
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _end(
        self, job: Job, state: State, told: OwnEvent, **values: int | str | None
    ) -> bool:
        """Whether this was the end of it; it has one only."""
        try:
            changed = await asyncio.to_thread(
                self._table.change, job, state, only=("running",), event=told,
                ended_us=self._clock.now_us(), **values,
            )  # fmt: skip
            await self._own.drain()
        except Error as error:
            # It stays open, and the next start says that it was not whole.
            log.error("export %s: its end cannot be written down: %s", job.id, error.message)
            return False
        return changed
