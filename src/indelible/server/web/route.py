"""What the web layer agrees on: the route record, who is calling, and what the service offers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from indelible.server.access.scope import Scope
from indelible.server.query.reach import Reach

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

Permission = Literal["write", "read", "admin", "scim"]
Handler = Callable[["Request"], Awaitable["Response"]]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sent this request; made by the authentication step, never by a handler."""

    tenant: str
    reach: Reach
    kind: Literal["key", "person", "viewer"]
    id: str
    name: str
    permissions: frozenset[Permission]
    email: str | None = None
    role: str | None = None
    session_id: str | None = None
    ip: str | None = None
    peer_ip: str | None = None
    user_agent: str | None = None
    request_id: str = ""
    writes: Scope | None = None  # to which events a key that writes is bound
    may_export: bool = True

    @property
    def tenant_id(self) -> int:
        return self.reach.tenant_id


class Param(msgspec.Struct, frozen=True, kw_only=True):
    """One query or path parameter of a route, as the OpenAPI document shows it."""

    name: str
    description: str
    type: type | Any = str
    required: bool = False
    example: Any = None


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """
    One route of the HTTP API: the router, the permission check and the OpenAPI document are made
    from it. `permit` None means the route is open to everybody (login, health, static files).

    `keeps_reach` says that the handler shows nothing from beyond `Caller.reach`. A caller whose
    reach is a part of the log is refused everywhere else, so a new route is closed to it at first.
    `shows_no_event` opens a route to callers who see the whole log with parts of events hidden.
    """

    method: str
    path: str
    handler: Handler
    permit: Permission | None
    summary: str
    tag: str
    description: str = ""
    params: tuple[Param, ...] = ()
    body: Any = None
    body_media: tuple[str, ...] = ("application/json",)
    reply: Any = None
    reply_media: str = "application/json"
    status: int = 200
    errors: tuple[int, ...] = ()
    # Statuses of errors that come with the body of `reply` instead of a problem.
    refused: tuple[int, ...] = ()
    keeps_reach: bool = False
    shows_no_event: bool = False
    in_document: bool = True
    # Answers errors in the form of SCIM (RFC 7644) instead of as problems.
    speaks_scim: bool = False
    # Requests that this lets through need no key or login: a setting of the operator.
    open_when: Callable[[Request], bool] | None = None
