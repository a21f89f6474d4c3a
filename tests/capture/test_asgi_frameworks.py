"""FastAPI, Starlette and Litestar: the same requests leave the same events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from litestar import Litestar, Router, delete, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from starlette.responses import StreamingResponse

from indelible.capture.bodies import Bodies
from indelible.capture.fastapi import audit_action, capture_fastapi
from indelible.capture.litestar import AuditPlugin
from indelible.client import audited, bind, describe, wrap
from indelible.testing import MemoryAudit, assert_audited

try:
    from litestar.params import FromPath, JSONBody
except ImportError:  # older Litestar goes by the names of the parameters

    class FromPath:  # type: ignore[no-redef]
        __class_getitem__ = staticmethod(lambda kind: kind)

    JSONBody = FromPath  # type: ignore[misc]


App = Any


def who(authorization: str = "") -> None:
    if not authorization:
        raise HTTPException(401)
    bind(actor={"kind": "user", "id": authorization})


def fastapi_app(audit: MemoryAudit) -> App:
    app = FastAPI()
    groups = APIRouter(prefix="/groups")
    pool = ThreadPoolExecutor(1)

    @groups.post("/{group_id}/rename")
    def rename_group(group_id: int, caller: Annotated[None, Depends(who)]) -> str:
        pool.submit(
            wrap(lambda: describe(targets=[{"type": "group", "id": str(group_id)}]))
        ).result()
        return "renamed"

    @groups.delete("/{group_id}")
    @audited("RemoveGroup", category="configuration")
    async def delete_group(group_id: int) -> str:
        raise HTTPException(403)

    @app.get("/report", dependencies=[Depends(audit_action("ReadReport", record=True))])
    async def report() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    @app.post("/fail")
    async def fail() -> None:
        raise ZeroDivisionError("secret=hunter2")

    @app.post("/settings")
    async def save(body: dict[str, Any]) -> str:
        return "saved"

    app.include_router(groups, prefix="/v1")
    capture_fastapi(app, client=audit, bodies=Bodies(["/settings"]))
    return app


class Caller(AbstractAuthenticationMiddleware):
    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        name = connection.query_params.get("authorization")
        return AuthenticationResult(user=User(name) if name else None, auth=None)


class User:
    def __init__(self, name: str) -> None:
        self.id = name


def must_know(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    if connection.user is None:
        raise NotAuthorizedException


def litestar_app(audit: MemoryAudit) -> App:
    @post("/{group_id:int}/rename", guards=[must_know], sync_to_thread=True)
    def rename_group(group_id: FromPath[int]) -> str:
        describe(targets=[{"type": "group", "id": str(group_id)}])
        return "renamed"

    @delete("/{group_id:int}", status_code=200)
    @audited("RemoveGroup", category="configuration")
    async def delete_group(group_id: FromPath[int]) -> str:
        raise PermissionDeniedException

    @get("/report")
    @audited("ReadReport", record=True)
    async def report() -> str:
        return "ab"

    @post("/fail")
    async def fail() -> None:
        raise ZeroDivisionError("secret=hunter2")

    @post("/settings")
    async def save(data: JSONBody[dict[str, Any]]) -> str:
        return "saved"

    return Litestar(
        [Router("/v1/groups", route_handlers=[rename_group, delete_group]), report, fail, save],
        middleware=[Caller],
        plugins=[AuditPlugin(audit, bodies=Bodies(["/settings"]))],
        openapi_config=None,
    )


@pytest.mark.parametrize("make", [fastapi_app, litestar_app])
def test_the_same_requests_leave_the_same_events(
    audit: MemoryAudit, make: Callable[[MemoryAudit], App]
) -> None:
    transport = httpx.ASGITransport(make(audit), raise_app_exceptions=False)

    async def drive() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as browser:

            async def send(method: str, url: str, want: int, **more: Any) -> None:
                reply = await browser.request(method, url, **more)
                assert reply.status_code == want, reply.text

            made = 200 if make is fastapi_app else 201
            await send("POST", "/v1/groups/7/rename?authorization=ana", made)
            await send("POST", "/v1/groups/7/rename", 401)
            await send("DELETE", "/v1/groups/7", 403)
            await send("GET", "/report", 200)
            await send("POST", "/fail", 500)
            await send("POST", "/settings", made, json={"host": "m", "api_key": "hunter2"})

    asyncio.run(drive())
    renamed, denied, forbidden, read, failed, saved = audit.events
    assert renamed["operation"] == denied["operation"] == "RenameGroup"
    assert renamed["endpoint"] == denied["endpoint"] == "/v1/groups/{group_id}/rename"
    assert renamed["actor"]["id"] == "ana"
    assert renamed["targets"] == [{"type": "group", "id": "7"}]
    assert (denied["status"], denied.get("actor")) == (401, None)
    assert (forbidden["operation"], forbidden["category"], forbidden["status"]) == (
        "RemoveGroup",
        "configuration",
        403,
    )
    assert (read["operation"], read["method"], read["status"]) == ("ReadReport", "GET", 200)
    assert (failed["operation"], failed["status"]) == ("Fail", 500)
    assert "hunter2" not in str(audit.events)
    assert saved["metadata"]["request_body"] == {"host": "m", "api_key": "[redacted]"}
    assert_audited(audit, operation="Save", endpoint="/settings", times=1)


def test_a_method_that_a_path_does_not_take_has_no_operation_of_another() -> None:
    audit = MemoryAudit()
    app = fastapi_app(audit)

    async def send() -> int:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return (await client.put("/v1/groups/7/rename")).status_code

    assert asyncio.run(send()) == 405
    [event] = audit.events
    assert (event["operation"], event["status"]) == ("UnmatchedRequest", 405)
