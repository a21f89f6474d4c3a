"""Steps over HTTP: what an actor did, or what happened in a session or request, in order."""

from __future__ import annotations

from typing import Final, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidRequest
from indelible.server.export.replay import FORMATS, Head, replay
from indelible.server.export.replay.replay import FORMS, Format
from indelible.server.query import Filter, parse_filter
from indelible.server.query.request import number, one_of
from indelible.server.query.steps import MAX_STEPS, Of, Step, find_steps
from indelible.server.version import version
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
from indelible.server.web.routes.export import require_export
from indelible.server.web.service import service_of

_WHOSE: Final = ("actor", "session", "request")
_WHEN: Final = ("period", "date", "from", "to", "tz")
_KNOWN: Final = frozenset({*_WHOSE, *_WHEN})
_LONGEST: Final = 500


class StepsReply(msgspec.Struct, frozen=True, kw_only=True):
    """A page of steps, oldest first, with whose they are."""

    of: Of
    steps: list[Step]
    total: int
    next_cursor: str | None
    range: AskedRange
    indexed_through: int


def _of(parameters: dict[str, str]) -> Of:
    given = {name: parameters.get(name) or None for name in _WHOSE}
    if not any(given.values()):
        raise InvalidRequest(
            "whose steps?", parameter="actor", expected="an actor, a session or a request"
        )
    for name, value in given.items():
        if value is not None and len(value) > _LONGEST:
            raise InvalidRequest(
                f"{name} is too long",
                parameter=name,
                expected=f"{_LONGEST} characters at most",
            )
    return Of(**given)


def _filter(request: Request, caller: Caller, parameters: dict[str, str]) -> Filter:
    when = {name: value for name, value in parameters.items() if name in _WHEN}
    return parse_filter(when, caller.reach, defaults_of(request, caller))


async def list_steps(request: Request) -> Response:
    """A page of steps."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = parameters_of(request, _KNOWN | {"limit", "cursor"})
    of, filter_ = _of(parameters), _filter(request, caller, parameters)
    found = await find_steps(
        service.index,
        filter_,
        of,
        tenant=caller.tenant,
        limit=number(parameters, "limit", 200, 1, MAX_STEPS),
        cursor=parameters.get("cursor") or None,
    )
    await service.own.read(
        caller, "ReadSteps", method="GET", endpoint="/v1/steps", query=_recorded(of, filter_)
    )
    reply = StepsReply(
        of=of,
        steps=found.steps,
        total=found.total,
        next_cursor=found.next_cursor,
        range=asked_range(filter_.range),
        indexed_through=found.indexed_through,
    )
    return json_response(reply)


async def copy_steps(request: Request) -> Response:
    """The steps as a table or as code."""
    caller: Caller = request.state.caller
    require_export(caller)
    service = service_of(request)
    parameters = parameters_of(request, _KNOWN | {"format"})
    of, filter_ = _of(parameters), _filter(request, caller, parameters)
    # one_of has checked it
    format_ = cast("Format", one_of(parameters, "format", FORMATS, "markdown"))
    found = await find_steps(
        service.index, filter_, of, tenant=caller.tenant, limit=MAX_STEPS, cursor=None
    )
    range_ = asked_range(filter_.range)
    head = Head(
        whose=" / ".join(value for value in (of.actor, of.session, of.request) if value),
        from_=range_.from_,
        to=range_.to,
        total=found.total,
        version=version(),
    )
    text = replay(format_, head, found.steps)
    # It leaves the service as a file does: an export, and recorded as one.
    await service.own.read(
        caller,
        "ExportAuditLog",
        method="GET",
        endpoint="/v1/steps/copy",
        query={**_recorded(of, filter_), "format": format_},
        count=len(found.steps),
    )
    return Response(
        text.encode(),
        media_type="text/plain; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{FORMS[format_].file_name}"',
            "cache-control": "no-store",
        },
    )


def _recorded(of: Of, filter_: Filter) -> dict[str, str]:
    given = {"actor": of.actor, "session": of.session, "request": of.request}
    whose = {name: value for name, value in given.items() if value is not None}
    return {**whose, **recorded_range(filter_.range)}


_PARAMS: Final = (
    Param(name="actor", description="E-mail, name or id of an actor, whole."),
    Param(name="session", description="A session id."),
    Param(name="request", description="A request id."),
    *RANGE_PARAMS,
)
_ERRORS: Final = (400, 401, 403, 503)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/steps",
        handler=list_steps,
        permit="read",
        keeps_reach=True,
        summary="Steps of an actor, a session or a request",
        tag="Read",
        description="Oldest first, each with the seconds since the step before it.",
        params=(
            *_PARAMS,
            Param(name="limit", description=f"Steps on a page, {MAX_STEPS} at most.", type=int),
            Param(name="cursor", description="`next_cursor` of a reply."),
        ),
        reply=StepsReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/steps/copy",
        handler=copy_steps,
        permit="read",
        keeps_reach=True,
        summary="Steps as a table or as code that repeats them",
        tag="Read",
        description=(
            "`markdown` and `csv` are tables; `pytest` (httpx), `curl` and `har` send the same"
            " requests again. Secrets are placeholders that come from the environment."
            f" {MAX_STEPS} steps at most; the head of the text says when that cut it."
        ),
        params=(
            *_PARAMS,
            Param(name="format", description="`markdown`, `csv`, `pytest`, `curl` or `har`."),
        ),
        reply=None,
        reply_media="text/plain",
        errors=_ERRORS,
    ),
)
