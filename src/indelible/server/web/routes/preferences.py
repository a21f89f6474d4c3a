"""How the caller likes the screen: read and changed key by key, for people only."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from indelible.server.access.preferences import Preferences
from indelible.server.web.answer import json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api
from indelible.server.web.routes.factors import require_person
from indelible.server.web.service import service_of


async def get_preferences(request: Request) -> Response:
    """What the person chose."""
    service, caller, _session = await require_person(request)
    return json_response(service.access.preferences.get(caller.tenant_id, caller.id))


async def change_preferences(request: Request) -> Response:
    """Keeps what is sent; the rest stays as it is."""
    _service, caller, _session = await require_person(request)
    changes = await read_json(request, Preferences)
    preferences = service_of(request).access.preferences
    await asyncio.to_thread(preferences.change, caller.tenant_id, caller.id, changes)
    return json_response(preferences.get(caller.tenant_id, caller.id))


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/session/preferences",
        handler=get_preferences,
        permit="read",
        keeps_reach=True,
        summary="How one likes the screen",
        tag="Session",
        description="Columns, density and times; what is absent was never chosen.",
        reply=Preferences,
        errors=(401, 403),
    ),
    Api(
        method="PATCH",
        path="/v1/session/preferences",
        handler=change_preferences,
        permit="read",
        keeps_reach=True,
        summary="Change how one likes the screen",
        tag="Session",
        description=(
            "Keys that are absent stay as they are; of two changes of one key the last one wins."
            " It is no event of the log: it says nothing about it."
        ),
        body=Preferences,
        reply=Preferences,
        errors=(400, 401, 403, 415),
    ),
)
