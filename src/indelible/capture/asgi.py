"""
ASGI middleware (Starlette, FastAPI, Litestar, …): one event per request that matters.

    app.add_middleware(AuditMiddleware, client=audit, trusted_proxies=["10.0.0.0/8"])

A pure ASGI class: it wraps `send` and `receive` and touches no body, so streaming goes on as
before. It makes the request's holder, so put it outside of all others. The event is recorded when
the response is done: writes and denied requests by default, others by `rule` or
`describe(record=True)`. It never changes what the application answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from indelible.capture.bodies import Bodies
from indelible.capture.exchange import HEADERS, Exchange, HttpSettings, Route
from indelible.capture.request import ForwardedHeader, Rule, writes_and_denied
from indelible.client import Indelible
from indelible.client.context import hold, release, said_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOLDER = "indelible.holder"
_READ = {name.encode(): name for name in HEADERS}


class AuditMiddleware:
    """Records requests through `client`; see the module for what and when."""

    def __init__(
        self,
        app: App,
        client: Indelible,
        *,
        rule: Rule = writes_and_denied,
        trusted_proxies: Iterable[str] = (),
        forwarded_header: ForwardedHeader = "x-forwarded-for",
        bodies: Bodies | None = None,
    ) -> None:
        self._app = app
        self._settings = HttpSettings(
            client,
            rule=rule,
            trusted_proxies=trusted_proxies,
            forwarded_header=forwarded_header,
            bodies=bodies,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _HOLDER in scope:
            await self._app(scope, receive, send)
            return
        exchange = self._begin(scope)
        scope[_HOLDER] = exchange.holder
        token = hold(exchange.holder)
        try:
            if scope["type"] == "http":
                await self._run(scope, receive, send, exchange)
            else:
                await self._app(scope, receive, send)
        finally:
            release(token)

    def _begin(self, scope: Scope) -> Exchange:
        headers: dict[str, list[str]] = {}
        for raw, value in scope["headers"]:
            if raw in _READ:  # the servers give names in lower case, as ASGI says
                name, text = _READ[raw], value.decode("latin-1")
                if name in headers:
                    headers[name].append(text)
                else:
                    headers[name] = [text]
        peer = scope.get("client")
        path: str = scope.get("path", "")
        inner = path.removeprefix(scope.get("root_path", "")) or "/"
        return self._settings.begin(
            scope.get("method", ""),
            inner,
            headers.get,
            peer[0] if peer else None,
        )

    async def _run(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        answered = False

        async def on_receive() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                exchange.gone = exchange.gone or not answered
            elif exchange.body is not None:
                exchange.body.add(message.get("body", b""))
            return message

        async def on_send(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                answered = True

        try:
            await self._app(scope, on_receive, on_send)
        except BaseException as caught:
            if isinstance(caught, asyncio.CancelledError):
                exchange.gone = True
            else:
                exchange.fail(caught)
            raise
        finally:
            exchange.route = route_of(scope)
            if exchange.may_wait:
                # In a thread, and to its end even while this request is being cancelled.
                await asyncio.shield(asyncio.to_thread(exchange.record))
            else:
                exchange.record()


def route_of(scope: Scope) -> Route:
    """What the router left in the scope: Starlette and FastAPI `route`, Litestar its handler."""
    params = scope.get("path_params") or {}
    handler = scope.get("route_handler")
    if handler is not None:
        fn: Any = getattr(handler, "fn", None)
        while hasattr(fn, "func"):  # one that runs in a thread is wrapped
            fn = fn.func
        name = getattr(handler, "name", None) or str(getattr(handler, "handler_name", ""))
        return Route(scope.get("path_template"), params, name.rpartition(".")[2], said_of(fn))
    route = scope.get("route")
    endpoint = getattr(route, "endpoint", None) or scope.get("endpoint")
    said = said_of(endpoint)
    if isinstance(endpoint, type):  # a class with a method per verb
        said |= said_of(getattr(endpoint, scope["method"].lower(), None))
    # Older Starlette leaves the endpoint alone; a route without a name is called by it anyway.
    name = getattr(route, "name", None) or getattr(endpoint, "__name__", None)
    return Route(getattr(route, "path_format", None), params, name, said)
