"""
APScheduler 3: started, and one end per run; what was missed is told too.

    capture_apscheduler(scheduler, audit)

A scheduler has no user: the task itself is the actor. The scheduler tells its runs from outside, so
what a job records itself is not tied to them; where that matters, decorate the job's function with
`@audit.job(...)` instead.
"""

from __future__ import annotations

import threading
from typing import Any

from apscheduler import events

from indelible.client import Indelible
from indelible.client.run import JobFacts, tell_job


def capture_apscheduler(scheduler: Any, client: Indelible) -> None:
    """Listens to this scheduler."""
    hooks = _Hooks(scheduler, client)
    scheduler.add_listener(
        hooks.on_event,
        events.EVENT_JOB_SUBMITTED
        | events.EVENT_JOB_EXECUTED
        | events.EVENT_JOB_ERROR
        | events.EVENT_JOB_MISSED
        | events.EVENT_JOB_MAX_INSTANCES,
    )


class _Hooks:
    def __init__(self, scheduler: Any, client: Indelible) -> None:
        self._scheduler = scheduler
        self._client = client
        self._lock = threading.Lock()
        # Guarded by the lock. When each run was handed to its executor, by job and scheduled time.
        self._began_s: dict[tuple[str, str], float] = {}
        self._ended: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}

    def on_event(self, event: Any) -> None:
        """Called by APScheduler, in the scheduler's thread or in the executor's."""
        with self._lock:
            self._take(event)

    def _take(self, event: Any) -> None:
        try:
            times = getattr(event, "scheduled_run_times", None) or [event.scheduled_run_time]
            for moment in times:
                self._on_run(event, moment)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell a scheduled job")

    def _on_run(self, event: Any, moment: Any) -> None:
        run = (event.job_id, moment.isoformat())
        facts = JobFacts(
            name=self._name(event.job_id),
            id=f"{event.job_id}@{moment.isoformat()}",
            root_id=event.job_id,
            scheduled_for=moment,
            actor={"kind": "task", "id": event.job_id, "name": self._name(event.job_id)},
        )
        now_s = self._client.monotonic_s()
        if event.code == events.EVENT_JOB_SUBMITTED:
            if run in self._ended:
                self._ended.discard(run)
                return
            self._began_s[run] = now_s
            tell_job(self._client, facts, "started")
            return
        began_s = self._began_s.pop(run, None)
        if began_s is None and event.code in (events.EVENT_JOB_EXECUTED, events.EVENT_JOB_ERROR):
            # A short job is over before the scheduler says that it was handed out.
            self._ended.add(run)
            tell_job(self._client, facts, "started")
        duration_ms = None if began_s is None else max(0, round((now_s - began_s) * 1000))
        if event.code == events.EVENT_JOB_EXECUTED:
            tell_job(self._client, facts, "succeeded", duration_ms=duration_ms)
        elif event.code == events.EVENT_JOB_ERROR:
            reason = self._client.shown_error(event.exception)
            tell_job(self._client, facts, "failed", duration_ms=duration_ms, reason=reason)
        else:
            missed = event.code == events.EVENT_JOB_MISSED
            reason = "its time was missed" if missed else "too many runs of it at once"
            tell_job(self._client, facts, "cancelled", reason=reason)

    def _name(self, job_id: str) -> str:
        """A job that runs once is gone from the store when its end is told."""
        job = self._scheduler.get_job(job_id)
        if job is not None:
            self._names[job_id] = str(job.func_ref or job.name)
        return self._names.get(job_id, job_id)
