"""
Viewer tokens: a host's backend asks for one, its page shows the log with it.

A token is bound to a part of the log and to the web origins that may frame the screen. It only
reads; what it reads is recorded under the name of the person that the host says is looking.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.codec import encode_json
from indelible.errors import Conflict, Denied, InvalidRequest
from indelible.server.access.token import encode_viewer, new_viewer
from indelible.server.embed.grant import Grant, Locale, Subject, Theme
from indelible.server.embed.tokens import ViewerToken
from indelible.server.index.seen import Part
from indelible.server.ingest.own_event import of_act
from indelible.server.query import Reach
from indelible.server.query.parse import parse_text
from indelible.server.query.periods import zone_of
from indelible.server.query.reach import Target
from indelible.server.setting_forms import read_origin
from indelible.server.setting_groups import ScreenSettings
from indelible.server.web.answer import json_response
from indelible.server.web.authenticate import entry_of
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.read import read_parameters
from indelible.server.web.service import Service, service_of

_USUAL_S: Final = 900
_MOST_TARGETS: Final = 50
_MOST_VALUES: Final = 50
_LONGEST: Final = 500
_LISTED: Final = 500

Streams = Literal["user", "system", "task"]


class NewViewerTokenBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Who will look, where, and at what. All conditions must hold; without any, `everything` must
    say that the whole log is meant. `hide` masks parts of the events.
    """

    subject: Subject
    origins: list[str]
    target: Target | None = None
    targets: list[Target] | None = None
    q: str = ""
    streams: list[Streams] | None = None
    categories: list[str] | None = None
    sources: list[str] | None = None
    everything: bool = False
    hide: list[Part] | None = None
    lifetime_s: int = _USUAL_S
    export: bool = False
    title: str = ""
    locale: Locale | None = None
    zone: str | None = None
    theme: Theme = "system"


class ViewerTokenReply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token; `token` is the whole of it, only in the reply that makes it."""

    id: str
    subject: Subject
    origins: list[str]
    within: dict[str, Any]
    export: bool
    created_at: str
    expires_at: str
    revoked_at: str | None
    asked_by: str
    token: str | None = None
    page: str | None = None
    script: str | None = None


class ViewerTokensReply(msgspec.Struct, frozen=True):
    """Tokens that can be used now, newest first."""

    tokens: list[ViewerTokenReply]


class EmbedTenant(msgspec.Struct, frozen=True):
    """Whose log it is."""

    name: str


class EmbedSession(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the screen in the frame begins with. `streams` null are all three. `lock` is the same for
    tokens that show the same to the same person.
    """

    subject: Subject
    tenant: EmbedTenant
    title: str
    settings: ScreenSettings
    locale: Locale | None
    theme: Theme
    streams: list[str] | None
    export: bool
    origins: list[str]
    lock: str
    expires_at: str
    now: str


def _texts(values: list[str] | None, name: str) -> tuple[str, ...] | None:
    if values is None:
        return None
    if not values or len(values) > _MOST_VALUES:
        raise InvalidRequest(f"{name} takes 1 to {_MOST_VALUES} values", parameter=name)
    for value in values:
        _text(value, name)
    return tuple(values)


def _text(value: str, name: str, *, needed: bool = True) -> str:
    if (needed and not value) or len(value) > _LONGEST or not value.isprintable():
        raise InvalidRequest(
            f"{name} is empty, too long or not printable",
            parameter=name,
            expected=f"1 to {_LONGEST} printable characters",
        )
    return value


def _reach(body: NewViewerTokenBody, tenant_id: int) -> Reach:
    targets = list(body.targets or ())
    if body.target is not None:
        targets.append(body.target)
    if len(targets) > _MOST_TARGETS or (body.targets is not None and not targets):
        raise InvalidRequest(f"targets takes 1 to {_MOST_TARGETS} targets", parameter="targets")
    for target in targets:
        _text(target.type, "target.type")
        _text(target.id, "target.id")
    parse_text(body.q)
    if body.hide and body.q:
        # Asked through masks, a search for what is hidden finds none, and its negation all.
        raise InvalidRequest(
            "a search cannot be the lock where parts of events are hidden",
            parameter="q",
            expected="targets, streams, categories or sources, or no `hide`",
        )
    streams = _texts(list(body.streams) if body.streams is not None else None, "streams")
    reach = Reach(
        tenant_id=tenant_id,
        streams=streams,
        categories=_texts(body.categories, "categories"),
        sources=_texts(body.sources, "sources"),
        targets=tuple(dict.fromkeys(targets)) or None,
        query=body.q.strip(),
        masks=tuple(sorted(set(body.hide or ()))),
    )
    if reach.is_whole != body.everything:
        raise InvalidRequest(
            "say what the token is for, or `everything`, not both",
            parameter="everything" if body.everything else "target",
            expected="target, targets, q, streams, categories or sources; or everything: true",
        )
    return reach


