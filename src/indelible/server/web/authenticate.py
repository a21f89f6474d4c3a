"""
Who is calling: an API key or a viewer token as Bearer token, or the cookie of a login. Nothing
else, no default.

A request with an Authorization header is judged by it alone, so that a browser's cookie never
lends its rights to a program's request. A cookie on an unsafe method needs the CSRF proofs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request

from indelible.clock import US_PER_S
from indelible.errors import Denied, Unauthenticated
from indelible.server.access.csrf import SAFE_METHODS, check_csrf
from indelible.server.access.keys import ApiKey, KeyRefused
from indelible.server.access.let_in import WeakLogin, is_enough
from indelible.server.access.people import Person
from indelible.server.access.scope import Scope
from indelible.server.access.sessions import Session
from indelible.server.access.token import VIEWER_PREFIX
from indelible.server.embed.tokens import ViewerToken
from indelible.server.index.seen import Part
from indelible.server.query.reach import Reach, Target
from indelible.server.setting_groups import AccessSettings
from indelible.server.web.address import Entry
from indelible.server.web.route import Api, Caller, Permission
from indelible.server.web.vouched import named_by_proxy

if TYPE_CHECKING:
    from indelible.server.web.service import Service

PROXY_WAY = "proxy"  # who logs in by a header of the proxy shows who it is with each request
SECURE_COOKIE = "__Host-indelible"
PLAIN_COOKIE = "indelible_session"

_OF_KEY: dict[str, frozenset[Permission]] = {
    "w": frozenset({"write"}),
    "r": frozenset({"read"}),
    "a": frozenset({"write", "read", "admin"}),
    "s": frozenset({"scim"}),
}
_OF_ROLE: dict[str, frozenset[Permission]] = {
    "viewer": frozenset({"read"}),
    "auditor": frozenset({"read"}),
    "admin": frozenset({"read", "admin"}),
}


def entry_of(request: Request) -> Entry:
    """What the entrance found out about the request."""
    entry: Entry = request.state.entry
    return entry


def cookie_name(entry: Entry) -> str:
    """The `__Host-` name binds the cookie to HTTPS and this host; browsers want HTTPS for it."""
    return SECURE_COOKIE if entry.secure else PLAIN_COOKIE


def session_token(request: Request) -> str | None:
    """The token of the login cookie, if one came."""
    return request.cookies.get(cookie_name(entry_of(request)))


def look_at_session(request: Request, service: Service) -> Session | None:
    """The valid login that came with the request, which stays as it is."""
    token = session_token(request)
    if token is None:
        return None
    session = service.access.sessions.find(token)
    if session is not None and session.way == PROXY_WAY:
        named = named_by_proxy(request, service)
        if named is None or named.casefold() != session.person.email.casefold():
            return None  # the proxy names nobody, or somebody else
    return session


async def find_session(request: Request, service: Service) -> Session | None:
    """The valid login that came with the request, written down as used."""
    session = look_at_session(request, service)
    sessions = service.access.sessions
    if session is not None and sessions.needs_touch(session):
        await asyncio.to_thread(sessions.touch, session)
    return session


async def authenticate(request: Request, service: Service, permit: Permission) -> Caller:
    """
    The caller, who has this permission.

    Raises Unauthenticated, Denied, or CrossSite when a browser's request lacks its proofs.
    """
    authorization = request.headers.get("authorization")
    if authorization is not None:
        caller = await _caller_of_bearer(authorization, request, service)
    else:
        session = await find_session(request, service)
        if session is None:
            raise Unauthenticated(
                "no valid key or login came with this request",
                hint="send `Authorization: Bearer <API key>`, or log in",
            )
        if request.method not in SAFE_METHODS:
            check_csrf(request.headers, entry_of(request).origins, session_token(request) or "")
        check_person(session, request, service, permit)
        caller = caller_of_session(session, request, service)
    if permit not in caller.permissions:
        what = f"a key of kind {_kind_for(permit)}" if caller.kind == "key" else "another role"
        raise Denied(f"{caller.name or caller.id} may not {permit} here", hint=f"this needs {what}")
    return caller


# Under this path people set up what they lack, and see to their own logins.
_OWN_PATH = "/v1/session"


def lacks_factor(session: Session, service: Service) -> bool:
    """Whether this login was made with a password alone although the account needs a factor."""
    person = session.person
    if session.way != "password" or not service.settings.access.needs_factor(person.role):
        return False
    return not service.access.factors.standing(person.id).any


def is_too_weak(session: Session, service: Service) -> bool:
    """Whether the provider's login is not enough for the role that the account has by now."""
    demands = service.settings.oidc.demands
    return session.way == "oidc" and not is_enough(session.person.role, session.grades, demands)


def check_person(session: Session, request: Request, service: Service, permit: Permission) -> None:
    """Raises Denied while a factor is lacking, or who it is must be shown again."""
    route: str = request.scope["state"].get("route") or ""
    if not route.startswith(_OWN_PATH) and lacks_factor(session, service):
        raise Denied(
            "a second factor must be set up first",
            hint="the screen leads there; `/v1/session/factors` over HTTP",
            code="factor-needed",
        )
    if is_too_weak(session, service) and not route.startswith(_OWN_PATH):
        raise WeakLogin(session.person.role)
    if permit == "admin" and request.method not in SAFE_METHODS:
        check_confirmed(session, service)


