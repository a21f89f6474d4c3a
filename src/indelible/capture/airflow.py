"""
Airflow 3: DAG runs and task instances, started and one end per attempt.

    class Audit(AirflowPlugin):
        name = "audit"
        listeners = [AuditListener(audit)]

A DAG run is told by the scheduler, a task instance by the process that runs it. Who triggered the
run is the one in whose name both act.
"""

from __future__ import annotations

from typing import Any

from airflow.listeners import hookimpl

from indelible.client import Indelible, Run
from indelible.client.run import JobFacts
from indelible.event.model import JobState

_FLUSH_S = 5.0


class AuditListener:
    """The listener. Runs of this process wait here until they are over."""

    def __init__(self, client: Indelible) -> None:
        self._client = client
        self._runs: dict[tuple[str, int], Run] = {}

    # --- DAG runs: the scheduler has many at once, so none of them is its context -----------------

    @hookimpl  # type: ignore[untyped-decorator] # Airflow's marker is untyped
    def on_dag_run_running(self, dag_run: Any) -> None:
        """Its first task may start."""
        self._tell_dag(dag_run, "started")

    @hookimpl  # type: ignore[untyped-decorator]
    def on_dag_run_success(self, dag_run: Any) -> None:
        """All its tasks ended well, or were skipped."""
        self._tell_dag(dag_run, "succeeded")

    @hookimpl  # type: ignore[untyped-decorator]
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        """One of its last tasks failed."""
        self._tell_dag(dag_run, "failed", msg)

    def _tell_dag(self, dag_run: Any, state: JobState, why: str | None = None) -> None:
        try:
            facts = JobFacts(
                name=str(dag_run.dag_id),
                id=_run_id(dag_run),
                scheduled_for=getattr(dag_run, "run_after", None),
                # A run that is cleared and run again is another attempt of it.
                attempt=1 + int(getattr(dag_run, "clear_number", None) or 0),
            )
            run = Run(self._client, facts, _carried(dag_run))
            began, ended = dag_run.start_date, dag_run.end_date
            took = (ended - began).total_seconds() * 1000 if began and ended else None
            run.tell(state, None if took is None else round(took), why)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell a DAG run")

    # --- task instances ---------------------------------------------------------------------------

    @hookimpl  # type: ignore[untyped-decorator]
    def on_task_instance_running(self, task_instance: Any) -> None:
        """An attempt begins; what it records is tied to it."""
        try:
            self._runs[_key(task_instance)] = self._run(task_instance).begin()
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell the start of a task")

    @hookimpl  # type: ignore[untyped-decorator]
    def on_task_instance_success(self, task_instance: Any) -> None:
        """It ended well, or a person marked it so."""
        self._end(task_instance, "succeeded")

    @hookimpl  # type: ignore[untyped-decorator]
    def on_task_instance_skipped(self, task_instance: Any) -> None:
        """It decided, or was told, not to go on."""
        self._end(task_instance, "cancelled", "skipped")

    @hookimpl  # type: ignore[untyped-decorator]
    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        """It failed: for now, if Airflow has decided to try it again."""
        state = getattr(task_instance, "state", None)
        again = str(getattr(state, "value", state)) == "up_for_retry"
        self._end(task_instance, "retried" if again else "failed", error)

    def _run(self, task_instance: Any) -> Run:
        context = getattr(task_instance, "_ti_context_from_server", None)
        dag_run = getattr(context, "dag_run", None) or getattr(task_instance, "dag_run", None)
        root = _run_id(task_instance)
        map_index = getattr(task_instance, "map_index", -1)
        place = f"[{map_index}]" if isinstance(map_index, int) and map_index >= 0 else ""
        facts = JobFacts(
            name=f"{task_instance.dag_id}.{task_instance.task_id}",
            id=f"{root}/{task_instance.task_id}{place}",
            root_id=root,
            parent_id=root,
            attempt=max(1, int(task_instance.try_number or 1)),
            queue=getattr(task_instance, "queue", None),
            worker=getattr(task_instance, "hostname", None) or None,
            scheduled_for=getattr(dag_run, "run_after", None),
        )
        return Run(self._client, facts, _carried(dag_run))

    def _end(self, task_instance: Any, state: str, why: Any = None) -> None:
        try:
            run = self._runs.pop(_key(task_instance), None) or self._run(task_instance)
            if state == "succeeded":
                run.succeed()
            elif state == "retried":
                run.retry(why)
            elif state == "cancelled":
                run.cancel(why)
            else:
                run.fail(why)
            # The process of a task ends without exit hooks.
            self._client.flush(_FLUSH_S)
        except Exception as error:  # noqa: BLE001 - the SDK guard
            self._client.swallow(error, "could not tell the end of a task")


def _run_id(run: Any) -> str:
    return f"{run.dag_id}/{run.run_id}"


def _key(task_instance: Any) -> tuple[str, int]:
    return str(task_instance.id), int(task_instance.try_number or 1)


def _carried(dag_run: Any) -> dict[str, Any]:
    """Airflow knows who triggered a run by hand, by name."""
    name = getattr(dag_run, "triggering_user_name", None)
    return {"person": {"kind": "user", "id": name, "name": name}} if name else {}