def _origins(service: Service, given: list[str]) -> tuple[str, ...]:
    allowed = service.settings.embed.origins
    if not allowed:
        raise Conflict(
            "no host product may show the log in a frame",
            hint="set embed.origins to the web origins of those that may",
            code="embed-off",
        )
    origins = []
    for text in given:
        try:
            origin = read_origin(text)
        except ValueError:
            origin = ""
        if origin not in allowed:
            raise InvalidRequest(
                f"{text[:100]} is not an origin that may frame the log",
                parameter="origins",
                expected="some of " + ", ".join(allowed),
                hint="add it to embed.origins",
            )
        origins.append(origin)
    if not origins:
        raise InvalidRequest("origins is empty", parameter="origins")
    return tuple(dict.fromkeys(origins))


def _lifetime(service: Service, wanted_s: int) -> int:
    longest_s = service.settings.embed.longest_minutes * 60
    if not 1 <= wanted_s <= longest_s:
        raise InvalidRequest(
            f"lifetime_s cannot be {wanted_s}",
            parameter="lifetime_s",
            expected=f"a whole number from 1 to {longest_s}",
            hint="embed.longest_minutes sets the limit",
        )
    return wanted_s


async def create_token(request: Request) -> Response:
    """Makes a token. Its text is in this reply and nowhere else."""
    caller: Caller = request.state.caller
    service = service_of(request)
    if caller.kind != "key":
        raise Denied(
            "viewer tokens are asked for by the backend of a host product",
            hint="send an API key of kind r or a",
        )
    body = await read_json(request, NewViewerTokenBody)
    _text(body.subject.id, "subject.id")
    _text(body.subject.name, "subject.name", needed=False)
    _text(body.subject.email or "", "subject.email", needed=False)
    _text(body.title, "title", needed=False)
    if body.zone is not None:
        zone_of(body.zone)
    if body.export and not service.settings.export.may("key"):
        raise Denied(
            "keys may not export here, and so make no token that does",
            hint="setting export.allowed",
            code="export-denied",
        )
    grant = Grant(
        reach=_reach(body, caller.tenant_id),
        origins=_origins(service, body.origins),
        subject=body.subject,
        may_export=body.export,
        title=body.title,
        locale=body.locale,
        zone=body.zone,
        theme=body.theme,
    )
    lifetime_s = _lifetime(service, body.lifetime_s)
    text = new_viewer(service.access.random_bytes)
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="CreateViewerToken",
        method="POST",
        endpoint="/v1/embed/tokens",
        status=201,
        targets=[_as_target(text.id, grant)],
        metadata={
            "within": _within(grant.reach),
            "subject": msgspec.to_builtins(grant.subject),
            "origins": list(grant.origins),
            "export": grant.may_export,
            "lifetime_s": lifetime_s,
        },
    )
    token = await asyncio.to_thread(
        service.viewer_tokens.add, text, caller.id, grant, lifetime_s, event
    )
    await service.own.drain()
    root = _root(request, service)
    reply = msgspec.structs.replace(
        _reply(token),
        token=encode_viewer(text),
        page=f"{root}/embed",
        script=f"{root}/embed/audit-log.js",
    )
    return json_response(reply, 201)


def _root(request: Request, service: Service) -> str:
    """Where browsers find the service, as far as the settings or this request tell."""
    settings = service.settings.service
    entry = entry_of(request)
    return settings.public_url or f"{entry.scheme}://{entry.host}{settings.root_path}"


def _as_target(token_id: str, grant: Grant) -> dict[str, Any]:
    return {
        "type": "viewer_token",
        "id": token_id,
        "name": grant.subject.email or grant.subject.name or grant.subject.id,
    }


def _within(reach: Reach) -> dict[str, Any]:
    """A reach in the words of the request."""
    shown: dict[str, Any] = msgspec.to_builtins(reach)
    del shown["tenant_id"]
    if "query" in shown:
        shown["q"] = shown.pop("query")
    if "masks" in shown:
        shown["hide"] = shown.pop("masks")
    return {"everything": True, **shown} if reach.is_whole else shown


