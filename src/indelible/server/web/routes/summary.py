"""Two periods side by side over HTTP: the Summary view, and what changed between them."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.server.query import Defaults, Filter, explain, parse_filter
from indelible.server.query.changes import Dimension, find_changes
from indelible.server.query.compare import PREVIOUS, Compared, compare_ranges
from indelible.server.query.explain import explain_range
from indelible.server.query.first_seen import New
from indelible.server.query.request import FILTER_NAMES, number, one_of
from indelible.server.query.summary import LINES, SORTS, Amount, Bar, Line, summarise
from indelible.server.web.answer import json_response
from indelible.server.web.asked import (
    AskedRange,
    asked_range,
    defaults_of,
    parameters_of,
    recorded_range,
)
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.read import FILTER_PARAMS, recorded_of
from indelible.server.web.service import service_of

# Not those of which an event has several: their lines would not add up to the totals.
_BY: Final = tuple(
    name for name, counted in LINES.items() if name != "stream" and "arrayJoin" not in counted
)


class PeriodsReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    Both periods as they are counted, and whole. `so_far`: this one is not over, so both are cut
    after the same hours of wall time.
    """

    this: AskedRange
    other: AskedRange
    whole_this: AskedRange
    whole_other: AskedRange
    so_far: bool


class SummaryReply(msgspec.Struct, frozen=True, kw_only=True):
    """`values` counts the lines there are; `people` and `operations` tell what was new."""

    by: str
    periods: PeriodsReply
    explained: str
    when: str
    now: Amount
    previous: Amount
    people: New
    operations: New
    interval_s: int
    bars: list[Bar]
    lines: list[Line]
    values: int
    indexed_through: int


class ChangesReply(msgspec.Struct, frozen=True, kw_only=True):
    """What is new, gone, more, less, or fails in another measure, for each of three fields."""

    periods: PeriodsReply
    dimensions: list[Dimension]
    indexed_through: int


def periods_reply(compared: Compared) -> PeriodsReply:
    """The periods as the API shows them."""
    return PeriodsReply(
        this=asked_range(compared.this),
        other=asked_range(compared.other),
        whole_this=asked_range(compared.whole_this),
        whole_other=asked_range(compared.whole_other),
        so_far=compared.so_far,
    )


def _asked(request: Request, more: set[str]) -> tuple[dict[str, str], Filter, Compared, Defaults]:
    caller: Caller = request.state.caller
    parameters = parameters_of(request, FILTER_NAMES | {"compare"} | more)
    defaults = defaults_of(request, caller)
    filter_ = parse_filter(parameters, caller.reach, defaults)
    compared = compare_ranges(
        filter_.range,
        parameters.get("compare") or PREVIOUS,
        defaults.now_us,
        defaults.week_start,
    )
    return parameters, filter_, compared, defaults


async def _record(
    request: Request, parameters: dict[str, str], filter_: Filter, compared: Compared, endpoint: str
) -> None:
    # The same words as a list of this period has, so that counts beside it belong to it.
    recorded: dict[str, Any] = recorded_of(
        {name: value for name, value in parameters.items() if name in FILTER_NAMES}, filter_
    )
    if parameters.get("compare", PREVIOUS) != PREVIOUS:
        recorded["compare"] = "/".join(recorded_range(compared.whole_other).values())
    await service_of(request).own.read(
        request.state.caller, "SummariseAuditLog", method="GET", endpoint=endpoint, query=recorded
    )


async def get_summary(request: Request) -> Response:
    """The Summary view."""
    parameters, filter_, compared, defaults = _asked(request, {"by", "sort", "order", "limit"})
    by = one_of(parameters, "by", _BY, "operation")
    found = await summarise(
        service_of(request).index,
        filter_,
        compared,
        by=by,
        sort=one_of(parameters, "sort", tuple(SORTS), "count"),
        ascending=one_of(parameters, "order", ("desc", "asc"), "desc") == "asc",
        limit=number(parameters, "limit", 100, 1, 1000),
    )
    await _record(request, parameters, filter_, compared, "/v1/summary")
    reply = SummaryReply(
        by=by,
        periods=periods_reply(compared),
        explained=explain(filter_, defaults.date_format, defaults.language),
        when=explain_range(filter_.range, defaults.date_format, defaults.language),
        **{name: getattr(found, name) for name in found.__struct_fields__},
    )
    return json_response(reply)


async def get_changes(request: Request) -> Response:
    """What changed between two periods."""
    parameters, filter_, compared, _ = _asked(request, {"limit"})
    limit = number(parameters, "limit", 8, 1, 100)
    dimensions, through = await find_changes(service_of(request).index, filter_, compared, limit)
    await _record(request, parameters, filter_, compared, "/v1/changes")
    reply = ChangesReply(
        periods=periods_reply(compared), dimensions=dimensions, indexed_through=through
    )
    return json_response(reply)


_COMPARE: Final = Param(
    name="compare",
    description="`previous` (default), `year` (a week: 52 weeks before), or `<from>/<to>`.",
)
_ERRORS: Final = (400, 401, 403, 503)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/summary",
        handler=get_summary,
        permit="read",
        keeps_reach=True,
        summary="Two periods side by side",
        tag="Read",
        description=(
            "Totals, bars, people and operations not seen before, and one line per value of `by`"
            " with its count in both periods. A period that is not over is compared with the same"
            " hours of the other, in wall time of the zone. The period needs both ends."
        ),
        params=(
            *FILTER_PARAMS,
            Param(name="by", description="`operation` (default), `actor`, `ip`, `status` …"),
            _COMPARE,
            Param(name="sort", description=f"`{'`, `'.join(SORTS)}`."),
            Param(name="order", description="`desc` (default) or `asc`."),
            Param(name="limit", description="Lines to list, 1000 at most.", type=int),
        ),
        reply=SummaryReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/changes",
        handler=get_changes,
        permit="read",
        keeps_reach=True,
        summary="What changed between two periods",
        tag="Read",
        description=(
            "Operations, actors and addresses that are new, gone, more or less frequent, and whose"
            " share of failures moved (by the failures more or fewer than that share foretold)."
        ),
        params=(
            *FILTER_PARAMS,
            _COMPARE,
            Param(name="limit", description="Lines of each kind, 100 at most.", type=int),
        ),
        reply=ChangesReply,
        errors=_ERRORS,
    ),
)
