"""POST /v1/events: takes events and answers with receipts once they are durable and sealed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import Denied, InvalidRequest, TooLarge
from indelible.event import SentEvent
from indelible.server.ingest import MAX_BODY_BYTES, MAX_EVENTS, IngestReply
from indelible.server.web.answer import json_response
from indelible.server.web.body import in_time
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import service_of

_IMPORT_FORMAT = re.compile(r"[a-z][a-z0-9-]{0,31}")


async def post_events(request: Request) -> Response:
    """Stores one event, an array or lines of events."""
    caller: Caller = request.state.caller
    parameters: Mapping[str, str] = request.query_params if request.scope["query_string"] else {}
    import_format = parameters.get("import")
    if import_format is not None:
        if not _IMPORT_FORMAT.fullmatch(import_format):
            raise InvalidRequest("import: expected the name of a format", parameter="import")
        if "admin" not in caller.permissions:
            raise Denied(
                "only an administrator's key may import", hint="use a key of kind a for imports"
            )
    for name in parameters:
        if name != "import":
            raise InvalidRequest(f"unknown parameter {name[:80]!r}", parameter=name)
    service = service_of(request)
    ingest = service.ingest
    with ingest.room.claim(caller.tenant_id) as claim:
        body = await read_body(request, MAX_BODY_BYTES, claim.add)
        claim.queue()
        reply = await ingest.submit(
            caller.tenant_id,
            body,
            key_id=caller.id,
            content_type=request.headers.get("content-type"),
            content_encoding=request.headers.get("content-encoding"),
            import_format=import_format,
            allowed=caller.writes,
        )
    service.metrics.ingested(caller.tenant_id, reply.stored, reply.duplicates, len(reply.rejected))
    return json_response(reply, reply.status)


async def read_body(request: Request, limit_bytes: int, take: Callable[[int], None]) -> bytes:
    """
    The body, read no further than the limit; `take` is told the size of each chunk first.

    Raises TooLarge, RequestTimeout, and what `take` raises.
    """
    declared = request.headers.get("content-length")
    too_large = TooLarge(
        f"a request has at most {limit_bytes // 1024 // 1024} MiB", hint="send smaller batches"
    )
    if declared is not None and declared.isdecimal() and int(declared) > limit_bytes:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    async for chunk in in_time(request.receive):
        size += len(chunk)
        if size > limit_bytes:
            raise too_large
        take(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


ROUTES = (
    Api(
        method="POST",
        path="/v1/events",
        handler=post_events,
        permit="write",
        summary="Store events",
        description=(
            "One event, a JSON array, or lines of JSON (`application/x-ndjson`); "
            "`Content-Encoding: gzip` or `zstd`. "
            f"At most {MAX_EVENTS} events and {MAX_BODY_BYTES // 1024 // 1024} MiB a request. "
            "The answer comes once the events are on disk and sealed. Good events are stored "
            "although others of the batch are rejected; 422 when none was stored. 503 with "
            "`Retry-After` is pushback: nothing of the batch was stored."
        ),
        tag="Write",
        params=(
            Param(
                name="import",
                description="name of the format these events are imported from; needs a key of "
                "kind a. Ids are then unique per format, without a time window",
                example="cloudtrail",
            ),
        ),
        body=SentEvent | list[SentEvent],
        body_media=("application/json", "application/x-ndjson"),
        reply=IngestReply,
        errors=(400, 401, 403, 408, 413, 415, 503),
        refused=(422,),
    ),
)
