"""The log live: what is new of a search, by server-sent events."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from indelible.codec import encode_json
from indelible.server.query import parse_filter
from indelible.server.query.live import MOST_ROWS, Ended, Hello, Newer, follow
from indelible.server.query.request import FILTER_NAMES, number
from indelible.server.web.authenticate import PROXY_WAY, look_at_session, may_still_read
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.read import (
    FILTER_PARAMS,
    defaults_of,
    read_parameters,
    recorded_of,
)
from indelible.server.web.seats import Seats
from indelible.server.web.service import service_of

log = logging.getLogger("indelible.live")

LONGEST_S: Final = 3600
PROXY_S: Final = 60
HEARTBEAT_S: Final = 15
STUCK_S: Final = 30.0  # a reader that accepts nothing for so long is cut off
FAREWELL_S: Final = 2.0
RETRY_MS: Final = 2000
_MAX_INDEX: Final = 2**63 - 1
_OWN_NAMES: Final = frozenset({"after", "seconds"})


class _Live(EventSourceResponse):
    """Holds a seat while it is open; a reader that is stuck is cut off without an error."""

    def __init__(self, seats: Seats, who: str, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._seats = seats
        self._who = who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._seats.sit(self._who):
            try:
                await super().__call__(scope, receive, send)
            except SendTimeoutError:
                log.warning("a reader of the live log that takes nothing was cut off")


async def follow_events(request: Request) -> Response:
    """New events of a search as they come."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, FILTER_NAMES | _OWN_NAMES)
    filter_ = parse_filter(parameters, caller.reach, defaults_of(request, caller))
    longest_s = number(parameters, "seconds", LONGEST_S, 0, LONGEST_S)
    session = look_at_session(request, service) if caller.kind == "person" else None
    if session is not None and session.way == PROXY_WAY:
        # The proxy says with each request who it is, so such a reader must ask again soon.
        longest_s = min(longest_s, PROXY_S)
    after = _after(request, parameters)
    await service.index.wait_until_known(caller.tenant_id)
    through = service.index.indexed_through(caller.tenant_id)
    filters = {name: value for name, value in parameters.items() if name not in _OWN_NAMES}
    await service.own.read(
        caller,
        "SearchAuditLog" if filter_.text else "ReadAuditLog",
        method="GET",
        endpoint="/v1/live",
        query=recorded_of(filters, filter_),
    )
    who = f"{caller.tenant_id} {caller.kind} {caller.id}"
    service.seats.require_free(who)
    stopping = anyio.Event()
    messages = follow(
        service.index,
        lambda index: service.query.newer(filter_, index, MOST_ROWS),
        tenant_id=caller.tenant_id,
        after=through if after is None else min(after, through),
        clock=service.clock,
        longest_s=longest_s,
        may_go_on=lambda: may_still_read(request, service, caller),
        is_stopping=stopping.is_set,
    )
    return _Live(
        service.seats,
        who,
        _written(messages),
        ping=HEARTBEAT_S,
        ping_message_factory=lambda: ServerSentEvent(comment="here", sep="\n"),
        sep="\n",
        send_timeout=STUCK_S,
        shutdown_event=stopping,
        shutdown_grace_period=FAREWELL_S,
    )


def _after(request: Request, parameters: dict[str, str]) -> int | None:
    """Where to go on. A browser that connects again says it in a header, which wins."""
    last = request.headers.get("last-event-id", "")
    if last:
        return number({"Last-Event-ID": last}, "Last-Event-ID", 0, 0, _MAX_INDEX)
    if not parameters.get("after"):
        return None
    return number(parameters, "after", 0, 0, _MAX_INDEX)


async def _written(
    messages: AsyncGenerator[Hello | Newer | Ended],
) -> AsyncGenerator[ServerSentEvent]:
    """What is told, as server-sent events."""
    async with aclosing(messages) as told:
        async for message in told:
            if isinstance(message, Hello):
                yield _message("hello", message, index=message.through, retry=RETRY_MS)
            elif isinstance(message, Newer):
                yield _message("events", message, index=message.through)
            else:
                yield _message("end", message)


def _message(
    name: str, body: Hello | Newer | Ended, index: int | None = None, retry: int | None = None
) -> ServerSentEvent:
    return ServerSentEvent(
        data=encode_json(body).decode(),
        event=name,
        id=None if index is None else str(index),
        retry=retry,
        sep="\n",
    )


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/live",
        handler=follow_events,
        permit="read",
        keeps_reach=True,
        summary="Follow new events live",
        tag="Read",
        description=(
            "Server-sent events: `hello`, then `events` as they come, then `end`. Takes the"
            " filters of a list. Taken up again with the header `Last-Event-ID`, nothing is sent"
            " twice and nothing is left out without being counted in `skipped`."
        ),
        params=(
            *FILTER_PARAMS,
            Param(name="after", description="Start from this entry; now by default.", type=int),
            Param(
                name="seconds",
                description=f"The stream ends after so long, {LONGEST_S} at most and by default.",
                type=int,
            ),
        ),
        reply=None,
        reply_media="text/event-stream",
        errors=(400, 401, 403, 429, 503),
    ),
)
