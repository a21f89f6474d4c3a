"""Where the index keeps what an event says of its job, in SQL and of a row that was read."""

from __future__ import annotations

from typing import Final, NamedTuple

from indelible.codec import decode_json
from indelible.server.index.shown import Row

ROOT: Final = "JSONExtractString(rest, 'job', 'root_id')"
PARENT: Final = "JSONExtractString(rest, 'job', 'parent_id')"
STATE: Final = "JSONExtractString(rest, 'job', 'state')"
QUEUE: Final = "JSONExtractString(rest, 'job', 'queue')"
WORKER: Final = "JSONExtractString(rest, 'job', 'worker')"
ATTEMPT: Final = "toUInt32(JSONExtractUInt(rest, 'job', 'attempt'))"
DURATION_MS: Final = "toInt64(JSONExtractInt(rest, 'job', 'duration_ms'))"
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
    more = (decode_json(row.rest).get("job") or {}) if '"job"' in row.rest else {}
    return JobOf(
        row.job_id,
        more.get("root_id") or "",
        more.get("parent_id") or "",
        int(more.get("attempt") or 0),
        more.get("state") or "",
    )


def run_of(row: Row) -> str:
    """What `RUN` gives for the row."""
    job = job_of(row)
    return job.root or job.id or row.id


def ids_of(row: Row) -> list[str]:
    """The job ids that tie this row to others."""
    if not row.job_id and '"job"' not in row.rest:
        return []
    job = job_of(row)
    return [one for one in (job.id, job.root, job.parent) if one]


def behalf_of(row: Row) -> str:
    """Whom the row says it was done for, empty for nobody."""
    other = (decode_json(row.rest).get("behalf") or {}) if '"behalf"' in row.rest else {}
    return str(other.get("email") or other.get("name") or other.get("id") or "")
