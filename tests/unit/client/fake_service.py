"""A real local HTTP server with moods, in place of the service."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["FakeService", list[dict[str, Any]]], tuple[int, dict[str, str], bytes] | None]


def stored(service: FakeService, events: list[dict[str, Any]]) -> tuple[int, dict[str, str], bytes]:
    """What the real service answers: a receipt for each, first receipts for duplicates."""
    receipts, duplicates = [], 0
    for position, event in enumerate(events):
        if event["id"] in service.index_of:
            duplicates += 1
        else:
            service.index_of[event["id"]] = len(service.events)
            service.events.append(event)
        index = service.index_of[event["id"]]
        receipts.append(
            {"position": position, "id": event["id"], "index": index, "leaf_hash": f"h{index}"}
        )
    reply = {"stored": len(events) - duplicates, "duplicates": duplicates, "rejected": []}
    return 200, {}, json.dumps({**reply, "receipts": receipts}).encode()


class FakeService:
    """Keeps what it is sent. `answers` are used up first, one per request; then it stores all."""

    def __init__(self, port: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self.index_of: dict[str, int] = {}
        self.requests: list[dict[str, str]] = []
        self.connections = 0
        self.answers: list[Answer] = []
        self.lock = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                service.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                with service.lock:
                    service.requests.append({"path": self.path, **dict(self.headers.items())})
                    answer = service.answers.pop(0) if service.answers else stored
                    outcome = answer(service, json.loads(body))
                if outcome is None:
                    self.close_connection = True  # dies without a word
                    return
                status, headers, data = outcome
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        """Takes no more connections; may be called twice."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def failing(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    """Answers this and stores nothing."""
    return lambda service, events: (status, headers or {}, body)


def dying(service: FakeService, events: list[dict[str, Any]]) -> None:
    """Closes the connection before any reply; nothing is stored."""


def dying_after_storing(service: FakeService, events: list[dict[str, Any]]) -> None:
    """Stores, then closes the connection before the reply."""
    stored(service, events)
