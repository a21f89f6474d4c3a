"""
The service's side of the index process: starts it, talks to it, starts it again when it dies.

All methods belong to the event loop that `start` was called on, but for `notify`, which any thread
may call. A query that was under way when the process died is sent once more; a stream is not, its
reader sees the failure.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from indelible.clock import Clock, SystemClock
from indelible.errors import InvalidRequest, StorageError
from indelible.server.index import protocol
from indelible.server.index.rollup import BLOCK_ENTRIES
from indelible.server.index.seen import through_masks
from indelible.server.index.status import FOLDER, IndexStatus, State, write_status

READER: Final = "indelible.server.ledger.reader:LedgerReader"
CREDITS: Final = 4
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 15.0
HEALTHY_S: Final = 30.0
FAILED_AFTER: Final = 5  # failed starts in a row, before the state says so
STOP_S: Final = 15.0
READY_WAIT_S: Final = 10.0
LOG_BYTES: Final = 1024 * 1024
_EXIT_DAMAGED: Final = 3  # as in process.py, which must not be imported here
_TOO_SLOW: Final = frozenset({159, 160})
_TOO_LARGE: Final = frozenset({241, 396})


class IndexFailed(StorageError):
    """The search index could not answer. Nothing is lost: try again."""

    code = "index-unavailable"


class IndexProcess:
    """One index process and its life. Reads the ledger through the class named by `reader`."""

    def __init__(
        self,
        data_dir: Path,
        *,
        memory_mb: int = 1024,
        block_entries: int = BLOCK_ENTRIES,
        reader: str = READER,
        clock: Clock | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._memory_mb = memory_mb
        self._block_entries = block_entries
        self._reader = reader
        self._clock = clock or SystemClock()
        # Owned by the event loop.
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._watch: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._up = asyncio.Event()
        self._moved = asyncio.Condition()
        self._number = 0
        self._queries: dict[int, asyncio.Future[bytes]] = {}
        self._streams: dict[int, asyncio.Queue[protocol.ToService]] = {}
        self._sizes: dict[int, int] = {}
        self._stopping = False
        self._failures = 0
        self._restarts = 0
        self._log_from = 0
        self._status = IndexStatus(state="restarting", detail="starting")

    # -- life

    async def start(self) -> None:
        """Starts the process and the watch over it. Returns at once; see `status`."""
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._watch = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """Closes the socket, which ends the process, and waits for that."""
        self._stopping = True
        if self._writer is not None:
            self._writer.close()
        process = self._process
        if process is not None:
            try:
                await asyncio.to_thread(process.wait, STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        self._fail_all("the service stops")

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def restarts(self) -> int:
        """How often the process ended by itself and was started again."""
        return self._restarts

    async def _keep_running(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            begun = self._clock.monotonic_s()
            code, folder_trouble = -1, None
            try:
                code = await self._run_once()
            except _NoFolder as trouble:
                folder_trouble = str(trouble)
            if self._stopping:
                return
            if self._clock.monotonic_s() - begun > HEALTHY_S:
                pause, self._failures = FIRST_PAUSE_S, 0
            self._failures += 1
            self._restarts += 1
            ended = f"the index process ended ({_ending(code)}){self._last_words()}"
            reason = folder_trouble or ended
            self._fail_all(reason)
            lasting = folder_trouble is not None or self._failures >= FAILED_AFTER
            state: State = "failed" if lasting else "restarting"
            await self._set_status(state, reason)
            if code != _EXIT_DAMAGED or self._failures > 1:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _run_once(self) -> int:
        ours, theirs = socket.socketpair()
        folder = self._data_dir / FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            log = await asyncio.to_thread(_open_log, folder / "process.log")
        except OSError as cause:
            ours.close()
            theirs.close()
            raise _NoFolder(f"cannot write to the index folder: {cause}") from cause
        self._log_from = log.tell()
        with theirs, log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  (returns at once, never forks us)
                [
                    sys.executable, "-m", "indelible.server.index",
                    str(theirs.fileno()), str(self._data_dir), self._reader, str(self._memory_mb),
                    str(self._block_entries),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )  # fmt: skip
        reader, self._writer = await asyncio.open_connection(sock=ours)
        try:
            await self._receive(reader)
        finally:
            # From this moment questions wait for the next process.
            self._up.clear()
            self._writer.close()
            self._writer = None
            process = self._process
            if process.poll() is None and not self._stopping:
                # It closed its end or sent nonsense: what is left of it must not keep the folder.
                process.kill()
            code = await asyncio.to_thread(process.wait)
        return code

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                head = await reader.readexactly(protocol.LENGTH_BYTES)
                body = await reader.readexactly(int.from_bytes(head, "big"))
                message = protocol.decode_to_service(body)
            except (asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError):
                return
            if isinstance(message, protocol.News):
                await self._take_news(message.status)
                continue
            waiting = self._queries.pop(message.number, None)
            if waiting is not None:
                if waiting.done():
                    continue
                if isinstance(message, protocol.Result):
                    waiting.set_result(message.data)
                elif isinstance(message, protocol.Failed):
                    waiting.set_exception(_failure(message))
                continue
            queue = self._streams.get(message.number)
            if queue is not None:
                queue.put_nowait(message)

    def _fail_all(self, reason: str) -> None:
        for waiting in self._queries.values():
            if not waiting.done():
                waiting.set_exception(_Gone(reason))
        self._queries.clear()
        for number, queue in self._streams.items():
            queue.put_nowait(protocol.Failed(number, 0, reason))

    def _last_words(self) -> str:
        """The last line that this process wrote to its log, which often names the cause."""
        try:
            with (self._data_dir / FOLDER / "process.log").open("rb") as log:
                log.seek(self._log_from)
                text = log.read(LOG_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""
        last = text.strip().splitlines()[-1:]
        return f": {last[0][:300]}" if last else ""

    # -- state

    def status(self) -> IndexStatus:
        """How the index does, as of now."""
        known = self._status
        lag = sum(
            max(0, size - known.indexed_through.get(tenant_id, 0))
            for tenant_id, size in self._sizes.items()
        )
        return msgspec.structs.replace(known, lag_entries=max(lag, known.lag_entries))

    def indexed_through(self, tenant_id: int) -> int:
        """How many entries of the tenant the index has."""
        return self._status.indexed_through.get(tenant_id, 0)

    def clean_through(self, tenant_id: int) -> int:
        """Below this entry no file of the index holds anything that was removed."""
        return self.status().clean_through.get(tenant_id, 0)

    def is_gone(self, tenant_id: int) -> bool:
        """Whether nothing of a deleted tenant is left in any file of the index."""
        return tenant_id in self._status.gone

    async def wait_for(self, tenant_id: int, index: int, limit_s: float) -> bool:
        """Waits until entry `index` can be found, for so long at most. Returns whether it can."""
        try:
            async with asyncio.timeout(limit_s), self._moved:
                await self._moved.wait_for(
                    lambda: self._status.indexed_through.get(tenant_id, -1) > index
                )
        except TimeoutError:
            return False
        return True

    async def wait_until_known(self, tenant_id: int, limit_s: float = READY_WAIT_S) -> None:
        """
        Waits until the index process has said how far this tenant is.

        Raises IndexFailed when it does not: an answer without rows would be a wrong one.
        """
        if tenant_id in self._status.indexed_through:
            return
        if not await self.wait_for(tenant_id, -1, limit_s):
            raise self._not_there()

    def notify(self, tenant_id: int, size: int) -> None:
        """Says that a tenant's ledger has `size` entries now. May be called by any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        loop.call_soon_threadsafe(self._grown, tenant_id, size)

    def _grown(self, tenant_id: int, size: int) -> None:
        self._sizes[tenant_id] = max(size, self._sizes.get(tenant_id, 0))
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(protocol.encode_frame(protocol.Grown(tenant_id, size)))

    async def _take_news(self, status: IndexStatus) -> None:
        self._failures = 0 if status.state == "ready" else self._failures
        async with self._moved:
            # A process that has just started has not looked at every tenant yet; what the one
            # before it said of them still holds, since rows never leave without a word.
            known = {**self._status.indexed_through, **status.indexed_through}
            for tenant_id in status.gone:
                known.pop(tenant_id, None)
                self._sizes.pop(tenant_id, None)
            self._status = msgspec.structs.replace(status, indexed_through=known)
            # Its last words may be read after its end was seen: nobody is there to be asked then.
            if self._writer is not None and not self._writer.is_closing():
                self._up.set()
            self._moved.notify_all()

    async def _set_status(self, state: State, detail: str) -> None:
        self._status = msgspec.structs.replace(self._status, state=state, detail=detail)
        folder = self._data_dir / FOLDER
        try:
            await asyncio.to_thread(write_status, folder, self._status)
        except OSError:
            # The folder itself may be the trouble; the state here is what the screen shows.
            pass

    # -- queries

    async def query(self, sql: str, parameters: Mapping[str, Any]) -> bytes:
        """
        Runs one statement; gives its rows as lines of JSON. Masks among its values are obeyed.

        Raises IndexFailed when the index cannot answer, InvalidRequest when the question is too
        large for its limits.
        """
        sql, parameters = through_masks(sql, parameters)
        for again in (True, False):
            await self._wait_until_up()
            number = self._next_number()
            waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._queries[number] = waiting
            try:
                await self._send(protocol.Query(number, sql, parameters))
                return await waiting
            except _Gone:
                if not again:
                    raise
            finally:
                self._queries.pop(number, None)
        raise IndexFailed("the search index could not answer")

    async def stream(
        self, sql: str, parameters: Mapping[str, Any], form: str
    ) -> AsyncGenerator[bytes]:
        """
        Runs one statement; gives its result in chunks, in an engine format that needs no header.

        Memory stays flat here and there. Raises IndexFailed when it breaks, also in the middle.
        """
        sql, parameters = through_masks(sql, parameters)
        await self._wait_until_up()
        number = self._next_number()
        queue: asyncio.Queue[protocol.ToService] = asyncio.Queue()
        self._streams[number] = queue
        ended = False
        try:
            await self._send(protocol.Stream(number, sql, parameters, form, CREDITS))
            while True:
                message = await queue.get()
                if isinstance(message, protocol.Chunk):
                    yield message.data
                    await self._send(protocol.Credit(number, 1))
                else:
                    ended = True
                    if isinstance(message, protocol.Failed):
                        raise _failure(message)
                    return
        finally:
            del self._streams[number]
            if not ended and self._writer is not None:
                self._writer.write(protocol.encode_frame(protocol.Cancel(number)))

    async def _wait_until_up(self) -> None:
        try:
            async with asyncio.timeout(READY_WAIT_S):
                await self._up.wait()
        except TimeoutError as cause:
            raise self._not_there() from cause

    def _not_there(self) -> IndexFailed:
        return IndexFailed(
            "the search index is not there yet",
            hint=self._status.detail or "it starts by itself; try again in a moment",
        )

    async def _send(self, message: protocol.ToIndex) -> None:
        writer = self._writer
        if writer is None or writer.is_closing():
            # Seen here before the watch has seen it: what is sent again waits for the next one.
            self._up.clear()
            raise _Gone("the index process restarts")
        writer.write(protocol.encode_frame(message))
        try:
            await writer.drain()
        except ConnectionError as cause:
            self._up.clear()
            raise _Gone("the index process restarts") from cause

    def _next_number(self) -> int:
        self._number += 1
        return self._number


class _NoFolder(IndexFailed):
    """The index folder cannot be made or written: no process was started."""


class _Gone(IndexFailed):
    """The process died with the question unanswered."""


def _failure(message: protocol.Failed) -> InvalidRequest | IndexFailed:
    if message.code in _TOO_SLOW:
        return InvalidRequest(
            "the search took too long", code="search-too-slow", hint="choose a shorter period"
        )
    if message.code in _TOO_LARGE:
        return InvalidRequest(
            "the search needs too much memory",
            code="search-too-large",
            hint="choose a shorter period, or add a filter",
        )
    return IndexFailed(f"the search index failed: {message.message}")


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"status {code}"


def _open_log(path: Path) -> Any:
    """The process's log: appended to, and begun anew when it is long."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")
