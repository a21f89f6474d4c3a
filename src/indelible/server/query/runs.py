"""
Runs: the entries of the Tasks stream put together, one row per run.

A run is all that has the same root job. It belongs to the period in which it started, so that
days, weeks and months add up; to know how it went on, entries around the period are read too.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from indelible.clock import US_PER_DAY, format_us
from indelible.errors import NotFound
from indelible.server.index import IndexProcess
from indelible.server.query import jobs
from indelible.server.query.filter import Filter
from indelible.server.query.pattern import Parameters
from indelible.server.query.prepare import prepare, within
from indelible.server.query.reach import Reach
from indelible.server.query.run_cursor import encode_run_cursor, parse_run_cursor
from indelible.server.query.tied_rows import carries

State = Literal["queued", "running", "retrying", "succeeded", "failed", "cancelled", "unknown"]
OPEN: Final = ("queued", "running", "retrying")
STATES: Final = ("open", "overdue", "succeeded", "failed", "cancelled", "unknown")
LOOK_BACK_US: Final = 2 * US_PER_DAY  # for entries of runs that started before the period
LOOK_AHEAD_US: Final = 7 * US_PER_DAY  # for how runs of the period ended
USUAL_US: Final = 30 * US_PER_DAY  # what "usual" is measured on
OVERDUE_TIMES: Final = 3
OVERDUE_LEAST_US: Final = 60_000_000
_FAR_US: Final = 2**62
_EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # may be a run without a job


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who caused a run: the person it acts for, or who made the request that began it."""

    kind: str
    name: str
    event_id: str | None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """
    One run. `duration_ms` of an open one is null; `usual_ms` is the median of finished runs of
    its operation, given for open ones. `overdue`: open for more than three times that.
    """

    id: str
    operation: str
    state: State
    started_at: str
    ended_at: str | None
    duration_ms: int | None
    usual_ms: int | None
    overdue: bool
    attempts: int
    jobs: int
    entries: int
    queue: str | None
    worker: str | None
    caused_by: By | None


class RunTotals(msgspec.Struct, frozen=True, kw_only=True):
    """All runs of the period by state, and the median duration of the finished ones."""

    runs: int
    entries: int
    by_state: dict[str, int]
    median_ms: int | None


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs, newest first. `totals` comes with the first page."""

    runs: list[Run]
    next_cursor: str | None
    totals: RunTotals | None
    indexed_through: int


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    operation: str
    state: State
    started_us: int
    ended_us: int
    attempts: int
    jobs: int
    entries: int
    queue: str
    worker: str
    behalf: str
    actor_kind: str
    request: str


class _Total(msgspec.Struct):
    states: tuple[list[str], list[int]]
    all_entries: int
    finished: int
    usual_us: float


class _Found(msgspec.Struct):
    runs: list[tuple[int, str, int, int]]
    """When each started, its id, and the times of its first and last entry."""


class _Median(msgspec.Struct):
    operation: str
    usual_us: float


class _Cause(msgspec.Struct):
    request_id: str
    kind: str
    name: str
    id: str


_decode_rows = msgspec.json.Decoder(_Row).decode_lines
_decode_medians = msgspec.json.Decoder(_Median).decode_lines
_decode_causes = msgspec.json.Decoder(_Cause).decode_lines

_ENDS = "st IN ('succeeded', 'failed', 'cancelled', 'retried')"
# Time and index of an entry in one number, which is quicker to compare than the two.
_AT = "toInt128(occurred_us) * toInt128('18446744073709551616') + idx"
# One row per job of each run. An entry without a state is something that the job did; where a job
# has no entry with a state, its outcomes have to do.
_JOBS = f"""
SELECT run, job,
  argMaxIf(st, at, st != '') AS said,
  argMax(outcome, at) AS outcome_last,
  multiIf(said != '', said, outcome_last = 'success', 'succeeded',
          outcome_last IN ('failure', 'denied'), 'failed', 'unknown') AS job_state,
  max(at) AS last, min(occurred_us) AS job_first, max(occurred_us) AS job_last,
  countIf(st = 'started') AS starts,
  if(starts > 0, minIf(occurred_us, st = 'started'),
     min(if({_ENDS}, occurred_us - took_ms * 1000, occurred_us))) AS job_started,
  maxIf(occurred_us, {_ENDS} OR st = '') AS job_ended,
  uniqExact(greatest(attempt, 1)) AS job_attempts,
  count() AS job_entries,
  argMin(operation, (st = '', at)) AS job_operation,
  argMin((behalf, kind, request_id), at) AS began,
  argMaxIf(queue, at, queue != '') AS job_queue,
  argMaxIf(worker, at, worker != '') AS job_worker
