"""Where the index keeps what an event says of its job, in SQL and of a row that was read."""

from __future__ import annotations

from typing import Final, NamedTuple

from indelible.codec import decode_json
from indelible.server.index.shown import Row

ROOT: Final = "job_root"
PARENT: Final = "job_parent"
STATE: Final = "job_state"
QUEUE: Final = "queue"
WORKER: Final = "worker"
ATTEMPT: Final = "attempt"  # -1 where none was said
DURATION_MS: Final = "greatest(duration_ms, 0)"
RUN: Final = f"multiIf({ROOT} != '', {ROOT}, job_id != '', job_id, toString(id))"
"""The run that a task's event belongs to: its root job, else its job, else itself alone."""


class JobOf(NamedTuple):
    """The job of one row."""

    id: str
    root: str
    parent: str
    attempt: int
    state: str


def job_of(row: Row) -> JobOf:
    """What the row says of its job; empty where it says nothing."""
    return JobOf(row.job_id, row.job_root, row.job_parent, max(row.attempt, 0), row.job_state)


def run_of(row: Row) -> str:
    """What `RUN` gives for the row."""
    job = job_of(row)
    return job.root or job.id or row.id


def ids_of(row: Row) -> list[str]:
    """The job ids that tie this row to others."""
    return [one for one in (row.job_id, row.job_root, row.job_parent) if one]


def behalf_of(row: Row) -> str:
    """Whom the row says it was done for, empty for nobody."""
    other = (decode_json(row.rest).get("behalf") or {}) if '"behalf"' in row.rest else {}
    return str(other.get("email") or other.get("name") or other.get("id") or "")
