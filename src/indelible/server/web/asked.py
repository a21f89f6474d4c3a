"""What reading routes share: their parameters, the tenant's defaults, and how a range is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from indelible.clock import format_us
from indelible.errors import InvalidRequest
from indelible.server.query import Defaults
from indelible.server.query.request import refuse_unknown
from indelible.server.web.service import service_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from indelible.server.query.periods import Range, WeekStart
    from indelible.server.web.route import Caller


class AskedRange(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A range as moments, half-open; null where it is open."""

    from_: str | None
    to: str | None
    tz: str


def parameters_of(request: Request, known: frozenset[str]) -> dict[str, str]:
    """The query parameters. Raises InvalidRequest for an unknown one, and for one given twice."""
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
    )


def asked_range(range_: Range) -> AskedRange:
    """The range as the reply shows it."""
    return AskedRange(
        None if range_.from_us is None else format_us(range_.from_us),
        None if range_.to_us is None else format_us(range_.to_us),
        range_.tz,
    )


def recorded_range(range_: Range) -> dict[str, str]:
    """The range as the service's own event of the read holds it."""
    shown = asked_range(range_)
    recorded = {"from": shown.from_, "to": shown.to}
    return {name: value for name, value in recorded.items() if value is not None}