FROM (
  SELECT {jobs.RUN} AS run, if(job_id != '', job_id, toString(id)) AS job, {jobs.STATE} AS st,
    {jobs.ATTEMPT} AS attempt, {jobs.DURATION_MS} AS took_ms, {jobs.QUEUE} AS queue,
    {jobs.WORKER} AS worker, {_AT} AS at, occurred_us, operation, outcome, behalf, kind, request_id
  FROM events WHERE {{where}}
) GROUP BY run, job
"""
# A retried job is open only while nothing of the run came after it: some products give each
# attempt a job of its own.
_RUNS = f"""
SELECT run,
  argMin(job_operation, (job != run, job_started)) AS operation,
  argMax(job_state, last) AS last_state,
  countIf(job_state IN ('queued', 'started')) AS going,
  multiIf(going > 0 AND sum(starts) = 0, 'queued', going > 0, 'running',
          last_state = 'retried', 'retrying', countIf(job_state = 'failed') > 0, 'failed',
          countIf(job_state = 'succeeded') > 0, 'succeeded',
          countIf(job_state = 'cancelled') > 0, 'cancelled', 'unknown') AS state,
  min(job_started) AS started_us, max(job_ended) AS ended_us,
  min(job_first) AS first_us, max(job_last) AS last_us,
  sum(job_attempts) AS attempts, count() AS jobs, sum(job_entries) AS entries,
  argMax(job_queue, (job = run, job_queue != '')) AS queue,
  argMax(job_worker, (job_worker != '', last)) AS worker,
  argMin(began, (job != run, job_started)).1 AS behalf,
  argMin(began, (job != run, job_started)).2 AS actor_kind,
  argMin(began, (job != run, job_started)).3 AS request
