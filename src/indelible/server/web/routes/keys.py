"""API keys: list, make, revoke."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us, to_us
from indelible.server.access.keys import (
    LONGEST_OVERLAP_HOURS,
    ApiKey,
    Bounds,
    read_bounds,
    read_name,
)
from indelible.server.access.scope import Scope
from indelible.server.access.token import encode_key, new_key
from indelible.server.ingest.own_event import of_act
from indelible.server.web.answer import json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import service_of

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_US_PER_HOUR = 3_600_000_000


class KeyReply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    A key without its secret; `key` is the whole of it, only in the reply that makes it.

    `scope` is the part of the log that it is bound to, null for all of it; `networks` from where
    it may be used, empty for anywhere; `old_until` until when the secret before the last rotation
    is taken.
    """

    id: str
    name: str
    kind: Literal["w", "r", "a", "s"]
    created_at: str
    last_used_at: str | None
    revoked_at: str | None
    scope: Scope | None
    expires_at: str | None
    networks: tuple[str, ...]
    old_until: str | None
    key: str | None = None


class KeysReply(msgspec.Struct, frozen=True):
    """All keys of the tenant, newest first."""

    keys: list[KeyReply]


class NewKeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Kind w writes events, r reads, a administers, s provisions accounts (SCIM). `scope` binds a key
    that reads to a part of the log, and one that writes to the events of it; `expires_at` is a
    moment with its offset.
    """

    name: str
    kind: Literal["w", "r", "a", "s"]
    scope: Scope | None = None
    expires_at: Moment | None = None
    networks: list[str] = msgspec.field(default_factory=list)


class RotateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how long the secret before is still taken; 0 refuses it at once."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_OVERLAP_HOURS)] = 24


def key_reply(key: ApiKey, text: str | None = None) -> KeyReply:
    """What is shown of a key."""
    return KeyReply(
        id=key.id,
        name=key.name,
        kind=key.kind,
        created_at=format_us(key.created_us),
        last_used_at=_moment(key.last_used_us),
        revoked_at=_moment(key.revoked_us),
        scope=key.bounds.scope,
        expires_at=_moment(key.bounds.expires_us),
        networks=key.bounds.networks,
        old_until=_moment(key.old_until_us),
        key=text,
    )


def _moment(at_us: int | None) -> str | None:
    return None if at_us is None else format_us(at_us)


def bounds_shown(bounds: Bounds) -> dict[str, Any]:
    """What the event of a key says it is bound to."""
    shown = {
        "scope": msgspec.to_builtins(bounds.scope),
        "expires_at": _moment(bounds.expires_us),
        "networks": list(bounds.networks) or None,
    }
    return {name: value for name, value in shown.items() if value is not None}


async def list_keys(request: Request) -> Response:
    """The keys; last uses are at most a minute behind."""
    caller: Caller = request.state.caller
    keys = service_of(request).access.keys.all(caller.tenant_id)
    reply = KeysReply([key_reply(key) for key in keys])
    return json_response(reply)


async def create_key(request: Request) -> Response:
    """Makes a key. Its text is in this reply and nowhere else."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, NewKeyBody)
    name = read_name(body.name)
    expires_us = None if body.expires_at is None else to_us(body.expires_at)
    bounds = read_bounds(body.kind, body.scope, expires_us, body.networks, service.clock.now_us())
    key = new_key(body.kind, service.access.random_bytes)
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="CreateApiKey",
        method="POST",
        endpoint="/v1/keys",
        status=201,
        targets=[{"type": "api_key", "id": key.id, "name": name}],
        metadata={"kind": key.kind, **bounds_shown(bounds)},
    )
    stored = await asyncio.to_thread(
        service.access.keys.add, caller.tenant_id, key, name, event, bounds
    )
    await service.own.drain()
    reply = key_reply(stored, encode_key(key))
    return json_response(reply, 201)


async def rotate_key(request: Request) -> Response:
    """Gives a key a new secret; the one before is still taken for a while."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, RotateBody)
    key = service.access.keys.one(caller.tenant_id, request.path_params["id"])
    fresh = new_key(key.kind, service.access.random_bytes)
    text = msgspec.structs.replace(fresh, id=key.id)
    old_until_us = service.clock.now_us() + body.overlap_hours * _US_PER_HOUR
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="RotateApiKey",
        method="POST",
        endpoint="/v1/keys/{id}/rotate",
        status=200,
        targets=[{"type": "api_key", "id": key.id, "name": key.name}],
        metadata={"kind": key.kind, "old_until": format_us(old_until_us)},
    )
    rotated = await asyncio.to_thread(service.access.keys.rotate, key, text, old_until_us, event)
    await service.own.drain()
    reply = key_reply(rotated, encode_key(text))
    return json_response(reply)


async def revoke_key(request: Request) -> Response:
    """Refuses a key from now on, for ever."""
    service = service_of(request)
    caller: Caller = request.state.caller
    key = service.access.keys.one(caller.tenant_id, request.path_params["id"])
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="RevokeApiKey",
        method="DELETE",
        endpoint="/v1/keys/{id}",
        status=204,
        targets=[{"type": "api_key", "id": key.id, "name": key.name}],
        metadata={"kind": key.kind},
    )
    await asyncio.to_thread(service.access.keys.revoke, caller.tenant_id, key.id, event)
    await service.own.drain()
    return Response(status_code=204)


ROUTES = (
    Api(
        method="GET",
        path="/v1/keys",
        handler=list_keys,
        permit="admin",
        summary="List API keys",
        tag="Govern",
        reply=KeysReply,
        errors=(401, 403),
    ),
    Api(
        method="POST",
        path="/v1/keys",
        handler=create_key,
        permit="admin",
        summary="Make an API key",
        tag="Govern",
        description="The key is shown once, in this reply.",
        body=NewKeyBody,
        reply=KeyReply,
        status=201,
        errors=(400, 401, 403, 415),
    ),
    Api(
        method="POST",
        path="/v1/keys/{id}/rotate",
        handler=rotate_key,
        permit="admin",
        summary="Give an API key a new secret",
        tag="Govern",
        description="The key is shown once, in this reply. The secret before is taken a while yet.",
        params=(Param(name="id", description="The key's id", required=True),),
        body=RotateBody,
        reply=KeyReply,
        errors=(400, 401, 403, 404, 409, 415),
    ),
    Api(
        method="DELETE",
        path="/v1/keys/{id}",
        handler=revoke_key,
        permit="admin",
        summary="Revoke an API key",
        tag="Govern",
        params=(Param(name="id", description="The key's id", required=True),),
        status=204,
        errors=(401, 403, 404),
    ),
)
