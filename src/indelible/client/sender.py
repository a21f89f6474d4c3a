"""
The loop that takes events from the buffer to the service: batches, retries, backoff.

Runs in a daemon thread that starts with the first event, or inside `flush` where no thread can be
started any more (interpreter shutdown). `_turn` makes sure that only one of them sends.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import msgspec

from indelible.client.buffer import Buffer, Stage
from indelible.client.transport import Receipt, Reply, SendFailed, Transport, inside
from indelible.clock import Clock

_FIRST_BACKOFF_S = 0.5
_LASTING_BACKOFF_S = 15.0


class Problem(msgspec.Struct, frozen=True):
    """
    Something the client swallowed: given to `on_error`, logged, and counted in `health()`.

    `lost` says how many events are gone for good because of it; 0 means they will be sent again.
    """

    code: str
    detail: str
    lost: int = 0
    event: bytes | None = None


class Pace(msgspec.Struct, frozen=True):
    """How large a batch is, how long it is collected, and the most a retry waits."""

    batch_events: int = 500
    batch_bytes: int = 1024 * 1024
    linger_s: float = 0.2
    longest_backoff_s: float = 30.0


class Sender:
    """Sends what waits in the buffer, in order, until stopped."""

    def __init__(
        self,
        buffer: Buffer,
        transport: Transport,
        *,
        pace: Pace,
        clock: Clock,
        jitter: Callable[[], float],
        on_problem: Callable[[Problem], None],
        on_receipt: Callable[[Receipt], None] | None,
    ) -> None:
        self._buffer = buffer
        self._transport = transport
        self._pace = pace
        self._clock = clock
        self._jitter = jitter
        self._on_problem = on_problem
        self._on_receipt = on_receipt
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()
        # Guarded by the buffer's condition:
        self._stopping = False
        self._hurry = False
        self._wanted = 0
        self._attempt = 0
        self._not_before_s = 0.0
        self._asked_to_wait = False
        self._batch_limit = pace.batch_events
        # Counters for `health()`, written under `_turn`.
        self.stored = 0
        self.duplicates = 0
        self.rejected = 0
        self.failed_attempts = 0
        self.last_sent_us: int | None = None
        self.last_error: str | None = None

    def start(self) -> bool:
        """Starts the thread if it does not run; False where threads cannot start any more."""
        if self.is_running():
            return True
        with self._buffer.changed:
            if self.is_running():
                return True
            thread = threading.Thread(target=self._run, name="indelible-sender", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False
            self._thread = thread
            return True

    def is_running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        inside.depth += 1  # nothing done in this thread is the host's own doing
        changed = self._buffer.changed
        while True:
            with changed:
                while not self._stopping and not self._buffer.waiting():
                    self._buffer.wake_at = 1
                    changed.wait()
                self._linger()
                if not self._wait_for_backoff():
                    return
            self.send_once()

    def _linger(self) -> None:
        """Lets a batch fill up, unless somebody is in a hurry."""
        until_s = self._clock.monotonic_s() + self._pace.linger_s
        while not self._stopping and self._buffer.settled >= self._wanted:
            left_s = until_s - self._clock.monotonic_s()
            if left_s <= 0 or self._buffer.waiting() >= self._batch_limit:
                return
            self._buffer.wake_at = self._batch_limit
            self._buffer.changed.wait(left_s)

    def _wait_for_backoff(self) -> bool:
        """False when there is nothing to wait for any more, because the sender stops."""
        while not self._stopping:
            left_s = self._not_before_s - self._clock.monotonic_s()
            if left_s <= 0 or (self._hurry and not self._asked_to_wait):
                break
            self._buffer.wake_at = sys.maxsize  # no event ends it, only the time or a hurry
            self._buffer.changed.wait(left_s)
        # One hurry buys one early attempt; then the backoff counts again.
        self._hurry = False
        return not self._stopping

    def hurry(self, wanted: int) -> None:
        """
        Until `wanted` events are settled no batch waits for more, and the next attempt does not
        wait for a backoff of our own.
        """
        with self._buffer.changed:
            self._hurry = True
            self._wanted = max(self._wanted, wanted)
            self._buffer.changed.notify_all()

    def send_once(self) -> bool:
        """One batch; False when nothing was waiting or it could not be sent now."""
        with self._turn:
            found = self._buffer.peek(self._batch_limit, self._pace.batch_bytes)
            if found is None:
                return False
            stage, lines = found
            try:
                reply = self._transport.send(lines)
            except SendFailed as failure:
                self._after_failure(failure, len(lines))
                return failure.too_much
            except Exception as error:  # noqa: BLE001 - a bug must not end the thread
                self._after_failure(SendFailed(f"{type(error).__name__}: {error}"), len(lines))
                return False
            self._after_reply(stage, lines, reply)
            return True

    def _after_failure(self, failure: SendFailed, count: int) -> None:
        self.failed_attempts += 1
        self.last_error = failure.message
        if failure.too_much:
            # Find the event that spoils the batch by halving; the others are stored on the way.
            self._batch_limit = max(1, count // 2)
            return
        base_s = _LASTING_BACKOFF_S if failure.lasting else _FIRST_BACKOFF_S
        with self._buffer.changed:
            most_s = min(base_s * 2.0**self._attempt, self._pace.longest_backoff_s)
            wait_s = most_s * self._jitter()
            self._asked_to_wait = failure.retry_after_s is not None
            if failure.retry_after_s is not None:
                # Not earlier than asked; the jitter on top keeps a fleet of clients apart.
                wait_s = failure.retry_after_s + min(wait_s, 1.0)
            self._attempt = min(self._attempt + 1, 16)
            self._not_before_s = self._clock.monotonic_s() + wait_s
        self._on_problem(Problem(failure.code, failure.message))

    def _after_reply(self, stage: Stage, lines: list[bytes], reply: Reply) -> None:
        self.stored += reply.stored
        self.duplicates += reply.duplicates
        self.rejected += len(reply.rejected)
        self.last_sent_us = self._clock.now_us()
        for rejection in reply.rejected:
            self.last_error = f"{rejection.code}: {rejection.detail}"
            line = lines[rejection.position] if 0 <= rejection.position < len(lines) else None
            self._on_problem(Problem(rejection.code, rejection.detail, lost=1, event=line))
        if self._on_receipt is not None:
            for stored in reply.receipts:
                self._on_receipt(Receipt(stored.id, stored.index, stored.leaf_hash))
        self._buffer.settle(stage, len(lines))
        with self._buffer.changed:
            self._attempt = 0
            self._not_before_s = 0.0
            self._asked_to_wait = False
            self._batch_limit = min(self._batch_limit * 2, self._pace.batch_events)

    def drain(self, until_s: float) -> None:
        """Sends from the calling thread until nothing waits, a failure, or the time."""
        while self._clock.monotonic_s() < until_s and self.send_once():
            continue

    def stop(self, timeout_s: float) -> None:
        """Ends the thread after the batch in flight; what waits stays in the buffer."""
        with self._buffer.changed:
            self._stopping = True
            self._buffer.changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
