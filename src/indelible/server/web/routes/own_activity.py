"""
What one did oneself: the events whose actor has the e-mail address of the account, for everybody.

Nothing of it is masked, and no scope narrows it: it is the caller's own.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import Denied
from indelible.server.query import parse_filter, parse_page
from indelible.server.query.printer import field_term
from indelible.server.query.reach import Reach
from indelible.server.query.request import FILTER_NAMES, PAGE_NAMES
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.read import (
    FILTER_PARAMS,
    MIN_INDEX,
    ORDER,
    EventsReply,
    defaults_of,
    query_reply,
    range_reply,
    read_parameters,
    recorded_of,
)
from indelible.server.web.service import service_of


async def list_own(request: Request) -> Response:
    """A page of one's own events."""
    caller: Caller = request.state.caller
    if caller.kind != "person" or caller.email is None:
        raise Denied("only people have an activity of their own here", hint="log in as a person")
    service = service_of(request)
    parameters = read_parameters(request, FILTER_NAMES | PAGE_NAMES)
    defaults = defaults_of(request, caller)
    own = Reach(tenant_id=caller.tenant_id, query=field_term("by", caller.email))
    filter_ = parse_filter(parameters, own, defaults)
    page = parse_page(parameters)
    found = await service.query.events(filter_, page)
    await service.own.read(
        caller,
        "ReadOwnActivity",
        method="GET",
        endpoint="/v1/session/activity",
        query=recorded_of({"q": filter_.text}, filter_),
    )
    reply = EventsReply(
        events=found.events,
        next_cursor=found.next_cursor,
        prev_cursor=found.prev_cursor,
        range=range_reply(filter_.range),
        query=query_reply(filter_, defaults),
        indexed_through=found.indexed_through,
    )
    return json_response(reply)


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/session/activity",
        handler=list_own,
        permit="read",
        keeps_reach=True,
        summary="What one did oneself",
        tag="Session",
        description="The events whose actor has the e-mail address of the account; never masked.",
        params=(
            *FILTER_PARAMS,
            ORDER,
            Param(name="limit", description="Events on a page, 1000 at most.", type=int),
            Param(name="cursor", description="`next_cursor` or `prev_cursor` of a reply."),
            MIN_INDEX,
        ),
        reply=EventsReply,
        errors=(400, 401, 403, 503),
    ),
)
