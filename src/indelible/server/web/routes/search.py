"""Search over HTTP: what a query says, facets, completion, and the feed for machines."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidRequest
from indelible.server.query import parse_filter
from indelible.server.query.complete import Completion, complete, place_of
from indelible.server.query.described import Described, describe
from indelible.server.query.edit import EDITS, edit_text
from indelible.server.query.facets import FACETS, MAX_FIELDS, USUAL, Facets, count_facets
from indelible.server.query.feed import MAX_WAIT_S, Feed, read_feed
from indelible.server.query.filters import FAMILIES
from indelible.server.query.parse import MAX_TEXT
from indelible.server.query.request import FILTER_NAMES, number, parse_min_index, refuse_unknown
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.read import (
    FILTER_PARAMS,
    MIN_INDEX,
    defaults_of,
    read_parameters,
    recorded_of,
)
from indelible.server.web.service import service_of

_MAX_INDEX: Final = 2**63 - 2
_COMPLETION: Final = frozenset({"q", "at", "field", "prefix", "limit"})
_WITHIN: Final = FILTER_NAMES - {"q"}
_FEED_NAMES: Final = frozenset({"after", "limit", "wait_s", "q", "stream", "own"})


async def get_query(request: Request) -> Response:
    """What a query says, after edits if there are any."""
    parameters = read_parameters(request, frozenset({"q", *EDITS}))
    if ("replace" in parameters) != ("with" in parameters):
        raise InvalidRequest(
            "replace and with belong together", parameter="replace", expected="both or none"
        )
    text = parameters.pop("q", "")
    if parameters:
        text = edit_text(text, parameters)
    caller: Caller = request.state.caller
    return json_response(describe(text, caller.reach.masks))


async def get_facets(request: Request) -> Response:
    """Facets of a filtered set."""
    caller: Caller = request.state.caller
    service = service_of(request)
    names = FILTER_NAMES | {"fields", "limit", "contains", "min_index"}
    parameters = read_parameters(request, names)
    filter_ = parse_filter(parameters, caller.reach, defaults_of(request, caller))
    fields = _fields(parameters.get("fields") or ",".join(USUAL))
    prepared = await service.query.prepare(filter_, parse_min_index(parameters))
    facets = await count_facets(
        service.index,
        prepared,
        fields,
        number(parameters, "limit", 10, 1, 1000),
        parameters.get("contains", "")[:MAX_TEXT],
    )
    for name in ("fields", "contains"):  # counts of a search are no search of their own
        parameters.pop(name, None)
    await service.own.read(
        caller,
        "CountAuditLog",
        method="GET",
        endpoint="/v1/facets",
        query=recorded_of(parameters, filter_),
        count=facets.total,
    )
    return json_response(facets)


def _fields(text: str) -> tuple[str, ...]:
    fields = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = next((name for name in fields if name not in FACETS), None)
    if unknown is not None or len(fields) > MAX_FIELDS:
        raise InvalidRequest(
            f"there is no facet {unknown}" if unknown is not None else "too many facets",
            parameter="fields",
            expected=f"up to {MAX_FIELDS} of {', '.join(FACETS)}, separated by commas",
        )
    return fields


async def get_completion(request: Request) -> Response:
    """What could stand at a place of a query."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, _COMPLETION | _WITHIN)
    if parameters.get("field"):
        refuse_unknown(parameters, _COMPLETION - {"q", "at"} | _WITHIN)
        name, prefix = parameters["field"].lower(), parameters.get("prefix", "")
        if name not in FAMILIES:
            raise InvalidRequest(
                f"there is no field {name}", parameter="field", expected=", ".join(sorted(FAMILIES))
            )
        text = f"{name}:{prefix}"
        place = place_of(text, len(name) + 1)
        place = type(place)(0, len(text), name, prefix, True, "")
    else:
        text = parameters.get("q", "")
        place = place_of(text, number(parameters, "at", len(text), 0, 1_000_000))
    await service.index.wait_until_known(caller.tenant_id)
    limit = number(parameters, "limit", 20, 1, 100)
    chosen = {name: text for name, text in parameters.items() if name in _WITHIN}
    only = parse_filter(chosen, caller.reach, defaults_of(request, caller)) if chosen else None
    found = await complete(service.index, caller.reach, place, limit, only)
    return json_response(found)


