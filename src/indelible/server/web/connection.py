"""
Limits of one connection that the HTTP server itself does not have.

Headers are bounded in size and time, a client that does not read its reply is cut off after a
while, and the number of connections is bounded below the number of files the process may open,
so that the ledger can always open its own. Head and body of a reply go out together.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from indelible.server.web.problem import plain_problem
from indelible.server.web.security import add_security_headers

log = logging.getLogger("indelible.web")

MAX_HEADER_BYTES = 64 * 1024
MAX_HEADERS = 200
HEADERS_S = 20.0
STALLED_S = 60.0
MAX_CONNECTIONS = 8192
_OWN_FILES = 256  # ledger, control database, index, log, and some to spare


_JOINED_BYTES = 64 * 1024  # a larger body is not copied behind its head
_INTERIM = b"HTTP/1.1 1"  # 100 Continue and the like: what the client waits for before it sends


class HeadersTooLarge(Exception):
    """Ends the parsing of a request; the parser wraps it."""


class OneWrite:
    """
    A transport that lets the head of a reply wait for its body: one system call and one packet
    instead of two, which is a tenth of what a single event costs.

    The head of a reply whose body takes longer goes out in the same turn of the loop. Owned by the
    event loop.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""
        self._at_start = True  # what is written next is the head of a reply

    def write(self, data: bytes) -> None:
        if self._at_start:
            if data.startswith(_INTERIM):
                self._transport.write(data)
                return
            self._at_start = False
            self._head = data
            self._loop.call_soon(self._flush)
        elif self._head and len(data) <= _JOINED_BYTES:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        else:
            self._flush()
            self._transport.write(data)

    def end_reply(self) -> None:
        """The reply is whole: the next begins with a head."""
        self._flush()
        self._at_start = True

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self.forget()
        self._transport.abort()

    def forget(self) -> None:
        """Nobody is there any more."""
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)


class Connection(HttpToolsProtocol):
    """One connection. Owned by the event loop."""

    most = MAX_CONNECTIONS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._headers_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._raw_bytes = 0
        self._header_bytes = 0
        self._header_fields = 0
        self._too_large = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._replies = OneWrite(transport, self.loop)
        super().connection_made(self._replies)  # type: ignore[arg-type]
        if len(self.connections) > self.most:
            transport.abort()
            return
        self._headers_timer = self.loop.call_later(HEADERS_S, self._headers_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timers()
        self._replies.forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._headers_timer is not None:
            # A field that never ends is not told to us by the parser: what comes in is counted.
            self._raw_bytes += len(data)
        if not self._too_large:
            super().data_received(data)
        if self._headers_timer is not None and self._raw_bytes > MAX_HEADER_BYTES:
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._raw_bytes = 0
        self._header_bytes = 0
        self._header_fields = 0
        if self._headers_timer is None:
            self._headers_timer = self.loop.call_later(HEADERS_S, self._headers_late)

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_fields += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_response_complete(self) -> None:
        self._replies.end_reply()
        super().on_response_complete()

    def on_headers_complete(self) -> None:
        if self._headers_timer is not None:
            self._headers_timer.cancel()
            self._headers_timer = None
        super().on_headers_complete()

    def _count(self, number: int) -> None:
        self._header_bytes += number
        if self._header_bytes > MAX_HEADER_BYTES or self._header_fields > MAX_HEADERS:
            self._too_large = True
            raise HeadersTooLarge

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the text is the parser's
        if self._too_large:
            self._refuse()
        else:
            self._answer(400, "invalid-http", "this is not a well-formed HTTP request")

    def _refuse(self) -> None:
        self._too_large = True
        self._answer(
            431,
            "headers-too-large",
            f"the headers of a request have at most {MAX_HEADER_BYTES // 1024} KiB"
            f" in {MAX_HEADERS} fields",
        )

    def _answer(self, status: int, code: str, detail: str) -> None:
        """Replies to what became no request, and ends the connection."""
        if self.transport.is_closing():
            return
        problem = plain_problem(status, code, detail, request_id="")
        phrase = HTTPStatus(status).phrase
        lines = [f"HTTP/1.1 {status} {phrase}".encode(), b"connection: close"]
        headers = [*problem.raw_headers]
        add_security_headers(headers, secure=self.scheme == "https", request_id="")
        lines += [name + b": " + value for name, value in headers]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + bytes(problem.body))
        self.transport.close()

    def _headers_late(self) -> None:
        self._headers_timer = None
        if not self.transport.is_closing():
            self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stall_timer is None:
            self._stall_timer = self.loop.call_later(STALLED_S, self._stalled)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _stalled(self) -> None:
        self._stall_timer = None
        log.warning("a client that does not read its reply was cut off")
        self.transport.abort()

    def _cancel_timers(self) -> None:
        for timer in (self._headers_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        self._headers_timer = self._stall_timer = None


def connection_class() -> type[Connection]:
    """The protocol for this process; raises its limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    most = MAX_CONNECTIONS
    if soft != resource.RLIM_INFINITY:
        most = max(1, min(MAX_CONNECTIONS, soft - _OWN_FILES))
    return type("Connection", (Connection,), {"most": most})
