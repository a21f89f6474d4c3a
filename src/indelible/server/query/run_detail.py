"""One run in full: its attempts, each with its entries, in the order in which they happened."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from indelible.clock import format_us
from indelible.errors import NotFound
from indelible.server.index import IndexProcess
from indelible.server.index.shown import ROW_SELECT, Row, row_to_json
from indelible.server.query import jobs
from indelible.server.query.pattern import Parameters
from indelible.server.query.prepare import within
from indelible.server.query.reach import Reach
from indelible.server.query.runs import Run, one_run
from indelible.server.query.tied_rows import carries

MAX_ENTRIES: Final = 1000
AttemptState = Literal[
    "queued", "started", "succeeded", "failed", "retried", "cancelled", "unknown"
]
_ENDS: Final = ("succeeded", "failed", "retried", "cancelled")
_decode_rows = msgspec.json.Decoder(Row).decode_lines


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try of one job of the run; `reason` is what its last entry says."""

    job_id: str
    parent_id: str | None
    operation: str
    attempt: int
    state: AttemptState
    started_at: str
    ended_at: str | None
    duration_ms: int | None
    queue: str | None
    worker: str | None
    reason: str | None
    entries: list[dict[str, Any]]


class RunDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its attempts. `cut`: it has more entries than are shown."""

    run: Run
    attempts: list[Attempt]
    cut: bool
    indexed_through: int


async def find_run(index: IndexProcess, reach: Reach, job_id: str, now_us: int) -> RunDetail:
    """The run of a job, by the job's id or that of its root. Raises NotFound."""
    await index.wait_until_known(reach.tenant_id)
    through = index.indexed_through(reach.tenant_id)
    rows = await _entries(index, reach, job_id, through)
    roots = {jobs.run_of(row) for row in rows}
    if rows and job_id not in roots:
        # The id of a job inside the run: the whole run is that of its root.
        job_id = min(roots)
        rows = await _entries(index, reach, job_id, through)
    # A run may name a job of this one as its parent, and is not a part of it.
    rows = [row for row in rows if jobs.run_of(row) == job_id]
    if not rows:
        raise NotFound(f"there is no run {job_id}")
    run = await one_run(index, reach, job_id, now_us, through)
    return RunDetail(
        run=run,
        attempts=make_attempts(rows[:MAX_ENTRIES]),
        cut=len(rows) > MAX_ENTRIES,
        indexed_through=through,
    )


async def _entries(index: IndexProcess, reach: Reach, job_id: str, through: int) -> list[Row]:
    parameters = Parameters(reach.tenant_id)
    bounds = await within(index, reach, parameters, through)
    condition = carries(parameters, runs=[job_id])
    try:
        condition += f" OR (job_id = '' AND id = {parameters.add(str(UUID(job_id)), 'UUID')})"
    except ValueError:
        pass  # no event id, so no run without a job
    data = await index.query(
        f"SELECT {ROW_SELECT} FROM events WHERE {bounds} AND stream = 'task' AND ({condition}) "
        f"ORDER BY tenant, occurred_us, idx LIMIT {MAX_ENTRIES + 1}",
        parameters.values,
    )
    return _decode_rows(data)


def make_attempts(rows: list[Row]) -> list[Attempt]:
    """Entries in order of time, put together by job and attempt. Pure."""
    groups: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        job = jobs.job_of(row)
        groups.setdefault((job.id or row.id, max(job.attempt, 1)), []).append(row)
    return [_attempt(job_id, attempt, entries) for (job_id, attempt), entries in groups.items()]


def _attempt(job_id: str, attempt: int, rows: list[Row]) -> Attempt:
    said = [row for row in rows if jobs.job_of(row).state]
    last = said[-1] if said else rows[-1]
    job = jobs.job_of(last)
    events = [row_to_json(row) for row in rows]
    # One of the model's states, or what its outcome stands for.
    state: Any = job.state or {"success": "succeeded", "unknown": "unknown"}.get(
        last.outcome, "failed"
    )
    is_over = bool(not said or job.state in _ENDS)
    of_last = events[rows.index(last)]
    took_ms = (of_last["job"] or {}).get("duration_ms") if is_over else None
    starts = [row.occurred_us for row in said if jobs.job_of(row).state == "started"]
    if starts:
        started_us = starts[0]
    else:
        started_us = min(rows[0].occurred_us, last.occurred_us - (took_ms or 0) * 1000)
    if took_ms is None and is_over:
        took_ms = max(0, last.occurred_us - started_us) // 1000
    details = [event["job"] or {} for event in events]
    return Attempt(
        job_id=job_id,
        parent_id=job.parent or None,
        operation=(said[0] if said else rows[0]).operation,
        attempt=attempt,
        state=state,
        started_at=format_us(started_us),
        ended_at=format_us(last.occurred_us) if is_over else None,
        duration_ms=took_ms,
        queue=next((one["queue"] for one in details if one.get("queue")), None),
        worker=next((one["worker"] for one in reversed(details) if one.get("worker")), None),
        reason=of_last.get("reason"),
        entries=events,
    )