def _reply(token: ViewerToken) -> ViewerTokenReply:
    grant = token.grant
    return ViewerTokenReply(
        id=token.id,
        subject=grant.subject,
        origins=list(grant.origins),
        within=_within(grant.reach),
        export=grant.may_export,
        created_at=format_us(token.created_us),
        expires_at=format_us(token.expires_us),
        revoked_at=None if token.revoked_us is None else format_us(token.revoked_us),
        asked_by=token.key_id,
    )


async def list_tokens(request: Request) -> Response:
    """Tokens in use."""
    caller: Caller = request.state.caller
    found = service_of(request).viewer_tokens.usable(caller.tenant_id, _LISTED)
    reply = ViewerTokensReply([_reply(token) for token in found])
    return json_response(reply)


async def revoke_token(request: Request) -> Response:
    """Ends a token at once; whoever looks with it is shown that the view has ended."""
    caller: Caller = request.state.caller
    service = service_of(request)
    token = service.viewer_tokens.one(caller.tenant_id, request.path_params["id"])
    if "admin" not in caller.permissions and (caller.kind, caller.id) != ("key", token.key_id):
        raise Denied("another key asked for this token", hint="this needs a key of kind a")
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="RevokeViewerToken",
        method="DELETE",
        endpoint="/v1/embed/tokens/{id}",
        status=204,
        targets=[_as_target(token.id, token.grant)],
        metadata={"within": _within(token.grant.reach)},
    )
    await asyncio.to_thread(service.viewer_tokens.revoke, token, event)
    await service.own.drain()
    return Response(status_code=204)


async def get_session(request: Request) -> Response:
    """What the page in the frame asks first; the token must name the origin around it."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, frozenset({"origin"}))
    if caller.kind != "viewer":
        raise Denied("this is for viewer tokens", hint="log in, or use the API")
    token = service.viewer_tokens.one(caller.tenant_id, caller.session_id or "")
    grant = token.grant
    if parameters.get("origin") not in grant.origins:
        raise Denied(
            f"this view is not for {parameters.get('origin') or 'an unnamed page'}",
            hint="ask for a token that names the origin of the page around the frame",
            code="wrong-origin",
        )
    settings = service.access.tenant_settings.get(caller.tenant_id)
    if grant.zone is not None:
        settings = msgspec.structs.replace(settings, zone=grant.zone)
    reply = EmbedSession(
        subject=grant.subject,
        tenant=EmbedTenant(caller.tenant),
        title=grant.title,
        settings=settings,
        locale=grant.locale,
        theme=grant.theme,
        streams=None if grant.reach.streams is None else list(grant.reach.streams),
        export=grant.may_export,
        origins=list(grant.origins),
        lock=hashlib.sha256(encode_json([grant.reach, grant.subject])).hexdigest()[:32],
        expires_at=format_us(token.expires_us),
        now=format_us(service.clock.now_us()),
    )
    return json_response(reply)


_TAG: Final = "Embed"

ROUTES: Final = (
    Api(
        method="POST",
        path="/v1/embed/tokens",
        handler=create_token,
        permit="read",
        summary="Make a viewer token",
        tag=_TAG,
        description=(
            "For the backend of a host product, with an API key of kind r or a. The token reads"
            " what the body says and nothing else, in frames of `origins`, until `lifetime_s` is"
            " over, it is revoked, or the key is. It is shown once, in this reply."
        ),
        body=NewViewerTokenBody,
        reply=ViewerTokenReply,
        status=201,
        errors=(400, 401, 403, 408, 409, 413, 415),
    ),
    Api(
        method="GET",
        path="/v1/embed/tokens",
        handler=list_tokens,
        permit="admin",
        summary="List viewer tokens in use",
        tag=_TAG,
        reply=ViewerTokensReply,
        errors=(401, 403),
    ),
    Api(
        method="DELETE",
        path="/v1/embed/tokens/{id}",
        handler=revoke_token,
        permit="read",
        summary="Revoke a viewer token",
        tag=_TAG,
        description="By the key that asked for it, or with a key or login that administers.",
        params=(Param(name="id", description="The token's id.", required=True),),
        status=204,
        errors=(401, 403, 404),
    ),
    Api(
        method="GET",
        path="/v1/embed/session",
        handler=get_session,
        permit="read",
        keeps_reach=True,
        summary="What a viewer token shows",
        tag=_TAG,
        description="Asked by the page in the frame, with the token as Bearer token.",
        params=(
            Param(name="origin", description="Origin of the page around the frame.", required=True),
        ),
        reply=EmbedSession,
        errors=(400, 401, 403),
    ),
)
