"""
`django.tasks` (Django 6): queued, started and one end of each task, in the name of who caused it.

A task of Django carries nothing but its arguments, so who caused it lies in the default cache under
the task's id; a worker that shares no cache with the product tells the task without its person.
"""

from __future__ import annotations

from typing import Any

from django.core.cache import cache

from indelible.capture.django.conf import get_client
from indelible.client import Run
from indelible.client.carry import KEY, pack
from indelible.client.run import JobFacts, tell_job

_KEPT_S = 7 * 86_400
# The runs of this process, by task; a worker has one, a task that calls another has both.
_runs: dict[str, Run] = {}


def listen() -> None:
    """Connects the signals; without effect where Django has none."""
    try:
        from django.tasks import signals
    except ImportError:
        return
    for signal, receiver in (
        (signals.task_enqueued, _on_enqueued),
        (signals.task_started, _on_started),
        (signals.task_finished, _on_finished),
    ):
        signal.connect(receiver, weak=False, dispatch_uid="indelible.tasks")


def _on_enqueued(task_result: Any, **_: object) -> None:
    try:
        cache.set(_key(task_result), pack(), _KEPT_S)
        tell_job(get_client(), _facts(task_result), "queued")
    except Exception as error:  # noqa: BLE001 - the SDK guard
        get_client().swallow(error, "could not tell a task")


def _on_started(task_result: Any, **_: object) -> None:
    try:
        facts = _facts(task_result)
        _runs[task_result.id] = Run(get_client(), facts, cache.get(_key(task_result))).begin()
    except Exception as error:  # noqa: BLE001 - the SDK guard
        get_client().swallow(error, "could not tell a task")


def _on_finished(task_result: Any, **_: object) -> None:
    try:
        run = _runs.pop(task_result.id, None)
        failed = task_result.status.name == "FAILED"
        if failed or task_result.status.name == "SUCCESSFUL":
            cache.delete(_key(task_result))
        if run is None:
            tell_job(get_client(), _facts(task_result), "failed" if failed else "succeeded")
        elif failed:
            run.fail(_error_of(task_result))
        else:
            run.succeed()
    except Exception as error:  # noqa: BLE001 - the SDK guard
        get_client().swallow(error, "could not tell a task")


def _error_of(task_result: Any) -> str | None:
    """The last line of the last traceback: type and text of the error."""
    if not task_result.errors:
        return None
    lines = str(task_result.errors[-1].traceback).strip().splitlines()
    return lines[-1] if lines else str(task_result.errors[-1].exception_class_path)


def _facts(task_result: Any) -> JobFacts:
    task = task_result.task
    return JobFacts(
        name=task.module_path,
        id=task_result.id,
        attempt=max(1, len(task_result.worker_ids)),
        queue=task.queue_name,
        scheduled_for=task.run_after,
    )


def _key(task_result: Any) -> str:
    return f"{KEY}:task:{task_result.id}"
