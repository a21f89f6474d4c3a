"""The ledger as the rest of the service sees it: create, open, append, read, close."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import msgspec

from indelible.clock import Clock, day_of
from indelible.errors import Conflict, FatalError, NotFound, StorageError
from indelible.event import Event, split
from indelible.seal import PartedEvent, Policy, genesis_leaf, policy_leaf
from indelible.server.folder import check_may_continue
from indelible.server.ledger.aliases import Aliases
from indelible.server.ledger.categories import first_policy
from indelible.server.ledger.checkpointing import Checkpointer, create_keys
from indelible.server.ledger.desk import Act, Desk, Standing
from indelible.server.ledger.leaving import check_unused, delete_some, retire
from indelible.server.ledger.policies import PolicyHistory
from indelible.server.ledger.reader import LedgerReader, Tenant
from indelible.server.ledger.schema import open_ledger
from indelible.server.ledger.seen import WINDOWED
from indelible.server.ledger.sequencer import Sequencer
from indelible.server.ledger.storage import Head, SqliteStorage
from indelible.server.ledger.submission import Answer, Incoming, Notify, Stored, Submission
from indelible.tlog.merkle import Frontier, leaf_hash
from indelible.tlog.tile import extend_tiles

LEDGER_FILE = "ledger.sqlite3"
MAX_QUEUED_EVENTS = 40_000
MAX_QUEUED_BYTES = 128 * 1024 * 1024


T = TypeVar("T")


class Ledger:
    """
    The open ledger of a data folder, of which this process is the only writer (folder lock).

    Safe to call from several threads. `append` answers after the events are durable and sealed.
    """

    def __init__(
        self,
        data_dir: Path,
        clock: Clock,
        *,
        max_queued_events: int = MAX_QUEUED_EVENTS,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
        on_fatal: Callable[[FatalError], None] | None = None,
    ) -> None:
        path = self._path = data_dir / LEDGER_FILE
        self.clock = clock
        self._listeners: list[Callable[[int, int], None]] = []
        self._listeners_lock = threading.Lock()
        with ExitStack() as opened:  # what cannot be opened whole leaves nothing open
            self._storage = SqliteStorage(path)
            opened.callback(self._storage.close)
            self._storage.add_tables()
            self.reader = LedgerReader(path)
            opened.callback(self.reader.close)
            self._alias_connection = open_ledger(path, read_only=True)
            opened.callback(self._alias_connection.close)
            self._aliases = Aliases(self._alias_connection, os.urandom)
            self._sequencer = Sequencer(
                data_dir,
                self._storage,
                self.reader,
                self._aliases,
                clock,
                max_queued_events=max_queued_events,
                max_queued_bytes=max_queued_bytes,
                on_commit=self._tell,
                on_fatal=on_fatal or (lambda _error: None),
            )
            self._tenants = {tenant.id: tenant for tenant in self.reader.tenants()}
            opened.pop_all()
        self._tenants_lock = threading.Lock()  # guards replacing it

    @classmethod
    def create(
        cls,
        data_dir: Path,
        clock: Clock,
        *,
        tenant: str,
        origin: str,
        policy: Policy | None = None,
    ) -> None:
        """
        Makes the ledger file where it is missing, and adds a tenant with its genesis, first
        policy (by default one that keeps everything for ever) and signing keys.

        A crash leaves either no tenant or a whole one; a key file without its tenant is replaced
        when creating is tried again. Raises StorageError when the name or origin is taken, Conflict
        when a deleted tenant had it.
        """
        path = data_dir / LEDGER_FILE
        fresh = not path.exists()
        storage = SqliteStorage(path)
        try:
            if fresh:
                storage.create_tables()
            else:
                storage.add_tables()
            check_unused(storage.connection, tenant, origin)
            now_us = clock.now_us()
            day = day_of(now_us)
            tenant_id = storage.next_tenant_id()
            genesis = create_keys(data_dir, tenant_id, origin)
            first = msgspec.structs.replace(policy or first_policy(day), effective_day=day)
            leaves = [genesis_leaf(genesis, day), policy_leaf(first, day)]
            hashes = [leaf_hash(leaf) for leaf in leaves]
            frontier = Frontier()
            frontier.append(hashes)
            storage.begin()
            storage.add_tenant(Tenant(tenant_id, tenant, origin), now_us)
            for index, leaf in enumerate(leaves):
                storage.put_entry(tenant_id, index, leaf)
            tiles = extend_tiles(0, hashes, lambda _level, _n: b"")
            storage.put_tiles(tenant_id, [(level, n, data) for (level, n), data in tiles.items()])
            storage.put_head(tenant_id, Head(len(leaves), day, frontier.to_bytes(), 1))
            storage.commit()
            # A log that was only made can be verified too; opening signs it if this is cut off.
            note = Checkpointer(data_dir, tenant_id, origin).sign(
                len(leaves), frontier.root(), now_us
            )
            storage.begin()
            storage.put_checkpoint(tenant_id, len(leaves), note, now_us)
            storage.commit()
        finally:
            storage.close()

    @classmethod
    def open(
        cls,
        data_dir: Path,
        *,
        clock: Clock,
        on_fatal: Callable[[FatalError], None] | None = None,
        max_queued_events: int = MAX_QUEUED_EVENTS,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> Ledger:
        """
        Opens and starts the writer. The caller holds the folder lock.

        Raises SettingsError when the log must not go on (`ledger-rolled-back`).
        """
        check_may_continue(data_dir)
        ledger = cls(
            data_dir,
            clock,
            on_fatal=on_fatal,
            max_queued_events=max_queued_events,
            max_queued_bytes=max_queued_bytes,
        )
        ledger._sequencer.start()
        return ledger

    def close(self) -> None:
        """Stores what waits, signs a last checkpoint, closes the file."""
        self._sequencer.stop()
        self.reader.close()
        self._alias_connection.close()
        # The writing connection goes last: only it can fold the write-ahead log into the file.
        self._storage.close()

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        return list(self._tenants.values())

    def tenant(self, tenant_id: int) -> Tenant:
        """One tenant. Raises NotFound."""
        try:
            return self._tenants[tenant_id]
        except KeyError:
            raise NotFound(f"there is no tenant {tenant_id}") from None

    def adopt(self) -> list[Tenant]:
        """
        Takes up the tenants that `indelible tenants add` has made since, and returns them.

        Raises Pushback when too much waits; FatalError when the ledger has stopped.
        """
        new = [tenant for tenant in self.reader.tenants() if tenant.id not in self._tenants]
        if not new:
            return []
        self.act_and_wait(min(self._tenants), lambda _desk: self._sequencer.adopt())
        taken = [tenant for tenant in new if self._sequencer.knows(tenant.id)]
        with self._tenants_lock:
            self._tenants = {**self._tenants, **{tenant.id: tenant for tenant in taken}}
        return taken

    def close_tenant(self, tenant_id: int) -> None:
        """Takes nothing from senders of this tenant any more; acts and reading go on."""
        self._sequencer.close_tenant(tenant_id)

    def sign_statement(self, tenant_id: int, text: str, time_s: int) -> str:
        """A note by the log's key over a statement whose first line says what it is."""
        return self._sequencer.sign_statement(tenant_id, text, time_s)

    def retire(self, tenant_id: int) -> None:
        """
        Takes a closed tenant out of the ledger for good, after all that waits of it; durable on
        return. Its rows are left to `delete_some`. Safe to do again.
        """
        tenant = self._tenants.get(tenant_id)
        if tenant is None:
            return
        answer: Future[None] = Future()

        def notify(result: Exception | None) -> None:
            if isinstance(result, Exception):
                answer.set_exception(result)
                return
            self._sequencer.forget_tenant(tenant_id)
            answer.set_result(None)

        self.act(tenant_id, lambda desk: retire(desk.connection, tenant, desk.now_us), notify)
        answer.result()
        self._aliases.forget_tenant(tenant_id)
        with self._tenants_lock:
            self._tenants = {one: kept for one, kept in self._tenants.items() if one != tenant_id}

    def delete_some(self, tenant_id: int) -> int:
        """Deletes some rows of a tenant that was retired; returns how many, 0 when all are gone."""
        if tenant_id in self._tenants:
            raise Conflict(f"tenant {tenant_id} has not left")
        home = min(self._tenants)
        return self.act_and_wait(home, lambda desk: delete_some(desk.connection, tenant_id))

    def size(self, tenant_id: int) -> int:
        """Durable entries."""
        return self.reader.size(tenant_id)

    def vkeys(self, tenant_id: int) -> list[str]:
        """The public keys that sign this tenant's checkpoints, as vkey texts."""
        return self._sequencer.vkeys(tenant_id)

    def category_ids(self, tenant_id: int) -> dict[str, int]:
        """Category names and ids of the policy in force."""
        return self._sequencer.category_ids(tenant_id)

    def standing(self, tenant_id: int) -> Standing:
        """All policies of a log up to now, and texts and rules of the newest; one moment's."""
        return self._sequencer.standing(tenant_id)

    def policies(self, tenant_id: int) -> PolicyHistory:
        """All policies of a log up to now."""
        return self.standing(tenant_id).policies

    @property
    def queued_events(self) -> int:
        """How many events wait for a commit."""
        return self._sequencer.queued_events

    @property
    def failed(self) -> bool:
        """Whether a commit failed in a way that only opening again can mend."""
        return self._sequencer.failed

    def on_commit(self, listener: Callable[[int, int], None]) -> None:
        """`listener(tenant_id, size)` is called in the writer thread after each commit."""
        with self._listeners_lock:
            self._listeners = [*self._listeners, listener]

    def on_group(self, listener: Callable[[int, float], None]) -> None:
        """`listener(events, seconds)` is called in the writer thread after each group's commit."""
        self._sequencer.on_group = listener

    def alias(self, tenant_id: int, subject: str) -> str:
        """The stand-in of a subject whose id is itself personal data; the same each time."""
        return self._aliases.give(tenant_id, subject)

    def forget_aliases(self, tenant_id: int, subjects: Collection[str]) -> None:
        """
        Deletes the stand-ins of subjects, so that what facts hold leads to nobody any more. An
        event that names one of them later gets a new stand-in.
        """

        def run(desk: Desk) -> None:
            desk.connection.executemany(
                "DELETE FROM alias WHERE tenant = ? AND subject = ?",
                [(tenant_id, subject) for subject in subjects],
            )

        self._aliases.forget(tenant_id, subjects)
        self.act_and_wait(tenant_id, run)
        self._aliases.forget(tenant_id, subjects)

    def part(self, tenant_id: int, event: Event) -> PartedEvent:
        """Splits an event for sealing. Its category must be one of the policy in force."""
        parts = split(event, lambda subject: self._aliases.give(tenant_id, subject))
        return PartedEvent(
            self.category_ids(tenant_id)[event.category], parts.fact, parts.person, parts.content
        )

    def append(
        self,
        tenant_id: int,
        items: Sequence[Incoming],
        *,
        received_us: int,
        scope: str,
        notify: Notify,
        kind: int = WINDOWED,
        weight_bytes: int = 0,
    ) -> None:
        """
        Queues events to be stored all together; `notify` is called in the writer thread after
        they are durable, or with the error.

        Raises Pushback when too much waits; FatalError when the ledger has stopped.
        """
        self._sequencer.submit(
            Submission(
                tenant_id=tenant_id,
                scope=scope,
                kind=kind,
                day=day_of(received_us),
                items=items,
                weight_bytes=weight_bytes,
                notify=notify,
                split=lambda event: self.part(tenant_id, event),
            )
        )

    def append_and_wait(
        self,
        tenant_id: int,
        items: Sequence[Incoming],
        *,
        received_us: int,
        scope: str,
        kind: int = WINDOWED,
    ) -> Stored:
        """As `append`, and waits for the answer; raises what went wrong."""
        answer: Future[Stored] = Future()

        def notify(result: Answer) -> None:
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)

        self.append(
            tenant_id, items, received_us=received_us, scope=scope, notify=notify, kind=kind
        )
        return answer.result()

    def act(
        self, tenant_id: int, run: Callable[[Desk], T], notify: Callable[[T | Exception], None]
    ) -> None:
        """
        Queues an act (`desk.py`); `notify` is called in the writer thread with what it returned
        after that is durable, or with the error, and then nothing of it is stored.

        Raises Pushback when too much waits; FatalError when the ledger has stopped.
        """
        self._sequencer.submit(Act(tenant_id, run, notify))

    def act_and_wait(self, tenant_id: int, run: Callable[[Desk], T]) -> T:
        """As `act`, and waits for the answer; raises what went wrong."""
        answer: Future[T] = Future()

        def notify(result: T | Exception) -> None:
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)

        self.act(tenant_id, run, notify)
        return answer.result()

    def make_physical(self) -> bool:
        """
        Folds the write-ahead log into the file and empties it, so that no copy of what was deleted
        is left in it. False while somebody reads or writes: try again.
        """
        connection = open_ledger(self._path, read_only=False, busy_s=0.2)
        try:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as cause:
            raise StorageError(f"the write-ahead log cannot be folded in: {cause}") from cause
        finally:
            connection.close()
        return not busy

    def _tell(self, tenant_id: int, size: int) -> None:
        for listener in self._listeners:
            listener(tenant_id, size)
