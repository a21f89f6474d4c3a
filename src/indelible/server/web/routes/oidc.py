"""Logging in with the identity provider: there, back, and what the login page needs to know."""

from __future__ import annotations

import asyncio
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from indelible.errors import Error, NotFound, TooManyAttempts
from indelible.server.access.let_in import WeakLogin, is_enough, role_of
from indelible.server.access.steps import StepEnded
from indelible.server.ingest.own_event import of_login
from indelible.server.web.answer import json_response
from indelible.server.web.authenticate import entry_of
from indelible.server.web.route import Api, Param
from indelible.server.web.routes.session import need_keeping_browser, start_session
from indelible.server.web.service import Service, service_of
from indelible.server.web.vouched import account_of

if TYPE_CHECKING:
    from indelible.server.access.oidc import Provider

WAY: Final = "oidc"
_KIND: Final = "oidc"
_COOKIE: Final = "indelible_oidc"


class LoginWaysReply(msgspec.Struct, frozen=True):
    """How people may log in here; `oidc` is what its button says, null where there is none."""

    password: bool
    passkey: bool
    oidc: str | None


async def get_ways(request: Request) -> Response:
    """What the login page offers."""
    service = service_of(request)
    label = service.settings.oidc.label if service.oidc is not None else None
    return json_response(LoginWaysReply(True, True, label))


def _provider(service: Service) -> Provider:
    if service.oidc is None:
        raise NotFound("there is no identity provider here", hint="set oidc.issuer")
    return service.oidc


def _cookie_of(request: Request) -> str:
    # Bound to this host where it can be: a neighbour must not plant a step of its own here.
    return f"__Host-{_COOKIE}" if entry_of(request).secure else _COOKIE


async def begin(request: Request) -> Response:
    """Sends the browser to the provider."""
    service = service_of(request)
    need_keeping_browser(request)
    begun = await _provider(service).begin()
    step = await asyncio.to_thread(
        service.access.steps.begin,
        _KIND,
        {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier},
    )
    response = RedirectResponse(begun.url, status_code=303)
    response.set_cookie(
        _cookie_of(request), step, path="/", max_age=600, httponly=True, samesite="lax",
        secure=entry_of(request).secure,
    )  # fmt: skip
    return response


async def come_back(request: Request) -> Response:
    """
    Lets in who comes back from the provider, in the browser that set out.

    A refusal leads to the login page, which tells its reason; the reason is on record.
    """
    service = service_of(request)
    provider = _provider(service)
    root = f"{service.settings.service.public_url}/"
    try:
        response = await _let_in(request, service, provider, root)
    except Error as error:
        await _record_refusal(request, service, error)
        response = RedirectResponse(f"{root}login#refused={error.code}", status_code=303)
    response.delete_cookie(
        _cookie_of(request), path="/", httponly=True, samesite="lax",
        secure=entry_of(request).secure,
    )  # fmt: skip
    return response


async def _record_refusal(request: Request, service: Service, error: Error) -> None:
    """Puts a refusal on record, of one address no more than wrong passwords: anybody can ask."""
    entry = entry_of(request)
    try:
        await asyncio.to_thread(service.access.attempts.take, f"oidc {entry.ip}", entry.ip)
    except TooManyAttempts:
        return
    event = of_login(None, entry, event_id=service.own.new_id(), right=False, way=WAY)
    event["metadata"]["reason"] = error.message
    await service.own.record(service.tenant_for(service.settings.oidc.tenant), event)


async def _let_in(request: Request, service: Service, provider: Provider, root: str) -> Response:
    step = request.cookies.get(_cookie_of(request), "")
    held = await asyncio.to_thread(service.access.steps.take, _KIND, step[:100])
    state = request.query_params.get("state", "")
    code = request.query_params.get("code", "")
    if not code or not compare_digest(state.encode(), str(held["state"]).encode()):
        raise StepEnded
    shown = await provider.finish(code, held["nonce"], held["verifier"])
    settings = provider.settings
    people = service.access.people
    known = people.by_subject(shown.who.issuer, shown.who.subject)
    known = known or people.by_email(service.tenant_for(settings.tenant), shown.who.email)
    # A directory's groups count beside those of the token, which may name none.
    groups = shown.groups + (service.access.groups.names_of(known.id) if known else ())
    role = role_of(groups, settings.roles, settings.default_role)
    person = await account_of(
        service,
        entry_of(request),
        shown.who,
        role,
        by=settings.issuer or WAY,
        sets_role=bool(settings.roles),
    )
    if not is_enough(person.role, shown.said.grades, settings.demands):
        raise WeakLogin(person.role)
    started = await start_session(request, service, person, way=WAY, said=shown.said)
    response = RedirectResponse(root, status_code=303)
    for name, value in started.raw_headers:
        if name == b"set-cookie":
            response.raw_headers.append((name, value))
    return response


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/session/ways",
        handler=get_ways,
        permit=None,
        summary="How people may log in",
        tag="Session",
        reply=LoginWaysReply,
    ),
    Api(
        method="GET",
        path="/v1/oidc/login",
        handler=begin,
        permit=None,
        summary="Log in with the identity provider",
        tag="Session",
        description="Sends the browser there (OpenID Connect, code flow with PKCE).",
        status=303,
        errors=(403, 404, 503),
    ),
    Api(
        method="GET",
        path="/v1/oidc/callback",
        handler=come_back,
        permit=None,
        summary="Come back from the identity provider",
        tag="Session",
        params=(
            Param(name="code", description="From the provider."),
            Param(name="state", description="From the provider."),
        ),
        status=303,
        errors=(404,),
    ),
)
