"""Whether the process is alive, and whether it can store and answer."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.codec import encode_json
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api
from indelible.server.web.service import service_of


class Health(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"]


class Readiness(msgspec.Struct, frozen=True):
    """What works. Without the index events are stored, but not searched."""

    status: Literal["ready", "degraded", "not-ready"]
    store: bool
    search: bool


async def healthz(_request: Request) -> Response:
    """Alive: nothing is looked at but the event loop."""
    return json_response(Health("ok"))


async def readyz(request: Request) -> Response:
    """Ready to store (the ledger takes events) and to answer (the index runs)."""
    service = service_of(request)
    store = service.can_store()
    search = service.can_search()
    status: Literal["ready", "degraded", "not-ready"] = (
        "not-ready" if not store else "ready" if search else "degraded"
    )
    # An index that restarts must not take the service out of rotation: ingest goes on.
    return Response(
        encode_json(Readiness(status, store, search)),
        status_code=200 if store else 503,
        media_type="application/json",
    )


ROUTES = (
    Api(
        method="GET",
        path="/healthz",
        handler=healthz,
        permit=None,
        summary="Alive",
        tag="Operate",
        reply=Health,
    ),
    Api(
        method="GET",
        path="/readyz",
        handler=readyz,
        permit=None,
        summary="Can store and answer",
        tag="Operate",
        reply=Readiness,
        errors=(503,),
    ),
)
