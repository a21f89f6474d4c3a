"""
The log as outsiders verify it: checkpoint, tiles, entry bundles, keys and proofs (C2SP tlog-tiles).

Tiles and bundles never change once they are full, so they may be kept for ever by anybody.
"""

from __future__ import annotations

import asyncio
import uuid

from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import (
    InvalidRequest,
    MalformedProof,
    MissingEntry,
    NotFound,
    Pushback,
)
from indelible.seal import CONTENT, FACT, PERSON, encode_extra
from indelible.server.ledger import Checkpoint, LedgerReader
from indelible.server.query.reach import Reach
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller, Handler, Param
from indelible.server.web.service import service_of
from indelible.tlog.note import encode_base64
from indelible.tlog.proof import ProofFile, encode_proof, prove_consistency, prove_inclusion
from indelible.tlog.tile import WIDTH, Tile, parse_path, width_at

_IMMUTABLE = {"cache-control": "private, max-age=31536000, immutable"}
_BRIEF = {"cache-control": "private, max-age=1"}
_CHECKPOINT_WAIT_S = 3.0
_POLL_S = 0.1


def _tenant_id(request: Request) -> int:
    """The caller's tenant; a path that names another one finds nothing."""
    caller: Caller = request.state.caller
    named = request.path_params.get("tenant")
    if named is not None and named != caller.tenant:
        raise NotFound(f"there is no log {named!r}")
    return caller.tenant_id


def _checkpoint(reader: LedgerReader, tenant_id: int) -> Checkpoint:
    found = reader.latest_checkpoint(tenant_id)
    if found is None:
        raise Pushback("no checkpoint is signed yet", code="no-checkpoint")
    return found


async def get_checkpoint(request: Request) -> Response:
    """The newest signed checkpoint."""
    found = _checkpoint(service_of(request).reader, _tenant_id(request))
    return Response(found.note, media_type="text/plain; charset=utf-8", headers=_BRIEF)


async def get_tile(request: Request) -> Response:
    """A hash tile or, with `entries` for the level, a bundle of entries."""
    tenant_id = _tenant_id(request)
    reader = service_of(request).reader
    level = request.path_params.get("level", "entries")
    try:
        tile = parse_path(f"tile/{level}/{request.path_params['n']}")
    except MalformedProof as cause:
        raise NotFound(str(cause)) from cause
    size = _checkpoint(reader, tenant_id).size
    there = width_at(tile.level or 0, tile.n, size)
    if there < tile.width:
        raise NotFound(f"this tile has {there} entries in a tree of {size}, not {tile.width}")
    if tile.level is None:
        body = await asyncio.to_thread(_bundle, reader, tenant_id, tile)
    else:
        try:
            body = reader.tile(tenant_id, tile.level, tile.n)[: 32 * tile.width]
        except MissingEntry as cause:
            raise NotFound(cause.message) from cause
    return Response(body, media_type="application/octet-stream", headers=_IMMUTABLE)


def _bundle(reader: LedgerReader, tenant_id: int, tile: Tile) -> bytes:
    start = tile.n * WIDTH
    return b"".join(
        len(sealed.leaf).to_bytes(2, "big") + sealed.leaf
        for sealed in reader.sealed(tenant_id, start, start + tile.width)
    )


async def get_log_key(request: Request) -> Response:
    """The public keys that sign this log's checkpoints, one vkey a line."""
    keys = service_of(request).ledger.vkeys(_tenant_id(request))
    return Response("".join(f"{key}\n" for key in keys), media_type="text/plain; charset=utf-8")


async def get_min_index(request: Request) -> Response:
    """The smallest index that is served: 0, nothing is pruned here."""
    _tenant_id(request)
    return Response("0\n", media_type="text/plain; charset=utf-8")


async def get_consistency(request: Request) -> Response:
    """The proof that the tree of `old` entries is a prefix of the one of `new`."""
    tenant_id = _tenant_id(request)
    reader = service_of(request).reader
    newest = _checkpoint(reader, tenant_id)
    new = _size(request, "new", newest.size)
    old = _size(request, "old", None)
    if new > newest.size or old > new:
        raise InvalidRequest(
            f"old and new must be sizes in order, at most {newest.size}", parameter="old"
        )
    hashes = await asyncio.to_thread(
        prove_consistency, old, new, lambda level, n: reader.tile(tenant_id, level, n)
    )
    reply = {
        "old": old,
        "new": new,
        "hashes": [encode_base64(value) for value in hashes],
        "checkpoint": newest.note if new == newest.size else None,
    }
    return json_response(reply)


def _size(request: Request, name: str, default: int | None) -> int:
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise InvalidRequest(f"{name}: expected the size of a tree", parameter=name)
    return int(text)


