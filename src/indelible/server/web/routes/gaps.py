"""When nothing could be recorded, and what never came, for the timeline."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.server.query import parse_filter
from indelible.server.query.gaps import Gap, find_gaps
from indelible.server.retention.off import Off, find_off
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller
from indelible.server.web.routes.read import (
    RANGE_PARAMS,
    RangeReply,
    defaults_of,
    range_reply,
    read_parameters,
)
from indelible.server.web.service import service_of

_NAMES: Final = frozenset({"period", "date", "from", "to", "tz"})


class GapReply(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """
    One gap, half-open. `kind` is `down` (the service did not run; `clean` when it was stopped in
    order), `missing` (so many numbers of a source's sequence have no entry) or `off` (a category
    was switched off; `skipped` events of it came).
    """

    kind: str
    from_: str
    to: str
    clean: bool | None = None
    source: str | None = None
    instance: str | None = None
    missing: int | None = None
    category: str | None = None
    skipped: int | None = None


class GapsReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    The gaps that touch the range, in order of time.

    `sequences_checked` is false where the range is too long to look for missing numbers.
    """

    gaps: list[GapReply]
    sequences_checked: bool
    range: RangeReply
    indexed_through: int


async def list_gaps(request: Request) -> Response:
    """The gaps of a range. Tells nothing of events, so it is no read of the log."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, _NAMES)
    defaults = defaults_of(request, caller)
    filter_ = parse_filter(parameters, caller.reach, defaults)
    await service.index.wait_until_known(caller.tenant_id)
    found = await find_gaps(service.index, caller.reach, filter_.range, defaults.now_us)
    off = await find_off(
        service.index,
        caller.tenant_id,
        service.ledger.policies(caller.tenant_id),
        filter_.range,
        defaults.now_us,
    )
    gaps = [*map(_reply, found.gaps), *map(_off_reply, off)]
    gaps.sort(key=lambda gap: (gap.from_, gap.to))
    reply = GapsReply(
        gaps=gaps,
        sequences_checked=found.sequences_checked,
        range=range_reply(filter_.range),
        indexed_through=service.index.indexed_through(caller.tenant_id),
    )
    return json_response(reply)


def _reply(gap: Gap) -> GapReply:
    return GapReply(
        kind=gap.kind,
        from_=format_us(gap.from_us),
        to=format_us(gap.to_us),
        clean=gap.clean,
        source=gap.source,
        instance=gap.instance,
        missing=gap.missing,
    )


def _off_reply(off: Off) -> GapReply:
    return GapReply(
        kind="off",
        from_=format_us(off.from_us),
        to=format_us(off.to_us),
        category=off.category,
        skipped=off.skipped,
    )


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/gaps",
        handler=list_gaps,
        permit="read",
        keeps_reach=True,
        summary="When nothing was recorded",
        tag="Read",
        description=(
            "Times when the service did not run, from its own entries, numbers that are missing"
            " of a source's sequence, and times in which a category was switched off."
        ),
        params=RANGE_PARAMS,
        reply=GapsReply,
        errors=(400, 401, 403, 503),
    ),
)
