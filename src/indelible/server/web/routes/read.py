"""Reading the log over HTTP: lists, one event, one entry, counts. All of it is audited."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.errors import InvalidRequest
from indelible.server.query import Defaults, Filter, Stats, explain, parse_filter, parse_page
from indelible.server.query.explain import explain_range
from indelible.server.query.periods import Range, WeekStart
from indelible.server.query.request import (
    FILTER_NAMES,
    PAGE_NAMES,
    number,
    one_of,
    parse_min_index,
    refuse_unknown,
)
from indelible.server.query.sentence import LANGUAGES, Language
from indelible.server.query.stats import GROUPS
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import service_of

_MAX_BUCKETS: Final = 1000


class RangeReply(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """The range as moments, half-open; null where it is open."""

    from_: str | None
    to: str | None
    tz: str


class QueryReply(msgspec.Struct, frozen=True):
    """The query's text; what was understood, as one sentence; and its part that says when."""

    text: str
    explained: str
    when: str = ""


def query_reply(filter_: Filter, defaults: Defaults) -> QueryReply:
    """The sentence in the language of the request."""
    return QueryReply(
        filter_.text,
        explain(filter_, defaults.date_format, defaults.language),
        explain_range(filter_.range, defaults.date_format, defaults.language),
    )


class NearestReply(msgspec.Struct, frozen=True):
    """When the nearest events outside the range happened."""

    before: str | None
    after: str | None


