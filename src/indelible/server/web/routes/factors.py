"""
Second factors of one's own: codes by time, recovery codes; showing again who one is.

Only for people who are logged in. What changes a factor asks for a login that was confirmed lately.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
import segno
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import Denied, InvalidRequest, Unauthenticated
from indelible.server.access.factors import provisioning_uri
from indelible.server.access.people import Person
from indelible.server.access.sessions import Session
from indelible.server.ingest.own_event import of_act, of_login
from indelible.server.web.answer import json_response
from indelible.server.web.authenticate import check_confirmed, entry_of, find_session
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller
from indelible.server.web.routes.session import use_code
from indelible.server.web.service import Service, service_of


class FactorsReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one has set up; `required`: the policy asks for a second factor. `password` is false where
    somebody else vouches for the account and it has none.
    """

    totp: bool
    recovery_left: int
    passkeys: int
    required: bool
    password: bool


class SecretReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    A secret that counts once a code of it was given. `qr` holds the rows of the code to be scanned,
    `1` for a dark module.
    """

    secret: str
    uri: str
    qr: list[str]


class CodeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code from the authenticator."""

    code: str


class RecoveryReply(msgspec.Struct, frozen=True):
    """Recovery codes, each for one use; they are shown in this reply only."""

    recovery_codes: list[str]


class ConfirmBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password, or a code of the second factor."""

    password: str | None = None
    code: str | None = None


async def require_person(request: Request) -> tuple[Service, Caller, Session]:
    """The login behind a request; a key has none. Raises Denied."""
    service = service_of(request)
    caller: Caller = request.state.caller
    session = await find_session(request, service) if caller.kind == "person" else None
    if session is None:
        raise Denied("this is about a login, and a key has none", hint="log in as a person")
    return service, caller, session


def act_of_person(
    request: Request, operation: str, *, status: int = 200, **metadata: Any
) -> dict[str, Any]:
    """The event of an act on one's own account."""
    service, caller = service_of(request), request.state.caller
    return of_act(
        caller,
        event_id=service.own.new_id(),
        operation=operation,
        method=request.method,
        endpoint=request.scope["state"]["route"],
        status=status,
        targets=[{"type": "account", "id": caller.id, "name": caller.name}],
        metadata=metadata or None,
    )


async def get_factors(request: Request) -> Response:
    """What one has set up."""
    service, caller, session = await require_person(request)
    standing = service.access.factors.standing(caller.id)
    reply = FactorsReply(
        totp=standing.totp,
        recovery_left=standing.recovery_left,
        passkeys=standing.passkeys,
        required=service.settings.access.needs_factor(session.person.role),
        password=service.access.people.has_password(caller.id),
    )
    return json_response(reply)


async def begin_totp(request: Request) -> Response:
    """A new secret, to be taken in by an authenticator."""
    service, caller, session = await require_person(request)
    check_confirmed(session, service)
    secret = await asyncio.to_thread(service.access.factors.begin, caller.id)
    uri = provisioning_uri(secret, session.person.email, caller.tenant)
    code = segno.make(uri, error="m", micro=False)
    rows = ["".join("1" if dark else "0" for dark in row) for row in code.matrix]
    return json_response(SecretReply(secret=secret, uri=uri, qr=rows))


async def confirm_totp(request: Request) -> Response:
    """Sets codes up by the first of them; gives recovery codes."""
    service, caller, session = await require_person(request)
    check_confirmed(session, service)
    body = await read_json(request, CodeBody)
    access = service.access
    bucket = f"factor {caller.id}"
    await asyncio.to_thread(access.attempts.take, bucket, caller.ip)
    event = act_of_person(request, "SetUpSecondFactor", factor="totp")
    digits = body.code.replace(" ", "")[:20]
    codes = await asyncio.to_thread(
        access.factors.confirm, caller.tenant_id, caller.id, digits, event
    )
    await asyncio.to_thread(access.attempts.give_back, bucket, caller.ip)
    await service.own.drain()
    return json_response(RecoveryReply(codes))


