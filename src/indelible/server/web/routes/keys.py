"""API keys: list, make, revoke."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.codec import encode_json
from indelible.server.access.keys import ApiKey, read_name
from indelible.server.access.token import encode_key, new_key
from indelible.server.ingest.own_event import of_act
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import service_of


class KeyReply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key without its secret; `key` is the whole of it, only in the reply that makes it."""

    id: str
    name: str
    kind: Literal["w", "r", "a"]
    created_at: str
    last_used_at: str | None
    revoked_at: str | None
    key: str | None = None


class KeysReply(msgspec.Struct, frozen=True):
    """All keys of the tenant, newest first."""

    keys: list[KeyReply]


class NewKeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind w writes events, r reads, a administers."""

    name: str
    kind: Literal["w", "r", "a"]


def key_reply(key: ApiKey, text: str | None = None) -> KeyReply:
    """What is shown of a key."""
    return KeyReply(
        id=key.id,
        name=key.name,
        kind=key.kind,
        created_at=format_us(key.created_us),
        last_used_at=format_us(key.last_used_us) if key.last_used_us is not None else None,
        revoked_at=format_us(key.revoked_us) if key.revoked_us is not None else None,
        key=text,
    )


async def list_keys(request: Request) -> Response:
    """The keys; last uses are at most a minute behind."""
    caller: Caller = request.state.caller
    keys = service_of(request).access.keys.all(caller.tenant_id)
    reply = KeysReply([key_reply(key) for key in keys])
    return Response(encode_json(reply), media_type="application/json")


async def create_key(request: Request) -> Response:
    """Makes a key. Its text is in this reply and nowhere else."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, NewKeyBody)
    name = read_name(body.name)
    key = new_key(body.kind, service.access.random_bytes)
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="CreateApiKey",
        method="POST",
        endpoint="/v1/keys",
        status=201,
        targets=[{"type": "api_key", "id": key.id, "name": name}],
        metadata={"kind": key.kind},
    )
    stored = await asyncio.to_thread(service.access.keys.add, caller.tenant_id, key, name, event)
    await service.own.drain()
    reply = key_reply(stored, encode_key(key))
    return Response(encode_json(reply), status_code=201, media_type="application/json")


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
