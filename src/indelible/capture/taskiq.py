"""
taskiq: queued, started, and one end per attempt, in the name of who caused the task.

    broker = broker.with_middlewares(AuditMiddleware(audit))

Add it after a retry middleware, so that it sees what that one has decided.
"""

from __future__ import annotations

from typing import Any

import msgspec
from taskiq import TaskiqMessage, TaskiqMiddleware, TaskiqResult

from indelible.client import Indelible, Run
from indelible.client.carry import KEY, pack
from indelible.client.run import JobFacts, tell_job


class AuditMiddleware(TaskiqMiddleware):
    """Runs of this process wait here, by task, until they are over."""

    def __init__(self, client: Indelible) -> None:
        super().__init__()
        self._client = client
        self._runs: dict[str, Run] = {}

    def pre_send(self, message: TaskiqMessage) -> TaskiqMessage:
        """What travels stays as it was when a retry is sent."""
        message.labels.setdefault(KEY, msgspec.json.encode(pack()).decode())
        return message

    def post_send(self, message: TaskiqMessage) -> None:
        """Told once, not at each retry."""
        if not int(message.labels.get("_retries") or 0):
            tell_job(self._client, _facts(message), "queued")

    def pre_execute(self, message: TaskiqMessage) -> TaskiqMessage:
        """In the context in which the task then runs."""
        run = Run(self._client, _facts(message), _carried(message))
        self._runs[message.task_id] = run.begin()
        return message

    def post_execute(self, message: TaskiqMessage, result: TaskiqResult[Any]) -> None:
        """Called after `on_error` of all middlewares."""
        run = self._runs.pop(message.task_id, None)
        if run is None:
            return
        if not result.is_err:
            run.succeed()
        elif type(result.error).__name__ == "NoResultError":  # how taskiq marks a retry
            run.retry()
        else:
            run.fail(result.error)


def _carried(message: TaskiqMessage) -> Any:
    try:
        return msgspec.json.decode(message.labels.get(KEY, "{}"))
    except (msgspec.MsgspecError, TypeError):
        return {}


def _facts(message: TaskiqMessage) -> JobFacts:
    return JobFacts(
        name=message.task_name,
        id=message.task_id,
        attempt=int(message.labels.get("_retries") or 0) + 1,
        queue=str(message.labels["queue_name"]) if "queue_name" in message.labels else None,
    )