async def remove_totp(request: Request) -> Response:
    """Turns codes and recovery codes off."""
    service, caller, session = await require_person(request)
    check_confirmed(session, service)
    standing = service.access.factors.standing(caller.id)
    if service.settings.access.needs_factor(session.person.role) and not standing.passkeys:
        raise Denied("your role needs a second factor", hint="set up a passkey first")
    event = act_of_person(request, "RemoveSecondFactor", status=204, factor="totp")
    await asyncio.to_thread(
        service.access.factors.remove, caller.tenant_id, caller.id, event, passkeys=False
    )
    await service.own.drain()
    return Response(status_code=204)


async def renew_recovery(request: Request) -> Response:
    """New recovery codes; the ones before end."""
    service, caller, session = await require_person(request)
    check_confirmed(session, service)
    if not service.access.factors.standing(caller.id).any:
        raise InvalidRequest("recovery codes belong to a second factor; there is none yet")
    event = act_of_person(request, "RenewRecoveryCodes")
    codes = await asyncio.to_thread(
        service.access.factors.renew_recovery, caller.tenant_id, caller.id, event
    )
    await service.own.drain()
    return json_response(RecoveryReply(codes))


async def confirm_session(request: Request) -> Response:
    """Shows again who one is, by password or code."""
    service, caller, session = await require_person(request)
    body = await read_json(request, ConfirmBody)
    person = service.access.people.by_id(caller.id)
    if person is None or (body.password is None) == (body.code is None):
        raise InvalidRequest("give either the password or a code", parameter="password")
    if body.code is not None:
        way = await use_code(request, service, person, body.code)
    else:
        way = await check_password(request, service, person, body.password or "")
    event = act_of_person(request, "ConfirmLogin", status=204, way=way)
    await asyncio.to_thread(service.access.sessions.confirm, session, event)
    await service.own.drain()
    return Response(status_code=204)


async def check_password(request: Request, service: Service, person: Person, password: str) -> str:
    """Raises Unauthenticated, on record, unless it is the password; guessing is limited."""
    entry = entry_of(request)
    attempts = service.access.attempts
    await asyncio.to_thread(attempts.take, person.email, entry.ip)
    if not await service.passwords.check(person.password or None, password[:1001]):
        event = of_login(
            person, entry, event_id=service.own.new_id(), right=False, way="confirmation"
        )
        await service.own.record(person.tenant_id, event)
        raise Unauthenticated("the password is wrong", code="invalid-credentials")
    await asyncio.to_thread(attempts.give_back, person.email, entry.ip)
    return "password"


def _api(method: str, path: str, handler: Any, summary: str, **more: Any) -> Api:
    more.setdefault("errors", (400, 401, 403, 409, 415, 429))
    return Api(
        method=method,
        path=f"/v1/session/{path}",
        handler=handler,
        permit="read",
        keeps_reach=True,
        summary=summary,
        tag="Session",
        **more,
    )


ROUTES: Final = (
    _api("GET", "factors", get_factors, "One's second factors", reply=FactorsReply),
    _api(
        "POST",
        "factors/totp",
        begin_totp,
        "Begin to set up one-time codes",
        reply=SecretReply,
        description="The secret counts once a code of it was given.",
    ),
    _api(
        "POST",
        "factors/totp/confirm",
        confirm_totp,
        "Set up one-time codes",
        body=CodeBody,
        reply=RecoveryReply,
        description="Recovery codes are shown in this reply only.",
    ),
    _api("DELETE", "factors/totp", remove_totp, "Turn one-time codes off", status=204),
    _api(
        "POST",
        "factors/recovery",
        renew_recovery,
        "New recovery codes",
        reply=RecoveryReply,
        description="The ones before end.",
    ),
    _api(
        "POST",
        "confirm",
        confirm_session,
        "Show again who one is",
        body=ConfirmBody,
        status=204,
        description="Acts of administration ask for it some minutes after the login.",
    ),
)
