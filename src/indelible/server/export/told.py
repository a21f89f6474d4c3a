"""What is told of an export: the events about it, and the manifest that goes with its file."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from indelible.clock import Clock, format_us
from indelible.server.access.outbox import OwnEvent
from indelible.server.export.job import Asked, Job, Who
from indelible.server.ingest.own import EXPORT, OwnAudit
from indelible.server.ingest.own_event import of_act
from indelible.server.version import version

_ENDPOINTS: Final = {"background": "/v1/exports", "direct": "/v1/export"}
_ONE: Final = "/v1/exports/{id}"


class Teller:
    """Makes the events. Each state of the run is followed by another until it has ended."""

    def __init__(self, own: OwnAudit, clock: Clock) -> None:
        self._own = own
        self._clock = clock

    def asked(self, job: Job) -> OwnEvent:
        """Somebody asked for it; one that goes straight to them has begun with that."""
        if job.asked.who.command is not None:
            return self._event(job, EXPORT, method="Command", state="started", attempt=1)
        if job.way == "direct":
            return self._event(job, EXPORT, method="GET", status=200, state="started", attempt=1)
        return self._event(job, EXPORT, method="POST", status=202, state="queued", attempt=1)

    def started(self, job: Job, attempt: int) -> OwnEvent:
        """A background export begins, or begins again."""
        return self._event(job, "StartExport", state="started", attempt=attempt)

    def broken_off(self, job: Job) -> OwnEvent:
        """The service ended in the middle; another attempt follows."""
        return self._event(
            job, "BreakExport", state="retried", attempt=job.attempts, outcome="failure",
            reason="the service ended before the file was whole",
        )  # fmt: skip

    def finished(self, job: Job, attempt: int, *, rows: int, size: int, sha256: str) -> OwnEvent:
        """The file is whole."""
        return self._event(
            job, "FinishExport", state="succeeded", attempt=attempt,
            rows=rows, bytes=size, sha256=sha256,
        )  # fmt: skip

    def failed(self, job: Job, attempt: int, reason: str) -> OwnEvent:
        """There will be no file, or a part of one is all that was sent."""
        return self._event(
            job, "FinishExport", state="failed", attempt=attempt, outcome="failure", reason=reason
        )

    def left(self, job: Job, reason: str) -> OwnEvent:
        """Whoever asked went away before the end."""
        return self._event(job, "CancelExport", state="cancelled", attempt=1, reason=reason)

    def cancelled(self, job: Job, by: Who) -> OwnEvent:
        """Somebody stopped it."""
        return self._event(
            job, "CancelExport", state="cancelled", attempt=max(1, job.attempts),
            by=by, method="DELETE", status=204,
        )  # fmt: skip

    def removed(self, job: Job, by: Who) -> OwnEvent:
        """The file of a finished export was removed before its time; the run stays finished."""
        return self._event(
            job, "RemoveExport", state=None, attempt=None, by=by, method="DELETE", status=204
        )

    def _event(
        self,
        job: Job,
        operation: str,
        *,
        state: str | None,
        attempt: int | None,
        by: Who | None = None,
        method: str = "Job",
        status: int | None = None,
        outcome: str = "success",
        **more: Any,
    ) -> OwnEvent:
        asked = job.asked
        event = of_act(
            by or asked.who,
            # The run's first entry carries the run's own id.
            event_id=job.id if operation == EXPORT else self._own.new_id(),
            operation=operation,
            method=method,
            endpoint=(asked.who.command or _ENDPOINTS[job.way]) if by is None else _ONE,
            status=status,
            stream="task" if state else "user",
            outcome=outcome,
            targets=[{"type": "export", "id": job.id, "name": asked.file_name}],
            job={"id": job.id, "state": state, "attempt": attempt} if state else None,
            metadata={"query": asked.parameters, "count": asked.total,
                      "format": asked.wish.format, **more},
        )  # fmt: skip
        return {**event, "occurred_at": format_us(self._clock.now_us())}


def statement_of(asked: Asked) -> dict[str, Any]:
    """What a bundle of evidence says of itself: a claim of its maker, not proven by the tree."""
    return {
        "tenant": asked.tenant,
        "filter": asked.parameters,
        "requested_by": {"kind": asked.who.kind, "id": asked.who.id, "name": asked.who.name},
        "indexed_through": asked.through,
        "version": version(),
    }


def manifest_of(job: Job, rows: int, size: int, sha256: str, ended_us: int) -> dict[str, Any]:
    """What the manifest of a whole file says."""
    asked = job.asked
    return {
        "export": job.id,
        "file": asked.file_name,
        "sha256": sha256,
        "bytes": size,
        "count": rows,
        "filter": asked.parameters,
        "zone": asked.parameters.get("tz"),
        "wish": msgspec.to_builtins(asked.wish),
        "requested_by": {"kind": asked.who.kind, "id": asked.who.id, "name": asked.who.name,
                         "email": asked.who.email},
        "requested_at": format_us(job.created_us),
        "finished_at": format_us(ended_us),
        "tenant": asked.tenant,
        "indexed_through": asked.through,
        "checkpoint": asked.checkpoint,
        "version": version(),
    }  # fmt: skip
