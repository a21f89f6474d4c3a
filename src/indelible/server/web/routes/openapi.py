"""The description of the HTTP API, for machines and for people."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from indelible.server.web.answer import json_response
from indelible.server.web.document import openapi
from indelible.server.web.reference import STYLE, reference_page
from indelible.server.web.route import Api, Handler


def document_routes(all_routes: Callable[[], tuple[Api, ...]], version: str) -> tuple[Api, ...]:
    """The routes of the description; `all_routes` gives the table that it is made from."""

    async def openapi_json(request: Request) -> Response:
        """The document."""
        document = openapi(all_routes(), version=version, base=_base(request))
        return json_response(document)

    async def docs(request: Request) -> Response:
        """The page."""
        document = openapi(all_routes(), version=version, base=_base(request))
        return HTMLResponse(reference_page(document), headers={"cache-control": "no-cache"})

    async def docs_style(_request: Request) -> Response:
        """Its style sheet: the content security policy allows none inside the page."""
        return Response(STYLE, media_type="text/css", headers={"cache-control": "no-cache"})

    return (
        _api("/openapi.json", openapi_json, "OpenAPI document"),
        _api("/docs", docs, "Readable page of the API", media="text/html", shown=False),
        _api("/docs/style.css", docs_style, "Its style", media="text/css", shown=False),
    )


def _api(
    path: str,
    handler: Handler,
    summary: str,
    *,
    media: str = "application/json",
    shown: bool = True,
) -> Api:
    return Api(
        method="GET",
        path=path,
        handler=handler,
        permit=None,
        summary=summary,
        tag="Operate",
        reply={"type": "object"} if media == "application/json" else None,
        reply_media=media,
        in_document=shown,
    )


def _base(request: Request) -> str:
    return str(request.scope.get("root_path", ""))
