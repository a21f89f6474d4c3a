"""
Celery: queued, started, and one end per attempt, in the name of the person who caused the task.

    capture_celery(audit)

Call it where the application is made, in the product and in the worker: it listens to Celery's
signals for the whole process.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from celery import signals

from indelible.client import Indelible, Run
from indelible.client.carry import KEY, pack
from indelible.client.run import JobFacts, tell_job

_FLUSH_S = 5.0


def capture_celery(client: Indelible, *, arguments: bool = False) -> None:
    """
    Records the tasks of this process. With `arguments` they are told too, secrets masked by name
    and by look.
    """
    hooks = _Hooks(client, arguments)
    for name in (
        "before_task_publish",
        "after_task_publish",
        "task_received",
        "task_prerun",
        "task_postrun",
        "task_failure",
        "task_retry",
        "task_revoked",
        "task_unknown",
        "worker_process_shutdown",
        "worker_shutdown",
    ):
        # Under one name: made again, as in tests, it replaces the one before.
        signal = getattr(signals, name)
        signal.disconnect(dispatch_uid=f"indelible.{name}")
        signal.connect(getattr(hooks, name), weak=False, dispatch_uid=f"indelible.{name}")


class _Hooks:
    """The receivers. Runs and errors of this process wait here until their task is over."""

    def __init__(self, client: Indelible, arguments: bool) -> None:
        self._client = client
        self._arguments = arguments
        self._runs: dict[str, Run] = {}
        self._errors: dict[str, Any] = {}
        # What the parent of forked workers has handed out, for as long as Celery knows it.
        self._received: WeakValueDictionary[str, Any] = WeakValueDictionary()

    def before_task_publish(self, headers: Any = None, **_: object) -> None:
        # It is sent again inside the worker at each retry: what travels then stays as it was.
        if isinstance(headers, dict):
            headers.setdefault(KEY, pack())

    def after_task_publish(
        self, sender: Any = None, headers: Any = None, routing_key: Any = None, **_: object
    ) -> None:
        if not isinstance(headers, dict) or headers.get("retries"):
            return
        facts = JobFacts(
            name=str(headers.get("task") or sender),
            id=headers.get("id"),
            root_id=headers.get("root_id"),
            parent_id=headers.get("parent_id"),
            queue=routing_key if isinstance(routing_key, str) else None,
            scheduled_for=_moment(headers.get("eta")),
        )
        self._tell(facts, "queued")

    def task_received(self, request: Any = None, **_: object) -> None:
        self._received[request.id] = request

    def task_prerun(
        self, task_id: str, task: Any, args: Any = (), kwargs: Any = None, **_: object
    ) -> None:
        try:
            request = task.request
            carried = getattr(request, KEY, None) or (request.headers or {}).get(KEY)
            run = Run(self._client, self._facts(request, task.name, args, kwargs), carried)
            self._runs[task_id] = run.begin()
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell the start of a task")

    def _facts(self, request: Any, name: str, args: Any, kwargs: Any) -> JobFacts:
        delivery = getattr(request, "delivery_info", None) or {}
        metadata = {"args": list(args), "kwargs": dict(kwargs or {})} if self._arguments else None
        return JobFacts(
            name=name,
            id=request.id,
            root_id=request.root_id,
            parent_id=request.parent_id,
            attempt=(request.retries or 0) + 1,
            queue=delivery.get("routing_key"),
            worker=getattr(request, "hostname", None),
            scheduled_for=_moment(request.eta),
            metadata=metadata,
        )

    def task_failure(
        self, sender: Any = None, task_id: str = "", exception: Any = None, **_: object
    ) -> None:
        if task_id in self._runs:
            self._errors[task_id] = exception
        else:
            # The worker's parent speaks for a child that was killed or lost.
            name = getattr(sender, "name", None) or str(sender)
            self._end(name, self._received.get(task_id), task_id, "failed", exception)

    def task_retry(self, request: Any = None, reason: Any = None, **_: object) -> None:
        # What comes is Celery's own Retry, around what the task raised.
        self._errors[request.id] = getattr(reason, "exc", None) or reason

    def task_postrun(self, task_id: str, state: str = "", **_: object) -> None:
        run, error = self._runs.pop(task_id, None), self._errors.pop(task_id, None)
        if run is None:
            return
        if state == "RETRY":
            run.retry(error)
        elif state == "FAILURE":
            run.fail(error)
        elif state in ("REVOKED", "IGNORED", "REJECTED"):
            run.cancel(state.lower())
        else:
            run.succeed()

    def task_revoked(
        self, request: Any = None, terminated: Any = None, expired: Any = None, **_: object
    ) -> None:
        why = "it was too late" if expired else "stopped while running" if terminated else "revoked"
        name = getattr(request, "name", None) or getattr(request, "task", None) or "unknown"
        self._end(str(name), request, request.id, "cancelled", why)

    def _end(self, name: str, request: Any, task_id: str, state: Any, why: Any) -> None:
        """The end of an attempt that this process did not run itself."""
        try:
            # A message's headers in the parent, Celery's context of a task elsewhere.
            said = getattr(request, "request_dict", None) or vars(request or object)
            facts = JobFacts(
                name=name,
                id=task_id,
                root_id=said.get("root_id"),
                parent_id=said.get("parent_id"),
                attempt=(said.get("retries") or 0) + 1,
                queue=(getattr(request, "delivery_info", None) or {}).get("routing_key"),
                worker=getattr(request, "hostname", None),
                scheduled_for=_moment(said.get("eta")),
            )
            run = Run(self._client, facts, said.get(KEY) or (said.get("headers") or {}).get(KEY))
            run.cancel(why) if state == "cancelled" else run.fail(why)
        except Exception as failure:  # noqa: BLE001 - the SDK guard
            self._client.swallow(failure, "could not tell the end of a task")

    def task_unknown(self, name: str = "", id: str = "", **_: object) -> None:  # noqa: A002
        self._tell(JobFacts(name=name, id=id), "failed", "the worker does not know this task")

    def worker_process_shutdown(self, **_: object) -> None:
        """Celery's processes end without exit hooks."""
        self._client.flush(_FLUSH_S)

    worker_shutdown = worker_process_shutdown

    def _tell(self, facts: JobFacts, state: Any, error: Any = None) -> None:
        try:
            reason = self._client.shown_error(error)
            tell_job(self._client, facts, state, reason=reason)
        except Exception as failure:  # noqa: BLE001 - the SDK guard
            self._client.swallow(failure, "could not tell a task")


def _moment(eta: Any) -> datetime | None:
    if isinstance(eta, datetime):
        return eta.astimezone()
    try:
        return datetime.fromisoformat(eta).astimezone() if isinstance(eta, str) else None
    except ValueError:
        return None
