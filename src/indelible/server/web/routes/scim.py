"""
SCIM 2.0 (RFC 7643, 7644): a directory provisions accounts and groups with a key of kind s.

The work is done by `web/scim`, in a worker thread, and loaded with the first request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import NotFound
from indelible.server.access.roles import Tell
from indelible.server.ingest.own_event import of_act
from indelible.server.web.authenticate import entry_of
from indelible.server.web.body import read_body
from indelible.server.web.problem import SCIM_MEDIA
from indelible.server.web.route import Api, Caller, Handler, Param
from indelible.server.web.service import Service, service_of

if TYPE_CHECKING:
    from indelible.server.web.scim.desk import Ask, Done, Kind

ROOT: Final = "/scim/v2"
_MEDIA: Final = (SCIM_MEDIA, "application/json")
_LIMIT: Final = 1024 * 1024


class ScimResource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A resource of SCIM; /Schemas says what it holds besides."""

    schemas: list[str]
    id: str | None = None
    external_id: str | None = None


class ScimList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of resources; left out where there is none."""

    schemas: list[str]
    total_results: int
    start_index: int | None = None
    items_per_page: int | None = None
    resources: list[ScimResource] = msgspec.field(name="Resources", default_factory=list)


class ScimConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the service can do of SCIM."""

    schemas: list[str]


class ScimPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a resource (RFC 7644, section 3.5.2)."""

    schemas: list[str]
    operations: list[dict[str, Any]] = msgspec.field(name="Operations")


class ScimSearch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A search in a body (RFC 7644, section 3.4.3)."""

    schemas: list[str]
    filter: str | None = None
    start_index: int | None = None
    count: int | None = None


async def get_config(request: Request) -> Response:
    """What the service can do of SCIM."""
    from indelible.server.web.scim import described

    return _reply(await asyncio.to_thread(described.config, _base(request)))


async def get_resource_types(request: Request) -> Response:
    """The kinds of resources that there are, or one of them."""
    from indelible.server.web.scim import described

    name = request.path_params.get("name")
    return _reply(await asyncio.to_thread(described.resource_types, _base(request), name))


async def get_schemas(request: Request) -> Response:
    """What resources hold: all schemas, or one of them."""
    from indelible.server.web.scim import described

    name = request.path_params.get("name")
    return _reply(await asyncio.to_thread(described.schemas, _base(request), name))


async def unknown_resource(_request: Request) -> Response:
    """Everything else below the address of SCIM."""
    raise NotFound("SCIM has no such resource here", hint="/scim/v2/ResourceTypes lists them")


def _lists(kind: Kind) -> Handler:
    async def handler(request: Request) -> Response:
        desk, ask = await _asked(request, kind)
        work = desk.search_body if request.method == "POST" else desk.search
        return _reply(await asyncio.to_thread(desk.run, work, service_of(request).access, ask))

    return handler


def _reads(kind: Kind) -> Handler:
    async def handler(request: Request) -> Response:
        desk, ask = await _asked(request, kind)
        done = await asyncio.to_thread(desk.run, desk.read, service_of(request).access, ask)
        known = request.headers.get("if-none-match", "")
        if done.version in [one.strip() for one in known.split(",")]:
            return Response(status_code=304, headers={"etag": done.version})
        return _resource(done, 200)

    return handler


def _writes(kind: Kind, verb: str, status: int) -> Handler:
    async def handler(request: Request) -> Response:
        desk, ask = await _asked(request, kind)
        service = service_of(request)
        work: Callable[..., Any] = getattr(desk, verb)
        async with service.scim_turn:
            done = await asyncio.to_thread(
                desk.run, work, service.access, ask, _teller(request, service, status)
            )
        await service.own.drain()
        return Response(status_code=204) if done is None else _resource(done, status)

    return handler


async def _asked(request: Request, kind: Kind) -> tuple[Any, Ask]:
    body = b""
    if request.method in ("POST", "PUT", "PATCH"):
        body = await read_body(request, _MEDIA, _LIMIT)
    desk = await asyncio.to_thread(_load)
    caller: Caller = request.state.caller
    ask = desk.Ask(
        kind=kind,
        tenant_id=caller.tenant_id,
        base=_base(request),
        query=dict(request.query_params),
        id=request.path_params.get("id", ""),
        body=body,
        if_match=request.headers.get("if-match"),
    )
    return desk, ask


def _load() -> Any:
    from indelible.server.web.scim import desk

    return desk


def _teller(request: Request, service: Service, status: int) -> Tell:
    caller: Caller = request.state.caller
    endpoint = request.scope["state"]["route"]

    def tell(
        operation: str, targets: list[dict[str, Any]], changes: list[dict[str, Any]]
    ) -> dict[str, Any]:
        return of_act(
            caller,
            event_id=service.own.new_id(),
            operation=operation,
            method=request.method,
            endpoint=endpoint,
            status=status,
            targets=targets,
            changes=changes or None,
            metadata={"by": "scim"},
        )

    return tell


def _base(request: Request) -> str:
    service = service_of(request)
    public = service.settings.service.public_url
    entry = entry_of(request)
    root = public or f"{entry.scheme}://{entry.host}{service.settings.service.root_path}"
    return f"{root}{ROOT}"


