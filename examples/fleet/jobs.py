"""
The background jobs of fleet and the thread that runs them.

Every run leaves events in the Tasks stream: queued, started, and for each attempt one end
(succeeded, retried or failed). What a run changes leaves an event per row that carries the same
job id. A run that a person started names that person.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from fleet.access import Sessions, tell_expired
from fleet.models import Base, Export
from fleet.modules import BY_KEY, MODULES, Module
from fleet.rows import count_rows, create_row, delete_row, update_row
from indelible import Indelible
from indelible.client import Actor, Job, Principal, audit_context, current, describe
from indelible.client.context import Bound

Work = Callable[[Session, int], str]


class TryAgain(Exception):
    """This attempt failed in a way that may pass."""


@dataclass(frozen=True)
class JobKind:
    """A job: what it is called, where it waits, how often it runs, how often it is tried."""

    key: str
    operation: str
    title: str
    queue: str
    work: Work
    every_s: float
    attempts: int = 3
    pause_s: float = 1.0


@dataclass(frozen=True)
class Run:
    """One run and the person who caused it, if any."""

    kind: JobKind
    id: str
    number: int
    caused_by: Principal | None = None
    state: str = "queued"
    note: str = ""


def sync_from_partner(session: Session, number: int) -> str:
    """
    Takes over the rows that the partner's system names.

    Its list changes a little each time, so that a run creates, edits and deletes in every module.
    """
    done = {"created": 0, "changed": 0, "deleted": 0}
    for module in MODULES:
        wanted = {f"Partner {module.one} {(number + step) % 3 + 1}" for step in range(2)}
        named = select(module.model).where(module.model.name.like("Partner %"))
        here = {row.name: row for row in session.scalars(named)}
        for name, row in here.items():
            if name not in wanted:
                delete_row(session, module, row.id)
                done["deleted"] += 1
            else:
                update_row(session, module, row.id, _drift(module, row))
                done["changed"] += 1
        for name in sorted(wanted - here.keys()):
            create_row(session, module, _first(module, name), "hr-sync.partner.example")
            done["created"] += 1
    return ", ".join(f"{count} {what}" for what, count in done.items())


def _first(module: Module, name: str) -> dict[str, str]:
    values = {"name": name}
    for field in module.fields[1:]:
        if field.choices:
            values[field.key] = field.choices[0]
        elif field.number:
            values[field.key] = "1"
        elif field.key == "email":
            values[field.key] = name.lower().replace(" ", ".") + "@hr-sync.partner.example"
        else:
            values[field.key] = "from the partner's list"
    return values


def _drift(module: Module, row: Base) -> dict[str, str]:
    """One field of the row moves on to its next value."""
    if module.key == "users":
        # A partner's list never makes anybody an administrator.
        return {"role": "editor" if getattr(row, "role", "") == "viewer" else "viewer"}
    field = module.fields[1]
    value = getattr(row, field.key)
    if field.choices:
        return {field.key: field.choices[(field.choices.index(value) + 1) % len(field.choices)]}
    return {field.key: str(value + 1) if field.number else f"{value}+"}


def build_report(session: Session, number: int) -> str:
    """Makes an export of the groups; the storage is busy every third time."""
    if number % 3 == 2 and not _was_busy(number):
        raise TryAgain("report storage is busy")
    create_row(session, BY_KEY["exports"], {"name": "Weekly report", "scope": "groups"}, "report")
    return f"{count_rows(session, 'groups')} rows"


_busy: set[int] = set()


def _was_busy(number: int) -> bool:
    known = number in _busy
    _busy.add(number)
    return known


def clean_up(session: Session, number: int) -> str:
    """Keeps the three newest reports."""
    del number
    reports = select(Export).where(Export.name == "Weekly report").order_by(Export.id)
    old = list(session.scalars(reports))[:-3]
    for row in old:
        delete_row(session, BY_KEY["exports"], row.id)
    return f"{len(old)} old reports removed"


def _feature(kind: JobKind) -> str:
    return f"/jobs/{kind.queue}/{kind.key}"


class Scheduler:
    """
    Runs jobs one after another in a thread of its own.

    `_lock` guards the history; the queue is safe by itself.
    """

    def __init__(
        self,
        audit: Indelible,
        new_session: sessionmaker[Session],
        sessions: Sessions,
        every_s: float,
    ) -> None:
        self.jobs = (
            JobKind("partner-sync", "SyncFleetProfiles", "Partner sync", "sync",
                    sync_from_partner, every_s),
            JobKind("weekly-report", "BuildReport", "Weekly report", "reports",
                    build_report, every_s * 1.5),
            JobKind("clean-up", "CleanUpExports", "Clean-up of old reports", "default",
                    clean_up, every_s * 2),
        )  # fmt: skip
        self._audit = audit
        self._new_session = new_session
        self._sessions = sessions
        self._periodic = every_s > 0
        self._queue: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._runs: deque[Run] = deque(maxlen=8)
        self._number = 0
        self._thread = threading.Thread(target=self._loop, name="fleet-jobs", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the run in hand."""
        self._queue.put(None)
        self._thread.join(10)

    def start_now(self, key: str) -> bool:
        """Queues a run for the person of this request; False for an unknown job."""
        kind = next((kind for kind in self.jobs if kind.key == key), None)
        if kind is None:
            return False
        holder = current()
        who = holder.actor if holder is not None else None
        person = None
        if isinstance(who, Actor):
            person = Principal(kind=who.kind, id=who.id, email=who.email, name=who.name)
        self._enqueue(kind, person)
        return True

    def latest(self) -> list[Run]:
        """The last runs, newest first."""
        with self._lock:
            return list(reversed(self._runs))

    def _enqueue(self, kind: JobKind, caused_by: Principal | None) -> None:
        with self._lock:
            self._number += 1
            run = Run(kind, f"j_{secrets.token_hex(3)}", self._number, caused_by)
        self._note(run)
        with audit_context(**self._context(run, 1)):
            self._tell(run, 1, "queued")
        self._queue.put(run)

    def _loop(self) -> None:
        due = {kind.key: time.monotonic() + kind.every_s * 0.2 for kind in self.jobs}
        while True:
            try:
                run = self._queue.get(timeout=1.0)
            except queue.Empty:
                tell_expired(self._sessions, self._audit)
                for kind in self.jobs if self._periodic else ():
                    if due[kind.key] <= time.monotonic():
                        due[kind.key] = time.monotonic() + kind.every_s
                        self._enqueue(kind, None)
                continue
            if run is None:
                return
            self._run(run)

    def _run(self, run: Run) -> None:
        for attempt in range(1, run.kind.attempts + 1):
            began_s = time.monotonic()
            with audit_context(**self._context(run, attempt)):
                describe(endpoint=_feature(run.kind))  # of the rows that the run changes
                self._tell(run, attempt, "started")
                try:
                    with self._new_session() as session:
                        note = run.kind.work(session, run.number)
                    state = "succeeded"
                except TryAgain as error:
                    note = str(error)
                    state = "retried" if attempt < run.kind.attempts else "failed"
                except Exception as error:  # noqa: BLE001 - a job must not end the thread
                    note, state = type(error).__name__, "failed"
                duration_ms = round((time.monotonic() - began_s) * 1000)
                self._tell(run, attempt, state, duration_ms, note)
            self._note(replace(run, state=state, note=note))
            if state != "retried":
                return
            time.sleep(run.kind.pause_s)

    def _context(self, run: Run, attempt: int) -> Bound:
        kind = run.kind
        return {
            "stream": "task",
            "actor": Actor(kind="task", id=kind.key, name=kind.title),
            "on_behalf_of": run.caused_by,
            "origin": None,
            "job": Job(
                id=run.id, root_id=run.id, attempt=attempt, queue=kind.queue, worker="fleet-jobs"
            ),
        }

    def _tell(
        self, run: Run, attempt: int, state: str, duration_ms: int | None = None, note: str = ""
    ) -> None:
        self._audit.record(
            run.kind.operation,
            category="job",
            method=f"Task{state.capitalize()}",
            endpoint=_feature(run.kind),
            outcome="failure" if state in ("failed", "retried") else None,
            job={
                "id": run.id,
                "root_id": run.id,
                "attempt": attempt,
                "state": state,
                "queue": run.kind.queue,
                "worker": "fleet-jobs",
                "duration_ms": duration_ms,
            },
            reason=note or None,
        )

    def _note(self, run: Run) -> None:
        with self._lock:
            for place, other in enumerate(self._runs):
                if other.id == run.id:
                    self._runs[place] = run
                    return
            self._runs.append(run)
