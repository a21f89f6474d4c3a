"""Runs of background jobs over HTTP: one row per run, and one run with its attempts."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidRequest
from indelible.server.query import explain, parse_filter
from indelible.server.query.request import FILTER_NAMES, number, one_of
from indelible.server.query.run_detail import RunDetail, find_run
from indelible.server.query.runs import STATES, Run, RunTotals, find_runs
from indelible.server.web.answer import json_response
from indelible.server.web.asked import (
    RANGE_PARAMS,
    AskedRange,
    asked_range,
    defaults_of,
    parameters_of,
    recorded_range,
)
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import service_of

_KNOWN: Final = (FILTER_NAMES - {"stream"}) | {"state", "limit", "cursor"}
_LONGEST_ID: Final = 256


class RunsReply(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs, newest first; `totals` comes with the first page."""

    runs: list[Run]
    next_cursor: str | None
    totals: RunTotals | None
    range: AskedRange
    explained: str
    indexed_through: int


async def list_runs(request: Request) -> Response:
    """A page of runs."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = parameters_of(request, _KNOWN)
    defaults = defaults_of(request, caller)
    asked = {name: value for name, value in parameters.items() if name in FILTER_NAMES}
    filter_ = parse_filter({**asked, "stream": "task"}, caller.reach, defaults)
    state = one_of(parameters, "state", ("any", *STATES), "any")
    found = await find_runs(
        service.index,
        filter_,
        now_us=defaults.now_us,
        limit=number(parameters, "limit", 100, 1, 500),
        cursor=parameters.get("cursor") or None,
        state=None if state == "any" else state,
    )
    recorded = {
        name: value for name, value in parameters.items() if name in ("q", "tz", "state") and value
    }
    # The same search as the list of the Tasks tab: runs are another way to show it.
    await service.own.read(
        caller,
        "SearchAuditLog" if filter_.text else "ReadAuditLog",
        method="GET",
        endpoint="/v1/events",
        query={**recorded, **recorded_range(filter_.range), "stream": "task"},
    )
    reply = RunsReply(
        runs=found.runs,
        next_cursor=found.next_cursor,
        totals=found.totals,
        range=asked_range(filter_.range),
        explained=explain(filter_, defaults.date_format, defaults.language),
        indexed_through=found.indexed_through,
    )
    return json_response(reply)


async def get_run(request: Request) -> Response:
    """One run with its attempts."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters_of(request, frozenset())
    job_id = request.path_params["id"]
    if len(job_id) > _LONGEST_ID:
        raise InvalidRequest(
            "the job id is too long",
            parameter="id",
            expected=f"{_LONGEST_ID} characters at most",
        )
    found = await find_run(service.index, caller.reach, job_id, service.clock.now_us())
    await service.own.read(
        caller, "ReadRun", method="GET", endpoint="/v1/runs/{id}", query={"id": job_id}
    )
    return json_response(found)


_ERRORS: Final = (400, 401, 403, 503)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/runs",
        handler=list_runs,
        permit="read",
        keeps_reach=True,
        summary="Runs of background jobs",
        tag="Read",
        description=(
            "One row per run, newest first, of the runs that started in the range. With `q`, those"
            " that have an entry in the range that matches. `overdue` is a run open for more than"
            " three times the median of its operation, and more than a minute."
        ),
        params=(
            *RANGE_PARAMS,
            Param(name="q", description="As for events; any entry of the run may match."),
            Param(name="own", description="`hide` leaves out Indelible's own jobs."),
            Param(name="state", description="`any` (default), " + ", ".join(STATES) + "."),
            Param(name="limit", description="Runs on a page, 500 at most.", type=int),
            Param(name="cursor", description="`next_cursor` of a reply."),
        ),
        reply=RunsReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/runs/{id}",
        handler=get_run,
        permit="read",
        keeps_reach=True,
        summary="One run with its attempts and their entries",
        tag="Read",
        params=(Param(name="id", description="The id of its root job.", required=True),),
        reply=RunDetail,
        errors=(*_ERRORS, 404),
    ),
)
