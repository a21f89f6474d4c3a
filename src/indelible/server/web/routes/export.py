"""The whole filtered set as a file, streamed in the reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from indelible.errors import Denied
from indelible.server.export import FORMATS, WISH_NAMES, Export, Exporter, Wish, parse_wish
from indelible.server.export.direct import DirectExports
from indelible.server.export.export import OnRows, file_name
from indelible.server.export.job import Asked, Job, Who
from indelible.server.export.told import statement_of
from indelible.server.query import parse_filter
from indelible.server.query.prepare import Prepared
from indelible.server.query.request import FILTER_NAMES, parse_min_index
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.read import (
    FILTER_PARAMS,
    MIN_INDEX,
    ORDER,
    defaults_of,
    read_parameters,
    recorded_of,
)
from indelible.server.web.routes.status import checkpoint_of
from indelible.server.web.service import Service, service_of

FORMAT_WORDS: Final = ", ".join(f"`{name}`" for name in FORMATS)
WISH_PARAMS: Final = (
    ORDER,
    Param(name="format", description=f"One of {FORMAT_WORDS}; `csv` by default."),
    Param(name="csv", description="`safe` (default) disarms formulas, `raw` does not."),
    Param(
        name="columns",
        description="Of tables (csv, xlsx, parquet): `screen`, `standard` (default; parquet:"
        " `all`), `all`, or keys in the order wanted, like `date,user,operation`.",
    ),
    Param(name="separator", description="Of CSV: `comma` (default), `semicolon` or `tab`."),
    Param(name="bom", description="Of CSV: `yes` puts a byte order mark first, for Excel."),
    Param(name="compress", description="`none` (default), `gzip` or `zstd`."),
)


class ExportLimits(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the caller may export. `most_rows` 0 sets no limit. Up to `stream_rows` events are better
    sent at once; files of larger ones are made in the background and kept for `keep_days`.
    """

    role: str
    allowed: bool
    most_rows: int
    stream_rows: int
    keep_days: int
    formats: list[str]


async def export_events(request: Request) -> Response:
    """The whole filtered set as a file."""
    caller: Caller = request.state.caller
    service = service_of(request)
    check_allowed(service, caller)
    parameters = read_parameters(request, FILTER_NAMES | WISH_NAMES | {"min_index"})
    defaults = defaults_of(request, caller)
    filter_ = parse_filter(parameters, caller.reach, defaults)
    wish = parse_wish(parameters)
    check_wish(caller, wish)
    exporter = Exporter(service.query, service.index, service.exports.files.work)
    wanted = parse_min_index(parameters)
    if wanted is None:
        wanted = await newest_stored(service, caller)
    count, prepared = await exporter.count(filter_, wanted)
    check_limit(service, caller, count)
    asked = await asked_of(request, parameters, prepared, wish, count)
    # Written down before the first byte leaves: one that breaks has still shown what it sent.
    job = await service.exports.direct.begin(asked)

    def make(on_rows: OnRows) -> Export:
        return exporter.begin(
            prepared,
            wish,
            tenant=caller.tenant,
            date_format=defaults.date_format,
            number=count,
            on_rows=on_rows,
            statement=statement_of(asked),
        )

    return _ExportResponse(
        service.exports.direct,
        job,
        make,
        media_type=wish.media,
        headers={
            "content-disposition": f'attachment; filename="{asked.file_name}"',
            "x-indelible-count": str(count),
            "x-indelible-export": job.id,
            "x-indexed-through": str(prepared.through),
            "cache-control": "no-store",
        },
    )


async def newest_stored(service: Service, caller: Caller) -> int:
    """
    The newest entry there is: what was acknowledged before an export was asked for belongs into
    it, and the index is waited for.
    """
    return await asyncio.to_thread(service.reader.size, caller.tenant_id) - 1


def require_export(caller: Caller) -> None:
    """Raises Denied for a caller that may look, and take nothing away as a file."""
    if not caller.may_export:
        raise Denied(
            "exports are not allowed here",
            hint="the host product asks for a token with `export`",
            code="no-export",
        )


