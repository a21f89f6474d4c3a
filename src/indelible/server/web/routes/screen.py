"""
The built screen: index page, assets, and every path that the screen routes by itself.

The files come from the package (wheel) or from `web/dist` of a source tree. Assets carry a hash in
their name and never change; the index page is never cached and gets its `<base href>` here.
"""

from __future__ import annotations

import html
import mimetypes
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from indelible.server.web.authenticate import entry_of
from indelible.server.web.problem import plain_problem
from indelible.server.web.routes.embed_page import is_embedding, serve_embedding

_PACKAGE = Path(__file__).parent.parent / "screen"
_SOURCE_TREE = Path(__file__).parents[5] / "web"
_BASE = re.compile(r"<base\s[^>]*>", re.IGNORECASE)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_IMMUTABLE = "public, max-age=31536000, immutable"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
# Paths of machines: an unknown one is an error there, not a page of the screen.
_API_PREFIXES = ("v1/", "healthz", "readyz", "metrics", "openapi.json", "docs/")

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


def find_screen() -> Path | None:
    """The folder of the built screen, None when there is none yet."""
    for folder in (_PACKAGE, _SOURCE_TREE / "dist"):
        if (folder / "index.html").is_file():
            return folder
    return None


def index_page(text: str, root_path: str) -> str:
    """The index page with the base of all its relative addresses."""
    base = f'<base href="{html.escape(root_path, quote=True)}/">'
    without = _BASE.sub("", text)
    return _HEAD.sub(lambda match: match[0] + base, without, count=1)


async def serve_screen(request: Request) -> Response:
    """A file of the screen, or its index page."""
    entry = entry_of(request)
    path = request.path_params["path"]
    if request.method not in ("GET", "HEAD"):
        return plain_problem(
            405, "method-not-allowed", "pages are read only", entry.request_id, allow="GET, HEAD"
        )
    if path == "v1" or path.startswith(_API_PREFIXES):
        return plain_problem(404, "not-found", "there is no such address", entry.request_id)
    folder = find_screen()
    if folder is None:
        return HTMLResponse(_not_built(), status_code=503)
    if is_embedding(path):
        return serve_embedding(request, path, folder, _index_page(request, folder))
    if path and path != "index.html":
        file = _file_within(folder, path)
        if file is not None:
            return _file_response(request, file, is_asset=path.startswith("assets/"))
        if path.startswith("assets/") or "." in path.rsplit("/", 1)[-1]:
            return plain_problem(404, "not-found", "there is no such file", entry.request_id)
    return HTMLResponse(_index_page(request, folder), headers={"cache-control": "no-cache"})


def _index_page(request: Request, folder: Path) -> str:
    text = (folder / "index.html").read_text(encoding="utf-8")
    return index_page(text, request.scope.get("root_path", ""))


def _file_within(folder: Path, path: str) -> Path | None:
    """A plain file inside the folder: no way out by dots, links or encodings."""
    try:
        file = (folder / path).resolve(strict=True)
    except (OSError, ValueError):
        return None
    return file if file.is_file() and file.is_relative_to(folder.resolve()) else None


def _file_response(request: Request, file: Path, *, is_asset: bool) -> Response:
    headers = {"cache-control": _IMMUTABLE if is_asset else "public, max-age=3600"}
    media = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    accepted = request.headers.get("accept-encoding", "")
    for encoding, suffix in _ENCODINGS:
        packed = file.with_name(file.name + suffix)
        if encoding in accepted and packed.is_file():
            headers |= {"content-encoding": encoding, "vary": "Accept-Encoding"}
            return FileResponse(packed, media_type=media, headers=headers)
    return FileResponse(file, media_type=media, headers=headers)


def _not_built() -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Indelible</title></head>'
        "<body><h1>The screen is not built yet</h1>"
        "<p>The service runs: events are taken, searched and exported over HTTP.</p>"
        "<p>In a source tree, build the screen with <code>make web</code> and load this page"
        " again. A wheel from the package index has it inside.</p>"
        '<p><a href="docs">Description of the HTTP API</a></p></body></html>'
    )


class _Screen:
    """An ASGI application, not a handler: it sees every method and answers in our own words."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await serve_screen(Request(scope, receive))
        await response(scope, receive, send)


SCREEN = Route("/{path:path}", _Screen(), methods=None)
