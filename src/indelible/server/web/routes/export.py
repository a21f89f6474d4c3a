"""The whole filtered set as a file, streamed in the reply."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from indelible.errors import Denied
from indelible.server.export import FORMATS, WISH_NAMES, Export, Exporter, parse_wish
from indelible.server.query import parse_filter
from indelible.server.query.request import FILTER_NAMES, parse_min_index
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.read import (
    FILTER_PARAMS,
    MIN_INDEX,
    ORDER,
    defaults_of,
    read_parameters,
    recorded_of,
)
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


async def export_events(request: Request) -> Response:
    """The whole filtered set as a file."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, FILTER_NAMES | WISH_NAMES | {"min_index"})
    defaults = defaults_of(request, caller)
    filter_ = parse_filter(parameters, caller.reach, defaults)
    wish = parse_wish(parameters)
    exporter = Exporter(service.query, service.index, service.exports.files.work)
    export = await exporter.export(
        filter_,
        wish,
        tenant=caller.tenant,
        date_format=defaults.date_format,
        min_index=parse_min_index(parameters),
    )
    check_limit(service, caller, export.count)
    # Recorded before the first byte leaves: an export that breaks has still shown what it sent.
    await service.own.read(
        caller,
        "ExportAuditLog",
        method="GET",
        endpoint="/v1/export",
        query=recorded_of(parameters, filter_),
        count=export.count,
    )
    return StreamingResponse(
        _closing(export),
        media_type=export.media,
        headers={
            "content-disposition": f'attachment; filename="{export.file_name}"',
            "x-indelible-count": str(export.count),
            "x-indexed-through": str(export.indexed_through),
            "cache-control": "no-store",
        },
    )


def require_export(caller: Caller) -> None:
    """Raises Denied for a caller that may look, and take nothing away as a file."""
    if not caller.may_export:
        raise Denied(
            "exports are not allowed here",
            hint="the host product asks for a token with `export`",
            code="no-export",
        )


def check_limit(service: Service, caller: Caller, count: int) -> None:
    """Raises Denied when that is more than the caller may export."""
    require_export(caller)
    most = service.settings.export.most_rows(caller.role)
    if most and count > most:
        raise Denied(
            f"{count:,} events are more than the {most:,} that you may export at once",
            hint="narrow the period or the search, or ask an administrator",
            code="export-limit",
        )


async def _closing(export: Export) -> AsyncGenerator[bytes]:
    """The chunks; the engine's stream is let go when the client goes away."""
    async with aclosing(export.chunks) as chunks:
        async for chunk in chunks:
            yield chunk


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/export",
        handler=export_events,
        permit="read",
        keeps_reach=True,
        summary="Export the whole filtered set",
        tag="Read",
        description="`X-Indelible-Count` tells how many events follow.",
        params=(*FILTER_PARAMS, *WISH_PARAMS, MIN_INDEX),
        reply=None,
        reply_media="text/csv",
        errors=(400, 401, 403, 503),
    ),
)
