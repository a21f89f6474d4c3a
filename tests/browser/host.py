"""A small host product on an origin of its own: a page with `<audit-log>`, and its backend."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.integration.conftest import RunningService


class HostProduct:
    """Serves pages on `localhost`, which is another site than the service's 127.0.0.1."""

    def __init__(self) -> None:
        self.service: RunningService | None = None
        self.asked: list[dict[str, Any]] = []
        self.fragment = ""
        self.refuse = False
        self.more: dict[str, Any] = {}
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                status, media, body = host.answer(parts.path, parse_qs(parts.query))
                self.send_response(status)
                self.send_header("content-type", media)
                self.send_header("content-security-policy", host.policy())
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self._server.server_port}"
        # For the program of docs/how-to/embed.md, which is a host of its own.
        self.program = socket.create_server(("127.0.0.1", 0))
        self.program_origin = f"http://localhost:{self.program.getsockname()[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def policy(self) -> str:
        """As strict as a host can be: scripts and frames of the service, no inline anything."""
        assert self.service is not None
        url = self.service.url
        return f"default-src 'self'; script-src 'self' {url}; frame-src {url}; style-src 'self'"

    def token(self, **body: Any) -> str:
        """Asks the service for a token, as a backend does."""
        assert self.service is not None
        asked = {
            "subject": {"id": "u_1", "name": "Ana of the host"},
            "origins": [self.origin],
            "target": {"type": "group", "id": "7"},
            "export": True,
            "title": "Audit Logs of Depot north",
            **self.more,
            **body,
        }
        self.asked.append(asked)
        reply = self.service.request(
            "POST", "/v1/embed/tokens", key=self.service.key("r"), json=asked
        )
        assert reply.status == 201, reply.body
        token: str = reply.json["token"]
        return token

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, str, bytes]:
        """The host's pages, its style and its token."""
        assert self.service is not None
        url = self.service.url
        if path == "/token":
            if self.refuse:
                return 403, "application/json", b"{}"
            return 200, "application/json", json.dumps({"token": self.token()}).encode()
        if path == "/host.css":
            look = "body { margin: 0; } h1 { font: 600 18px sans-serif; margin: 12px; }"
            return 200, "text/css", (look + " ".join(query.get("more", []))).encode()
        if path == "/plain":
            src = f"{url}/embed?origin={self.origin}#{self.fragment}"
            body = f'<iframe title="Log" src="{src}" width="1200" height="700"></iframe>'
        else:
            theme = query.get("theme", ["light"])[0]
            body = (
                f'<script src="{url}/embed/v1/audit-log.js"></script><h1>Depot north</h1>'
                f'<audit-log token-url="/token" theme="{theme}" label="Audit Logs of Depot north"'
                ' view="period=month&amp;date=2026-11-20"></audit-log>'
            )
        more = query.get("css", [""])[0]
        page = (
            f'<!doctype html><html lang="en"><head><title>Host</title>'
            f'<link rel="stylesheet" href="/host.css?more={quote(more)}"></head>'
            f"<body>{body}</body></html>"
        )
        return 200, "text/html", page.encode()

    def close(self) -> None:
        """Stops serving."""
        self._server.shutdown()
        self._server.server_close()
        self.program.close()
