"""Pages of an actor, an address, an operation, a target over HTTP, and the history of a target."""

from __future__ import annotations

from typing import Final, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidRequest
from indelible.server.query import Filter, parse_filter
from indelible.server.query.history import (
    MAX_STEPS,
    FieldState,
    History,
    HistoryStep,
    find_history,
)
from indelible.server.query.profile import OFS, Of, Profile, find_profile
from indelible.server.query.request import number, one_of
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

_WHEN: Final = ("period", "date", "from", "to", "tz")
_LONGEST: Final = 500


class ProfileReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the log knows of it in the range."""

    of: Of
    profile: Profile
    range: AskedRange


class HistoryReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    Oldest step first; `created` and `updated` are places in `steps`. More events than steps: ask
    again with `to` = time of the first step.
    """

    name: str | None
    steps: list[HistoryStep]
    fields: list[FieldState]
    created: int | None
    updated: int | None
    total: int
    cut: bool
    range: AskedRange
    indexed_through: int


def _value(parameters: dict[str, str], name: str, *, required: bool = True) -> str:
    value = parameters.get(name, "")
    if (required and not value) or len(value) > _LONGEST:
        raise InvalidRequest(
            f"{name} is missing or too long",
            parameter=name,
            expected=f"1 to {_LONGEST} characters",
        )
    return value


def _filter(request: Request, parameters: dict[str, str]) -> Filter:
    caller: Caller = request.state.caller
    when = {name: value for name, value in parameters.items() if name in _WHEN}
    return parse_filter(when, caller.reach, defaults_of(request, caller))


async def get_profile(request: Request) -> Response:
    """An actor, address, operation or target."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = parameters_of(request, frozenset({*_WHEN, "of", "value", "type"}))
    of = cast("Of", one_of(parameters, "of", OFS, "actor"))  # one_of has checked it
    value = _value(parameters, "value")
    kind = _value(parameters, "type", required=False)
    filter_ = _filter(request, parameters)
    profile = await find_profile(service.index, filter_, of, value, kind)
    await service.own.read(
        caller,
        "ReadProfile",
        method="GET",
        endpoint="/v1/profile",
        query={"of": of, "value": value, "type": kind, **recorded_range(filter_.range)},
    )
    reply = ProfileReply(of=of, profile=profile, range=asked_range(filter_.range))
    return json_response(reply)


async def get_history(request: Request) -> Response:
    """The history of a target."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = parameters_of(request, frozenset({*_WHEN, "type", "id", "limit"}))
    kind = _value(parameters, "type", required=False)
    target_id = _value(parameters, "id")
    filter_ = _filter(request, parameters)
    limit = number(parameters, "limit", 500, 1, MAX_STEPS)
    history: History = await find_history(service.index, filter_, kind, target_id, limit)
    await service.own.read(
        caller,
        "ReadHistory",
        method="GET",
        endpoint="/v1/targets/history",
        query={"type": kind, "id": target_id, **recorded_range(filter_.range)},
    )
    reply = HistoryReply(
        range=asked_range(filter_.range),
        **{name: getattr(history, name) for name in history.__struct_fields__},
    )
    return json_response(reply)


_RANGE: Final = (
    Param(name="period", description="`day`, `week` or `month` of the zone; all times by default."),
    *RANGE_PARAMS[1:],
)
_ERRORS: Final = (400, 401, 403, 503)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/profile",
        handler=get_profile,
        permit="read",
        keeps_reach=True,
        summary="An actor, an address, an operation or a target",
        tag="Read",
        description="First and last seen, counts over time, and what goes with it most often.",
        params=(
            Param(name="of", description="`actor` (default), `ip`, `operation` or `target`."),
            Param(
                name="value",
                description="E-mail, name or id of an actor; address; operation; id of a target.",
                required=True,
            ),
            Param(name="type", description="Type of the target."),
            *_RANGE,
        ),
        reply=ProfileReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/targets/history",
        handler=get_history,
        permit="read",
        keeps_reach=True,
        summary="The history of a target",
        tag="Read",
        description=(
            "Its events in order with what each changed, who set each field last, and seams: where"
            " a change says that it replaced another value than the change before it left."
        ),
        params=(
            Param(name="type", description="The target's type."),
            Param(name="id", description="The target's id.", required=True),
            *_RANGE,
            Param(name="limit", description=f"Steps, {MAX_STEPS} at most; the newest.", type=int),
        ),
        reply=HistoryReply,
        errors=_ERRORS,
    ),
)
