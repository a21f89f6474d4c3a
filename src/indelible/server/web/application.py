"""
The web application: the route table, the guard around each handler, the entrance around all.

Pure ASGI, so that streamed exports are never buffered. From the outside in: `Entrance` gives a
request its id and address, sets security headers and writes the log line; `PathEndpoint` finds
the route of the method, authenticates, and turns errors into problems.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indelible.errors import Error, Pushback
from indelible.server.access.token import RandomBytes
from indelible.server.web.address import Addresses
from indelible.server.web.authenticate import authenticate, check_reach, entry_of
from indelible.server.web.problem import (
    bug_response,
    plain_problem,
    problem_response,
    scim_response,
)
from indelible.server.web.route import Api
from indelible.server.web.security import add_security_headers

if TYPE_CHECKING:
    from indelible.server.web.service import Service

log = logging.getLogger("indelible.web")

Observe = Callable[[str | None, str, int, float], None]
"""Told of each answered request: route template or None, method, status, seconds."""


class PathEndpoint:
    """All methods of one path."""

    def __init__(self, path: str, routes: Iterable[Api]) -> None:
        self._path = path
        self._routes = {api.method: api for api in routes}
        if "GET" in self._routes:
            self._routes.setdefault("HEAD", self._routes["GET"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        scope["state"]["route"] = self._path
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        request_id = entry_of(request).request_id
        api = self._routes.get(request.method)
        if api is None:
            allowed = ", ".join(sorted(self._routes))
            return plain_problem(
                405,
                "method-not-allowed",
                f"{self._path} takes {allowed}",
                request_id,
                allow=allowed,
            )
        try:
            is_open = api.open_when is not None and api.open_when(request)
            if api.permit is not None and not is_open:
                service: Service = request.app.state.service
                caller = await authenticate(request, service, api.permit)
                check_reach(caller, api)
                request.state.caller = caller
            return await api.handler(request)
        except Error as error:
            if error.status >= 500 and not isinstance(error, Pushback):
                # Pushback is no fault: the line of the request tells it, and the metrics count it.
                log.error(
                    "%s failed: %s",
                    api.path,
                    error.message,
                    exc_info=error,
                    extra={"request_id": request_id},
                )
            return scim_response(error) if api.speaks_scim else problem_response(error, request_id)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception(
                "bug while answering %s %s",
                api.method,
                api.path,
                extra={"request_id": request_id},
            )
            return bug_response(request_id)


class Entrance:
    """The outermost layer. Owns nothing but its settings; safe for any number of requests."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        direct: Mapping[str, ASGIApp],
        addresses: Addresses,
        root_path: str,
        random_bytes: RandomBytes,
        observe: Observe,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._direct = direct
        self._addresses = addresses
        self._root_path = root_path
        self._random_bytes = random_bytes
        self._observe = observe
        self._timer = timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # No web sockets, and no lifespan: the composition root starts and stops the parts.
            raise RuntimeError(f"unexpected scope {scope['type']}")
        request_id = self._random_bytes(10).hex()
        entry = self._addresses.enter(scope, request_id)
        scope = dict(scope)
        path = route = scope["path"]
        if self._root_path:
            # Whether the proxy has cut the prefix off or not, routes see what follows it.
            within = path == self._root_path or path.startswith(self._root_path + "/")
            scope["root_path"] = self._root_path
            scope["path"] = path if within else self._root_path + path
            route = scope["path"][len(self._root_path) :]
        state = scope["state"] = {**scope.get("state", {}), "entry": entry}
        started = self._timer()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                add_security_headers(headers, secure=entry.secure, request_id=request_id)
                message["headers"] = headers
            await send(message)

        try:
            # A path without parameters needs no router.
            app = self._direct.get(route, self._app)
            await app(scope, receive, send_with_headers)
        finally:
            seconds = self._timer() - started
            self._observe(state.get("route"), scope["method"], status, seconds)
            # An event stored is told by its receipt; a line for each would cost more than it does.
            routine = status == 200 and path.endswith("/v1/events") and scope["method"] == "POST"
            log.log(
                logging.DEBUG if routine else logging.INFO,
                "%s %s %s",
                scope["method"],
                path,
                status or "no reply",
                extra={
                    "request_id": request_id,
                    "ms": round(seconds * 1000, 1),
                    "ip": entry.ip,
                },
            )


def make_application(service: Service, routes: Iterable[Api], fallback: BaseRoute) -> ASGIApp:
    """The ASGI application of a service; `fallback` answers what no route of the API takes."""
    by_path: dict[str, list[Api]] = {}
    for api in routes:
        by_path.setdefault(api.path, []).append(api)
    endpoints = {path: PathEndpoint(path, apis) for path, apis in by_path.items()}
    table: list[BaseRoute] = [
        Route(path, endpoint, methods=None) for path, endpoint in endpoints.items()
    ]
    inner = Starlette(
        routes=[*table, fallback], exception_handlers={HTTPException: _http_exception}
    )
    inner.state.service = service
    return Entrance(
        inner,
        direct={
            path: _within(inner, endpoint)
            for path, endpoint in endpoints.items()
            if "{" not in path
        },
        addresses=Addresses(service.settings.service),
        root_path=service.settings.service.root_path,
        random_bytes=service.access.random_bytes,
        observe=service.metrics.request,
    )


def _within(inner: Starlette, endpoint: ASGIApp) -> ASGIApp:
    """An endpoint that finds its application, as it does behind the router."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = inner
        await endpoint(scope, receive, send)

    return answer


async def _http_exception(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    request_id = entry_of(request).request_id
    return plain_problem(
        status, "not-found" if status == 404 else "http", "no such page", request_id
    )
