"""
The index process: owns the engine, follows the ledger, answers queries over a socket.

It is started by `supervisor.py` and by nothing else. It ends when the socket is closed, so it never
outlives the service; it ends with an exit status of its own when it cannot go on, and the
supervisor starts it again. Threads: this one reads requests; one follows the ledger; a few run
queries, a few run streams, each with an engine session of its own.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from indelible.clock import Clock, SystemClock
from indelible.errors import Error
from indelible.server.index import protocol, status
from indelible.server.index import schema as table
from indelible.server.index.engine import DAMAGED, Client, EngineError
from indelible.server.index.follower import Follower, Ledger
from indelible.server.index.state import of_another_version

QUERY_THREADS: Final = 3
STREAM_THREADS: Final = 6
BEAT_S: Final = 0.15  # shortest time between two batches: fewer, larger parts
BUSY_BEAT_S: Final = 0.4  # the same when much comes in: each batch costs as much as many events
BUSY_ENTRIES: Final = 100
NICE: Final = 5  # storing events comes before finding them
LOOK_S: Final = 0.5  # how often the ledger is looked at when nobody says that it grew
STATUS_S: Final = 1.0
LOCK_WAIT_S: Final = 20.0
END_WAIT_S: Final = 0.5  # for a batch that is under way when the service goes

EXIT_DAMAGED: Final = 3  # the folder was moved aside: start me again at once
EXIT_FAILED: Final = 4


class _Channel:
    """The socket to the service; whole frames, from any thread."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._lock = threading.Lock()  # one frame at a time

    def send(self, message: protocol.ToService) -> None:
        frame = protocol.encode_frame(message)
        with self._lock:
            try:
                self._channel.sendall(frame)
            except OSError:
                # The service has gone; the reading thread sees the end and stops us.
                return

    def receive(self) -> protocol.ToIndex | None:
        body = protocol.read_frame(self._channel)
        return None if body is None else protocol.decode_to_index(body)


class _Reporter:
    """Passes the follower's news on: to the service when they change, to the file now and then."""

    def __init__(self, channel: _Channel, folder: Path, clock: Clock) -> None:
        self._channel = channel
        self._folder = folder
        self._clock = clock
        self._last: status.IndexStatus | None = None
        self._written_at = -STATUS_S

    def __call__(self, news: status.IndexStatus) -> None:
        now = self._clock.monotonic_s()
        if news == self._last and now - self._written_at < 10 * STATUS_S:
            return
        self._channel.send(protocol.News(news))
        changed_state = self._last is None or news.state != self._last.state
        if changed_state or now - self._written_at >= STATUS_S or news.lag_entries == 0:
            status.write_status(self._folder, news)
            self._written_at = now
        self._last = news


class _Clients(threading.local):
    """The engine session of each thread, made when the thread first needs it."""

    client: Client | None = None


class IndexServer:
    """Answers requests of the service. One per process."""

    def __init__(self, channel: _Channel, engine: Path, memory_mb: int, wake: threading.Event):
        self._channel = channel
        self._engine = engine
        self._memory_mb = memory_mb
        self._wake = wake
        self._sessions = _Clients()
        self._queries = ThreadPoolExecutor(QUERY_THREADS, "query")
        self._streams = ThreadPoolExecutor(STREAM_THREADS, "stream")
        self._credits: dict[int, threading.Semaphore] = {}  # guarded by _lock
        self._cancelled: set[int] = set()  # guarded by _lock
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Reads requests until the service closes the socket."""
        while (message := self._channel.receive()) is not None:
            match message:
                case protocol.Query():
                    self._queries.submit(self._answer, message)
                case protocol.Stream():
                    with self._lock:
                        self._credits[message.number] = threading.Semaphore(message.credits)
                    self._streams.submit(self._run_stream, message)
                case protocol.Credit():
                    with self._lock:
                        credits_ = self._credits.get(message.number)
                    if credits_ is not None:
                        credits_.release(message.credits)
                case protocol.Cancel():
                    with self._lock:
                        credits_ = self._credits.get(message.number)
                        if credits_ is not None:
                            self._cancelled.add(message.number)
                    if credits_ is not None:
                        credits_.release()
                case protocol.Grown():
                    self._wake.set()

    def _client(self, settings: dict[str, int]) -> Client:
        if self._sessions.client is None:
            self._sessions.client = Client(self._engine, settings, self._memory_mb)
        return self._sessions.client

    def _answer(self, request: protocol.Query) -> None:
        try:
            data = self._client(table.QUERY).query(request.sql, request.parameters)
        except EngineError as cause:
            self._fail(request.number, cause)
        else:
            self._channel.send(protocol.Result(request.number, data))

    def _run_stream(self, request: protocol.Stream) -> None:
        number = request.number
        with self._lock:
            credits_ = self._credits[number]
        try:
            client = self._client(table.STREAM)
            for chunk in client.stream(request.sql, request.parameters, request.form):
                credits_.acquire()
                if number in self._cancelled:
                    break
                self._channel.send(protocol.Chunk(number, chunk))
            else:
                self._channel.send(protocol.End(number))
        except EngineError as cause:
            self._fail(number, cause)
        finally:
            with self._lock:
                self._credits.pop(number, None)
                self._cancelled.discard(number)

    def _fail(self, number: int, cause: EngineError) -> None:
        self._channel.send(protocol.Failed(number, cause.number, cause.message))
        if cause.number in DAMAGED:
            _say(f"damaged: {cause.message}")
            os._exit(EXIT_FAILED)


def follow(
    follower: Follower, folder: Path, wake: threading.Event, stop: threading.Event, clock: Clock
) -> None:
    """The follower's loop; raises when it cannot go on."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    follower.create()
    while not stop.is_set():
        begun = clock.monotonic_s()
        if status.rebuild_requested(folder):
            follower.rebuild("asked for")
            status.rebuild_begun(folder)
        wake.clear()
        moved = follower.step()
        if moved:
            beat_s = BEAT_S if moved < BUSY_ENTRIES else BUSY_BEAT_S
            stop.wait(max(0.0, beat_s - (clock.monotonic_s() - begun)))
        else:
            wake.wait(LOOK_S)


