"""Log in, log out, and what the screen needs to know about the login."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.codec import encode_json
from indelible.errors import Denied, Unauthenticated
from indelible.server.access.attempts import CODES
from indelible.server.access.csrf import check_csrf, check_origin, csrf_token
from indelible.server.access.factors import Standing, WrongCode
from indelible.server.access.people import Person
from indelible.server.access.preferences import Preferences
from indelible.server.access.sessions import Said, Session
from indelible.server.access.steps import StepEnded
from indelible.server.ingest.own_event import of_login, of_session
from indelible.server.setting_groups import ScreenSettings
from indelible.server.web.answer import json_response
from indelible.server.web.authenticate import (
    PLAIN_COOKIE,
    PROXY_WAY,
    SECURE_COOKIE,
    caller_of_session,
    cookie_name,
    entry_of,
    find_session,
    lacks_factor,
    session_token,
)
from indelible.server.web.body import read_json
from indelible.server.web.route import Api
from indelible.server.web.service import Service, service_of
from indelible.server.web.vouched import person_of_proxy

FACTOR = "factor"
TENANT = "tenant"


class FactorBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of the step, and a code from the authenticator or a recovery code."""

    step: str
    code: str


class StepReply(msgspec.Struct, frozen=True):
    """
    The password was right and a second factor is still to be shown within ten minutes; `ways`
    are those that the account has: `totp`, `recovery`, `passkey`.
    """

    step: str
    ways: tuple[str, ...]


class TenantStepReply(msgspec.Struct, frozen=True):
    """
    The password is that of accounts in several tenants: which one it is to be, is to be told
    within ten minutes. `ways` is `tenant` alone.
    """

    step: str
    tenants: tuple[str, ...]
    ways: tuple[str, ...] = (TENANT,)


class TenantBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of the step, and the name of one of its tenants."""

    step: str
    tenant: str


class LoginBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """E-mail address and password."""

    email: str
    password: str


class PersonReply(msgspec.Struct, frozen=True):
    """Who is logged in."""

    id: str
    email: str
    name: str
    role: str


class TenantReply(msgspec.Struct, frozen=True):
    """Whose log it is."""

    name: str
    title: str
    origin: str


class SessionReply(msgspec.Struct, frozen=True):
    """
    A login: who, how (`way`), what to send as X-CSRF-Token, the settings of the screen, and how
    the person likes it (`preferences`).

    `sees_tenants` says that this is an administrator of the first tenant, and another is or was.
    After a log out the browser goes on to `logout_url`, where there is one. With `needs_factor` a
    second factor must be set up first; until then everything else is refused.
    """

    person: PersonReply
    tenant: TenantReply
    csrf: str
    expires_at: str
    settings: ScreenSettings
    version: str
    has_events: bool
    needs_factor: bool
    sees_tenants: bool
    way: str
    logout_url: str | None
    preferences: Preferences


async def log_in(request: Request) -> Response:
    """
    Checks e-mail and password.

    The reply to a wrong password and to an unknown account is the same and takes as long.
    """
    service = service_of(request)
    entry = entry_of(request)
    check_origin(request.headers, entry.origins)
    need_keeping_browser(request)
    body = await read_json(request, LoginBody)
    access = service.access
    email = body.email[:320]
    await asyncio.to_thread(access.attempts.take, email, entry.ip)
    known = access.people.with_email(email)
    password = body.password[:1001]  # one more than can be set: a longer one is never right
    right = await _with_password(service, known, password)
    if not right:
        for person in known or (None,):
            event = of_login(person, entry, event_id=service.own.new_id(), right=False)
            tenant_id = person.tenant_id if person else service.home_tenant()
            await service.own.record(tenant_id, event)
        raise Unauthenticated("e-mail or password is wrong", code="invalid-credentials")
    await asyncio.to_thread(access.attempts.give_back, email, entry.ip)
    for at, person in enumerate(right):
        if service.passwords.outdated(person.password):
            newer = await service.passwords.hash(password)
            await asyncio.to_thread(
                access.people.replace_password, person.id, person.password, newer
            )
            right[at] = msgspec.structs.replace(person, password=newer)
    if len(right) == 1:
        return await go_on_with_factor(request, service, right[0])
    step = await asyncio.to_thread(
        access.steps.begin, TENANT, {"people": [[one.id, _mark(one)] for one in right]}
    )
    names = tuple(service.tenant_name(one.tenant_id) for one in right)
    return _step_response(TenantStepReply(step, names))


async def _with_password(service: Service, known: list[Person], password: str) -> list[Person]:
    """
    Those of the accounts of one address that this is the password of.

    As many are checked whatever the address is, so that the time tells nothing of it.
    """
    most = 1
    if len(service.tenants) > 1:
        most = max(1, await asyncio.to_thread(service.access.people.most_with_one_email))
    right = []
    for number in range(max(most, len(known))):
        person = known[number] if number < len(known) else None
        stored = person.password if person is not None and person.active else None
        if await service.passwords.check(stored or None, password) and person is not None:
            right.append(person)
    return right


async def choose_tenant(request: Request) -> Response:
    """The step of a login with an address that has accounts in several tenants."""
    service = service_of(request)
    check_origin(request.headers, entry_of(request).origins)
    need_keeping_browser(request)
    body = await read_json(request, TenantBody)
    access = service.access
    step = body.step[:100]
    begun = await asyncio.to_thread(access.steps.look, TENANT, step)
    for person_id, mark in begun["people"]:
        person = access.people.by_id(str(person_id))
        if person is None or not person.active or mark != _mark(person):
            continue
        if service.tenant_name(person.tenant_id) == body.tenant:
            await asyncio.to_thread(access.steps.take, TENANT, step)
            return await go_on_with_factor(request, service, person)
    raise StepEnded


async def go_on_with_factor(request: Request, service: Service, person: Person) -> Response:
    """The login of who has shown the password, or the step to the second factor if there is one."""
    access = service.access
    standing = access.factors.standing(person.id)
    if standing.any:
        step = await asyncio.to_thread(
            access.steps.begin, FACTOR, {"person": person.id, "password": _mark(person)}
        )
        return _step_response(StepReply(step, ways_of(standing)))
    return await start_session(request, service, person)


def _step_response(reply: StepReply | TenantStepReply) -> Response:
    return Response(encode_json(reply), status_code=202, media_type="application/json")


def _mark(person: Person) -> str:
    """Which password was shown: a step begun with one that was replaced since leads nowhere."""
    return sha256(person.password.encode()).hexdigest()


def ways_of(standing: Standing) -> tuple[str, ...]:
    """How the second step of a login can be made."""
    has = {
        "totp": standing.totp,
        "recovery": standing.recovery_left > 0,
        "passkey": standing.passkeys > 0,
    }
    return tuple(way for way, is_there in has.items() if is_there)


async def show_factor(request: Request) -> Response:
    """The second step of a login: a one-time or recovery code."""
    service = service_of(request)
    check_origin(request.headers, entry_of(request).origins)
    need_keeping_browser(request)
    body = await read_json(request, FactorBody)
    access = service.access
    step = body.step[:100]
    begun = access.steps.look(FACTOR, step)
    person = access.people.by_id(str(begun["person"]))
    if person is None or not person.active or begun["password"] != _mark(person):
        raise StepEnded
    way = await use_code(request, service, person, body.code)
    await asyncio.to_thread(access.steps.take, FACTOR, step)
    return await start_session(request, service, person, way=f"password, {way}")


async def use_code(request: Request, service: Service, person: Person, code: str) -> str:
    """
    Uses a code of a person up; returns which kind it was. Raises WrongCode, on record.

    Guessing has the limits of passwords, per person and address.
    """
    access, entry = service.access, entry_of(request)
    bucket = f"factor {person.id}"
    await asyncio.to_thread(access.attempts.take, bucket, entry.ip, CODES)
    try:
        way = await asyncio.to_thread(access.factors.use, person.id, code[:40])
    except WrongCode:
        event = of_login(
            person, entry, event_id=service.own.new_id(), right=False, way="second factor"
        )
        await service.own.record(person.tenant_id, event)
        raise
    await asyncio.to_thread(access.attempts.give_back, bucket, entry.ip)
    return way


def need_keeping_browser(request: Request) -> None:
    """
    Raises Denied where the browser would send the password in the clear over a network.

    On loopback plain HTTP is fine; elsewhere browsers also refuse the `__Host-` cookie.
    """
    entry = entry_of(request)
    if not entry.secure and not entry.loopback:
        raise Denied(
            "logging in needs HTTPS unless the browser runs on the same machine",
            code="https-needed",
            hint="start with --tls-cert and --tls-key, or behind an HTTPS proxy with --public-url"
            " and --trusted-proxies",
        )


async def start_session(
    request: Request,
    service: Service,
    person: Person,
    *,
    way: str = "password",
    said: Said = Said(),  # noqa: B008 - frozen
) -> Response:
    """Starts a login for a person who has shown the right to it, and sets the cookie."""
    entry = entry_of(request)
    sessions = service.access.sessions
    earlier = await find_session(request, service)
    if earlier is not None:
        # The browser's cookie is about to be replaced; what it held must not go on unseen.
        ended = of_session(
            caller_of_session(earlier, request, service),
            event_id=service.own.new_id(),
            operation="LogOut",
            method="UserLogout",
        )
        await asyncio.to_thread(sessions.end, earlier, ended)
    session_id = sessions.new_id()
    event = of_login(
        person, entry, event_id=service.own.new_id(), right=True, session_id=session_id, way=way
    )
    token, session = await asyncio.to_thread(
        sessions.start,
        person,
        session_id=session_id,
        ip=entry.ip,
        user_agent=entry.user_agent,
        event=event,
        way=way,
        said=said,
    )
    await service.own.drain()
    response = await _session_response(service, session, token)
    keep_cookie(response, request, service, token)
    return response


def keep_cookie(response: Response, request: Request, service: Service, token: str) -> None:
    """Gives the browser the token of a login."""
    entry = entry_of(request)
    response.set_cookie(
        cookie_name(entry),
        token,
        path="/",
        secure=entry.secure,
        httponly=True,
        samesite="lax",  # strict would show the login page to whoever follows a link from a mail
        max_age=service.settings.session.longest_hours * 3600,
    )


async def get_session(request: Request) -> Response:
    """The login of the cookie."""
    service = service_of(request)
    session = await find_session(request, service)
    token = session_token(request)
    if session is None or token is None:
        person = await person_of_proxy(request, service)
        if person is not None:
            return await start_session(request, service, person, way=PROXY_WAY)
        raise Unauthenticated("nobody is logged in")
    return await _session_response(service, session, token)


async def log_out(request: Request) -> Response:
    """Ends the login of the cookie; without one there is nothing to do."""
    service = service_of(request)
    session = await find_session(request, service)
    if session is not None:
        check_csrf(request.headers, entry_of(request).origins, session_token(request) or "")
        caller = caller_of_session(session, request, service)
        event = of_session(
            caller, event_id=service.own.new_id(), operation="LogOut", method="UserLogout"
        )
        await asyncio.to_thread(service.access.sessions.end, session, event)
        await service.own.drain()
    response = Response(status_code=204)
    for name in (SECURE_COOKIE, PLAIN_COOKIE):
        response.delete_cookie(name, path="/", secure=name == SECURE_COOKIE, httponly=True)
    return response


async def _session_response(service: Service, session: Session, token: str) -> Response:
    person = session.person
    tenant = service.tenant(person.tenant_id)
    reply = SessionReply(
        person=PersonReply(id=person.id, email=person.email, name=person.name, role=person.role),
        tenant=TenantReply(name=tenant.name, title=tenant.name, origin=tenant.origin),
        csrf=csrf_token(token),
        expires_at=format_us(session.expires_us),
        settings=service.access.tenant_settings.get(tenant.id),
        version=service.version,
        has_events=await asyncio.to_thread(service.activity.has_events, tenant.id),
        needs_factor=lacks_factor(session, service),
        sees_tenants=person.role == "admin" and service.sees_tenants(tenant.id),
        way=session.way,
        logout_url=_logout_url(session, service),
        preferences=service.access.preferences.get(tenant.id, person.id),
    )
    return json_response(reply)


def _logout_url(session: Session, service: Service) -> str | None:
    """Where the browser goes after a log out, so that the provider's own login ends too."""
    if session.way != "oidc" or service.oidc is None:
        return None
    return service.oidc.logout_url(f"{service.settings.service.public_url}/")


