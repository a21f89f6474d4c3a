"""Exports: asked for in the background, listed, looked at, fetched, cancelled."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from indelible.clock import US_PER_DAY, format_us
from indelible.codec import decode_json, encode_json
from indelible.errors import Conflict, NotFound
from indelible.server.export import WISH_NAMES, parse_wish
from indelible.server.export.job import Job, Way
from indelible.server.export.told import manifest_of
from indelible.server.ingest.own_event import of_act
from indelible.server.query import parse_filter
from indelible.server.query.request import FILTER_NAMES, number, one_of, refuse_unknown
from indelible.server.web.answer import json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.export import (
    asked_of,
    check_allowed,
    check_limit,
    check_wish,
    newest_stored,
    role_of,
    who_of,
)
from indelible.server.web.routes.read import defaults_of, read_parameters
from indelible.server.web.service import Service, service_of

_MOST: Final = 200


class WishReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the file is like; the names and values are those of the parameters, `form` is `csv`."""

    format: str
    form: str
    columns: list[str]
    separator: str
    bom: bool
    compress: str
    order: str


class ExportReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    One export. `rows` and `bytes` grow while it runs; `eta_s` is what is still to go. `way` is
    `background`, whose file is kept, or `direct`, which went to whoever asked. More than one of
    `attempts` means that a stop of the service broke the ones before off.
    """

    id: str
    way: str
    state: str
    attempts: int
    file_name: str
    format: str
    wish: WishReply
    filter: dict[str, str]
    columns: list[str]
    requested_by: str
    is_yours: bool
    requested_at: str
    started_at: str | None
    ended_at: str | None
    expires_at: str | None
    total: int
    rows: int
    bytes: int
    eta_s: float | None
    sha256: str | None
    reason: str | None


class ExportsReply(msgspec.Struct, frozen=True, kw_only=True):
    """Exports, newest first; and above how many events the screen makes one of these."""

    exports: list[ExportReply]
    stream_rows: int
    keep_days: int
    most_rows: int


def _reply(service: Service, job: Job, caller: Caller) -> ExportReply:
    rows, size, eta_s = service.exports.progress(job)
    asked = job.asked
    expires_us = None
    is_kept = job.way == "background" and job.state == "done"
    if is_kept and job.ended_us is not None:
        expires_us = job.ended_us + service.settings.export.keep_days * US_PER_DAY
    return ExportReply(
        id=job.id,
        way=job.way,
        state=job.state,
        attempts=job.attempts,
        file_name=asked.file_name,
        format=asked.wish.format,
        wish=msgspec.convert(msgspec.to_builtins(asked.wish), WishReply),
        filter=asked.parameters,
        columns=list(asked.wish.columns),
        requested_by=asked.who.email or asked.who.name or asked.who.id,
        is_yours=_is_theirs(caller, job),
        requested_at=format_us(job.created_us),
        started_at=_moment(job.started_us),
        ended_at=_moment(job.ended_us),
        expires_at=_moment(expires_us),
        total=asked.total,
        rows=rows,
        bytes=size,
        eta_s=eta_s,
        sha256=job.sha256,
        reason=job.reason,
    )


def _moment(at_us: int | None) -> str | None:
    return None if at_us is None else format_us(at_us)


def _is_theirs(caller: Caller, job: Job) -> bool:
    return (job.asked.who.kind, job.asked.who.id) == (caller.kind, caller.id)


def _may_see(caller: Caller, job: Job) -> bool:
    if "admin" in caller.permissions and caller.reach.is_whole:
        return True
    # A file that was made with another reach may hold what its maker can no longer see.
    return _is_theirs(caller, job) and job.asked.within == caller.reach


def _find(request: Request) -> Job:
    caller: Caller = request.state.caller
    job_id = request.path_params["id"]
    job = service_of(request).exports.table.one(caller.tenant_id, job_id)
    if not _may_see(caller, job):
        raise NotFound(f"there is no export {job_id}")
    return job


async def create_export(request: Request) -> Response:
    """Counts, fixes the snapshot, and puts the job down."""
    caller: Caller = request.state.caller
    service = service_of(request)
    check_allowed(service, caller)
    parameters = await read_json(request, dict[str, str])
    refuse_unknown(parameters, FILTER_NAMES | WISH_NAMES)
    filter_ = parse_filter(parameters, caller.reach, defaults_of(request, caller))
    wish = parse_wish(parameters)
    check_wish(caller, wish)
    prepared = await service.query.prepare(filter_, await newest_stored(service, caller))
    count = await service.exports.count(prepared)
    check_limit(service, caller, count)
    job = await service.exports.ask(await asked_of(request, parameters, prepared, wish, count))
    return Response(
        encode_json(_reply(service, job, caller)), status_code=202, media_type="application/json"
    )


async def list_exports(request: Request) -> Response:
    """The newest exports that the caller may see."""
    caller: Caller = request.state.caller
    service = service_of(request)
    parameters = read_parameters(request, frozenset({"mine", "way", "limit"}))
    is_mine = one_of(parameters, "mine", ("yes", "no"), "no") == "yes"
    way = one_of(parameters, "way", ("all", *get_args(Way)), "all")
    sees_all = "admin" in caller.permissions and caller.reach.is_whole
    who = None if sees_all and not is_mine else (caller.kind, caller.id)
    jobs = service.exports.table.of_tenant(
        caller.tenant_id,
        who=who,
        way=None if way == "all" else cast("Way", way),  # one_of has checked it
        limit=number(parameters, "limit", _MOST, 1, _MOST),
    )
    settings = service.settings.export
    reply = ExportsReply(
        exports=[_reply(service, job, caller) for job in jobs if _may_see(caller, job)],
        stream_rows=settings.stream_rows,
        keep_days=settings.keep_days,
        most_rows=settings.most_rows(role_of(caller)),
    )
    return json_response(reply)


async def get_export(request: Request) -> Response:
    """One export, with how far it is."""
    reply = _reply(service_of(request), _find(request), request.state.caller)
    return json_response(reply)


async def get_manifest(request: Request) -> Response:
    """What lies beside the file."""
    service, job = service_of(request), _find(request)
    if job.state == "done" and job.way == "direct":
        manifest = manifest_of(
            job, job.rows or 0, job.bytes or 0, job.sha256 or "", job.ended_us or 0
        )
        return json_response(manifest)
    _check_done(job)
    data = await asyncio.to_thread(service.exports.files.manifest_path(job.id).read_bytes)
    manifest = decode_json(data)
    return json_response(manifest)


async def get_file(request: Request) -> Response:
    """The file, which is whole; each download is an event."""
    caller: Caller = request.state.caller
    service, job = service_of(request), _find(request)
    check_allowed(service, caller)
    _check_done(job)
    path = service.exports.files.path(job.id)
    if not path.is_file():
        raise NotFound("the file is gone", hint="make the export again")
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="DownloadExport",
        method="GET",
        endpoint="/v1/exports/{id}/file",
        status=200,
        targets=[{"type": "export", "id": job.id, "name": job.asked.file_name}],
        metadata={"count": job.asked.total, "sha256": job.sha256},
    )
    event["occurred_at"] = format_us(service.clock.now_us())
    await service.own.record(caller.tenant_id, event)
    return FileResponse(
        path,
        media_type=job.asked.wish.media,
        filename=job.asked.file_name,
        headers={"cache-control": "no-store", "x-indelible-sha256": job.sha256 or ""},
    )


def _check_done(job: Job) -> None:
    if job.way == "direct":
        raise Conflict(
            "this export went straight to whoever asked; no file was kept",
            hint="make it again, in the background if the file is to be kept",
            code="no-file",
        )
    if job.state != "done":
        raise Conflict(
            f"the export is {job.state}, so it has no file",
            hint=None if job.state in ("waiting", "running") else "make the export again",
            code="no-file",
        )


async def cancel_export(request: Request) -> Response:
    """Stops an export, or removes the file of one that is done."""
    by = who_of(request.state.caller)
    await service_of(request).exports.cancel(_find(request), by)
    return Response(status_code=204)


_ID: Final = Param(name="id", description="The export's id.", required=True)
_ERRORS: Final = (401, 403, 404, 503)

ROUTES: Final = (
    Api(
        method="POST",
        path="/v1/exports",
        handler=create_export,
        permit="read",
        keeps_reach=True,
        summary="Export in the background",
        tag="Export",
        description="The body holds the parameters of `GET /v1/export`, all as texts.",
        body=dict[str, str],
        reply=ExportReply,
        status=202,
        errors=(400, 401, 403, 408, 413, 415, 503),
    ),
    Api(
        method="GET",
        path="/v1/exports",
        handler=list_exports,
        permit="read",
        keeps_reach=True,
        summary="List exports",
        tag="Export",
        description="The newest 200, also those that were sent directly. An administrator's key or"
        " login sees all, others see their own.",
        params=(
            Param(name="mine", description="`yes` lists the caller's own only."),
            Param(name="way", description="`background`, `direct` or `all` (default)."),
            Param(name="limit", description="At most this many, up to 200.", type=int),
        ),
        reply=ExportsReply,
        errors=(400, 401, 403, 503),
    ),
    Api(
        method="GET",
        path="/v1/exports/{id}",
        handler=get_export,
        permit="read",
        keeps_reach=True,
        summary="One export",
        tag="Export",
        params=(_ID,),
        reply=ExportReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/exports/{id}/file",
        handler=get_file,
        permit="read",
        keeps_reach=True,
        summary="The file of a background export",
        tag="Export",
        params=(_ID,),
        reply=None,
        reply_media="application/octet-stream",
        errors=(*_ERRORS, 409),
    ),
    Api(
        method="GET",
        path="/v1/exports/{id}/manifest",
        handler=get_manifest,
        permit="read",
        keeps_reach=True,
        summary="What a file holds, who made it, and its SHA-256",
        tag="Export",
        params=(_ID,),
        reply=dict[str, Any],
        errors=(*_ERRORS, 409),
    ),
    Api(
        method="DELETE",
        path="/v1/exports/{id}",
        handler=cancel_export,
        permit="read",
        keeps_reach=True,
        summary="Cancel an export, or remove its file",
        tag="Export",
        params=(_ID,),
        status=204,
        errors=(*_ERRORS, 409),
    ),
)
