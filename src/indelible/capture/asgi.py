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

from indelible.capture.request import (
    ForwardedHeader,
    Rule,
    Seen,
    TrustedProxies,
    operation_of,
    request_id_of,
    template_of,
    trace_id_of,
    writes_and_denied,
)
from indelible.client import Indelible
from indelible.client.context import Holder, hold, release
from indelible.client.fields import EventFields

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOLDER = "indelible.holder"
CLIENT_CLOSED = 499  # nginx's word for "the client went away before the answer"


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
    ) -> None:
        self._app = app
        self._client = client
        self._rule = rule
        self._proxies = TrustedProxies(tuple(trusted_proxies), forwarded_header)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _HOLDER in scope:
            await self._app(scope, receive, send)
            return
        holder = self._begin(scope)
        scope[_HOLDER] = holder
        token = hold(holder)
        try:
            if scope["type"] == "http":
                await self._run(scope, receive, send, holder)
            else:
                await self._app(scope, receive, send)
        finally:
            release(token)

    def _begin(self, scope: Scope) -> Holder:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

        def first(name: str) -> str | None:
            return headers[name][0] if name in headers else None

        peer = scope.get("client")
        peer_ip = peer[0] if peer else None
        origin: dict[str, str | None] = {
            "ip": self._proxies.resolve(peer_ip, headers.get(self._proxies.header, [])),
            "peer_ip": peer_ip,
            "user_agent": first("user-agent"),
        }
        holder = Holder()
        holder.collects = True
        holder.origin = {name: value for name, value in origin.items() if value}
        holder.request_id = request_id_of(first("x-request-id"), self._client.new_request_id)
        holder.trace_id = trace_id_of(first("traceparent"))
        return holder

    async def _run(self, scope: Scope, receive: Receive, send: Send, holder: Holder) -> None:
        root_path: str = scope.get("root_path", "")
        status: int | None = None
        answered = False
        gone = False
        error: BaseException | None = None

        async def on_receive() -> Message:
            nonlocal gone
            message = await receive()
            if message["type"] == "http.disconnect" and not answered:
                gone = True
            return message

        async def on_send(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                answered = True

        try:
            await self._app(scope, on_receive, on_send)
        except BaseException as caught:
            error = caught
            gone = gone or isinstance(caught, asyncio.CancelledError)
            raise
        finally:
            if status is None:
                status = CLIENT_CLOSED if gone else 500
            await self._record(scope, root_path, status, gone, error, holder)

    async def _record(
        self,
        scope: Scope,
        root_path: str,
        status: int,
        gone: bool,
        error: BaseException | None,
        holder: Holder,
    ) -> None:
        try:
            fields = self._event(scope, root_path, status, gone, error, holder)
            if fields is None:
                return
            operation, event = fields
            if self._client.may_wait:
                # In a thread, and to its end even while this request is being cancelled.
                await asyncio.shield(asyncio.to_thread(self._client.record, operation, **event))
            else:
                self._client.record(operation, **event)
        except Exception as failure:  # noqa: BLE001 - the SDK guard
            self._client.swallow(failure, "could not record a request")

    def _event(
        self,
        scope: Scope,
        root_path: str,
        status: int,
        gone: bool,
        error: BaseException | None,
        holder: Holder,
    ) -> tuple[str, EventFields] | None:
        route = scope.get("route")
        path: str = scope["path"]
        endpoint = template_of(
            path.removeprefix(root_path) or "/",
            getattr(route, "path_format", None),
            scope.get("path_params") or {},
        )
        record = holder.record
        if record is None:
            record = self._rule(Seen(scope["method"], path, endpoint, status))
        if not record:
            return None
        targets, changes = holder.collected()
        metadata: dict[str, Any] = {}
        if error is not None and not isinstance(error, asyncio.CancelledError):
            metadata["error"] = type(error).__qualname__  # never its text: it may hold secrets
        if gone and status != CLIENT_CLOSED:
            metadata["client_disconnected"] = True
        event: EventFields = {
            "method": scope["method"],
            "endpoint": endpoint,
            "status": status,
            "targets": targets or None,
            "changes": changes or None,
        }
        content = dict(holder.content)
        operation = content.pop("operation", None) or operation_of(getattr(route, "name", None))
        metadata = {**(content.pop("metadata", None) or {}), **metadata}  # type: ignore[dict-item]
        event.update(content)  # type: ignore[typeddict-item]
        if metadata:
            event["metadata"] = metadata
        return str(operation), event
