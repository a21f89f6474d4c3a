"""Logins: one's own, with device, address and last use; administrators end those of others too."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.errors import NotFound
from indelible.server.access.accounts import Account
from indelible.server.access.sessions import Session
from indelible.server.ingest.own_event import of_act
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.factors import require_person
from indelible.server.web.service import Service, service_of


class LoginReply(msgspec.Struct, frozen=True, kw_only=True):
    """One login; `way` is how it was made, `is_this` the one that asks."""

    id: str
    way: str
    began_at: str
    seen_at: str
    ends_at: str
    ip: str | None
    user_agent: str | None
    is_this: bool


class LoginsReply(msgspec.Struct, frozen=True):
    """Logins, used last first."""

    logins: list[LoginReply]


class EndedReply(msgspec.Struct, frozen=True):
    """How many logins were ended."""

    ended: int


def _reply(sessions: list[Session], this: str | None) -> Response:
    logins = [
        LoginReply(
            id=one.id,
            way=one.way,
            began_at=format_us(one.created_us),
            seen_at=format_us(one.seen_us),
            ends_at=format_us(one.expires_us),
            ip=one.ip,
            user_agent=one.user_agent,
            is_this=one.id == this,
        )
        for one in sessions
    ]
    return json_response(LoginsReply(logins))


async def list_own(request: Request) -> Response:
    """One's own logins."""
    service, caller, session = await require_person(request)
    return _reply(service.access.sessions.of_person(caller.id), session.id)


async def end_own(request: Request) -> Response:
    """Ends one login of one's own."""
    service, caller, _ = await require_person(request)
    wanted = request.path_params["id"]
    found = [one for one in service.access.sessions.of_person(caller.id) if one.id == wanted]
    if not found:
        raise NotFound("there is no such login")
    await _end(request, service, found)
    return Response(status_code=204)


async def end_others(request: Request) -> Response:
    """Ends all logins of one's own but the one that asks."""
    service, caller, session = await require_person(request)
    others = [one for one in service.access.sessions.of_person(caller.id) if one.id != session.id]
    ended = await _end(request, service, others)
    return json_response(EndedReply(ended))


async def list_of(request: Request) -> Response:
    """The logins of an account."""
    account = _account(request)
    caller: Caller = request.state.caller
    sessions = service_of(request).access.sessions.of_person(account.id)
    return _reply(sessions, caller.session_id)


async def end_of(request: Request) -> Response:
    """Ends all logins of an account."""
    account = _account(request)
    service = service_of(request)
    sessions = service.access.sessions.of_person(account.id)
    ended = await _end(request, service, sessions, account)
    return json_response(EndedReply(ended))


def _account(request: Request) -> Account:
    caller: Caller = request.state.caller
    accounts = service_of(request).access.accounts
    return accounts.one(caller.tenant_id, request.path_params["id"])


async def _end(
    request: Request, service: Service, sessions: list[Session], account: Account | None = None
) -> int:
    """Ends logins, with one event each; returns how many were still there."""
    caller: Caller = request.state.caller
    ended = 0
    for session in sessions:
        targets: list[dict[str, Any]] = [{"type": "login", "id": session.id}]
        if account is not None:
            targets.append({"type": "account", "id": account.id, "name": account.name})
        event = of_act(
            caller,
            event_id=service.own.new_id(),
            operation="EndLogin",
            method="DELETE",
            endpoint=request.scope["state"]["route"],
            status=204,
            targets=targets,
        )
        ended += await asyncio.to_thread(service.access.sessions.end, session, event)
    await service.own.drain()
    return ended


_ID: Final = Param(name="id", description="The account's id", required=True)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/session/logins",
        handler=list_own,
        permit="read",
        keeps_reach=True,
        summary="One's own logins",
        tag="Session",
        reply=LoginsReply,
        errors=(401, 403),
    ),
    Api(
        method="DELETE",
        path="/v1/session/logins",
        handler=end_others,
        permit="read",
        keeps_reach=True,
        summary="End all other logins of one's own",
        tag="Session",
        reply=EndedReply,
        errors=(401, 403),
    ),
    Api(
        method="DELETE",
        path="/v1/session/logins/{id}",
        handler=end_own,
        permit="read",
        keeps_reach=True,
        summary="End one login of one's own",
        tag="Session",
        params=(Param(name="id", description="The login's id", required=True),),
        status=204,
        errors=(401, 403, 404),
    ),
    Api(
        method="GET",
        path="/v1/users/{id}/logins",
        handler=list_of,
        permit="admin",
        summary="The logins of an account",
        tag="Govern",
        params=(_ID,),
        reply=LoginsReply,
        errors=(401, 403, 404),
    ),
    Api(
        method="DELETE",
        path="/v1/users/{id}/logins",
        handler=end_of,
        permit="admin",
        summary="End all logins of an account",
        tag="Govern",
        params=(_ID,),
        reply=EndedReply,
        errors=(401, 403, 404),
    ),
)
