"""
Prefect 3: flow runs and task runs, started and one end per attempt.

    capture_prefect(audit)

Call it before the flows and tasks of the process are made: from then on each gets our state hooks
beside its own. What runs inside is told in the name of the run, with its ids.
"""

from __future__ import annotations

import functools
from typing import Any

from prefect import Flow, Task

from indelible.client import Indelible, Run
from indelible.client.run import JobFacts

_ORIGINAL = "__indelible_original__"
_FLOW = ("running", "completion", "failure", "cancellation", "crashed")
_TASK = ("running", "completion", "failure")


def capture_prefect(client: Indelible) -> None:
    """Wraps Prefect's two classes for the whole process; called again it exchanges the client."""
    hooks = _Hooks(client)
    _wrap(Flow, hooks, _FLOW)
    _wrap(Task, hooks, _TASK)


class _Hooks:
    """The state hooks. Runs of this process wait here until they are over."""

    def __init__(self, client: Indelible) -> None:
        self._client = client
        self._runs: dict[str, Run] = {}

    def on_running(self, what: Any, run: Any, state: Any) -> None:
        """An attempt begins; the one before it, if there was one, is to be tried again by that."""
        del state
        try:
            key = str(run.id)
            if key in self._runs:
                self._runs.pop(key).retry("this attempt failed")
            # A task belongs to its flow's run, a flow inside of a flow to the task around it.
            parent = getattr(run, "flow_run_id", None) or getattr(run, "parent_task_run_id", None)
            facts = JobFacts(
                name=str(what.name),
                id=key,
                parent_id=None if parent is None else str(parent),
                attempt=max(1, int(getattr(run, "run_count", 1) or 1)),
                queue=getattr(run, "work_queue_name", None),
                scheduled_for=getattr(run, "expected_start_time", None)
                if getattr(run, "deployment_id", None)
                else None,
            )
            self._runs[key] = Run(self._client, facts).begin()
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell the start of a run")

    def on_completion(self, what: Any, run: Any, state: Any) -> None:
        """It ended well. One that came from a cache did not run, and is not told."""
        self._end(what, run, state, "succeed")

    def on_failure(self, what: Any, run: Any, state: Any) -> None:
        """It failed, and is not tried again."""
        self._end(what, run, state, "fail")

    on_crashed = on_failure

    def on_cancellation(self, what: Any, run: Any, state: Any) -> None:
        """It was stopped; then a runner speaks for it, which did not begin it."""
        self._end(what, run, state, "cancel")

    def _end(self, what: Any, run: Any, state: Any, how: str) -> None:
        try:
            key = str(run.id)
            found = self._runs.pop(key, None)
            if found is None:
                if how == "succeed":
                    return
                attempt = max(1, int(getattr(run, "run_count", 1) or 1))
                facts = JobFacts(name=str(what.name), id=key, attempt=attempt)
                found = Run(self._client, facts)
            if how == "succeed":
                found.succeed()
            else:
                getattr(found, how)(str(getattr(state, "message", None) or state.name))
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell the end of a run")


def _wrap(owner: Any, hooks: _Hooks, names: tuple[str, ...]) -> None:
    original = getattr(owner.__init__, _ORIGINAL, owner.__init__)

    @functools.wraps(original)
    def made(self: Any, *args: Any, **given: Any) -> None:
        original(self, *args, **given)
        for name in names:
            known: list[Any] = getattr(self, f"on_{name}_hooks")
            hook = getattr(hooks, f"on_{name}")
            if hook not in known:  # a copy by `with_options` has it already
                known.append(hook)

    setattr(made, _ORIGINAL, original)
    owner.__init__ = made
