"""Passkeys: made, listed and removed by their owner; logging in and confirming with one."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.server.access.csrf import check_origin
from indelible.server.access.passkeys import Site, WrongPasskey
from indelible.server.ingest.own_event import of_login
from indelible.server.web.answer import json_response
from indelible.server.web.authenticate import check_confirmed, entry_of
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Param
from indelible.server.web.routes.factors import act_of_person, require_person
from indelible.server.web.routes.session import (
    SessionReply,
    need_keeping_browser,
    start_session,
)
from indelible.server.web.service import Service, service_of

_MAKE: Final = "passkey-make"
_ASK: Final = "passkey-ask"


class PasskeyReply(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey of one's own."""

    id: str
    name: str
    created_at: str
    used_at: str | None


class PasskeysReply(msgspec.Struct, frozen=True):
    """One's passkeys, oldest first."""

    passkeys: list[PasskeyReply]


class OptionsReply(msgspec.Struct, frozen=True):
    """What the browser is asked with (WebAuthn); `step` comes back with its answer."""

    step: str
    options: dict[str, Any]


class NewPasskeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser made, and a name to know it by."""

    step: str
    name: str
    credential: dict[str, Any]


class PasskeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser signed."""

    step: str
    credential: dict[str, Any]


def _site(request: Request, service: Service) -> Site:
    """The host in the browser's address, as far as the service knows it."""
    entry = entry_of(request)
    public = service.settings.service.public_url
    host = urlsplit(public).hostname if public else urlsplit(f"//{entry.host}").hostname
    return Site(host or "localhost", tuple(sorted(entry.origins)))


async def list_passkeys(request: Request) -> Response:
    """One's passkeys."""
    service, caller, _ = await require_person(request)
    passkeys = [
        PasskeyReply(
            id=one.id,
            name=one.name,
            created_at=format_us(one.created_us),
            used_at=None if one.used_us is None else format_us(one.used_us),
        )
        for one in service.access.passkeys.of_person(caller.id)
    ]
    return json_response(PasskeysReply(passkeys))


async def offer_passkey(request: Request) -> Response:
    """Begins to make a passkey."""
    service, caller, session = await require_person(request)
    check_confirmed(session, service)
    options, challenge = service.access.passkeys.offer(session.person, _site(request, service))
    held = {"person": caller.id, "challenge": challenge}
    step = await asyncio.to_thread(service.access.steps.begin, _MAKE, held)
    return json_response(OptionsReply(step, options))


async def add_passkey(request: Request) -> Response:
    """Keeps the passkey that the browser made."""
    service, caller, session = await require_person(request)
    check_confirmed(session, service)
    body = await read_json(request, NewPasskeyBody)
    held = await asyncio.to_thread(service.access.steps.take, _MAKE, body.step[:100])
    if held["person"] != caller.id:
        raise WrongPasskey
    event = act_of_person(request, "SetUpSecondFactor", status=204, factor="passkey")
    await asyncio.to_thread(
        service.access.passkeys.add,
        session.person,
        _site(request, service),
        held["challenge"],
        body.credential,
        body.name,
        event,
    )
    await service.own.drain()
    return Response(status_code=204)


async def remove_passkey(request: Request) -> Response:
    """Forgets a passkey of one's own."""
    service, _, session = await require_person(request)
    check_confirmed(session, service)
    event = act_of_person(request, "RemoveSecondFactor", status=204, factor="passkey")
    key_id = request.path_params["id"]
    await asyncio.to_thread(service.access.passkeys.remove, session.person, key_id, event)
    await service.own.drain()
    return Response(status_code=204)


async def ask_passkey(request: Request) -> Response:
    """Begins a login, or a confirmation, with a passkey."""
    service = service_of(request)
    check_origin(request.headers, entry_of(request).origins)
    need_keeping_browser(request)
    options, challenge = service.access.passkeys.ask(_site(request, service), None)
    step = await asyncio.to_thread(service.access.steps.begin, _ASK, {"challenge": challenge})
    return json_response(OptionsReply(step, options))


async def log_in(request: Request) -> Response:
    """Logs in with what the browser signed."""
    service = service_of(request)
    check_origin(request.headers, entry_of(request).origins)
    need_keeping_browser(request)
    person_id = await _prove(request, service)
    person = service.access.people.by_id(person_id)
    if person is None or not person.active:
        raise WrongPasskey
    return await start_session(request, service, person, way="passkey")


async def confirm(request: Request) -> Response:
    """Shows again who one is, by a passkey."""
    service, caller, session = await require_person(request)
    if await _prove(request, service) != caller.id:
        raise WrongPasskey
    event = act_of_person(request, "ConfirmLogin", status=204, way="passkey")
    await asyncio.to_thread(service.access.sessions.confirm, session, event)
    await service.own.drain()
    return Response(status_code=204)


async def _prove(request: Request, service: Service) -> str:
    """The id of the person who signed. Raises WrongPasskey, on record and limited by address."""
    access, entry = service.access, entry_of(request)
    body = await read_json(request, PasskeyBody)
    held = await asyncio.to_thread(access.steps.take, _ASK, body.step[:100])
    bucket = f"passkey {str(body.credential.get('id'))[:200]}"
    await asyncio.to_thread(access.attempts.take, bucket, entry.ip)
    try:
        person_id = await asyncio.to_thread(
            access.passkeys.prove, _site(request, service), held["challenge"], body.credential
        )
    except WrongPasskey:
        event = of_login(None, entry, event_id=service.own.new_id(), right=False, way="passkey")
        await service.own.record(service.home_tenant(), event)
        raise
    await asyncio.to_thread(access.attempts.give_back, bucket, entry.ip)
    return person_id


def _own(method: str, path: str, handler: Any, summary: str, **more: Any) -> Api:
    more.setdefault("errors", (400, 401, 403, 404, 409, 415, 429))
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


def _open(path: str, handler: Any, summary: str, **more: Any) -> Api:
    return Api(
        method="POST",
        path=f"/v1/session/{path}",
        handler=handler,
        permit=None,
        summary=summary,
        tag="Session",
        errors=(400, 401, 403, 415, 429),
        **more,
    )


ROUTES: Final = (
    _own("GET", "passkeys", list_passkeys, "One's passkeys", reply=PasskeysReply),
    _own("POST", "passkeys/options", offer_passkey, "Begin to make a passkey", reply=OptionsReply),
    _own("POST", "passkeys", add_passkey, "Keep a passkey", body=NewPasskeyBody, status=204),
    _own(
        "DELETE",
        "passkeys/{id}",
        remove_passkey,
        "Forget a passkey",
        params=(Param(name="id", description="The passkey's id", required=True),),
        status=204,
    ),
    _own("POST", "passkey/confirm", confirm, "Show again who one is, by a passkey",
         body=PasskeyBody, status=204),
    _open("passkey/options", ask_passkey, "Begin a login with a passkey", reply=OptionsReply),
    _open("passkey", log_in, "Log in with a passkey", body=PasskeyBody, reply=SessionReply),
)  # fmt: skip
