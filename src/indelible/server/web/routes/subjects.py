"""What is held on one person, as a ZIP for an access request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from indelible.clock import format_us
from indelible.errors import InvalidRequest
from indelible.server.access.token import random_id
from indelible.server.export.covering import covering_checkpoint
from indelible.server.export.subject import write_subject
from indelible.server.retention.subject import MAX_IDENTIFIERS, read_identifier
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller
from indelible.server.web.routes.approvals import person_of
from indelible.server.web.routes.erasures import IdentifierBody
from indelible.server.web.service import service_of

_CHUNK = 256 * 1024


class SubjectBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By what the person is known."""

    identifiers: list[IdentifierBody]


async def export_subject(request: Request) -> Response:
    """Looks through every part of every event, and packs what is found."""
    service = service_of(request)
    caller: Caller = request.state.caller
    person_of(caller)
    body = await read_json(request, SubjectBody)
    if not 1 <= len(body.identifiers) <= MAX_IDENTIFIERS:
        raise InvalidRequest(f"name 1 to {MAX_IDENTIFIERS} values", parameter="identifiers")
    given = [read_identifier(one.kind, one.value) for one in body.identifiers]
    await service.own.flush()
    service.exports.files.check_room()
    size = service.ledger.size(caller.tenant_id)
    checkpoint = await covering_checkpoint(service.reader, caller.tenant_id, size)
    name = random_id(service.access.random_bytes, "subject")
    target = service.exports.files.work / f"{name}.zip"
    scanner = service.erasures.scanner
    origin = service.tenant(caller.tenant_id).origin

    def write() -> int:
        wanted = scanner.with_aliases(caller.tenant_id, given)
        manifest = write_subject(
            target,
            service.reader,
            caller.tenant_id,
            origin,
            checkpoint,
            scanner.find(caller.tenant_id, wanted),
            [f"{one.kind}: {one.value}" for one in given],
            format_us(service.clock.now_us()),
        )
        return int(manifest["found"])

    try:
        found = await asyncio.to_thread(write)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    await service.own.read(
        caller,
        "ExportSubject",
        method="POST",
        endpoint="/v1/subjects/export",
        query={"identifiers": [f"{one.kind}:{one.value}" for one in given]},
        count=found,
    )
    return StreamingResponse(
        _chunks(target),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="{name}.zip"',
            "content-length": str(target.stat().st_size),
        },
    )


async def _chunks(path: Path) -> AsyncGenerator[bytes]:
    """The file's bytes; then it is gone."""
    try:
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


ROUTES = (
    Api(
        method="POST",
        path="/v1/subjects/export",
        handler=export_subject,
        permit="admin",
        summary="What is held on a person, as a ZIP",
        tag="Govern",
        description="Events as lines of JSON and as CSV, with proofs; parts that are about other "
        "people only are left out. The search is recorded.",
        body=SubjectBody,
        reply=bytes,
        reply_media="application/zip",
        errors=(400, 401, 403, 415, 503),
    ),
)
