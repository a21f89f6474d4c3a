"""
Exports in the background: waiting, running, whole or failed, kept for some days.

A job is fixed to one snapshot when it is asked for, so one that a stop or a crash broke off begins
again after the next start and gives the same file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import aclosing
from typing import Any

import msgspec

from indelible.clock import US_PER_DAY, Clock, format_us
from indelible.errors import Conflict, Error, StorageError
from indelible.server.export.export import Exporter
from indelible.server.export.file import ExportFiles
from indelible.server.export.job import OPEN, Asked, Job, JobTable, State
from indelible.server.index import IndexProcess
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_act
from indelible.server.query import Defaults, parse_filter, stats
from indelible.server.query.prepare import Prepared, prepare
from indelible.server.settings import ExportSettings
from indelible.server.version import version

log = logging.getLogger("indelible.export")

_INDEX_WAIT_S = 2.0
_SWEEP_EVERY_S = 600.0
_ENDPOINT = "/v1/exports"


class Progress:
    """How far a running job is; owned by the event loop."""

    def __init__(self, started_s: float) -> None:
        self.rows = 0
        self.bytes = 0
        self.started_s = started_s


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
        self._running: dict[str, tuple[asyncio.Task[None], Progress]] = {}
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins; what was running when the service ended waits again."""
        await asyncio.to_thread(self.files.prepare)
        for job in self.table.open():
            self.table.change(job.id, "waiting", only=("running",))
        self._tasks = [asyncio.create_task(self._serve()), asyncio.create_task(self._sweep())]

    async def stop(self) -> None:
        """Ends the tasks; jobs that run begin again at the next start."""
        running = [task for task, _ in self._running.values()]
        for task in (*self._tasks, *running):
            task.cancel()
        await asyncio.gather(*self._tasks, *running, return_exceptions=True)

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
        event = self._event(job, "ExportAuditLog", "POST", _ENDPOINT, 202, "queued")
        await asyncio.to_thread(self.table.add, job, event)
        await self._own.drain()
        self._wake.set()
        return job

    async def count(self, prepared: Prepared) -> int:
        """How many events a snapshot holds."""
        return await stats.count(self._index, prepared)

    def progress(self, job: Job) -> tuple[int, int, float | None]:
        """Rows and bytes so far, and seconds still to go where that can be told."""
        found = self._running.get(job.id)
        if found is None:
            return job.rows or 0, job.bytes or 0, None
        progress = found[1]
        if not progress.rows or not job.asked.total:
            return progress.rows, progress.bytes, None
        elapsed_s = self._clock.monotonic_s() - progress.started_s
        left = max(0, job.asked.total - progress.rows)
        return progress.rows, progress.bytes, elapsed_s / progress.rows * left

    async def cancel(self, job: Job) -> None:
        """Stops an open job, or removes the file of one that is done. Raises Conflict."""
        event = self._event(job, "CancelExport", "DELETE", f"{_ENDPOINT}/{{id}}", 204, "cancelled")
        only: tuple[State, ...] = (*OPEN, "done")
        changed = await asyncio.to_thread(
            self._change, job, "cancelled", only, event, ended_us=self._clock.now_us()
        )
        if not changed:
            raise Conflict(f"the export is {job.state} already")
        running = self._running.get(job.id)
        if running is not None:
            running[0].cancel()
            await asyncio.gather(running[0], return_exceptions=True)
        await asyncio.to_thread(self.files.remove, job.id)
        await self._own.drain()

    async def drop(self, job: Job, reason: str, *, forget: bool) -> None:
        """
        Ends a job and removes its file, for the service's own reasons; with `forget` also what was
        asked for. Whoever calls this records why.
        """
        now_us = self._clock.now_us()
        await asyncio.to_thread(
            self._change, job, "expired", (*OPEN, "done"), None, ended_us=now_us, reason=reason
        )
        running = self._running.get(job.id)
        if running is not None:
            running[0].cancel()
            await asyncio.gather(running[0], return_exceptions=True)
        await asyncio.to_thread(self.files.remove, job.id)
        if forget:
            await asyncio.to_thread(self.table.delete, job.id)

    def _change(
        self,
        job: Job,
        state: State,
        only: tuple[State, ...],
        event: dict[str, Any] | None,
        **values: int | str | None,
    ) -> bool:
        told = None if event is None else (job.tenant_id, event)
        return self.table.change(job.id, state, only=only, event=told, **values)

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            for job in self.table.open():
                if len(self._running) >= self.settings.jobs_at_once:
                    break
                if job.id not in self._running:
                    progress = Progress(self._clock.monotonic_s())
                    task = asyncio.create_task(self._run(job, progress))
                    self._running[job.id] = (task, progress)
            await self._wake.wait()

    async def _run(self, job: Job, progress: Progress) -> None:
        try:
            started_us = self._clock.now_us()
            if self.table.change(job.id, "running", only=OPEN, started_us=started_us):
                await self._make(job, progress)
        except Error as error:
            await self._fail(job, error.message)
        except OSError as error:
            await self._fail(job, error.strerror or "the file cannot be written")
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("bug in export %s", job.id)
            await self._fail(job, "an internal error; the service's log tells more")
        finally:
            del self._running[job.id]
            self._wake.set()

    async def _make(self, job: Job, progress: Progress) -> None:
        asked = job.asked
        defaults = Defaults(now_us=job.created_us, date_format=asked.date_format)
        filter_ = parse_filter(asked.parameters, asked.within, defaults)
        # After a rebuild the index may not be as far as the snapshot is.
        while not await self._index.wait_for(job.tenant_id, asked.through - 1, _INDEX_WAIT_S):
            pass
        prepared = await prepare(self._index, filter_, asked.through)

        def on_rows(number: int) -> None:
            progress.rows += number

        export = self._exporter.begin(
            prepared,
            asked.wish,
            tenant=asked.tenant,
            date_format=asked.date_format,
            number=asked.total,
            on_rows=on_rows,
        )
        part = await asyncio.to_thread(self.files.begin, job.id)
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
            await asyncio.to_thread(self.files.finish, job.id, part, manifest)
        except BaseException:
            with contextlib.suppress(OSError):
                part.discard()
            raise
        event = self._event(job, "FinishExport", "Job", _ENDPOINT, None, "succeeded", sha256=sha256)
        done = await asyncio.to_thread(
            self._change, job, "done", ("running",), event,
            ended_us=ended_us, rows=progress.rows, bytes=part.size, sha256=sha256,
        )  # fmt: skip
        if not done:
            await asyncio.to_thread(self.files.remove, job.id)
        await self._own.drain()

    async def _fail(self, job: Job, reason: str) -> None:
        log.error("export %s failed: %s", job.id, reason)
        event = self._event(job, "FinishExport", "Job", _ENDPOINT, None, "failed", reason=reason)
        try:
            await asyncio.to_thread(self.files.remove, job.id)
            await asyncio.to_thread(
                self._change, job, "failed", OPEN, event,
                ended_us=self._clock.now_us(), reason=reason[:500],
            )  # fmt: skip
            await self._own.drain()
        except (Error, OSError) as error:
            log.error("export %s: the failure cannot be written down: %s", job.id, error)

    async def _sweep(self) -> None:
        while True:
            before_us = self._clock.now_us() - self.settings.keep_days * US_PER_DAY
            try:
                for job in self.table.ended_before(before_us):
                    if await asyncio.to_thread(self._change, job, "expired", ("done",), None):
                        await asyncio.to_thread(self.files.remove, job.id)
            except (Error, OSError) as error:
                log.error("old exports are still there: %s", error)
            await asyncio.sleep(_SWEEP_EVERY_S)

    def _event(
        self,
        job: Job,
        operation: str,
        method: str,
        endpoint: str,
        status: int | None,
        state: str,
        **more: Any,
    ) -> dict[str, Any]:
        asked = job.asked
        event = of_act(
            asked.who,
            event_id=self._own.new_id(),
            operation=operation,
            method=method,
            endpoint=endpoint,
            status=status,
            stream="task",
            outcome="failure" if state == "failed" else "success",
            targets=[{"type": "export", "id": job.id, "name": asked.file_name}],
            job={"id": job.id, "state": state},
            metadata={"query": asked.parameters, "count": asked.total,
                      "format": asked.wish.format, **more},
        )  # fmt: skip
        return {**event, "occurred_at": format_us(self._clock.now_us())}


def manifest_of(job: Job, rows: int, size: int, sha256: str, ended_us: int) -> dict[str, Any]:
    """What the manifest beside the file says."""
    asked = job.asked
    return {
        "export": job.id,
        "file": asked.file_name,
        "sha256": sha256,
        "bytes": size,
        "count": rows,
        "filter": asked.parameters,
        "zone": asked.parameters.get("tz"),
        "wish": msgspec.to_builtins(asked.wish),
        "requested_by": {"kind": asked.who.kind, "id": asked.who.id, "name": asked.who.name,
                         "email": asked.who.email},
        "requested_at": format_us(job.created_us),
        "finished_at": format_us(ended_us),
        "tenant": asked.tenant,
        "indexed_through": asked.through,
        "checkpoint": asked.checkpoint,
        "version": version(),
    }  # fmt: skip
