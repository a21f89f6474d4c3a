"""A new password for one's own account, by who knows the present one."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import Denied, InvalidRequest
from indelible.server.ingest.own_event import of_act
from indelible.server.web.answer import json_response
from indelible.server.web.authenticate import check_confirmed
from indelible.server.web.body import read_json
from indelible.server.web.route import Api
from indelible.server.web.routes.factors import act_of_person, check_password, require_person


class PasswordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password that counts now, and the one that shall."""

    current: str
    new: str


class ChangedReply(msgspec.Struct, frozen=True):
    """How many other logins were ended by it."""

    ended: int


async def change_password(request: Request) -> Response:
    """Sets a new password; all other logins of the account end."""
    service, caller, session = await require_person(request)
    check_confirmed(session, service)
    body = await read_json(request, PasswordBody)
    person = service.access.people.by_id(caller.id)
    if person is None or not person.password:
        raise Denied(
            "this account has no password: somebody else vouches for it",
            hint="change it where you log in",
        )
    await check_password(request, service, person, body.current)
    tenant = service.tenant_name(person.tenant_id)
    await service.passwords.check_strength(body.new, person.email, person.name, tenant)
    if body.new == body.current:
        raise InvalidRequest("the new password is the one before", parameter="new")
    stored = await service.passwords.hash(body.new)

    def tell_end(session_id: str) -> dict[str, Any]:
        return of_act(
            caller,
            event_id=service.own.new_id(),
            operation="EndLogin",
            method=request.method,
            endpoint=request.scope["state"]["route"],
            status=200,
            targets=[{"type": "login", "id": session_id}],
        )

    ended = await asyncio.to_thread(
        service.access.people.change_password,
        person,
        stored,
        keep=session.id,
        event=act_of_person(request, "ChangePassword"),
        tell_end=tell_end,
    )
    await service.own.drain()
    return json_response(ChangedReply(ended))


ROUTES: Final = (
    Api(
        method="POST",
        path="/v1/session/password",
        handler=change_password,
        permit="read",
        keeps_reach=True,
        summary="Change one's password",
        tag="Session",
        description="Asks for the present one. All other logins of the account end.",
        body=PasswordBody,
        reply=ChangedReply,
        errors=(400, 401, 403, 409, 415, 422, 429),
    ),
)