async def get_feed(request: Request) -> Response:
    """Events by index, for machines."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, _FEED_NAMES)
    filter_ = parse_filter(parameters, caller.reach, defaults_of(request, caller))
    after = number(parameters, "after", -1, 0, _MAX_INDEX)
    limit = number(parameters, "limit", 500, 1, 1000)
    wait_s = number(parameters, "wait_s", 0, 0, MAX_WAIT_S)
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_s
    while True:
        prepared = await service.query.prepare(filter_)
        feed = await read_feed(service.index, prepared, after, limit)
        left = until - loop.time()
        if feed.events or left <= 0:
            break
        # Nothing yet: on to what comes next, and past what the filter left out.
        after = feed.next_after
        if not await service.index.wait_for(caller.tenant_id, after + 1, left):
            break
    recorded = {name: text for name, text in parameters.items() if name in ("q", "stream", "own")}
    await service.own.read(
        caller,
        "FollowAuditLog",
        method="GET",
        endpoint="/v1/feed",
        query=recorded_of(recorded, filter_),
    )
    return json_response(feed)


_Q: Final = FILTER_PARAMS[-2]
_ERRORS: Final = (400, 401, 403, 503)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/query",
        handler=get_query,
        permit="read",
        keeps_reach=True,
        summary="What a query says",
        tag="Read",
        description="Tree, terms and sentence of a query, or its error; edits by term.",
        params=(
            _Q,
            Param(name="and", description="A term to add."),
            Param(name="only", description="A term to add in place of those of its field."),
            Param(name="remove", description="`start-end` of a term or group to take out."),
            Param(name="replace", description="`start-end` of a term or group to replace."),
            Param(name="with", description="What stands in its place."),
        ),
        reply=Described,
        errors=(400, 401, 403),
    ),
    Api(
        method="GET",
        path="/v1/facets",
        handler=get_facets,
        permit="read",
        keeps_reach=True,
        summary="Count the values of several fields",
        tag="Read",
        description="Each value comes with the query terms that select it and leave it out.",
        params=(
            *FILTER_PARAMS,
            Param(name="fields", description=f"Of {', '.join(FACETS)}; with commas."),
            Param(name="limit", description="Values per field, 10 by default.", type=int),
            Param(name="contains", description="Only values that contain this."),
            MIN_INDEX,
        ),
        reply=Facets,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/complete",
        handler=get_completion,
        permit="read",
        keeps_reach=True,
        summary="Complete a query",
        tag="Read",
        description=(
            "Names of fields, and values that the log has held, most frequent first. With a "
            "stream, a period or a range: values of those events alone, counted there."
        ),
        params=(
            _Q,
            Param(name="at", description="Offset of the cursor; the end by default.", type=int),
            Param(name="field", description="Values of this field, instead of `q` and `at`."),
            Param(name="prefix", description="What the values contain."),
            Param(name="limit", description="Items, 20 by default.", type=int),
            *(param for param in FILTER_PARAMS if param.name in _WITHIN),
        ),
        reply=Completion,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/feed",
        handler=get_feed,
        permit="read",
        keeps_reach=True,
        summary="Follow the log by index",
        tag="Read",
        description="For machines: in the order of the ledger, nothing skipped, nothing twice.",
        params=(
            Param(name="after", description="`next_after` of the last reply.", type=int),
            Param(name="limit", description="Events, 500 by default, 1000 at most.", type=int),
            Param(name="wait_s", description="Seconds to wait for the first event.", type=int),
            *(param for param in FILTER_PARAMS if param.name in ("q", "stream", "own")),
        ),
        reply=Feed,
        errors=_ERRORS,
    ),
)
