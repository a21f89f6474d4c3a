"""The ASGI middleware, called as a server calls it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from tests.unit.client.fake_service import FakeService

from indelible import Indelible
from indelible.capture.asgi import AuditMiddleware
from indelible.client import bind, current, describe

NewClient = Callable[..., Indelible]
App = Callable[[Any, Any, Any], Awaitable[None]]


async def create_group(request: Request) -> Response:
    bind(actor={"kind": "user", "id": "u_1"}, session_id="s_1")
    describe(targets=[{"type": "group", "id": request.path_params["group_id"]}], reason="because")
    return PlainTextResponse("made", 201)


def sync_endpoint(request: Request) -> Response:
    bind(actor={"kind": "api_key", "id": "k_1"})
    describe(operation="ShareProfile", category="sharing", metadata={"ticket": "OPS-12"})
    return PlainTextResponse("ok")


async def read(request: Request) -> Response:
    if "record" in request.query_params:
        describe(record=True)
    return PlainTextResponse("ok", int(request.query_params.get("status", "200")))


async def quiet(request: Request) -> Response:
    describe(record=False)
    return PlainTextResponse("ok")


async def fail(request: Request) -> Response:
    raise ZeroDivisionError("secret=hunter2")


async def stream(request: Request) -> Response:
    async def chunks() -> Any:
        for n in range(3):
            bind(session_id=f"chunk {n}")
            yield b"x"

    return StreamingResponse(chunks())


class Inner(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        bind(trace_id="from a middleware between")
        return await call_next(request)


def make_app(client: Indelible, **settings: Any) -> App:
    routes = [
        Route("/groups/{group_id}", create_group, methods=["POST"], name="create_group"),
        Route("/share", sync_endpoint, methods=["PUT"]),
        Route("/read", read, methods=["GET", "POST"]),
        Route("/quiet", quiet, methods=["POST"]),
        Route("/fail", fail, methods=["POST"]),
        Route("/stream", stream, methods=["POST"]),
        Mount(
            "/t/{tenant}", routes=[Route("/x/{id:int}", read, methods=["POST"], name="in_mount")]
        ),
    ]
    middleware = [Middleware(AuditMiddleware, client=client, **settings), Middleware(Inner)]
    return Starlette(routes=routes, middleware=middleware)


async def call(
    app: App,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    query: str = "",
    root_path: str = "",
    disconnect: bool = False,
) -> int:
    """One request as an ASGI server gives it; returns the status."""
    sent: list[dict[str, Any]] = []
    incoming = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if incoming and not disconnect:
            return incoming.pop(0)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "path": root_path + path,
        "raw_path": path.encode(),
        "root_path": root_path,
        "query_string": query.encode(),
        "headers": [
            (name.lower().encode(), value.encode()) for name, value in (headers or {}).items()
        ],
        "client": ("10.0.0.4", 5000),
        "server": ("localhost", 80),
        "scheme": "http",
    }
    await app(scope, receive, send)
    return next((m["status"] for m in sent if m["type"] == "http.response.start"), 0)


def one_event(client: Indelible, service: FakeService) -> dict[str, Any]:
    assert client.flush(10)
    (event,) = service.events
    return event


def test_a_write_leaves_an_event_with_all_its_circumstances(
    service: FakeService, new_client: NewClient
) -> None:
    client = new_client()
    app = make_app(client, trusted_proxies=["10.0.0.0/8"])
    headers = {
        "User-Agent": "curl/8",
        "X-Forwarded-For": "1.1.1.1, 203.0.113.7",
        "X-Request-Id": "r-77",
        "Traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01",
    }
    assert asyncio.run(call(app, "POST", "/groups/g_1", headers=headers)) == 201
    event = one_event(client, service)
    assert event["operation"] == "CreateGroup"
    assert (event["method"], event["endpoint"], event["status"]) == (
        "POST",
        "/groups/{group_id}",
        201,
    )
    assert event["actor"] == {"kind": "user", "id": "u_1"}
    assert event["origin"] == {
        "ip": "203.0.113.7",
        "peer_ip": "10.0.0.4",
        "user_agent": "curl/8",
    }
    assert event["targets"] == [{"type": "group", "id": "g_1"}]
    assert event["reason"] == "because"
    context = event["context"]
    assert (context["request_id"], context["session_id"]) == ("r-77", "s_1")
    assert context["trace_id"] == "from a middleware between"
    assert current() is None


def test_what_a_threadpool_endpoint_says_is_seen(
    service: FakeService, new_client: NewClient
) -> None:
    client = new_client()
    asyncio.run(call(make_app(client), "PUT", "/share"))
    event = one_event(client, service)
    assert (event["operation"], event["category"]) == ("ShareProfile", "sharing")
    assert event["actor"]["id"] == "k_1"
    assert event["metadata"] == {"ticket": "OPS-12"}
    assert len(event["context"]["request_id"]) == 16
    assert event["origin"] == {"ip": "10.0.0.4", "peer_ip": "10.0.0.4"}


@pytest.mark.parametrize(
    ("method", "path", "query", "want"),
    [
        ("GET", "/read", "", None),
        ("GET", "/read", "record", ("Read", 200)),
        ("GET", "/read", "status=403", ("Read", 403)),
        ("POST", "/read", "status=422", ("Read", 422)),
        ("POST", "/quiet", "", None),
        ("GET", "/nope", "", None),
        ("POST", "/nope", "", ("UnmatchedRequest", 404)),
    ],
)
def test_which_requests_leave_an_event(
    service: FakeService,
    new_client: NewClient,
    method: str,
    path: str,
    query: str,
    want: tuple[str, int] | None,
) -> None:
    client = new_client()
    asyncio.run(call(make_app(client), method, path, query=query))
    assert client.flush(10)
    found = [(event["operation"], event["status"]) for event in service.events]
    assert found == ([] if want is None else [want])


def test_the_rule_may_be_the_hosts(service: FakeService, new_client: NewClient) -> None:
    client = new_client()
    app = make_app(client, rule=lambda seen: seen.endpoint == "/read" and seen.status < 300)

    async def both() -> None:
        await call(app, "GET", "/read")
        await call(app, "PUT", "/share")

    asyncio.run(both())
    assert one_event(client, service)["operation"] == "Read"


def test_an_exception_is_a_500_without_its_text(
    service: FakeService, new_client: NewClient
) -> None:
    client = new_client()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(call(make_app(client), "POST", "/fail"))
    event = one_event(client, service)
    assert (event["status"], event["metadata"]) == (500, {"error": "ZeroDivisionError"})
    assert "hunter2" not in str(event)


def test_a_client_that_goes_away_is_a_499(service: FakeService, new_client: NewClient) -> None:
    client = new_client()

    async def waits_for_body(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert message["type"] == "http.disconnect"

    app = AuditMiddleware(waits_for_body, client)
    assert asyncio.run(call(app, "POST", "/x", disconnect=True)) == 0
    assert one_event(client, service)["status"] == 499


def test_a_cancelled_request_is_a_499_and_stays_cancelled(
    service: FakeService, new_client: NewClient
) -> None:
    client = new_client()

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def cancel() -> bool:
        task = asyncio.create_task(call(AuditMiddleware(hangs, client), "POST", "/x"))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return True
        return False

    assert asyncio.run(cancel())
    event = one_event(client, service)
    assert (event["status"], event.get("metadata")) == (499, None)


def test_streaming_keeps_the_context_to_the_last_chunk(
    service: FakeService, new_client: NewClient
) -> None:
    client = new_client()
    asyncio.run(call(make_app(client), "POST", "/stream"))
    event = one_event(client, service)
    assert (event["status"], event["context"]["session_id"]) == (200, "chunk 2")


def test_mounts_and_the_root_path_of_a_proxy(service: FakeService, new_client: NewClient) -> None:
    client = new_client()
    asyncio.run(call(make_app(client), "POST", "/t/acme/x/7", root_path="/outer"))
    event = one_event(client, service)
    assert event["endpoint"] == "/t/{tenant}/x/{id}"


def test_two_middlewares_leave_one_event(service: FakeService, new_client: NewClient) -> None:
    client = new_client()
    app = AuditMiddleware(make_app(client), client)
    asyncio.run(call(app, "PUT", "/share"))
    assert one_event(client, service)["operation"] == "ShareProfile"


@pytest.mark.parametrize("settings", [{"mode": "sync"}, {"on_full": "block"}])
def test_clients_that_wait_do_so_beside_the_event_loop(
    service: FakeService, new_client: NewClient, settings: dict[str, str]
) -> None:
    client = new_client(**settings)
    asyncio.run(call(make_app(client), "PUT", "/share"))
    assert one_event(client, service)["actor"]["id"] == "k_1"


def test_websockets_and_lifespan_pass_through(service: FakeService, new_client: NewClient) -> None:
    client = new_client()
    seen: list[tuple[str, bool]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["type"], current() is not None))

    async def run() -> None:
        for scope in ({"type": "lifespan"}, {"type": "websocket", "headers": [], "path": "/"}):
            await AuditMiddleware(app, client)(scope, None, None)  # type: ignore[arg-type]

    asyncio.run(run())
    assert seen == [("lifespan", False), ("websocket", True)]
    assert service.events == []
