"""The Status page: all that an operator asks before asking for help. For administrators."""

from __future__ import annotations

import asyncio
import os

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import US_PER_DAY, US_PER_S, format_us
from indelible.errors import Error
from indelible.server.index.status import State
from indelible.server.ops.disk import days_left
from indelible.server.ops.scrape import resident_bytes
from indelible.server.ops.selfcheck import CheckState
from indelible.server.ops.sources import DAYS, Source, read_sources, received_since
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller
from indelible.server.web.routes.retention_forms import SweeperReply, sweeper_reply
from indelible.server.web.routes.status import StatusCheckpoint, StatusTenant, checkpoint_of
from indelible.server.web.service import MAX_QUEUED_EVENTS, Service, service_of

_RATE_DAYS = 7


class FullLedger(msgspec.Struct, frozen=True):
    """The log. `unsigned` entries are not under a checkpoint yet."""

    size: int
    unsigned: int
    checkpoint: StatusCheckpoint | None
    checkpoint_age_s: float | None
    queued_events: int
    queue_limit: int


class FullIndex(msgspec.Struct, frozen=True):
    """The search index."""

    state: State
    indexed_through: int
    lag_entries: int
    lag_s: float
    restarts: int
    detail: str | None
    alerts: list[str]


class FullCheck(msgspec.Struct, frozen=True):
    """
    What the service's check of its own ledger found. `done_size` entries were sound at `done_at`;
    `checked` of the round under way.
    """

    state: str
    checked: int
    done_at: str | None
    done_size: int | None
    fault_at: str | None
    fault_entry: int | None
    fault: str | None
    every_hours: int


class FullDisk(msgspec.Struct, frozen=True):
    """Bytes. `full_in_days` null: too far to tell, or nothing is known yet."""

    ledger: int
    control: int
    index: int
    free: int
    total: int
    bytes_per_day: int | None
    full_in_days: int | None


class FullSource(msgspec.Struct, frozen=True):
    """A program that sends; `missing` numbers of its sequence never came."""

    source: str
    events: int
    last_at: str
    instances: int
    missing: int


class FullStatus(msgspec.Struct, frozen=True):
    """State of the service. `sources` null: the search index does not answer now."""

    version: str
    tenant: StatusTenant
    now: str
    ledger: FullLedger
    index: FullIndex
    check: FullCheck
    disk: FullDisk | None
    memory: dict[str, int]
    sources: list[FullSource] | None
    source_days: int
    expiry: SweeperReply


async def get_full_status(request: Request) -> Response:
    """Everything as of now; what cannot be told now is null."""
    caller: Caller = request.state.caller
    service = service_of(request)
    tenant = service.tenant(caller.tenant_id)
    sources, per_day = await _from_index(service, tenant.id)
    reply = await asyncio.to_thread(_reply, service, caller, sources, per_day)
    return json_response(reply)


async def _from_index(service: Service, tenant_id: int) -> tuple[list[Source] | None, float | None]:
    """The sources and the events a day; None for both when the index does not answer."""
    if not service.can_search():
        return None, None
    now_us = service.clock.now_us()
    try:
        sources = await read_sources(service.index, tenant_id, now_us)
        since_us = now_us - _RATE_DAYS * US_PER_DAY
        events = await received_since(service.index, tenant_id, since_us)
    except Error:
        return None, None
    begun_us = service.reader.entry(tenant_id, 0).day * US_PER_DAY
    days = max(1.0, min(float(_RATE_DAYS), (now_us - begun_us) / US_PER_DAY))
    return sources, events / days


def _reply(
    service: Service, caller: Caller, sources: list[Source] | None, per_day: float | None
) -> FullStatus:
    tenant_id = caller.tenant_id
    tenant = service.tenant(tenant_id)
    now_us = service.clock.now_us()
    size = service.reader.size(tenant_id)
    newest = service.reader.latest_checkpoint(tenant_id)
    index = service.index_status()
    through = index.indexed_through.get(tenant_id, 0)
    memory = {
        name: found
        for name, pid in (("service", os.getpid()), ("index", service.index.pid))
        if (found := resident_bytes(pid)) is not None
    }
    return FullStatus(
        version=service.version,
        tenant=StatusTenant(tenant.name, tenant.origin),
        now=format_us(now_us),
        ledger=FullLedger(
            size=size,
            unsigned=size - (newest.size if newest else 0),
            checkpoint=checkpoint_of(service.reader, tenant_id),
            checkpoint_age_s=max(0.0, (now_us - newest.time_us) / US_PER_S) if newest else None,
            queued_events=service.ledger.queued_events,
            queue_limit=MAX_QUEUED_EVENTS,
        ),
        index=FullIndex(
            state=index.state,
            indexed_through=through,
            lag_entries=max(0, size - through),
            lag_s=index.lag_s,
            restarts=service.index.restarts,
            detail=index.detail,
            alerts=index.alerts,
        ),
        check=_check(service.selfcheck.state(tenant_id), service.settings.selfcheck.every_hours),
        disk=_disk(service, size, per_day),
        memory=memory,
        sources=None
        if sources is None
        else [
            FullSource(s.source, s.events, format_us(s.last_us), s.instances, s.missing)
            for s in sources
        ],
        source_days=DAYS,
        expiry=sweeper_reply(service, caller),
    )


def _check(state: CheckState | None, every_hours: int) -> FullCheck:
    if state is None:
        return FullCheck("waiting", 0, None, None, None, None, None, every_hours)
    word = "fault" if state.fault else "running" if state.next_index else "sound"
    return FullCheck(
        state=word,
        checked=state.next_index,
        done_at=None if state.done_us is None else format_us(state.done_us),
        done_size=state.done_size,
        fault_at=None if state.fault_us is None else format_us(state.fault_us),
        fault_entry=state.fault_index,
        fault=state.fault,
        every_hours=every_hours,
    )


def _disk(service: Service, size: int, per_day: float | None) -> FullDisk | None:
    try:
        use = service.disk.use()
    except OSError:
        return None
    rate = None
    if per_day is not None and size:
        rate = per_day * (use.ledger + use.index) / size
    return FullDisk(
        ledger=use.ledger,
        control=use.control,
        index=use.index,
        free=use.free,
        total=use.total,
        bytes_per_day=None if rate is None else int(rate),
        full_in_days=None if rate is None else days_left(use.free, rate),
    )


ROUTES = (
    Api(
        method="GET",
        path="/v1/status/full",
        handler=get_full_status,
        permit="admin",
        summary="State of the service in full",
        description=(
            "Log, index, the service's check of its own ledger, disk and how long it will do, "
            f"memory, and the sources of the last {DAYS} days with what is missing of their "
            "sequences."
        ),
        tag="Operate",
        reply=FullStatus,
        errors=(401, 403),
    ),
)
