"""Why an event happened, over HTTP: the tree of what is tied to it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidRequest
from indelible.server.query.why import Why, find_why
from indelible.server.web.answer import json_response
from indelible.server.web.asked import parameters_of
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import service_of


async def get_why(request: Request) -> Response:
    """The tree of one event."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters_of(request, frozenset())
    text = request.path_params["id"]
    try:
        event_id = str(UUID(text))
    except ValueError:
        raise InvalidRequest(
            f"{text!r} is not an event id", parameter="id", expected="a UUID"
        ) from None
    why = await find_why(service.index, caller.reach, caller.tenant, event_id)
    await service.own.read(
        caller,
        "ReadRelatedEvents",
        method="GET",
        endpoint="/v1/events/{id}/why",
        query={"id": event_id},
    )
    return json_response(why)


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/events/{id}/why",
        handler=get_why,
        permit="read",
        keeps_reach=True,
        summary="Why an event happened",
        tag="Read",
        description=(
            "All that is tied to the event by request, job and session ids, in the three streams,"
            " within a week of it, as one tree up to whoever is at its root. `partial` says when"
            " something may be left out."
        ),
        params=(Param(name="id", description="The event's id.", required=True),),
        reply=Why,
        errors=(400, 401, 403, 404, 503),
    ),
)