def check_confirmed(session: Session, service: Service) -> None:
    """Raises Denied when it is too long ago that the person showed who it is."""
    minutes = service.settings.session.confirm_minutes
    if session.way == PROXY_WAY or not minutes:
        return
    age_us = service.clock.now_us() - session.confirmed_us
    if age_us > minutes * 60 * US_PER_S:
        raise Denied(
            "show again who you are before this",
            hint="`POST /v1/session/confirm` with the password or a code",
            code="confirm-needed",
        )


def _bearer(authorization: str) -> str:
    scheme, _, text = authorization.partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


async def _caller_of_bearer(authorization: str, request: Request, service: Service) -> Caller:
    text = _bearer(authorization)
    if text.startswith(VIEWER_PREFIX):
        token = service.viewer_tokens.find(text)
        if token is None:
            raise Unauthenticated(
                "this view has expired or was ended",
                hint="the host product asks for a new token",
                code="viewer-token-ended",
            )
        return _caller_of_viewer(token, request, service)
    key = service.access.keys.find(text, entry_of(request).ip)
    if key is None:
        raise Unauthenticated(
            "the key is unknown, revoked or mistyped",
            hint="`indelible keys create` makes one; it is shown once",
        )
    await service.know(key.tenant_id)
    return _caller_of_key(key, request, service)


def reach_of_person(person: Person, settings: AccessSettings) -> Reach:
    """What an account sees: its scope, and for viewers with personal data masked."""
    masks: tuple[Part, ...] = ()
    if person.role == "viewer":
        masks = ("person",) if settings.viewer_content == "shown" else ("content", "person")
    return _reach(person.tenant_id, person.scope, masks)


def _reach(tenant_id: int, scope: Scope | None, masks: tuple[Part, ...] = ()) -> Reach:
    if scope is None:
        return Reach(tenant_id=tenant_id, masks=masks)
    targets = scope.targets
    return Reach(
        tenant_id=tenant_id,
        streams=scope.streams,
        categories=scope.categories,
        sources=scope.sources,
        targets=None if targets is None else tuple(Target(one.type, one.id) for one in targets),
        masks=masks,
    )


def check_reach(caller: Caller, api: Api) -> None:
    """Raises Denied where a caller that sees a part of the log could learn of the rest."""
    if api.keeps_reach or api.permit == "write":
        return
    # A viewer token only reads events, also of the whole log; a host's person is nobody here, so
    # what belongs to an account (its views) is not for a subject that has the account's id.
    is_guest = caller.kind == "viewer"
    if is_guest or not caller.reach.is_whole or (caller.reach.masks and not api.shows_no_event):
        raise Denied(
            "this is about the whole log, of which only a part may be seen here",
            hint="ask with a key or login that sees all of it",
            code="beyond-reach",
        )


def may_still_read(request: Request, service: Service, caller: Caller) -> bool:
    """
    Whether who was let in by `authenticate` may go on reading now, for what stays open for long.

    Looks only: an open page does not keep its login alive by itself.
    """
    text = _bearer(request.headers.get("authorization", ""))
    if caller.kind == "viewer":
        return service.viewer_tokens.find(text) is not None
    if caller.kind == "key":
        try:
            key = service.access.keys.find(text, entry_of(request).ip)
        except KeyRefused:
            return False
        is_there = key is not None and key.tenant_id not in service.closed
        return is_there and key is not None and "read" in _OF_KEY[key.kind]
    session = look_at_session(request, service)
    if session is None or "read" not in _OF_ROLE[session.person.role]:
        return False
    if lacks_factor(session, service) or is_too_weak(session, service):
        return False
    return reach_of_person(session.person, service.settings.access) == caller.reach


def _kind_for(permit: Permission) -> str:
    return {"write": "w or a", "read": "r or a", "admin": "a", "scim": "s"}[permit]


def _caller_of_key(key: ApiKey, request: Request, service: Service) -> Caller:
    entry = entry_of(request)
    return Caller(
        reach=_reach(key.tenant_id, key.bounds.scope),
        tenant=service.tenant_name(key.tenant_id),
        kind="key",
        id=key.id,
        name=key.name,
        permissions=_OF_KEY[key.kind],
        ip=entry.ip,
        peer_ip=entry.peer_ip,
        user_agent=entry.user_agent,
        request_id=entry.request_id,
        writes=key.bounds.scope,
    )


def _caller_of_viewer(token: ViewerToken, request: Request, service: Service) -> Caller:
    """Somebody whom the service does not know, but a host product does; bound to its grant."""
    entry = entry_of(request)
    subject = token.grant.subject
    return Caller(
        reach=token.grant.reach,
        tenant=service.tenant_name(token.tenant_id),
        kind="viewer",
        id=subject.id,
        name=subject.name,
        permissions=_OF_ROLE["viewer"],
        email=subject.email,
        session_id=token.id,
        ip=entry.ip,
        peer_ip=entry.peer_ip,
        user_agent=entry.user_agent,
        request_id=entry.request_id,
        may_export=token.grant.may_export,
    )


def caller_of_session(session: Session, request: Request, service: Service) -> Caller:
    """The caller of a login; also for handlers that are open, like the login itself."""
    entry = entry_of(request)
    person = session.person
    return Caller(
        reach=reach_of_person(person, service.settings.access),
        tenant=service.tenant_name(person.tenant_id),
        kind="person",
        id=person.id,
        name=person.name,
        permissions=_OF_ROLE[person.role],
        email=person.email,
        role=person.role,
        session_id=session.id,
        ip=entry.ip,
        peer_ip=entry.peer_ip,
        user_agent=entry.user_agent,
        request_id=entry.request_id,
    )
