"""
A background job, told step by step: queued, started, and exactly one end per attempt.

    with audit.job("NightlySync"):
        ...

    @audit.job("SendReminders", queue="mail")
    async def send_reminders(): ...

The hooks of job systems use `Run` too. Inside, the task is the actor, on behalf of the person who
caused it; what the job changes is recorded as events of their own, tied to it by its ids.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import msgspec

from indelible.client.carry import pack, unpack
from indelible.client.context import Holder, current, hold, release
from indelible.client.fields import ActorLike, EventFields
from indelible.event.model import JobState, Outcome

if TYPE_CHECKING:
    from indelible.client.client import Indelible

P = ParamSpec("P")
R = TypeVar("R")

JOB_NAME = "__indelible_job__"
"""Attribute of a decorated function: its name in events, for coverage."""

_ENDS = frozenset({"succeeded", "failed", "retried", "cancelled"})
_OUTCOMES: dict[str, Outcome] = {"succeeded": "success", "failed": "failure", "retried": "failure"}


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one attempt before it begins."""

    name: str
    operation: str | None = None
    id: str | None = None
    root_id: str | None = None
    parent_id: str | None = None
    attempt: int = 1
    queue: str | None = None
    worker: str | None = None
    scheduled_for: datetime | None = None
    endpoint: str | None = None
    actor: ActorLike | None = None
    metadata: Mapping[str, Any] | None = None

    def as_job(self, state: JobState, duration_ms: int | None = None) -> dict[str, Any]:
        """The `job` of an event in this state."""
        job = {
            "id": self.id,
            "root_id": self.root_id or self.id,
            "parent_id": self.parent_id,
            "attempt": self.attempt,
            "state": state,
            "queue": self.queue,
            "worker": self.worker,
            "scheduled_for": self.scheduled_for,
            "duration_ms": duration_ms,
        }
        return {
            name: str(value) if name.endswith("id") else value  # numbers of a product's own table
            for name, value in job.items()
            if value is not None
        }


def tell_job(
    client: Indelible,
    facts: JobFacts,
    state: JobState,
    *,
    duration_ms: int | None = None,
    reason: str | None = None,
) -> None:
    """Records one step of a job; who acts comes from the context."""
    fields: EventFields = {
        "stream": "task",
        "category": "job",
        "method": f"Task{state.capitalize()}",
        "endpoint": facts.endpoint or facts.name,
        "outcome": _OUTCOMES.get(state),
        "job": facts.as_job(state, duration_ms),
        "reason": reason,
        "metadata": facts.metadata,
    }
    holder = current()
    if holder is None or holder.who() is None:
        # Queued by whoever acts now; without anybody, the task itself acts.
        fields["actor"] = facts.actor or {"kind": "task", "id": facts.name, "name": facts.name}
    client.record(facts.operation or operation_of_job(facts.name), **fields)


def operation_of_job(name: str) -> str:
    """`shop.tasks.send_invoice` → `SendInvoice`."""
    last = name.rpartition(":")[2].rpartition(".")[2] or name
    words = "".join(sign if sign.isalnum() else " " for sign in last).split()
    return "".join(word[0].upper() + word[1:] for word in words) or "RunJob"


class Run:
    """One attempt. `begin` tells its start, the first of the ends tells its end."""

    def __init__(self, client: Indelible, facts: JobFacts, carried: object = None) -> None:
        self._client = client
        outer = current()
        # What runs in the very process and context that queued it needs no carrying.
        self._holder = Holder() if outer is None else outer.copy()
        ids = unpack(pack() if carried is None else carried, self._holder)
        self.facts = msgspec.structs.replace(
            facts,
            id=facts.id or client.new_request_id(),
            worker=facts.worker or socket.gethostname()[:100],
            parent_id=facts.parent_id or ids.get("parent_id"),
            root_id=facts.root_id or ids.get("root_id"),
        )
        holder = self._holder
        holder.stream = "task"
        holder.actor = facts.actor or {"kind": "task", "id": facts.name, "name": facts.name}
        holder.origin = None
        holder.job = self.facts.as_job("started")
        del holder.job["state"]  # of the job's own events, not of what happens inside
        holder.content["endpoint"] = facts.endpoint or facts.name
        self._token: contextvars.Token[Holder | None] | None = None
        self._began_s: float | None = None
        self.state: JobState = "queued"

    def begin(self) -> Run:
        """Puts the job into the context and tells that it started."""
        self._token = hold(self._holder)
        self._began_s = self._client.monotonic_s()
        self.state = "started"
        self._tell("started")
        return self

    def succeed(self) -> None:
        """It ended as it should."""
        self._end("succeeded", None)

    def fail(self, error: BaseException | str | None = None) -> None:
        """It ended with an error, and will not be tried again."""
        self._end("failed", error)

    def retry(self, error: BaseException | str | None = None) -> None:
        """This attempt failed; another one follows."""
        self._end("retried", error)

    def cancel(self, reason: BaseException | str | None = None) -> None:
        """It was stopped from outside."""
        self._end("cancelled", reason)

    def tell(self, state: JobState, duration_ms: int | None, error: str | None = None) -> None:
        """For a host that only hears of a run: one step of it, without being in its context."""
        token = hold(self._holder)
        try:
            self._tell(state, duration_ms, self._client.shown_error(error))
        finally:
            release(token)

    def finish(self, error: BaseException | None) -> None:
        """The end that fits the error of a block: none, a cancellation, or a failure."""
        if error is None:
            self.succeed()
        elif isinstance(error, asyncio.CancelledError | KeyboardInterrupt | GeneratorExit):
            self.cancel(error)
        else:
            self.fail(error)

    def _end(self, state: JobState, error: BaseException | str | None) -> None:
        if self.state in _ENDS:
            return  # systems that report one failure twice: one end per attempt
        self.state = state
        duration_ms = None  # one that was not begun here: its process is gone, and its clock
        if self._began_s is not None:
            duration_ms = max(0, round((self._client.monotonic_s() - self._began_s) * 1000))
        # Some systems report the end in another context than the start: ours counts.
        inner = hold(self._holder)
        try:
            self._tell(state, duration_ms, self._client.shown_error(error))
        finally:
            release(inner)
            if self._token is not None:
                release(self._token)
                self._token = None

    def _tell(
        self, state: JobState, duration_ms: int | None = None, reason: str | None = None
    ) -> None:
        try:
            tell_job(self._client, self.facts, state, duration_ms=duration_ms, reason=reason)
        except Exception as error:  # noqa: BLE001 - a job must not fail for its audit
            self._client.swallow(error, "could not tell a job")


class JobBlock:
    """What `Indelible.job` returns: a block, sync or async, or a decorator."""

    def __init__(self, client: Indelible, facts: JobFacts, carried: object = None) -> None:
        self._client = client
        self._facts = facts
        self._carried = carried
        self._runs: list[Run] = []

    def __enter__(self) -> Run:
        run = Run(self._client, self._facts, self._carried).begin()
        self._runs.append(run)
        return run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runs.pop().finish(error)

    async def __aenter__(self) -> Run:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(fn):

            @functools.wraps(fn)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                with JobBlock(self._client, self._facts, self._carried):
                    return await fn(*args, **kwargs)

            return self._named(cast("Callable[P, R]", awaited))

        @functools.wraps(fn)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with JobBlock(self._client, self._facts, self._carried):
                return fn(*args, **kwargs)

        return self._named(called)

    def _named(self, function: Callable[P, R]) -> Callable[P, R]:
        setattr(function, JOB_NAME, self._facts.endpoint or self._facts.name)
        return function