FROM ({_JOBS}) GROUP BY run
"""
_COLUMNS: Final = ", ".join(_Row.__struct_fields__)
_FINISHED: Final = "state IN ('succeeded', 'failed')"
_TOTALS: Final = (
    "sumMap([state], [toUInt64(1)]) AS states, sum(entries) AS all_entries, "
    f"countIf({_FINISHED}) AS finished, "
    f"ifNotFinite(quantileExactIf(0.5)(ended_us - started_us, {_FINISHED}), 0) AS usual_us"
)


async def find_runs(
    index: IndexProcess,
    filter_: Filter,
    *,
    now_us: int,
    limit: int,
    cursor: str | None,
    state: str | None = None,
) -> Runs:
    """A page of the runs that started in the filter's range. Raises InvalidRequest."""
    filter_ = msgspec.structs.replace(filter_, stream="task")
    await index.wait_until_known(filter_.tenant_id)
    through = index.indexed_through(filter_.tenant_id)
    after = None if cursor is None else parse_run_cursor(cursor, filter_, state or "")
    from_us, to_us = filter_.range.from_us, filter_.range.to_us
    parameters = Parameters(filter_.tenant_id)
    matching = None
    if filter_.text or not filter_.own:
        prepared = await prepare(index, filter_, through)
        if prepared.empty:
            empty = RunTotals(runs=0, entries=0, by_state={}, median_ms=None)
            return Runs(runs=[], next_cursor=None, totals=empty, indexed_through=through)
        # Its values are bound already; those added here follow them.
        parameters, matching = prepared.parameters, prepared.where
    add = parameters.add
    where = await _where(
        index,
        filter_.reach,
        parameters,
        through,
        None if from_us is None else from_us - LOOK_BACK_US,
        None if to_us is None else to_us + LOOK_AHEAD_US,
    )
    if matching is not None:
        where += f" AND {jobs.RUN} IN (SELECT {jobs.RUN} FROM events WHERE {matching})"
    within = [f"started_us >= {add(-_FAR_US if from_us is None else from_us, 'Int64')}"]
    if to_us is not None:
        within.append(f"started_us < {add(to_us, 'Int64')}")
    wanted = []
    if state in ("open", "overdue"):
        wanted.append("state IN ('queued', 'running', 'retrying')")
    elif state is not None:
        wanted.append(f"state = {add(state, 'String')}")
    if after is not None:
        at, run = add(after.started_us, "Int64"), add(after.run, "String")
        within.append(f"(started_us, run) < ({at}, {run})")
    # One pass over all runs tells the totals and which runs the page has; the rest is asked of
    # these alone.
    found = "groupArrayIf((started_us, run, first_us, last_us), {})".format(
        " AND ".join(wanted) or "1"
    )
    listed = [f"arraySlice(arrayPartialReverseSort({limit + 1}, {found}), 1, {limit + 1}) AS runs"]
    listed += [_TOTALS] if after is None else []
    data = await index.query(
        f"SELECT {', '.join(listed)} FROM ({_RUNS.replace('{where}', where)}) "
        f"WHERE {' AND '.join(within)}",
        dict(parameters.values),
    )
    totals = _totals(data) if after is None else None
    rows = await _read(index, where, parameters, msgspec.json.decode(data, type=_Found).runs)
    more = len(rows) > limit
    del rows[limit:]
    next_cursor = None
    if more:
        next_cursor = encode_run_cursor(rows[-1].started_us, rows[-1].run, filter_, state or "")
    shown = await _show_runs(index, filter_.reach, rows, now_us, through)
    if state == "overdue":
        shown = [run for run in shown if run.overdue]
    return Runs(runs=shown, next_cursor=next_cursor, totals=totals, indexed_through=through)


async def one_run(index: IndexProcess, reach: Reach, run: str, now_us: int, through: int) -> Run:
    """The run of this root job. Raises NotFound."""
    parameters = Parameters(reach.tenant_id)
    where = await _where(index, reach, parameters, through, None, None)
    where += f" AND {jobs.RUN} = {parameters.add(run, 'String')}"
    if not _EVENT_ID.fullmatch(run):
        where += f" AND {carries(parameters, runs=[run])}"
    data = await index.query(
        f"SELECT {_COLUMNS} FROM ({_RUNS.replace('{where}', where)})", parameters.values
    )
    rows = _decode_rows(data)
    if not rows:
        raise NotFound(f"there is no run {run}")
    return (await _show_runs(index, reach, rows, now_us, through))[0]


async def _where(
    index: IndexProcess,
    reach: Reach,
    parameters: Parameters,
    through: int,
    from_us: int | None,
    to_us: int | None,
) -> str:
    add = parameters.add
    conditions = [await within(index, reach, parameters, through), "stream = 'task'"]
    if from_us is not None:
        conditions.append(f"occurred_us >= {add(from_us, 'Int64')}")
    if to_us is not None:
        conditions.append(f"occurred_us < {add(to_us, 'Int64')}")
    return " AND ".join(conditions)


async def _read(
    index: IndexProcess,
    where: str,
    parameters: Parameters,
    found: list[tuple[int, str, int, int]],
) -> list[_Row]:
    """The rows of these runs, newest first."""
    if not found:
        return []
    add = parameters.add
    first = add(min(first for _, _, first, _ in found), "Int64")
    last = add(max(last for _, _, _, last in found), "Int64")
    runs = add([run for _, run, _, _ in found], "Array(String)")
    where += f" AND occurred_us BETWEEN {first} AND {last} AND {jobs.RUN} IN {runs}"
    data = await index.query(
        f"SELECT {_COLUMNS} FROM ({_RUNS.replace('{where}', where)}) "
        "ORDER BY started_us DESC, run DESC",
        parameters.values,
    )
    return _decode_rows(data)


