"""Imports over HTTP: their beginning and end, so that each is an event in the Tasks stream."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.server.ingest.own_event import of_act
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller
from indelible.server.web.service import service_of

Count = Annotated[int, msgspec.Meta(ge=0)]


class ImportBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an importing program says of its run. The events themselves go to `/v1/events`."""

    id: Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
    format: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
    state: Literal["started", "succeeded", "failed"]
    files: Count
    stored: Count = 0
    duplicates: Count = 0
    rejected: Count = 0


async def post_import(request: Request) -> Response:
    """Records that an import begins or ends."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, ImportBody)
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="ImportEvents",
        method="POST",
        endpoint="/v1/imports",
        status=204,
        outcome="failure" if body.state == "failed" else "success",
        stream="task",
        job={"id": body.id, "state": body.state},
        metadata=import_counts(body),
    )
    await service.own.record(caller.tenant_id, event)
    return Response(status_code=204)


def import_counts(body: ImportBody) -> dict[str, object]:
    """What is recorded of a run: a beginning has no counts yet."""
    told = {"format": body.format, "files": body.files}
    if body.state == "started":
        return {**told}
    counts = {name: getattr(body, name) for name in ("stored", "duplicates", "rejected")}
    return {**told, **counts}


ROUTES = (
    Api(
        method="POST",
        path="/v1/imports",
        handler=post_import,
        permit="admin",
        summary="Record the beginning or end of an import",
        tag="Write",
        description="Sent by `indelible import --url`; the events go to `/v1/events?import=…`.",
        body=ImportBody,
        status=204,
        errors=(400, 401, 403, 415),
    ),
)