class EventsReply(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events. `nearest` is there when the first page is empty."""

    events: list[dict[str, Any]]
    next_cursor: str | None
    prev_cursor: str | None
    range: RangeReply
    query: QueryReply
    indexed_through: int
    nearest: NearestReply | msgspec.UnsetType = msgspec.UNSET


class EntryReply(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger; `leaf` in hexadecimal where the entry is no event."""

    index: int
    type: str
    category_id: int
    day: str
    leaf_hash: str
    event: dict[str, Any] | None
    leaf: str | None
    state: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    # For each part that is gone the entry that explains it.
    explained_by: dict[str, int] | msgspec.UnsetType = msgspec.UNSET


def read_parameters(request: Request, known: frozenset[str]) -> dict[str, str]:
    """The parameters of a request, each given once and none unknown. Raises InvalidRequest."""
    pairs = request.query_params.multi_items()
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        twice = next(name for name in parameters if len(request.query_params.getlist(name)) > 1)
        raise InvalidRequest(f"{twice} is given twice", parameter=twice)
    refuse_unknown(parameters, known)
    return parameters


def defaults_of(request: Request, caller: Caller) -> Defaults:
    """What holds where the request says nothing."""
    service = service_of(request)
    settings = service.access.tenant_settings.get(caller.tenant_id)
    return Defaults(
        now_us=service.clock.now_us(),
        tz=settings.zone,
        week_start=cast("WeekStart", settings.week_start),  # checked when it was stored
        date_format=settings.date_format,
        language=language_of(request.headers.get("accept-language", "")),
    )


def language_of(accepted: str) -> Language:
    """The first of the languages in an Accept-Language header that sentences are told in."""
    for one in accepted[:200].split(","):
        name = one.strip().lower()[:2]
        for language in LANGUAGES:
            if name == language:
                return language
    return "en"


def range_reply(range_: Range) -> RangeReply:
    """A range as the API shows it."""
    return RangeReply(
        None if range_.from_us is None else format_us(range_.from_us),
        None if range_.to_us is None else format_us(range_.to_us),
        range_.tz,
    )


async def list_events(request: Request) -> Response:
    """A page of events."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, FILTER_NAMES | PAGE_NAMES)
    defaults = defaults_of(request, caller)
    filter_ = parse_filter(parameters, caller.reach, defaults)
    page = parse_page(parameters)
    found = await service.query.events(filter_, page)
    nearest: NearestReply | msgspec.UnsetType = msgspec.UNSET
    if not found.events and page.cursor is None:
        outside = await service.query.nearest(filter_)
        nearest = NearestReply(outside.before, outside.after)
    await service.own.read(
        caller,
        "SearchAuditLog" if filter_.text else "ReadAuditLog",
        method="GET",
        endpoint="/v1/events",
        query=recorded_of(parameters, filter_),
    )
    reply = EventsReply(
        events=found.events,
        next_cursor=found.next_cursor,
        prev_cursor=found.prev_cursor,
        range=range_reply(filter_.range),
        query=query_reply(filter_, defaults),
        indexed_through=found.indexed_through,
        nearest=nearest,
    )
    return json_response(reply)


def recorded_of(parameters: Mapping[str, str], filter_: Filter) -> dict[str, str]:
    """What the service's own event says was read: the range as moments, whatever named it."""
    recorded = {
        name: value
        for name, value in parameters.items()
        if name not in ("period", "date", "from", "to", "own") and value
    }
    recorded["stream"] = filter_.stream or "all"
    range_ = range_reply(filter_.range)
    if range_.from_ is not None:
        recorded["from"] = range_.from_
    if range_.to is not None:
        recorded["to"] = range_.to
    return recorded


async def get_event(request: Request) -> Response:
    """One event in full, from the ledger."""
    caller: Caller = request.state.caller
    service = service_of(request)
    text = request.path_params["id"]
    try:
        event_id = str(UUID(text))
    except ValueError:
        raise InvalidRequest(
            f"{text!r} is not an event id", parameter="id", expected="a UUID"
        ) from None
    event = await service.query.event(caller.reach, event_id)
    kept = await asyncio.to_thread(service.retention.kept, caller.tenant_id, event["index"])
    event["kept"] = msgspec.to_builtins(kept)
    await service.own.read(
        caller,
        "ReadAuditEvent",
        method="GET",
        endpoint="/v1/events/{id}",
        query={"id": event_id},
    )
    return json_response(event)


async def get_entry(request: Request) -> Response:
    """One entry of the ledger."""
    caller: Caller = request.state.caller
    service = service_of(request)
    index = number(request.path_params, "index", 0, 0, 2**63 - 1)
    entry = await service.query.entry(caller.reach, index)
    await service.own.read(
        caller,
        "ReadAuditEvent",
        method="GET",
        endpoint="/v1/entries/{index}",
        query={"index": str(index)},
    )
    return json_response(entry)


async def get_stats(request: Request) -> Response:
    """Counts."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, FILTER_NAMES | {"group", "limit", "buckets", "min_index"})
    filter_ = parse_filter(parameters, caller.reach, defaults_of(request, caller))
    min_index = parse_min_index(parameters)
    group = one_of(parameters, "group", ("time", "none", *GROUPS), "none")
    stats: Stats
    if group == "time":
        buckets = number(parameters, "buckets", 60, 1, _MAX_BUCKETS)
        stats = await service.query.histogram(filter_, buckets, min_index)
    elif group == "none":
        stats = await service.query.total(filter_, min_index)
    else:
        limit = number(parameters, "limit", 20, 1, 1000)
        stats = await service.query.group(filter_, group, limit, min_index)
    await service.own.read(
        caller,
        "CountAuditLog",
        method="GET",
        endpoint="/v1/stats",
        query=recorded_of(parameters, filter_),
        count=stats.total,
    )
    return json_response(stats)


RANGE_PARAMS: Final = (
    Param(name="period", description="`day`, `week` or `month` of the zone."),
    Param(name="date", description="A date in the period; today by default."),
    Param(name="from", description="First moment of a free range (RFC 3339)."),
    Param(name="to", description="First moment after a free range (RFC 3339)."),
    Param(name="tz", description="IANA time zone; the tenant's by default."),
)
FILTER_PARAMS: Final = (
    Param(name="stream", description="`user`, `system`, `task` or `all` (default)."),
    *RANGE_PARAMS,
    Param(name="q", description='Words, "phrases", `field:value`, `-` to leave out.'),
    Param(name="own", description="`hide` leaves out Indelible's own events."),
)
MIN_INDEX: Final = Param(
    name="min_index", description="Wait, with a limit, until this entry can be found.", type=int
)
ORDER: Final = Param(name="order", description="`desc` (newest first, default) or `asc`.")
_ERRORS: Final = (400, 401, 403, 503)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/events",
        handler=list_events,
        permit="read",
        keeps_reach=True,
        summary="List and search events",
        tag="Read",
        description="A page ordered by time of the event, then by index in the ledger.",
        params=(
            *FILTER_PARAMS,
            ORDER,
            Param(name="limit", description="Events on a page, 1000 at most.", type=int),
            Param(name="cursor", description="`next_cursor` or `prev_cursor` of a reply."),
            MIN_INDEX,
        ),
        reply=EventsReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/events/{id}",
        handler=get_event,
        permit="read",
        keeps_reach=True,
        summary="One event in full",
        tag="Read",
        params=(Param(name="id", description="The event's id.", required=True),),
        reply=dict[str, Any],
        errors=(*_ERRORS, 404),
    ),
    Api(
        method="GET",
        path="/v1/entries/{index}",
        handler=get_entry,
        permit="read",
        keeps_reach=True,
        summary="One entry of the ledger",
        tag="Read",
        params=(Param(name="index", description="Its index.", type=int, required=True),),
        reply=EntryReply,
        errors=(*_ERRORS, 404),
    ),
    Api(
        method="GET",
        path="/v1/stats",
        handler=get_stats,
        permit="read",
        keeps_reach=True,
        summary="Count events",
        tag="Read",
        description="In all, over time (histogram), per stream, or per value of a field.",
        params=(
            *FILTER_PARAMS,
            Param(name="group", description=f"`time`, {', '.join(GROUPS)}."),
            Param(name="limit", description="Values to list, 1000 at most.", type=int),
            Param(name="buckets", description="Bars wanted of `group=time`.", type=int),
            MIN_INDEX,
        ),
        reply=Stats,
        errors=_ERRORS,
    ),
)
