"""What the service is doing: version, size and checkpoint of the log, how far the index is."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.server.ledger import LedgerReader
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller
from indelible.server.web.service import service_of


class StatusTenant(msgspec.Struct, frozen=True):
    """Whose log."""

    name: str
    origin: str


class StatusCheckpoint(msgspec.Struct, frozen=True):
    """The newest signed checkpoint; `root` in base64 as in its note."""

    size: int
    root: str
    time: str


class StatusLedger(msgspec.Struct, frozen=True):
    """The log."""

    size: int
    checkpoint: StatusCheckpoint | None
    witnesses: int


class StatusIndex(msgspec.Struct, frozen=True):
    """
    The search index and how far it is behind. Below `counted_through` the entries are counted in
    blocks, so that questions over long times need not look at them.
    """

    state: str
    indexed_through: int
    counted_through: int
    lag_entries: int
    lag_s: float
    detail: str | None


class StatusReply(msgspec.Struct, frozen=True):
    """State of the service for one tenant."""

    version: str
    tenant: StatusTenant
    ledger: StatusLedger
    index: StatusIndex
    last_event_at: str | None


async def get_status(request: Request) -> Response:
    """The state as of now."""
    caller: Caller = request.state.caller
    service = service_of(request)
    tenant = service.tenant(caller.tenant_id)
    index = service.index_status()
    through = index.indexed_through.get(tenant.id, 0)
    size = service.reader.size(tenant.id)
    last_us = await asyncio.to_thread(service.activity.last_event_us, tenant.id)
    reply = StatusReply(
        version=service.version,
        tenant=StatusTenant(tenant.name, tenant.origin),
        ledger=StatusLedger(
            size=size,
            checkpoint=checkpoint_of(service.reader, tenant.id),
            witnesses=0,
        ),
        index=StatusIndex(
            state=index.state,
            indexed_through=through,
            counted_through=index.counted_through.get(tenant.id, 0),
            lag_entries=max(0, size - through),
            lag_s=index.lag_s,
            detail=index.detail,
        ),
        last_event_at=format_us(last_us) if last_us is not None else None,
    )
    return json_response(reply)


def checkpoint_of(reader: LedgerReader, tenant_id: int) -> StatusCheckpoint | None:
    """The newest checkpoint of a tenant as the API shows it."""
    newest = reader.latest_checkpoint(tenant_id)
    if newest is None:
        return None
    # A checkpoint's note: origin, size, root in base64, an empty line, signatures.
    root = newest.note.split("\n", 3)[2]
    return StatusCheckpoint(newest.size, root, format_us(newest.time_us))


ROUTES = (
    Api(
        method="GET",
        path="/v1/status",
        handler=get_status,
        permit="read",
        shows_no_event=True,
        summary="State of the service",
        tag="Operate",
        reply=StatusReply,
        errors=(401, 403),
    ),
)
