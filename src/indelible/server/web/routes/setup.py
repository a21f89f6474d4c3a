"""One-time links: the first administrator's account, or a new password for an account."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidRequest
from indelible.server.access.csrf import check_origin
from indelible.server.access.people import Person, read_email
from indelible.server.ingest.own_event import of_setup
from indelible.server.web.answer import json_response
from indelible.server.web.authenticate import entry_of
from indelible.server.web.body import read_json
from indelible.server.web.route import Api
from indelible.server.web.routes.session import (
    SessionReply,
    go_on_with_factor,
    need_keeping_browser,
)
from indelible.server.web.service import service_of


class CheckBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of a link: what stands behind `#token=`."""

    token: str


class CheckReply(msgspec.Struct, frozen=True):
    """The address that the link is for, null when it is free to choose."""

    email: str | None


class SetupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account needs."""

    token: str
    email: str
    name: str
    password: str


async def check_link(request: Request) -> Response:
    """Whether a link can still be used, and for whom."""
    service = service_of(request)
    check_origin(request.headers, entry_of(request).origins)
    body = await read_json(request, CheckBody)
    link = service.access.people.look_at_link(body.token[:100])
    return json_response(CheckReply(link.email))


async def set_up(request: Request) -> Response:
    """Uses a link up, sets the password and logs in; a second factor is still to be shown."""
    service = service_of(request)
    entry = entry_of(request)
    check_origin(request.headers, entry.origins)
    need_keeping_browser(request)
    body = await read_json(request, SetupBody)
    people = service.access.people
    token = body.token[:100]
    link = people.look_at_link(token)
    await service.know(link.tenant_id)
    email = read_email(link.email if link.email is not None else body.email)
    if email.casefold() != body.email.strip().casefold():
        raise InvalidRequest(f"this link is for {email}", parameter="email")
    name = body.name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise InvalidRequest("a name has 1 to 200 printable characters", parameter="name")
    tenant = service.tenant_name(link.tenant_id)
    await service.passwords.check_strength(body.password, email, name, tenant)
    stored = await service.passwords.hash(body.password)
    person_id = link.person_id or people.new_id()
    event = of_setup(
        Person(
            id=person_id,
            tenant_id=link.tenant_id,
            email=email,
            name=name,
            role=link.role,
            password="",
        ),
        entry,
        event_id=service.own.new_id(),
        is_new=link.person_id is None,
    )
    person = await asyncio.to_thread(
        people.use_link,
        token,
        person_id=person_id,
        email=email,
        name=name,
        password=stored,
        event=event,
    )
    await asyncio.to_thread(service.access.attempts.give_back, email, entry.ip)
    # A link stands for the password alone: whoever finds one has not the second factor, too.
    return await go_on_with_factor(request, service, person)


ROUTES = (
    Api(
        method="POST",
        path="/v1/setup/check",
        handler=check_link,
        permit=None,
        summary="Look at a one-time link",
        tag="Session",
        body=CheckBody,
        reply=CheckReply,
        errors=(400, 403, 415),
    ),
    Api(
        method="POST",
        path="/v1/setup",
        handler=set_up,
        permit=None,
        summary="Use a one-time link",
        tag="Session",
        description=(
            "Makes the first administrator, or sets a new password, and logs in. Where the account"
            " has a second factor the answer is 202 with `step` and `ways` instead."
        ),
        body=SetupBody,
        reply=SessionReply,
        errors=(400, 403, 415, 422),
    ),
)