ROUTES = (
    Api(
        method="POST",
        path="/v1/session",
        handler=log_in,
        permit=None,
        summary="Log in",
        tag="Session",
        description=(
            "Sets the session cookie. Failed attempts are limited and recorded. Where the account"
            " has a second factor the answer is 202 with `step` and `ways` instead; where the"
            " address has accounts with this password in several tenants it is 202 with `step` and"
            " `tenants`."
        ),
        body=LoginBody,
        reply=SessionReply,
        errors=(400, 401, 403, 415, 429),
    ),
    Api(
        method="POST",
        path="/v1/session/tenant",
        handler=choose_tenant,
        permit=None,
        summary="Choose the tenant to log in to",
        tag="Session",
        description=(
            "With the `step` that the login gave, and one of its `tenants`. The answer is that of"
            " a login."
        ),
        body=TenantBody,
        reply=SessionReply,
        errors=(400, 401, 403, 415),
    ),
    Api(
        method="POST",
        path="/v1/session/factor",
        handler=show_factor,
        permit=None,
        summary="The second step of a login",
        tag="Session",
        description="A one-time code or a recovery code, with the `step` that the login gave.",
        body=FactorBody,
        reply=SessionReply,
        errors=(400, 401, 403, 415, 429),
    ),
    Api(
        method="GET",
        path="/v1/session",
        handler=get_session,
        permit=None,
        summary="The present login",
        tag="Session",
        reply=SessionReply,
        errors=(401,),
    ),
    Api(
        method="DELETE",
        path="/v1/session",
        handler=log_out,
        permit=None,
        summary="Log out",
        tag="Session",
        status=204,
        errors=(403,),
    ),
)
