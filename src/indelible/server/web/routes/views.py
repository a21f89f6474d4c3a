"""Saved views over HTTP: list, save, change with a version, delete. Each change is an event."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.codec import encode_json
from indelible.errors import InvalidRequest
from indelible.server.access.views import MAX_ADDRESS, MAX_VIEWS, MakeEvent, View, read_wanted
from indelible.server.ingest.own_event import of_act
from indelible.server.web.answer import json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import Service, service_of

_SHOWN: Final = ("name", "address", "shared", "starred", "opens")


class ViewReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    A view. `address` is the part of the screen's address from `?` on; `starred` and `opens` (first,
    when the log is opened) are the caller's own.
    """

    id: str
    name: str
    address: str
    shared: bool
    mine: bool
    owner_name: str
    starred: bool
    opens: bool
    version: int
    created_at: str
    changed_at: str


class ViewsReply(msgspec.Struct, frozen=True):
    """The caller's own views and those shared in the tenant, by name."""

    views: list[ViewReply]


class ViewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A view as it shall be."""

    name: str
    address: str
    shared: bool = False
    starred: bool = False
    opens: bool = False


def _reply(view: View, caller: Caller) -> ViewReply:
    return ViewReply(
        id=view.id,
        name=view.name,
        address=view.address,
        shared=view.shared,
        mine=view.owner == caller.id,
        owner_name=view.owner_name,
        starred=view.starred,
        opens=view.opens,
        version=view.version,
        created_at=format_us(view.created_us),
        changed_at=format_us(view.changed_us),
    )


def _answer(view: View, caller: Caller, status: int) -> Response:
    return Response(
        encode_json(_reply(view, caller)),
        status_code=status,
        media_type="application/json",
        headers={"etag": f'"{view.version}"'},
    )


def _version(request: Request) -> int | None:
    """The version of `If-Match`, None without one. Raises InvalidRequest."""
    text = request.headers.get("if-match")
    if text is None or text == "*":
        return None
    digits = text.strip('"')
    if digits.isascii() and digits.isdigit() and len(digits) <= 15:
        return int(digits)
    raise InvalidRequest("If-Match is the `ETag` of the view", parameter="If-Match")


def _events(
    service: Service, caller: Caller, operation: str, method: str, endpoint: str, status: int
) -> MakeEvent:
    event_id = service.own.new_id()

    def make(before: View | None, after: View | None) -> dict[str, Any]:
        view = after or before
        assert view is not None  # noqa: S101 - a change has a view on one side
        return of_act(
            caller,
            event_id=event_id,
            operation=operation,
            method=method,
            endpoint=endpoint,
            status=status,
            targets=[{"type": "view", "id": view.id, "name": view.name}],
            changes=[
                {
                    "path": name,
                    "before": None if before is None else getattr(before, name),
                    "after": None if after is None else getattr(after, name),
                }
                for name in _SHOWN
                if before is None or after is None or getattr(before, name) != getattr(after, name)
            ],
        )

    return make


async def list_views(request: Request) -> Response:
    """The views."""
    caller: Caller = request.state.caller
    views = service_of(request).access.views.all(caller.tenant_id, caller.id)
    reply = ViewsReply([_reply(view, caller) for view in views])
    return json_response(reply)


async def create_view(request: Request) -> Response:
    """Saves a view."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, ViewBody)
    wanted = read_wanted(
        body.name, body.address, shared=body.shared, starred=body.starred, opens=body.opens
    )
    view = await asyncio.to_thread(
        service.access.views.add,
        caller.tenant_id,
        caller.id,
        caller.name or caller.email or caller.id,
        service.own.new_id(),
        wanted,
        _events(service, caller, "CreateView", "POST", "/v1/views", 201),
    )
    await service.own.drain()
    return _answer(view, caller, 201)


async def change_view(request: Request) -> Response:
    """Changes a view; `If-Match` with its ETag refuses when somebody else was quicker."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, ViewBody)
    wanted = read_wanted(
        body.name, body.address, shared=body.shared, starred=body.starred, opens=body.opens
    )
    version = _version(request)
    event = _events(service, caller, "UpdateView", "PUT", "/v1/views/{id}", 200)
    is_admin = "admin" in caller.permissions

    def change() -> View:
        return service.access.views.change(
            caller.tenant_id,
            caller.id,
            request.path_params["id"],
            version,
            wanted,
            event,
            is_admin=is_admin,
        )

    view = await asyncio.to_thread(change)
    await service.own.drain()
    return _answer(view, caller, 200)


async def delete_view(request: Request) -> Response:
    """Deletes a view."""
    service = service_of(request)
    caller: Caller = request.state.caller
    version = _version(request)
    event = _events(service, caller, "DeleteView", "DELETE", "/v1/views/{id}", 204)
    is_admin = "admin" in caller.permissions

    def remove() -> None:
        service.access.views.remove(
            caller.tenant_id,
            caller.id,
            request.path_params["id"],
            version,
            event,
            is_admin=is_admin,
        )

    await asyncio.to_thread(remove)
    await service.own.drain()
    return Response(status_code=204)


_ID: Final = Param(name="id", description="The view's id.", required=True)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/views",
        handler=list_views,
        permit="read",
        shows_no_event=True,
        summary="List saved views",
        tag="Read",
        reply=ViewsReply,
        errors=(401, 403),
    ),
    Api(
        method="POST",
        path="/v1/views",
        handler=create_view,
        permit="read",
        shows_no_event=True,
        summary="Save a view",
        tag="Read",
        description=f"At most {MAX_VIEWS} of one caller, addresses of {MAX_ADDRESS} characters.",
        body=ViewBody,
        reply=ViewReply,
        status=201,
        errors=(400, 401, 403, 415),
    ),
    Api(
        method="PUT",
        path="/v1/views/{id}",
        handler=change_view,
        permit="read",
        shows_no_event=True,
        summary="Change a saved view",
        tag="Read",
        description=(
            "Its owner, or an administrator when it is shared; `starred` and `opens` are each"
            " caller's own. Send the `ETag` as `If-Match`: 409 `view-changed` when the view was"
            " changed since."
        ),
        params=(_ID,),
        body=ViewBody,
        reply=ViewReply,
        errors=(400, 401, 403, 404, 409, 415),
    ),
    Api(
        method="DELETE",
        path="/v1/views/{id}",
        handler=delete_view,
        permit="read",
        shows_no_event=True,
        summary="Delete a saved view",
        tag="Read",
        params=(_ID,),
        status=204,
        errors=(400, 401, 403, 404, 409),
    ),
)