def _say(text: str) -> None:
    """A line in the process's log file, for whoever looks why it stopped."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _lock_folder(folder: Path) -> int:
    """Waits for the process before this one to be gone: an engine folder has one owner."""
    descriptor = os.open(folder / "index.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return descriptor


def _move_aside(folder: Path) -> None:
    """Puts a folder that cannot be opened out of the way; only the newest such is kept."""
    broken = folder / "engine.broken"
    shutil.rmtree(broken, ignore_errors=True)
    (folder / status.ENGINE_FOLDER).rename(broken)
    for path in folder.glob("progress-*.json"):
        path.unlink()


def _open(folder: Path, memory_mb: int) -> Client:
    """Opens the engine; a folder that it refuses is moved aside and the process ends."""
    engine = folder / status.ENGINE_FOLDER
    engine.mkdir(mode=0o700, exist_ok=True)
    try:
        return Client(engine, table.ALWAYS, memory_mb)
    except Error as cause:
        _say(f"the index folder cannot be opened: {cause.message}")
        if shutil.disk_usage(folder).free < 64 * 1024 * 1024:
            _say("the disk is full")
            raise SystemExit(EXIT_FAILED) from cause
        _move_aside(folder)
        raise SystemExit(EXIT_DAMAGED) from cause


def run(descriptor: int, data_dir: Path, reader: str, memory_mb: int, block_entries: int) -> None:
    """The whole life of the index process."""
    for number in (signal.SIGINT, signal.SIGHUP):
        # A Ctrl-C reaches the whole group of processes; the service closes our socket in its time.
        signal.signal(number, signal.SIG_IGN)
    folder = data_dir / status.FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = _lock_folder(folder)
    clock = SystemClock()
    channel = _Channel(socket.socket(fileno=descriptor))
    wake, stop = threading.Event(), threading.Event()
    if status.rebuild_requested(folder) or of_another_version(folder):
        # Nothing is open yet: the quickest way, and one that heals any damage.
        shutil.rmtree(folder / status.ENGINE_FOLDER, ignore_errors=True)
        for path in folder.glob("progress-*.json"):
            path.unlink()
        status.rebuild_begun(folder)
    is_new = not (folder / status.ENGINE_FOLDER).exists()
    client = _open(folder, memory_mb)
    follower = Follower(
        _ledger(reader, data_dir),
        client,
        folder,
        clock,
        _Reporter(channel, folder, clock),
        block_entries,
    )
    server = IndexServer(channel, folder / status.ENGINE_FOLDER, memory_mb, wake)
    thread = threading.Thread(
        target=_guard,
        args=(lambda: follow(follower, folder, wake, stop, clock), folder),
        name="follower",
        daemon=True,
    )
    follower.create()
    if is_new:
        follower.report_empty()
    thread.start()
    server.serve()
    stop.set()
    wake.set()
    # Not for long: after a crash of the service the next index process waits for our lock, and a
    # batch that is cut off is finished by it.
    thread.join(timeout=END_WAIT_S)
    os.close(lock)
    # The engine's own threads can take long to end, and there is nothing left that must be saved:
    # what is inserted is on disk, what is not is inserted again.
    os._exit(0)


def _ledger(reader: str, data_dir: Path) -> Ledger:
    """Makes the reader named `module:class`, which the service chose: the index knows no ledger."""
    module, _, name = reader.partition(":")
    ledger: Ledger = getattr(importlib.import_module(module), name)(data_dir / "ledger.sqlite3")
    return ledger


def _guard(loop: Callable[[], None], folder: Path) -> None:
    """Runs the follower; when it cannot go on, neither can the process."""
    try:
        loop()
    except (Error, OSError, msgspec.MsgspecError, RuntimeError, ValueError) as cause:
        _say(f"the follower stopped: {type(cause).__name__}: {cause}")
        if isinstance(cause, EngineError) and cause.number in DAMAGED:
            status.request_rebuild(folder.parent)
        os._exit(EXIT_FAILED)
