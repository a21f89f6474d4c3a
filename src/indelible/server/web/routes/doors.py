"""Other forms in which events may be sent: OpenTelemetry logs and CloudEvents."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceResponse,
)
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidRequest, Unauthenticated, UnsupportedMedia
from indelible.event.model import MAX_EVENT_BYTES
from indelible.server.ingest import MAX_BODY_BYTES, MAX_EVENTS, IngestReply
from indelible.server.ingest.body import decompress
from indelible.server.ingest.doors import read_cloudevents, read_otlp
from indelible.server.ingest.doors.cloudevents import BATCH, ONE, event_of
from indelible.server.ingest.doors.otlp import JSON, PROTOBUF
from indelible.server.ingest.doors.webhooks import as_cloudevent, check_signature, read_secrets
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.write import read_body
from indelible.server.web.service import service_of

log = logging.getLogger("indelible.web")


class PartialSuccess(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an exporter is told of records that were not stored (OTLP)."""

    rejectedLogRecords: str = "0"  # noqa: N815 - a 64-bit number in OTLP's own spelling
    errorMessage: str = ""  # noqa: N815


class OtlpReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to an export; `partialSuccess` only when something was refused."""

    partialSuccess: PartialSuccess | None = None  # noqa: N815


async def post_otlp_logs(request: Request) -> Response:
    """Stores the events of an OpenTelemetry export of logs."""
    media = _media(request)
    if media not in (JSON, PROTOBUF):
        raise UnsupportedMedia(
            f"content type {media or 'none'} is not read here", hint=f"send {PROTOBUF} or {JSON}"
        )
    caller: Caller = request.state.caller
    service = service_of(request)
    with service.ingest.room.claim(caller.tenant_id) as claim:
        body = await read_body(request, MAX_BODY_BYTES, claim.add)
        claim.queue()
        encoding = request.headers.get("content-encoding")
        logs = await run_in_threadpool(lambda: read_otlp(decompress(body, encoding), media))
        reply = await _store(request, caller, logs.events)
    refused = [*logs.refused, *(one.detail for one in reply.rejected)]
    answer = ExportLogsServiceResponse()
    if refused:
        answer.partial_success.CopyFrom(
            ExportLogsPartialSuccess(rejected_log_records=len(refused), error_message=refused[0])
        )
    if media == JSON:
        return Response(MessageToJson(answer, indent=None), media_type=JSON)
    return Response(answer.SerializeToString(), media_type=PROTOBUF)


async def post_cloudevents(request: Request) -> Response:
    """Stores CloudEvents: one, a batch, or one with its attributes in headers."""
    caller: Caller = request.state.caller
    service = service_of(request)
    with service.ingest.room.claim(caller.tenant_id) as claim:
        body = await read_body(request, MAX_BODY_BYTES, claim.add)
        claim.queue()
        encoding = request.headers.get("content-encoding")
        media, headers = _media(request), request.headers
        events = await run_in_threadpool(
            lambda: read_cloudevents(decompress(body, encoding), media, headers)
        )
        reply = await _store(request, caller, events)
    return json_response(reply, reply.status)


async def post_webhook(request: Request) -> Response:
    """Stores a webhook that is signed with a secret of its source."""
    service = service_of(request)
    source = request.path_params["source"]
    path = service.settings.webhooks.secret_file(source)
    if path is None:
        raise Unauthenticated("the webhook is not signed with a secret of this source")
    tenant_id = service.tenant_for(service.settings.webhooks.tenant)
    with service.ingest.room.claim(tenant_id) as claim:
        body = await read_body(request, MAX_EVENT_BYTES, claim.add)
        claim.queue()
        now_s = service.clock.now_us() // 1_000_000
        headers = request.headers

        def read() -> bytes:
            try:
                secrets = read_secrets(path)
            except (OSError, ValueError) as error:
                log.error("the secrets of webhook source %s cannot be read: %s", source, error)
                secrets = []
            message_id = check_signature(body, headers, secrets, now_s)
            return event_of(as_cloudevent(body, source, message_id))

        event = await run_in_threadpool(read)
        reply = await service.ingest.submit(
            tenant_id, event, key_id=f"webhook:{source}", content_type=JSON
        )
        service.metrics.ingested(tenant_id, reply.stored, reply.duplicates, len(reply.rejected))
    return json_response(reply, reply.status)


async def _store(request: Request, caller: Caller, events: list[bytes]) -> IngestReply:
    service = service_of(request)
    if len(events) > MAX_EVENTS:
        raise InvalidRequest(f"a request has at most {MAX_EVENTS} events")
    reply = await service.ingest.submit(
        caller.tenant_id,
        b"[" + b",".join(events) + b"]",
        key_id=caller.id,
        content_type=JSON,
        allowed=caller.writes,
    )
    service.metrics.ingested(caller.tenant_id, reply.stored, reply.duplicates, len(reply.rejected))
    return reply


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


_ERRORS = (400, 401, 403, 408, 413, 415, 503)

ROUTES = (
    Api(
        method="POST",
        path="/v1/otlp/logs",
        handler=post_otlp_logs,
        permit="write",
        summary="Store OpenTelemetry logs",
        description=(
            "OTLP/HTTP, protobuf or JSON, gzip allowed: point an exporter of logs here. A record "
            "with an event name is an event; others are counted in `partialSuccess`. "
            "Which attribute becomes which field: `spec/doors.md`."
        ),
        tag="Write",
        body=dict[str, Any],
        body_media=(JSON, PROTOBUF),
        reply=OtlpReply,
        errors=_ERRORS,
    ),
    Api(
        method="POST",
        path="/v1/cloudevents",
        handler=post_cloudevents,
        permit="write",
        summary="Store CloudEvents",
        description=(
            "CloudEvents 1.0: structured, batched, or binary with `ce-` headers. `data` with an "
            "`operation` is an event of ours, any other is kept as metadata (`spec/doors.md`)."
        ),
        tag="Write",
        body=dict[str, Any] | list[dict[str, Any]],
        body_media=(ONE, BATCH, JSON),
        reply=IngestReply,
        errors=_ERRORS,
        refused=(422,),
    ),
    Api(
        method="POST",
        path="/v1/webhooks/{source}",
        handler=post_webhook,
        permit=None,
        summary="Store a webhook",
        description=(
            "Standard Webhooks 1.0: no key, but `webhook-id`, `webhook-timestamp` and "
            "`webhook-signature` made with a secret of the source (setting `webhooks.sources`). "
            "A message that comes twice is stored once (`spec/doors.md`)."
        ),
        tag="Write",
        params=(Param(name="source", description="The sender's name in the settings"),),
        body=dict[str, Any],
        reply=IngestReply,
        errors=_ERRORS,
        refused=(422,),
    ),
)
