"""Settings of the screen, for the whole tenant."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.server.ingest.own_event import of_act
from indelible.server.setting_groups import ScreenSettings
from indelible.server.web.answer import json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller
from indelible.server.web.service import service_of


class SettingsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The settings to change; those left out stay as they are."""

    zone: str | None = None
    date_format: str | None = None
    week_start: str | None = None
    show_own: bool | None = None


async def get_settings(request: Request) -> Response:
    """The settings in force."""
    caller: Caller = request.state.caller
    settings = service_of(request).access.tenant_settings.get(caller.tenant_id)
    return json_response(settings)


async def change_settings(request: Request) -> Response:
    """Changes settings; what really changes is recorded with before and after."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, SettingsBody)
    stored = service.access.tenant_settings
    wanted = stored.check(msgspec.to_builtins(body))
    event_id = service.own.new_id()

    def event(changes: list[dict[str, Any]]) -> dict[str, Any]:
        return of_act(
            caller,
            event_id=event_id,
            operation="UpdateSettings",
            method="PATCH",
            endpoint="/v1/settings",
            status=200,
            targets=[{"type": "settings", "id": "screen", "name": "Screen settings"}],
            changes=changes,
        )

    await asyncio.to_thread(stored.change, caller.tenant_id, wanted, event)
    await service.own.drain()
    return await get_settings(request)


ROUTES = (
    Api(
        method="GET",
        path="/v1/settings",
        handler=get_settings,
        permit="read",
        shows_no_event=True,
        summary="Settings of the screen",
        tag="Govern",
        reply=ScreenSettings,
        errors=(401, 403),
    ),
    Api(
        method="PATCH",
        path="/v1/settings",
        handler=change_settings,
        permit="admin",
        summary="Change settings of the screen",
        tag="Govern",
        body=SettingsBody,
        reply=ScreenSettings,
        errors=(400, 401, 403, 415),
    ),
)
