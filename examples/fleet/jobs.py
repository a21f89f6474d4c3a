"""
The background jobs of fleet, run by Celery.

Every run leaves events in the Tasks stream: queued, started, and for each attempt one end
(succeeded, retried or failed). What a run changes leaves an event per row that carries the same
job id. A run that a person started names that person. All of that comes from `capture_celery`
and `capture_changes`: nothing below says a word about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from celery import Celery, Task, signals
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from fleet import broker
from fleet.models import Base, Export
from fleet.modules import BY_KEY, MODULES, Module
from fleet.rows import count_rows, create_row, delete_row, update_row
from fleet.runs import Runs

Work = Callable[[Session, int, int], str]
"""The work of a run: its number and the attempt are given, a note for people is returned."""


class TryAgain(Exception):
    """This attempt failed in a way that may pass."""


@dataclass(frozen=True)
class JobKind:
    """A job: what it is called, where it waits, how often it runs, how often it is tried."""

    key: str
    task: str
    title: str
    queue: str
    work: Work
    every: float
    attempts: int = 3
    pause_s: float = 1.0


def sync_from_partner(session: Session, number: int, attempt: int) -> str:
    """
    Takes over the rows that the partner's system names.

    Its list changes a little each time, so that a run creates, edits and deletes in every module.
    """
    del attempt
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


def build_report(session: Session, number: int, attempt: int) -> str:
    """Makes an export of the groups; the storage is busy every third time."""
    if number % 3 == 2 and attempt == 1:
        raise TryAgain("report storage is busy")
    create_row(session, BY_KEY["exports"], {"name": "Weekly report", "scope": "groups"}, "report")
    return f"{count_rows(session, 'groups')} rows"


def clean_up(session: Session, number: int, attempt: int) -> str:
    """Keeps the three newest reports."""
    del number, attempt
    reports = select(Export).where(Export.name == "Weekly report").order_by(Export.id)
    old = list(session.scalars(reports))[:-3]
    for row in old:
        delete_row(session, BY_KEY["exports"], row.id)
    return f"{len(old)} old reports removed"


KINDS = (
    JobKind("partner-sync", "fleet.jobs.sync_fleet_profiles", "Partner sync", "sync",
            sync_from_partner, 1.0),
    JobKind("weekly-report", "fleet.jobs.build_report", "Weekly report", "reports",
            build_report, 1.5),
    JobKind("clean-up", "fleet.jobs.clean_up_exports", "Clean-up of old reports", "default",
            clean_up, 2.0),
)  # fmt: skip
BY_JOB = {kind.key: kind for kind in KINDS}
_BY_TASK = {kind.task: kind for kind in KINDS}


def make_celery(
    data: Path,
    broker_url: str,
    runs: Runs,
    new_session: sessionmaker[Session],
    every_s: float = 0.0,
) -> Celery:
    """Fleet's Celery application; with `every_s` its beat queues the jobs by themselves."""
    app = Celery("fleet", set_as_current=True)
    app.conf.update(
        **broker.settings(broker_url, data),
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        enable_utc=True,
        timezone="UTC",
        beat_schedule=_schedule(every_s) if every_s else {},
    )
    for kind in KINDS:
        _add_task(app, kind, runs, new_session)

    def note_queued(sender: object = None, headers: Any = None, **_: object) -> None:
        if sender in _BY_TASK and isinstance(headers, dict):
            runs.queue(headers["id"], _BY_TASK[str(sender)].key)

    signals.before_task_publish.connect(note_queued, weak=False, dispatch_uid="fleet")
    return app


def _add_task(app: Celery, kind: JobKind, runs: Runs, new_session: sessionmaker[Session]) -> None:
    def run(task: Task) -> str:
        run_id, attempt = task.request.id, task.request.retries + 1
        runs.note(run_id, "started")
        found = runs.find(run_id)
        try:
            with new_session() as session:
                note = kind.work(session, 0 if found is None else found.number, attempt)
        except TryAgain as error:
            runs.note(run_id, "retried" if attempt < kind.attempts else "failed", str(error))
            raise task.retry(exc=error, countdown=kind.pause_s) from error
        except Exception as error:
            runs.note(run_id, "failed", type(error).__name__)
            raise
        runs.note(run_id, "succeeded", note)
        return note

    app.task(bind=True, name=kind.task, max_retries=kind.attempts - 1)(run)


def _schedule(every_s: float) -> dict[str, dict[str, Any]]:
    """Each in its rhythm; the first after a fifth of the time, so that a demo has something."""
    now = datetime.now(UTC)
    return {
        kind.key: {
            "task": kind.task,
            "schedule": timedelta(seconds=every_s * kind.every),
            "options": {"queue": kind.queue},
            "last_run_at": now - timedelta(seconds=every_s * kind.every * 0.8),
        }
        for kind in KINDS
    }
