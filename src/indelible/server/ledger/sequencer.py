"""
The one writer of a ledger: orders submissions, commits them in groups, signs checkpoints.

Life of an event here: `submit` queues it → the writer takes all that waits → duplicates are told
apart → runs are sealed, tiles extended → one transaction, one fsync → the answer. While one group
is on its way to the disk the next one gathers, so many requests share an fsync without a delay.

What may be on disk after a failure: the whole group or nothing of it. An answer is given only
after COMMIT returned.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from indelible.clock import Clock, day_of
from indelible.errors import Denied, Error, FatalError, NotFound, Pushback, StorageError
from indelible.server.ledger.aliases import Aliases
from indelible.server.ledger.desk import Act, Standing
from indelible.server.ledger.log import Staged, TenantLog
from indelible.server.ledger.plan import Plan, make_plan
from indelible.server.ledger.reader import LedgerReader
from indelible.server.ledger.seen import WINDOW_US, Seen
from indelible.server.ledger.storage import SqliteStorage, not_stored
from indelible.server.ledger.submission import Answer, Submission
from indelible.server.ledger.turns import Turns

log = logging.getLogger(__name__)

MAX_GROUP_EVENTS = 8192  # a longer transaction would make single events wait for it
CHECKPOINT_AFTER_S = 0.5  # formats.md B: at most one second after a commit
_FORGET_EVERY_S = 3600.0

# Small requests that come at the same time share a commit: after a group of several, the next is
# given as long as that commit took, at most this, until half as many are there again.
GATHER_AT_MOST_S = 0.004
_FEW, _SMALL = 4, 16  # requests in a group, and events in a request on average

OnCommit = Callable[[int, int], None]
OnFatal = Callable[[FatalError], None]
OnGroup = Callable[[int, float], None]


class Sequencer:
    """Owns the writing connection and all state of the logs; one thread."""

    def __init__(
        self,
        data_dir: Path,
        storage: SqliteStorage,
        reader: LedgerReader,
        aliases: Aliases,
        clock: Clock,
        *,
        max_queued_events: int,
        max_queued_bytes: int,
        on_commit: OnCommit,
        on_fatal: OnFatal,
    ) -> None:
        self._data_dir = data_dir
        self._storage = storage
        self._reader = reader
        self._aliases = aliases
        self._clock = clock
        self._on_commit = on_commit
        self._on_fatal = on_fatal
        # Told of each group that was stored: its new events, and how long that took.
        self.on_group: OnGroup = lambda _events, _seconds: None

        # Guarded by _wakeup's lock, shared with the threads that submit.
        self._wakeup = threading.Condition()
        self._queue = Turns(max_queued_events, max_queued_bytes)
        self._closed: frozenset[int] = frozenset()  # tenants that take nothing from senders
        self._stopping = False
        self._failed: FatalError | None = None
        self._awaited = 1  # how many must wait before the writer is woken

        # Owned by the writer thread once it runs.
        self._under_way: dict[int, Submission | Act] = {}  # taken and not answered, by identity
        self._last_group, self._last_commit_s = 0, 0.0  # requests, when they were small; seconds
        self._logs = {
            tenant.id: TenantLog(data_dir, tenant, storage, clock.now_us())
            for tenant in storage.tenants()
        }
        self._checkpoint_due_s: float | None = 0.0
        self._forget_due_s = clock.monotonic_s() + _FORGET_EVERY_S
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    def start(self) -> None:
        """Starts the writer thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stores all that waits, signs a last checkpoint, ends the thread."""
        with self._wakeup:
            self._stopping = True
            self._wakeup.notify()
        self._thread.join()

    def category_ids(self, tenant_id: int) -> dict[str, int]:
        """Names and ids of the policy in force; replaced as a whole when the policy changes."""
        return self._log_of(tenant_id).category_ids

    def standing(self, tenant_id: int) -> Standing:
        """All policies up to now, and the catalogue of the newest; replaced as a whole."""
        return self._log_of(tenant_id).standing

    def vkeys(self, tenant_id: int) -> list[str]:
        """The public keys that sign this tenant's checkpoints."""
        return self._log_of(tenant_id).checkpointer.vkeys()

    def adopt(self) -> None:
        """
        Takes up tenants that were made beside us and are whole: signed once by who made them.

        To be called in the writer thread, within an act.
        """
        for tenant in self._storage.tenants():
            if tenant.id not in self._logs and self._storage.checkpoint_size(tenant.id):
                made = TenantLog(self._data_dir, tenant, self._storage, self._clock.now_us())
                self._logs = {**self._logs, tenant.id: made}

    def knows(self, tenant_id: int) -> bool:
        """Whether there is such a log."""
        return tenant_id in self._logs

    def sign_statement(self, tenant_id: int, text: str, time_s: int) -> str:
        """A signed note by the log's key over a statement that is no checkpoint."""
        return self._log_of(tenant_id).checkpointer.sign_statement(text, time_s)

    def close_tenant(self, tenant_id: int) -> None:
        """From now on events of this tenant are refused; what waits is stored, acts are done."""
        with self._wakeup:
            self._closed |= {tenant_id}

    def forget_tenant(self, tenant_id: int) -> None:
        """
        Drops the log of a closed tenant that has left the file.

        To be called in the writer thread, after the act that took it out.
        """
        self._logs = {one: kept for one, kept in self._logs.items() if one != tenant_id}

    def _log_of(self, tenant_id: int) -> TenantLog:
        try:
            return self._logs[tenant_id]
        except KeyError:
            raise NotFound(f"there is no tenant {tenant_id}") from None

    def submit(self, submission: Submission | Act) -> None:
        """
        Queues events, or an act; `submission.notify` is called with the answer.

        Raises:
            Denied: the tenant is being deleted.
            Pushback: the queue is full; nothing was queued.
            FatalError: an earlier commit failed in a way that leaves its effect unknown.
        """
        with self._wakeup:
            if self._failed is not None:
                raise self._failed
            if self._stopping:
                raise Pushback("the service is stopping", retry_after_s=2, code="stopping")
            if submission.tenant_id in self._closed and not isinstance(submission, Act):
                raise Denied(
                    "this tenant is deleted: it takes nothing any more", code="tenant-deleted"
                )
            if not self._queue.has_room_for(submission):
                raise Pushback(f"{self._queue.events} events wait to be stored", code="ingest-full")
            self._queue.put(submission)
            if len(self._queue) >= self._awaited or isinstance(submission, Act):
                self._wakeup.notify()

    @property
    def queued_events(self) -> int:
        """How many events wait, for metrics."""
        return self._queue.events

    @property
    def failed(self) -> bool:
        """Whether everything is refused from now on."""
        return self._failed is not None

    # -- the writer thread

    def _run(self) -> None:
        while True:
            group, stopping = self._take()
            taken = [group] if isinstance(group, Act) else group
            self._under_way = {id(submission): submission for submission in taken}
            try:
                if isinstance(group, Act):
                    self._perform(group)
                elif group:
                    self._store(group)
                self._do_due(stopping)
            except FatalError as error:
                self._fail(error)
                return
            except Exception as cause:
                # A defect, or a file that cannot even be rolled back: nobody may wait for ever.
                log.exception("the ledger's writer failed")
                self._fail(FatalError(f"the ledger's writer failed: {cause}"))
                return
            if stopping and not group:
                return

    def _take(self) -> tuple[list[Submission] | Act, bool]:
        """
        What waits, up to a group's size, or an act by itself; waits when there is nothing to do.
        """
        with self._wakeup:
            if not self._queue and not self._stopping:
                wait_s = self._forget_due_s - self._clock.monotonic_s()
                if self._checkpoint_due_s is not None:
                    wait_s = min(wait_s, self._checkpoint_due_s - self._clock.monotonic_s())
                if wait_s > 0:
                    self._wakeup.wait(wait_s)
            self._gather()
            group: list[Submission] = []
            events = 0
            while self._queue:
                size = len(self._queue.next.items)
                is_act = isinstance(self._queue.next, Act)
                if group and (is_act or events + size > MAX_GROUP_EVENTS):
                    break
                submission = self._queue.take()
                if isinstance(submission, Act):
                    return submission, self._stopping
                events += size
                group.append(submission)
            return group, self._stopping

    def _gather(self) -> None:
        """
        Lets more requests join the next group, where the last one shows that many come at once.

        Who sends alone never waits. Called with the lock held.
        """
        half = self._last_group // 2
        self._last_group = 0
        if 0 < len(self._queue) < half and not self._stopping:
            self._awaited = half
            self._wakeup.wait(min(self._last_commit_s, GATHER_AT_MOST_S))
            self._awaited = 1

    def _store(self, group: list[Submission]) -> None:
        """Stores and answers a group. After a FatalError `_fail` answers what is left."""
        try:
            answers = self._commit(group)
        except FatalError:
            raise
        except Error as error:
            self._storage.rollback()
            log.warning("a group of %d requests was not stored: %s", len(group), error)
            answers = [error] * len(group)
        except Exception as error:
            # A defect must not take the neighbours in the group along.
            self._storage.rollback()
            if len(group) > 1:
                for submission in group:
                    self._store([submission])
                return
            log.exception("a request could not be stored")
            answers = [error]
        for submission, answer in zip(group, answers, strict=True):
            self._answer(submission, answer)

    def _perform(self, act: Act) -> None:
        """Runs an act in a transaction of its own, and answers it."""
        tenant_log = self._logs.get(act.tenant_id)
        if tenant_log is None:  # it left while this waited
            self._answer(act, NotFound(f"there is no tenant {act.tenant_id}"))
            return
        now_us = self._clock.now_us()
        desk = tenant_log.desk(day_of(now_us), now_us)
        try:
            self._storage.begin()
            answer = act.run(desk)
            staged = tenant_log.stage_entries(desk) if desk.added else None
            if staged is not None:
                tenant_log.write(staged)
            self._storage.commit()
        except FatalError:
            raise
        except sqlite3.Error as cause:
            self._storage.rollback()
            self._answer(act, not_stored(cause))
            return
        except Error as error:
            self._storage.rollback()
            self._answer(act, error)
            return
        except Exception as error:
            self._storage.rollback()
            log.exception("an act could not be done")
            self._answer(act, error)
            return
        if staged is not None:
            tenant_log.settle(staged)
            self._tell_commit(tenant_log)
            if self._checkpoint_due_s is None:
                self._checkpoint_due_s = self._clock.monotonic_s() + CHECKPOINT_AFTER_S
        self._answer(act, answer)

    def _tell_commit(self, tenant_log: TenantLog) -> None:
        try:
            self._on_commit(tenant_log.tenant.id, tenant_log.size)
        except Exception:
            # Listeners look at the ledger from time to time, too.
            log.exception("a listener could not be told of a commit")

    def _answer(self, submission: Submission | Act, answer: Any) -> None:
        self._under_way.pop(id(submission), None)
        try:
            submission.notify(answer)
        except Exception:
            # A loop that is gone with its client; the events are stored all the same.
            log.exception("an answer could not be delivered")

    def _commit(self, group: list[Submission]) -> list[Answer]:
        now_us = self._clock.now_us()
        begun_s = self._clock.monotonic_s()
        of_tenant: dict[int, list[Submission]] = {}
        for submission in group:
            of_tenant.setdefault(submission.tenant_id, []).append(submission)
        plans: list[tuple[TenantLog, Plan, Staged | None]] = []
        try:
            for tenant_id in sorted(of_tenant):
                tenant_log = self._logs[tenant_id]
                plan = make_plan(tenant_log, self._reader, of_tenant[tenant_id])
                staged = None
                if plan.events:
                    staged = tenant_log.stage(plan.events, plan.day, os.urandom)
                plans.append((tenant_log, plan, staged))
        except sqlite3.Error as cause:
            raise StorageError(f"cannot read the ledger: {cause}", hint="check the disk") from cause
        aliases = self._aliases.unwritten()

        if any(staged for _, _, staged in plans):
            self._storage.begin()
            try:
                if aliases:
                    self._storage.put_aliases(aliases)
                for tenant_log, plan, staged in plans:
                    if staged is not None:
                        tenant_log.write(staged)
                        self._write_seen(tenant_log, plan, staged, now_us)
            except sqlite3.Error as cause:
                raise not_stored(cause) from cause
            self._storage.commit()

        try:
            answers = self._settle(plans)
        except Exception as cause:
            # It is durable: handled as any other defect, it would be stored a second time.
            raise FatalError(f"what was stored cannot be answered: {cause}") from cause
        self._aliases.written(aliases)
        events = sum(len(plan.events) for _, plan, _ in plans)
        self._last_commit_s = self._clock.monotonic_s() - begun_s
        if len(group) >= _FEW and events <= _SMALL * len(group):
            self._last_group = len(group)
        if events:
            try:
                self.on_group(events, self._last_commit_s)
            except Exception:
                # The group is durable: a defect of a counter must not store it a second time.
                log.exception("a group could not be counted")
        if self._checkpoint_due_s is None:
            self._checkpoint_due_s = self._clock.monotonic_s() + CHECKPOINT_AFTER_S
        return [answers[id(submission)] for submission in group]

    def _settle(self, plans: list[tuple[TenantLog, Plan, Staged | None]]) -> dict[int, Answer]:
        """Makes what is durable the state, tells the listeners, and gives the answers."""
        answers: dict[int, Answer] = {}
        for tenant_log, plan, staged in plans:
            if staged is not None:
                tenant_log.settle(staged)
                for _, keys, places in plan.keys_stored(staged.first):
                    tenant_log.seen.add(keys, places)
                self._tell_commit(tenant_log)
            answers.update(plan.answers(staged, tenant_log.size))
        return answers

    def _write_seen(self, log_: TenantLog, plan: Plan, staged: Staged, now_us: int) -> None:
        for kind, keys, places in plan.keys_stored(staged.first):
            packed, at = Seen.row(keys, places)
            self._storage.put_seen(log_.tenant.id, places[0], kind, now_us, packed, at)

    def _do_due(self, stopping: bool) -> None:
        """Signs a checkpoint and forgets old ids when it is time; failures are tried again."""
        now_s = self._clock.monotonic_s()
        try:
            if self._checkpoint_due_s is not None and (stopping or now_s >= self._checkpoint_due_s):
                self._sign_checkpoints()
                self._checkpoint_due_s = None
            if now_s >= self._forget_due_s:
                self._forget_due_s = now_s + _FORGET_EVERY_S
                self._forget_ids()
        except FatalError:
            raise
        except (Error, sqlite3.Error, OSError) as error:
            self._storage.rollback()
            log.warning("a checkpoint could not be stored, it is tried again: %s", error)
            self._checkpoint_due_s = now_s + 1.0

    def _sign_checkpoints(self) -> None:
        signed: list[tuple[TenantLog, int, str]] = []
        now_us = self._clock.now_us()
        for tenant_log in self._logs.values():
            if tenant_log.size > tenant_log.checkpointed:
                root = tenant_log.frontier.root()
                note = tenant_log.checkpointer.sign(tenant_log.size, root, now_us)
                signed.append((tenant_log, tenant_log.size, note))
        if not signed:
            return
        self._storage.begin()
        for tenant_log, size, note in signed:
            self._storage.put_checkpoint(tenant_log.tenant.id, size, note, now_us)
        self._storage.commit()
        for tenant_log, size, _ in signed:
            tenant_log.checkpointed = size

    def _forget_ids(self) -> None:
        now_us = self._clock.now_us()
        self._storage.begin()
        for tenant_log in self._logs.values():
            tenant_log.seen.forget_before(now_us - WINDOW_US)
        self._storage.commit()
        for tenant_log in self._logs.values():
            tenant_log.seen.reload(now_us)

    def _fail(self, error: FatalError) -> None:
        """Refuses everything from now on: only loading again can tell what is on disk."""
        log.critical("the ledger stops: %s", error)
        with self._wakeup:
            self._failed = error
            waiting = [*self._under_way.values(), *self._queue.take_all()]
        for submission in waiting:
            self._answer(submission, error)
        self._on_fatal(error)
