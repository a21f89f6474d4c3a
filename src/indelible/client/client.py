"""
`Indelible`: the object a product holds to write audit events.

    audit = Indelible("https://audit.example", key, source="fleet-web")
    audit.record("CreateGroup", targets=[{"type": "group", "id": "g_1", "name": "Depot north"}])

`record` puts the event into a bounded queue and returns at once; a daemon thread, started with the
first event, sends batches. Nothing here raises into the host, except where it asked for that
(`mode="sync"`, `on_full="raise"`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import ssl
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, Unpack

import msgspec

from indelible.client import context, process
from indelible.client.buffer import Policy, QueueFull
from indelible.client.compose import Composer
from indelible.client.fields import ActorLike, EventFields, Mode, Record, encode_event
from indelible.client.guard import Guard
from indelible.client.ids import HOOKS_RUN, RandomBytes, RandomPool
from indelible.client.key import doubt_of_key
from indelible.client.operation import OperationBlock
from indelible.client.process import Parts, Plan
from indelible.client.run import JobBlock, JobFacts
from indelible.client.sender import Pace, Problem
from indelible.client.spool import folder_of
from indelible.client.transport import Receipt, SendFailed, Transport, inside
from indelible.clock import Clock, SystemClock
from indelible.errors import Error, InvalidEvent, SettingsError
from indelible.event.redact import Redaction

_LOG = logging.getLogger("indelible.client")
_SYNC_BACKOFF_S = 0.1
_LONGEST_ERROR = 500

WriteRow = Callable[[str, bytes], None]
"""Puts an event (id, JSON) into the outbox table, in the transaction that the host has open."""


_DEFAULT_REDACTION = Redaction()


class NotStored(Error):
    """In mode `sync`: the service did not confirm the event in time."""

    code = "not-stored"


class Health(msgspec.Struct, frozen=True):
    """Counters of one client in this process; all but `queued` only grow."""

    queued: int
    stored: int
    duplicates: int
    rejected: int
    dropped: int
    failed_attempts: int
    suppressed: int
    swallowed: int
    running: bool
    last_sent_us: int | None
    last_error: str | None


class Indelible:
    """
    Writes audit events to one Indelible service. Safe to use from any thread, task or forked child.

    Args:
        url: address of the service; key: a write key. One that can be none (empty, of another
            kind) raises SettingsError, one of an odd form is told in the log.
        source: name of the product, as it shows in `context.source`.
        instance: name of this process, by which its numbering is told from others; made up if
            absent.
        mode: `async` queues; `sync` stores before `record` returns and raises if it cannot;
            `outbox` writes the event into the host's own database by `outbox`.
        on_full: what happens when queue and spool are full: `drop_and_count` (told by a
            `GapRecorded` event), `block`, or `raise`.
        spool_dir: folder that keeps unsent events over a crash; one per product and tenant.
        timeout_s: of one attempt, and of the whole of a `sync` record.
        redaction: what is masked before an event leaves this process; None masks nothing.
        on_sigterm: `flush` sends what waits when the process is told to end and nobody else takes
            that signal; `leave` touches no signal.
        on_error: gets every swallowed problem; on_receipt: gets every receipt.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        source: str,
        source_version: str | None = None,
        instance: str | None = None,
        mode: Mode = "async",
        on_full: Policy = "drop_and_count",
        max_queue: int = 10_000,
        max_queue_bytes: int = 32 * 1024 * 1024,
        spool_dir: str | os.PathLike[str] | None = None,
        max_spool_bytes: int = 256 * 1024 * 1024,
        spool_sync: bool = False,
        timeout_s: float = 10.0,
        exit_timeout_s: float = 5.0,
        pace: Pace | None = None,
        tls: ssl.SSLContext | None = None,
        redaction: Redaction | None = _DEFAULT_REDACTION,
        outbox: WriteRow | None = None,
        on_sigterm: Literal["flush", "leave"] = "flush",
        on_error: Callable[[Problem], None] | None = None,
        on_receipt: Callable[[Receipt], None] | None = None,
        clock: Clock | None = None,
        random_bytes: RandomBytes | None = None,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        if not source:
            raise SettingsError("`source` is empty", hint="name your product: source='billing'")
        doubt = doubt_of_key(key)
        if mode not in ("async", "sync", "outbox"):
            raise SettingsError(f"unknown mode {mode!r}", hint="async, sync or outbox")
        if mode == "outbox" and outbox is None:
            raise SettingsError(
                "mode `outbox` needs the `outbox` that writes the row",
                hint="see docs/sdk.md, Outbox",
            )
        if on_full not in ("block", "raise", "drop_and_count"):
            raise SettingsError(f"unknown policy {on_full!r}", hint="block, raise, drop_and_count")
        self._mode: Mode = mode
        self._outbox = outbox
        self.redaction = redaction
        self._on_full: Policy = on_full
        self._timeout_s = timeout_s
        self._exit_timeout_s = exit_timeout_s
        self._clock: Clock = clock or SystemClock()
        random_bytes = random_bytes or RandomPool()
        self._jitter = jitter or secrets.SystemRandom().random
        self._guard = Guard(on_error, self._clock.monotonic_s)
        self._on_receipt = on_receipt
        self._composer = Composer(
            source, source_version, self._clock.now_us, random_bytes, redaction
        )
        self._plan = Plan(
            new_transport=lambda: Transport(
                url, key, timeout_s=timeout_s, now_us=self._clock.now_us, tls=tls
            ),
            make_gap=self._composer.gap,
            instance=instance,
            home_pid=os.getpid(),
            policy=on_full,
            max_queue=max_queue,
            max_queue_bytes=max_queue_bytes,
            spool_root=None if spool_dir is None else folder_of(Path(spool_dir), source),
            max_spool_bytes=max_spool_bytes,
            spool_sync=spool_sync,
            pace=pace or Pace(),
            clock=self._clock,
            random_bytes=random_bytes,
            jitter=self._jitter,
            on_problem=self._report,
            on_receipt=None if on_receipt is None else self._give_receipt,
        )
        self._closed = False
        self._suppressed = 0
        # Guards the making of `_parts`; replaced in a forked child.
        self._lock = threading.Lock()
        # Connections of mode `sync` that nobody uses at the moment; pop and append are atomic.
        self._idle: list[Transport] = []
        self._parts: Parts | None = Parts(self._plan)
        if self._parts.buffer.waiting():
            self._parts.sender.start()  # what an earlier process left behind goes first
        if doubt is not None:
            _LOG.warning("odd-key: %s", doubt)
        process.join(self)
        if on_sigterm == "flush":
            process.flush_on_sigterm()

    def record(
        self, operation: str, *, mode: Mode | None = None, **fields: Unpack[EventFields]
    ) -> Receipt | None:
        """
        Records one event. What is not given comes from the context (`bind`, middleware).

        Returns its id in a receipt; None when it was not taken (dropped, closed, or recorded from
        inside the SDK itself). In mode `sync` it returns after the event is sealed in the ledger.

        Raises:
            QueueFull: only with `on_full="raise"`.
            NotStored, InvalidEvent: only in mode `sync`.
            In mode `outbox`, what the database raises.
        """
        if inside.depth:
            self._suppressed += 1
            return None
        chosen = mode or self._mode
        if chosen == "sync":
            return self._store(operation, fields)
        if chosen == "outbox":
            return self._write_row(operation, fields)
        inside.depth += 1
        try:
            return self._queue(operation, fields)
        except QueueFull:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._guard.swallow(error, f"could not record {operation!r}", lost=1)
            return None
        finally:
            inside.depth -= 1

    async def arecord(
        self, operation: str, *, mode: Mode | None = None, **fields: Unpack[EventFields]
    ) -> Receipt | None:
        """`record` for coroutines: what may wait (`sync`, `block`) waits in a thread."""
        if mode == "sync" or self.may_wait:
            return await asyncio.to_thread(self.record, operation, mode=mode, **fields)
        return self.record(operation, mode=mode, **fields)

    def operation(
        self, operation: str, *, mode: Mode | None = None, **fields: Unpack[EventFields]
    ) -> OperationBlock:
        """A block or decorator that leaves one event: what it did and whether it succeeded."""
        return OperationBlock(self, operation, mode, fields)

    def job(
        self,
        name: str,
        *,
        operation: str | None = None,
        id: str | None = None,  # noqa: A002 - the word of the event's `job`
        root_id: str | None = None,
        parent_id: str | None = None,
        attempt: int = 1,
        queue: str | None = None,
        worker: str | None = None,
        scheduled_for: datetime | None = None,
        actor: ActorLike | None = None,
        metadata: Record | None = None,
        carried: object = None,
    ) -> JobBlock:
        """
        A block or decorator for a background job: tells its start and its end, in the Tasks stream.

        `carried` is what `carry.pack()` gave where the job was queued.
        """
        facts = JobFacts(
            name=name,
            operation=operation,
            id=id,
            root_id=root_id,
            parent_id=parent_id,
            attempt=attempt,
            queue=queue,
            worker=worker,
            scheduled_for=scheduled_for,
            actor=actor,
            metadata=metadata,
        )
        return JobBlock(self, facts, carried)

    def compose(self, operation: str, **fields: Unpack[EventFields]) -> tuple[str, bytes]:
        """
        The id and the JSON of an event that goes another way, such as an outbox table.

        It has no `source_seq`: the transaction of the table is what says whether it exists.
        """
        event = self._composer.event(operation, fields, context.current(), self._here().instance)
        return event["id"], encode_event(event)

    def shown_error(self, error: BaseException | str | None) -> str | None:
        """An error as an event may show it: its type and its text, short and without secrets."""
        if error is None:
            return None
        try:
            text = error if isinstance(error, str) else f"{type(error).__qualname__}: {error}"
        except Exception:  # noqa: BLE001 - a host's __str__ may raise anything
            text = type(error).__qualname__
        text = text.removesuffix(": ")[: 4 * _LONGEST_ERROR]
        text = text if self.redaction is None else self.redaction.text(text)
        return text if len(text) <= _LONGEST_ERROR else text[: _LONGEST_ERROR - 1] + "…"

    def monotonic_s(self) -> float:
        """For hooks: the clock by which durations are measured."""
        return self._clock.monotonic_s()

    @property
    def may_wait(self) -> bool:
        """Whether `record` can block its thread: event loops then call it in another."""
        return self._mode == "sync" or self._on_full == "block"

    def new_request_id(self) -> str:
        """For hooks: an id for a request that came without one."""
        return self._plan.random_bytes(8).hex()

    def swallow(self, error: Exception, what: str) -> None:
        """For hooks: counts, logs and offers an error that must not reach the host."""
        self._guard.swallow(error, what, lost=1)

    def _queue(self, operation: str, fields: EventFields) -> Receipt | None:
        parts = self._here()
        event = self._composer.event(operation, fields, context.current(), parts.instance)

        def make_line(seq: int) -> bytes:
            event["context"]["source_seq"] = seq
            return encode_event(event)

        if not parts.buffer.put(make_line):
            why = "the client is closed" if self._closed else "queue and spool are full"
            self._guard.report(Problem("dropped", why, lost=1))
            return None
        # False at interpreter shutdown, where no thread can start: then the exit hook drains.
        parts.sender.start()
        return Receipt(event["id"])

    def _write_row(self, operation: str, fields: EventFields) -> Receipt:
        if self._outbox is None:
            raise SettingsError("this client has no `outbox`", hint="see docs/sdk.md, Outbox")
        event_id, line = self.compose(operation, **fields)
        self._outbox(event_id, line)
        return Receipt(event_id)

    def _store(self, operation: str, fields: EventFields) -> Receipt:
        parts = self._here()
        event = self._composer.event(operation, fields, context.current(), parts.instance)
        event["context"]["source_seq"] = parts.buffer.take_seq()
        line = encode_event(event)
        transport = self._idle.pop() if self._idle else self._plan.new_transport()
        deadline_s = self._clock.monotonic_s() + self._timeout_s
        wait_s = _SYNC_BACKOFF_S
        while True:
            try:
                reply = transport.send([line])
                break
            except SendFailed as failure:
                pause_s = max(failure.retry_after_s or 0.0, wait_s * self._jitter())
                if failure.lasting or self._clock.monotonic_s() + pause_s >= deadline_s:
                    transport.close()
                    raise NotStored(
                        f"{operation} was not stored: {failure.message}",
                        hint="do not go on as if it were recorded",
                    ) from failure
                threading.Event().wait(pause_s)
                wait_s *= 2
        self._idle.append(transport)
        for rejection in reply.rejected:
            raise InvalidEvent("", f"{operation} was refused: {rejection.detail}")
        for stored in reply.receipts:
            return Receipt(stored.id, stored.index, stored.leaf_hash)
        raise NotStored(f"{operation}: the service gave no receipt")

    def _here(self) -> Parts:
        """The parts of this process; a forked child makes them with its first event."""
        parts = self._parts
        # A forked child forgets its parent's before it can ask, unless the client was closed then
        # or hooks are not run.
        has_to_ask = self._closed or not HOOKS_RUN
        if parts is not None and not (has_to_ask and parts.pid != os.getpid()):
            return parts
        with self._lock:
            if self._parts is None or self._parts.pid != os.getpid():
                self._parts = Parts(self._plan)
                process.close_at_worker_exit(self)
            return self._parts

    def _report(self, problem: Problem) -> None:
        self._guard.report(problem)

    def _give_receipt(self, receipt: Receipt) -> None:
        try:
            if self._on_receipt is not None:
                self._on_receipt(receipt)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._guard.swallow(error, "on_receipt failed")

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Waits until all events recorded so far are settled; False when time was up first."""
        parts = self._parts
        if parts is None or parts.pid != os.getpid() or inside.depth:
            return True
        deadline_s = self._clock.monotonic_s() + timeout_s
        buffer = parts.buffer
        # A gap that waits for room becomes one more event.
        wanted = buffer.accepted + (1 if buffer.pending_gap() else 0)
        if buffer.settled >= wanted:
            return True
        if parts.sender.start():
            parts.sender.hurry(wanted)
        else:
            parts.sender.drain(deadline_s)
        with buffer.changed:
            while buffer.settled < wanted:
                left_s = deadline_s - self._clock.monotonic_s()
                if left_s <= 0 or not parts.sender.is_running():
                    return False
                buffer.changed.wait(left_s)
        return True

    def close(self, timeout_s: float = 10.0) -> bool:
        """
        Flushes and stops; later events are refused. False when events were left unsent.

        With a spool they wait there for the next start, without one they are lost, and logged.
        """
        if self._closed:
            return True
        self._closed = True
        process.leave(self)
        parts = self._parts
        if parts is None or parts.pid != os.getpid():
            return True
        parts.buffer.close()
        done = self.flush(timeout_s)
        lost = parts.stop(timeout_s=1.0)
        while self._idle:
            self._idle.pop().close()
        if lost:
            self._guard.report(Problem("lost-at-close", "closed with events unsent", lost=lost))
        return done

    def close_at_exit(self) -> None:
        """`close` with the exit timeout, for hooks at the end of the process."""
        try:
            self.close(self._exit_timeout_s)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._guard.swallow(error, "could not close")

    def forget_parent(self) -> None:
        """In a forked child: the parent sends what it recorded; nothing of it is ours."""
        parts, self._parts = self._parts, None
        self._lock = threading.Lock()
        self._guard = self._guard.anew()
        self._suppressed = 0
        if parts is not None:
            parts.abandon()
        while self._idle:
            self._idle.pop().abandon()

    def health(self) -> Health:
        """The counters of this process."""
        parts = self._here()
        sender = parts.sender
        return Health(
            queued=parts.buffer.waiting(),
            stored=sender.stored,
            duplicates=sender.duplicates,
            rejected=sender.rejected,
            dropped=parts.buffer.dropped,
            failed_attempts=sender.failed_attempts,
            suppressed=self._suppressed,
            swallowed=self._guard.swallowed,
            running=sender.is_running(),
            last_sent_us=sender.last_sent_us,
            last_error=sender.last_error,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