def _reply(body: bytes) -> Response:
    return Response(body, media_type=SCIM_MEDIA)


def _resource(done: Done, status: int) -> Response:
    headers = {"etag": done.version, "location": done.location}
    return Response(done.body, status_code=status, media_type=SCIM_MEDIA, headers=headers)


_ID: Final = Param(name="id", description="The resource's id", required=True)
_NAME: Final = Param(name="name", description="Its name or URN", required=True)
_CHOICE: Final = (
    Param(name="attributes", description="Only these, separated by commas."),
    Param(name="excludedAttributes", description="Not these, separated by commas."),
)
_LIST: Final = (
    Param(name="filter", description='Like `userName eq "ana@example.com"`.'),
    Param(name="startIndex", description="The first of the page, from 1.", type=int),
    Param(name="count", description="How many of them, 200 at most.", type=int),
    Param(name="sortBy", description="An attribute."),
    Param(name="sortOrder", description="`ascending` or `descending`."),
    *_CHOICE,
)
_WRONG: Final = (400, 401, 403)
_SENT: Final = (*_WRONG, 408, 413, 415)


def _api(method: str, path: str, handler: Handler, summary: str, **more: Any) -> Api:
    more.setdefault("errors", _WRONG)
    return Api(
        method=method,
        path=ROOT + path,
        handler=handler,
        permit="scim",
        summary=summary,
        tag="SCIM",
        reply_media=SCIM_MEDIA,
        body_media=_MEDIA,
        speaks_scim=True,
        **more,
    )


def _named(handler: Handler, name: str, says: str) -> Handler:
    handler.__name__ = name
    handler.__doc__ = says
    return handler


def _of_kind(kind: Kind, one: str) -> tuple[Api, ...]:
    """The routes of one kind of resource; `one` names a single one, in words."""
    lists = _named(_lists(kind), f"list_scim_{one}s", f"The {one}s that match.")
    search = _named(_lists(kind), f"search_scim_{one}s", f"The {one}s that match, by a body.")
    reads = _named(_reads(kind), f"get_scim_{one}", f"One {one}.")
    makes = _named(_writes(kind, "create", 201), f"create_scim_{one}", f"Makes a {one}.")
    puts = _named(_writes(kind, "replace", 200), f"replace_scim_{one}", f"Replaces a {one}.")
    patches = _named(_writes(kind, "patch", 200), f"patch_scim_{one}", f"Changes a {one}.")
    removes = _named(_writes(kind, "remove", 204), f"delete_scim_{one}", f"Removes a {one}.")
    changed = (*_SENT, 404, 409, 412)
    return (
        _api("GET", f"/{kind}", lists, f"List {one}s", params=_LIST, reply=ScimList),
        _api("POST", f"/{kind}", makes, f"Make a {one}", params=_CHOICE, body=ScimResource,
             reply=ScimResource, status=201, errors=(*_SENT, 409)),
        _api("POST", f"/{kind}/.search", search, f"Search {one}s", body=ScimSearch,
             reply=ScimList, errors=_SENT),
        _api("GET", f"/{kind}/{{id}}", reads, f"Read a {one}", params=(_ID, *_CHOICE),
             reply=ScimResource, errors=(*_WRONG, 404)),
        _api("PUT", f"/{kind}/{{id}}", puts, f"Replace a {one}", params=(_ID, *_CHOICE),
             body=ScimResource, reply=ScimResource, errors=changed),
        _api("PATCH", f"/{kind}/{{id}}", patches, f"Change a {one}", params=(_ID, *_CHOICE),
             body=ScimPatch, reply=ScimResource, errors=changed),
        _api("DELETE", f"/{kind}/{{id}}", removes, f"Remove a {one}", params=(_ID,),
             status=204, errors=(*_WRONG, 404, 409, 412)),
    )  # fmt: skip


ROUTES: Final = (
    _api("GET", "/ServiceProviderConfig", get_config, "What is supported", reply=ScimConfig),
    _api("GET", "/ResourceTypes", get_resource_types, "Kinds of resources", reply=ScimList),
    _api("GET", "/ResourceTypes/{name}", get_resource_types, "One kind of resource",
         params=(_NAME,), reply=ScimResource, errors=(*_WRONG, 404)),
    _api("GET", "/Schemas", get_schemas, "What resources hold", reply=ScimList),
    _api("GET", "/Schemas/{name}", get_schemas, "One schema", params=(_NAME,),
         reply=ScimResource, errors=(*_WRONG, 404)),
    _api("POST", "/.search", _named(_lists("All"), "search_scim", "All that match, by a body."),
         "Search all", body=ScimSearch, reply=ScimList, errors=_SENT),
    *_of_kind("Users", "user"),
    *_of_kind("Groups", "group"),
    *(
        Api(
            method=method,
            path=ROOT + "/{rest:path}",
            handler=unknown_resource,
            permit="scim",
            summary="Anything else of SCIM",
            tag="SCIM",
            speaks_scim=True,
            in_document=False,
        )
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ),
)  # fmt: skip
