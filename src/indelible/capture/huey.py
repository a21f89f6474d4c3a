"""
Huey: queued, started, and one end per attempt, in the name of who caused the task.

    capture_huey(huey, audit)

What travels with a task lies in Huey's own storage under the task's id.
"""

from __future__ import annotations

from typing import Any

from huey import signals as S  # noqa: N812 - Huey's own name for it

from indelible.client import Indelible, Run
from indelible.client.carry import KEY, pack
from indelible.client.run import JobFacts, tell_job


def capture_huey(huey: Any, client: Indelible) -> None:
    """Listens to the signals of this Huey; call it in the product and in the consumer."""
    hooks = _Hooks(huey, client)
    huey.signal(S.SIGNAL_ENQUEUED)(hooks.on_enqueued)
    huey.signal(S.SIGNAL_EXECUTING)(hooks.on_executing)
    huey.signal(
        S.SIGNAL_COMPLETE,
        S.SIGNAL_ERROR,
        S.SIGNAL_REVOKED,
        S.SIGNAL_EXPIRED,
        S.SIGNAL_LOCKED,
        S.SIGNAL_INTERRUPTED,
        S.SIGNAL_TIMEOUT,
    )(hooks.on_end)


class _Hooks:
    def __init__(self, huey: Any, client: Indelible) -> None:
        self._huey = huey
        self._client = client
        self._runs: dict[str, Run] = {}

    def on_enqueued(self, signal: str, task: Any, *_: object) -> None:
        del signal
        try:
            if self._huey.get(_key(task), peek=True) is not None:
                return  # a retry
            self._huey.put(_key(task), pack() or {"": ""})
            tell_job(self._client, _facts(task), "queued")
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell a task")

    def on_executing(self, signal: str, task: Any, *_: object) -> None:
        del signal
        try:
            carried = self._huey.get(_key(task), peek=True) or {}
            attempt = int(carried.get("attempt", 0)) + 1
            self._huey.put(_key(task), {**carried, "attempt": attempt})
            run = Run(self._client, _facts(task, attempt), carried)
            self._runs[task.id] = run.begin()
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell a task")

    def on_end(self, signal: str, task: Any, error: Any = None, *_: object) -> None:
        again = signal == S.SIGNAL_ERROR and bool(task.retries)
        if not again:
            self._huey.get(_key(task))  # takes it out of the storage
        run = self._runs.pop(task.id, None)
        if run is None:
            reason = f"{signal} before it ran"
            tell_job(self._client, _facts(task), "cancelled", reason=reason)
        elif signal == S.SIGNAL_COMPLETE:
            run.succeed()
        elif again:
            run.retry(error)
        elif signal in (S.SIGNAL_ERROR, S.SIGNAL_TIMEOUT):
            run.fail(error or signal)
        else:
            run.cancel(signal)


def _key(task: Any) -> str:
    return f"{KEY}:{task.id}"


def _facts(task: Any, attempt: int = 1) -> JobFacts:
    return JobFacts(
        name=f"{type(task).__module__}.{task.name}", operation=None, id=task.id, attempt=attempt
    )