class _ExportResponse(StreamingResponse):
    """The chunks; that nobody reads them any more is written down, whenever it happens."""

    def __init__(
        self, direct: DirectExports, job: Job, make: Callable[[OnRows], Export], **more: Any
    ) -> None:
        super().__init__(self._chunks(direct.send(job, make)), **more)
        self._direct = direct
        self._job = job

    @staticmethod
    async def _chunks(sent: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        async with aclosing(sent) as chunks:
            async for chunk in chunks:
                yield chunk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._direct.leave(self._job)


async def asked_of(
    request: Request,
    parameters: Mapping[str, str],
    prepared: Prepared,
    wish: Wish,
    count: int,
) -> Asked:
    """What is asked for, fixed to moments and a snapshot."""
    caller: Caller = request.state.caller
    service = service_of(request)
    filter_ = prepared.filter
    fixed = recorded_of(parameters, filter_)
    fixed = {name: value for name, value in fixed.items() if name in FILTER_NAMES}
    fixed |= {"tz": filter_.range.tz, "own": "show" if filter_.own else "hide"}
    checkpoint = await asyncio.to_thread(checkpoint_of, service.reader, caller.tenant_id)
    return Asked(
        who=who_of(caller),
        parameters=fixed,
        wish=wish,
        tenant=caller.tenant,
        date_format=defaults_of(request, caller).date_format,
        file_name=file_name(caller.tenant, filter_, wish.ending),
        total=count,
        through=prepared.through,
        reach=caller.reach,
        checkpoint=None if checkpoint is None else msgspec.to_builtins(checkpoint),
    )


def who_of(caller: Caller) -> Who:
    """The caller, as an export remembers whom it is for."""
    named = {name: getattr(caller, name) for name in Who.__struct_fields__ if name != "command"}
    return Who(**named)


def role_of(caller: Caller) -> str:
    """What the settings of exports know this caller as."""
    return caller.role or ("key" if caller.kind == "key" else "viewer")


def check_allowed(service: Service, caller: Caller) -> None:
    """Raises Denied when this role may not export at all."""
    require_export(caller)
    role = role_of(caller)
    if not service.settings.export.may(role):
        who = "an API key" if role == "key" else f"the role {role}"
        raise Denied(
            f"{who} may not export events here",
            hint="who may stands in the setting export.allowed; ask an administrator",
            code="export-denied",
        )


def check_wish(caller: Caller, wish: Wish) -> None:
    """Raises Denied for evidence to somebody who does not see all of every event."""
    if wish.format == "evidence" and not may_prove(caller):
        raise Denied(
            "evidence shows events whole, and what the log says beside them",
            hint="ask an auditor or an administrator for it",
            code="no-evidence",
        )


def may_prove(caller: Caller) -> bool:
    """Whether the caller sees the whole log, personal data too."""
    reach = caller.reach
    return reach.is_whole and not reach.masks and role_of(caller) != "viewer"


def check_limit(service: Service, caller: Caller, count: int) -> None:
    """Raises Denied when that is more than the caller may export at once."""
    most = service.settings.export.most_rows(role_of(caller))
    if most and count > most:
        raise Denied(
            f"{count:,} events are more than the {most:,} that you may export at once",
            hint="narrow the period or the search, or ask an administrator",
            code="export-limit",
        )


async def get_limits(request: Request) -> Response:
    """What this caller may export, and what becomes a background export."""
    caller: Caller = request.state.caller
    settings = service_of(request).settings.export
    role = role_of(caller)
    reply = ExportLimits(
        role=role,
        allowed=caller.may_export and settings.may(role),
        most_rows=settings.most_rows(role),
        stream_rows=settings.stream_rows,
        keep_days=settings.keep_days,
        formats=[one for one in FORMATS if one != "evidence" or may_prove(caller)],
    )
    return json_response(reply)


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/export",
        handler=export_events,
        permit="read",
        keeps_reach=True,
        summary="Export the whole filtered set",
        tag="Read",
        description="`X-Indelible-Count` tells how many events follow, `X-Indelible-Export` the id"
        " under which `/v1/exports` lists it.",
        params=(*FILTER_PARAMS, *WISH_PARAMS, MIN_INDEX),
        reply=None,
        reply_media="text/csv",
        errors=(400, 401, 403, 503),
    ),
    Api(
        method="GET",
        path="/v1/export/limits",
        handler=get_limits,
        permit="read",
        keeps_reach=True,
        summary="What the caller may export",
        tag="Export",
        reply=ExportLimits,
        errors=(401, 403),
    ),
)