async def get_event_proof(request: Request) -> Response:
    """An offline proof of one event; waits a moment for a checkpoint that covers it."""
    caller: Caller = request.state.caller
    service = service_of(request)
    try:
        event_id = str(uuid.UUID(request.path_params["id"]))
    except ValueError as cause:
        raise NotFound("there is no such event: an id is a UUID") from cause
    event = await service.query.event(caller.reach, event_id)
    return await _proof(request, event["index"], f"{event_id}.tlog-proof")


async def get_entry_proof(request: Request) -> Response:
    """An offline proof of one entry by its index."""
    caller: Caller = request.state.caller
    index = request.path_params["index"]
    await service_of(request).query.require_entry(caller.reach, index)
    return await _proof(request, index, f"entry-{index}.tlog-proof")


async def _proof(request: Request, index: int, file_name: str) -> Response:
    caller: Caller = request.state.caller
    reader = service_of(request).reader
    if index >= reader.size(caller.tenant_id):
        raise NotFound(f"there is no entry {index}")
    checkpoint = _checkpoint(reader, caller.tenant_id)
    waited_s = 0.0
    while checkpoint.size <= index:
        if waited_s >= _CHECKPOINT_WAIT_S:
            raise Pushback("no checkpoint covers this entry yet", code="no-checkpoint")
        await asyncio.sleep(_POLL_S)
        waited_s += _POLL_S
        checkpoint = _checkpoint(reader, caller.tenant_id)
    body = await asyncio.to_thread(_make_proof, reader, caller.reach, index, checkpoint)
    return Response(
        body,
        media_type="text/plain; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{file_name}"'},
    )


def _make_proof(reader: LedgerReader, reach: Reach, index: int, checkpoint: Checkpoint) -> bytes:
    tenant_id = reach.tenant_id
    (sealed,) = reader.sealed(tenant_id, index, index + 1)
    entry = sealed.entry
    parts = {FACT: entry.fact, PERSON: entry.person, CONTENT: entry.content}
    if reach.masks:
        # The leaf proves as well without a part and its salt. Content goes too: its bytes are shown
        # whole or not at all, and may name people.
        parts = {FACT: entry.fact}
    extra = encode_extra(sealed.leaf, sealed.salts, parts)
    hashes = prove_inclusion(
        index, checkpoint.size, lambda level, n: reader.tile(tenant_id, level, n)
    )
    return encode_proof(ProofFile(index, hashes, checkpoint.note.encode(), extra))


_LOG_ROUTES: tuple[tuple[str, Handler, str, str, tuple[Param, ...]], ...] = (
    ("checkpoint", get_checkpoint, "Newest signed checkpoint", "text/plain", ()),
    (
        "tile/entries/{n:path}",
        get_tile,
        "Bundle of entries (tlog-tiles)",
        "application/octet-stream",
        (Param(name="n", description="tile number, `x001/234`, `.p/W` when partial"),),
    ),
    (
        "tile/{level:int}/{n:path}",
        get_tile,
        "Hash tile (tlog-tiles)",
        "application/octet-stream",
        (
            Param(name="level", description="level of the tile, 0 to 63", type=int),
            Param(name="n", description="tile number, `x001/234`, `.p/W` when partial"),
        ),
    ),
    ("key", get_log_key, "Public keys of the log", "text/plain", ()),
    ("min-index", get_min_index, "Smallest index that is served", "text/plain", ()),
    (
        "consistency",
        get_consistency,
        "Proof that the log only grew",
        "application/json",
        (
            Param(name="old", description="size of the older tree", type=int, required=True),
            Param(name="new", description="size of the newer tree, default the newest", type=int),
        ),
    ),
)
_TENANT = Param(name="tenant", description="name of the caller's tenant")

ROUTES = (
    *(
        Api(
            method="GET",
            path=prefix + path,
            handler=handler,
            permit="read",
            shows_no_event=True,
            summary=summary,
            tag="Prove",
            params=(*extra, *params),
            reply_media=media,
            errors=(400, 401, 403, 404, 503),
        )
        for path, handler, summary, media, params in _LOG_ROUTES
        for prefix, extra in (("/v1/log/", ()), ("/v1/log/{tenant}/", (_TENANT,)))
    ),
    Api(
        method="GET",
        path="/v1/events/{id}/proof",
        handler=get_event_proof,
        permit="read",
        keeps_reach=True,
        summary="Offline proof of an event (.tlog-proof)",
        tag="Prove",
        params=(Param(name="id", description="id of the event"),),
        reply_media="text/plain",
        errors=(401, 403, 404, 503),
    ),
    Api(
        method="GET",
        path="/v1/entries/{index:int}/proof",
        handler=get_entry_proof,
        permit="read",
        keeps_reach=True,
        summary="Offline proof of an entry by its index",
        tag="Prove",
        params=(Param(name="index", description="index of the entry", type=int),),
        reply_media="text/plain",
        errors=(401, 403, 404, 503),
    ),
)
