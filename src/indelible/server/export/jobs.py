"""
Exports in the background: waiting, running, whole or failed, kept for some days.

A job is fixed to one snapshot when it is asked for, so one that a stop or a crash broke off begins
again after the next start and gives the same file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from indelible.clock import US_PER_DAY, Clock
from indelible.errors import Conflict, Error, StorageError
from indelible.server.access.outbox import OwnEvent
from indelible.server.export.direct import DirectExports
from indelible.server.export.export import Exporter
from indelible.server.export.file import ExportFiles
from indelible.server.export.job import OPEN, Asked, Job, JobTable, State, Who
from indelible.server.export.progress import Progress
from indelible.server.export.told import Teller, manifest_of, statement_of
from indelible.server.index import IndexProcess
from indelible.server.ingest.own import OwnAudit
from indelible.server.query import Defaults, parse_filter, stats
from indelible.server.query.prepare import Prepared, prepare
from indelible.server.setting_groups import ExportSettings

log = logging.getLogger("indelible.export")

T = TypeVar("T")

_INDEX_WAIT_S = 2.0
_SWEEP_EVERY_S = 600.0


class ExportJobs:
    """Runs from `start` to `stop`, on the event loop."""

    def __init__(
        self,
        table: JobTable,
        files: ExportFiles,
        exporter: Exporter,
        index: IndexProcess,
        own: OwnAudit,
        clock: Clock,
        settings: ExportSettings,
    ) -> None:
        self.table = table
        self.files = files
        self.settings = settings
        self._exporter = exporter
        self._index = index
        self._own = own
        self._clock = clock
        self._tell = Teller(own, clock)
        self.direct = DirectExports(table, self._tell, own, clock)
        self._running: dict[str, tuple[asyncio.Task[None], Progress]] = {}
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins; what was running when the service ended waits again, and says so."""
        await asyncio.to_thread(self.files.prepare)
        for job in self.table.open("background"):
            told = self._tell.broken_off(job)
            self.table.change(job, "waiting", only=("running",), event=told)
        await self.direct.start()
        self._tasks = [asyncio.create_task(self._serve()), asyncio.create_task(self._sweep())]

    async def stop(self) -> None:
        """Ends the tasks; jobs that run begin again at the next start."""
        running = [task for task, _ in self._running.values()]
        for task in (*self._tasks, *running):
            task.cancel()
        await asyncio.gather(*self._tasks, *running, return_exceptions=True)
        await self.direct.stop()

    async def ask(self, asked: Asked) -> Job:
        """Puts a job down, with its event. Raises StorageError when the disk has no room."""
        await asyncio.to_thread(self.files.check_room, asked.total)
        job = Job(
            id=self._own.new_id(),
            tenant_id=asked.who.tenant_id,
            state="waiting",
            asked=asked,
            created_us=self._clock.now_us(),
        )
        await asyncio.to_thread(self.table.add, job, self._tell.asked(job))
        await self._own.drain()
        self._wake.set()
        return job

    async def count(self, prepared: Prepared) -> int:
        """How many events a snapshot holds."""
        return await stats.count(self._index, prepared)

    def progress(self, job: Job) -> tuple[int, int, float | None]:
        """Rows and bytes so far, and seconds still to go where that can be told."""
        running = self._running.get(job.id)
        found = running[1] if running is not None else self.direct.progress(job.id)
        if found is None:
            return job.rows or 0, job.bytes or 0, None
        return found.rows, found.bytes, found.left_s(job.asked.total, self._clock.monotonic_s())

    async def cancel(self, job: Job, by: Who) -> None:
        """Stops an open export, or removes the file of one that is done. Raises Conflict."""
        if job.way == "direct":
            await self.direct.cancel(job, by)
            return
        done: State = "done"
        ended_us = self._clock.now_us()
        if await self._change(
            job, "cancelled", OPEN, self._tell.cancelled(job, by), ended_us=ended_us
        ):
            running = self._running.get(job.id)
            if running is not None:
                running[0].cancel()
                await asyncio.gather(running[0], return_exceptions=True)
        elif not await self._change(job, "removed", (done,), self._tell.removed(job, by)):
            raise Conflict(f"the export is {job.state} already")
        await asyncio.to_thread(self.files.remove, job.id)
        await self._own.drain()

    async def drop(self, job: Job, reason: str, *, forget: bool) -> None:
        """
        Ends a job and removes its file, for the service's own reasons; with `forget` also what was
        asked for. Whoever calls this records why.
        """
        now_us = self._clock.now_us()
        await self._change(job, "expired", (*OPEN, "done"), None, ended_us=now_us, reason=reason)
        running = self._running.get(job.id)
        if running is not None:
            running[0].cancel()
            await asyncio.gather(running[0], return_exceptions=True)
        self.direct.break_off(job.id)
        await asyncio.to_thread(self.files.remove, job.id)
        if forget:
            await asyncio.to_thread(self.table.delete, job.id)

    async def _change(
        self,
        job: Job,
        state: State,
        only: tuple[State, ...],
        event: OwnEvent | None,
        **values: int | str | None,
    ) -> bool:
        change = self.table.change
        return await asyncio.to_thread(change, job, state, only=only, event=event, **values)

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            for job in self.table.open("background"):
                if len(self._running) >= self.settings.jobs_at_once:
                    break
                if job.id not in self._running:
                    progress = Progress(self._clock.monotonic_s())
                    task = asyncio.create_task(self._run(job, progress))
                    self._running[job.id] = (task, progress)
            await self._wake.wait()

    async def _run(self, job: Job, progress: Progress) -> None:
        attempt = job.attempts + 1
        try:
            started_us = self._clock.now_us()
            if await self._change(
                job, "running", OPEN, self._tell.started(job, attempt),
                started_us=started_us, attempts=attempt,
            ):  # fmt: skip
                await self._own.drain()
                await self._make(job, attempt, progress)
        except Error as error:
            await self._fail(job, attempt, error.message)
        except OSError as error:
            await self._fail(job, attempt, error.strerror or "the file cannot be written")
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("bug in export %s", job.id)
            await self._fail(job, attempt, "an internal error; the service's log tells more")
        finally:
            del self._running[job.id]
            self._wake.set()

    async def _make(self, job: Job, attempt: int, progress: Progress) -> None:
        asked = job.asked
        defaults = Defaults(now_us=job.created_us, date_format=asked.date_format)
        filter_ = parse_filter(asked.parameters, asked.within, defaults)
        # After a rebuild the index may not be as far as the snapshot is.
        while not await self._index.wait_for(job.tenant_id, asked.through - 1, _INDEX_WAIT_S):
            pass
        prepared = await prepare(self._index, filter_, asked.through)

        export = self._exporter.begin(
            prepared,
            asked.wish,
            tenant=asked.tenant,
            date_format=asked.date_format,
            number=asked.total,
            on_rows=progress.on_rows,
            statement=statement_of(asked),
        )
        part = await _whole(asyncio.to_thread(self.files.begin, job.id))
        try:
            async with aclosing(export.chunks) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(part.write, chunk)
                    progress.bytes = part.size
            sha256 = await asyncio.to_thread(part.close)
            if progress.rows != asked.total:
                raise StorageError(
                    f"{progress.rows} events came, {asked.total} were counted: the index has"
                    " changed underneath"
                )
            ended_us = self._clock.now_us()
            manifest = manifest_of(job, progress.rows, part.size, sha256, ended_us)
            await _whole(asyncio.to_thread(self.files.finish, job.id, part, manifest))
        except BaseException:
            with contextlib.suppress(OSError):
                part.discard()
            raise
        told = self._tell.finished(job, attempt, rows=progress.rows, size=part.size, sha256=sha256)
        done = await self._change(
            job, "done", ("running",), told,
            ended_us=ended_us, rows=progress.rows, bytes=part.size, sha256=sha256,
        )  # fmt: skip
        if not done:
            await asyncio.to_thread(self.files.remove, job.id)
        await self._own.drain()

    async def _fail(self, job: Job, attempt: int, reason: str) -> None:
        log.error("export %s failed: %s", job.id, reason)
        told = self._tell.failed(job, attempt, reason)
        try:
            await self._change(
                job, "failed", OPEN, told, ended_us=self._clock.now_us(), reason=reason[:500]
            )
            await self._own.drain()
            await asyncio.to_thread(self.files.remove, job.id)
        except (Error, OSError) as error:
            log.error("export %s: not all of the failure can be dealt with: %s", job.id, error)

    async def _sweep(self) -> None:
        while True:
            before_us = self._clock.now_us() - self.settings.keep_days * US_PER_DAY
            try:
                for job in self.table.ended_before(before_us):
                    if await self._change(job, "expired", ("done",), None):
                        await asyncio.to_thread(self.files.remove, job.id)
            except (Error, OSError) as error:
                log.error("old exports are still there: %s", error)
            await asyncio.sleep(_SWEEP_EVERY_S)


async def _whole(work: Coroutine[Any, Any, T]) -> T:
    """
    Waits for a thread's work to its end, also when cancelled: whoever removes the files of a job
    does so after this, so that none of them comes into being behind it.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        task.exception()  # looked at: whoever cancelled does not want the work
        raise