def _totals(data: bytes) -> RunTotals:
    total = msgspec.json.decode(data, type=_Total)
    by_state = dict(zip(*total.states, strict=True))
    return RunTotals(
        runs=sum(by_state.values()),
        entries=total.all_entries,
        by_state=by_state,
        median_ms=round(total.usual_us / 1000) if total.finished else None,
    )


async def _show_runs(
    index: IndexProcess, reach: Reach, rows: list[_Row], now_us: int, through: int
) -> list[Run]:
    """The rows with who caused them, and with what is usual where they are open."""
    causes = await _causes(index, reach, rows, through)
    usual = await _usual(index, reach, [row for row in rows if row.state in OPEN], through)
    return [_shown(row, causes, usual, now_us) for row in rows]


def _shown(row: _Row, causes: dict[str, By], usual: dict[str, int], now_us: int) -> Run:
    is_open = row.state in OPEN
    usual_us = usual.get(row.operation) if is_open else None
    too_long = None if usual_us is None else max(OVERDUE_TIMES * usual_us, OVERDUE_LEAST_US)
    by = causes.get(row.request) if row.request else None
    if by is None and row.behalf:
        by = By(kind="user", name=row.behalf, event_id=None)
    return Run(
        id=row.run,
        operation=row.operation,
        state=row.state,
        started_at=format_us(row.started_us),
        ended_at=None if is_open else format_us(row.ended_us),
        duration_ms=None if is_open else max(0, row.ended_us - row.started_us) // 1000,
        usual_ms=None if usual_us is None else usual_us // 1000,
        overdue=too_long is not None and now_us - row.started_us > too_long,
        attempts=row.attempts,
        jobs=row.jobs,
        entries=row.entries,
        queue=row.queue or None,
        worker=row.worker or None,
        caused_by=by,
    )


async def _causes(
    index: IndexProcess, reach: Reach, rows: list[_Row], through: int
) -> dict[str, By]:
    """Who made the requests that began these runs."""
    requests = sorted({row.request for row in rows if row.request})
    if not requests:
        return {}
    parameters = Parameters(reach.tenant_id)
    add = parameters.add
    bounds = await within(index, reach, parameters, through)
    first = min(row.started_us for row in rows) - US_PER_DAY
    last = max(row.started_us for row in rows) + US_PER_DAY
    data = await index.query(
        "SELECT request_id, kind, multiIf(actor_email != '', actor_email, actor_name != '', "
        "actor_name, actor_id) AS name, toString(id) AS id FROM events "
        f"WHERE {bounds} AND stream = 'user' "
        f"AND occurred_us BETWEEN {add(first, 'Int64')} AND {add(last, 'Int64')} "
        f"AND {carries(parameters, requests=requests)} "
        "ORDER BY tenant, occurred_us, idx LIMIT 1 BY request_id",
        parameters.values,
    )
    return {
        cause.request_id: By(kind=cause.kind, name=cause.name, event_id=cause.id)
        for cause in _decode_causes(data)
        if cause.name
    }


async def _usual(
    index: IndexProcess, reach: Reach, rows: list[_Row], through: int
) -> dict[str, int]:
    """The median duration of finished runs of these operations, in the 30 days before them."""
    operations = sorted({row.operation for row in rows})
    if not operations:
        return {}
    parameters = Parameters(reach.tenant_id)
    add = parameters.add
    where = await _where(
        index,
        reach,
        parameters,
        through,
        min(row.started_us for row in rows) - USUAL_US,
        max(row.started_us for row in rows) + LOOK_AHEAD_US,
    )
    names = add(operations, "Array(String)")
    runs_sql = _RUNS.replace("{where}", f"{where} AND operation IN {names}")
    data = await index.query(
        "SELECT operation, quantileExact(0.5)(ended_us - started_us) AS usual_us "
        f"FROM ({runs_sql}) WHERE {_FINISHED} GROUP BY operation",
        parameters.values,
    )
    return {found.operation: max(0, round(found.usual_us)) for found in _decode_medians(data)}
