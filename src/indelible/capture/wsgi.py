"""
WSGI middleware (Flask, Pyramid, Bottle, …): one event per request that matters.

    app.wsgi_app = AuditMiddleware(app.wsgi_app, client=audit, trusted_proxies=["10.0.0.0/8"])

The event is recorded when the server closes the response, so a streamed one stays streamed: its
iterator is handed on piece by piece, `write()` and `wsgi.file_wrapper` keep working. A framework's
own hook leaves what its router found in `environ["indelible.exchange"]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from indelible.capture.bodies import Bodies, BodyCopy
from indelible.capture.exchange import Exchange, HttpSettings
from indelible.capture.request import ForwardedHeader, Rule, writes_and_denied
from indelible.client import Indelible
from indelible.client.context import hold, release

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

EXCHANGE = "indelible.exchange"


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

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if EXCHANGE in environ:
            return self._app(environ, start_response)
        exchange = self._begin(environ)
        environ[EXCHANGE] = exchange
        if exchange.body is not None:
            environ["wsgi.input"] = _Copied(environ["wsgi.input"], exchange.body)
        token = hold(exchange.holder)

        def on_start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            exchange.status = int(status[:3])
            return start_response(status, headers, *more)

        def end() -> None:
            try:
                self._take_remote_user(environ, exchange)
                exchange.record()
            finally:
                release(token)

        try:
            result = self._app(environ, on_start)
        except BaseException as error:
            exchange.fail(error)
            end()
            raise
        if exchange.over:  # a framework's hook has recorded it: the response is whole
            release(token)
            return result
        return _watch(result, environ, exchange, end)

    def _begin(self, environ: Environ) -> Exchange:
        def header(name: str) -> list[str]:
            key = name.upper().replace("-", "_")
            value = environ.get(key if key == "CONTENT_TYPE" else f"HTTP_{key}")
            return [] if value is None else [value]

        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        peer = environ.get("REMOTE_ADDR") or None
        return self._settings.begin(environ["REQUEST_METHOD"], path or "/", header, peer)

    @staticmethod
    def _take_remote_user(environ: Environ, exchange: Exchange) -> None:
        """A server that has checked the user itself says so in the environment, not in a header."""
        user = environ.get("REMOTE_USER")
        if user and exchange.holder.actor is None:
            exchange.holder.actor = {"kind": "user", "id": str(user)}


def _watch(
    result: Iterable[bytes], environ: Environ, exchange: Exchange, end: Callable[[], None]
) -> Iterable[bytes]:
    file_wrapper = environ.get("wsgi.file_wrapper")
    if isinstance(file_wrapper, type) and isinstance(result, file_wrapper):
        # Servers send such a response without reading it here, if it stays of that class.
        close = getattr(result, "close", None)

        def close_both() -> None:
            try:
                if close is not None:
                    close()
            finally:
                end()

        try:
            result.close = close_both  # type: ignore[attr-defined]
        except AttributeError:
            end()
        return result
    if isinstance(result, list | tuple):
        return _WatchedList(result, exchange, end)
    return _Watched(result, exchange, end)


class _Watched:
    """The response's iterator, unchanged; `close` is where the request is over."""

    def __init__(
        self, result: Iterable[bytes], exchange: Exchange, end: Callable[[], None]
    ) -> None:
        self._result = result
        self._exchange = exchange
        self._end = end
        self._begun = False
        self._done = False

    def __iter__(self) -> Iterator[bytes]:
        self._begun = True
        try:
            yield from self._result
        except GeneratorExit:
            raise
        except BaseException as error:
            self._exchange.fail(error)
            raise
        self._done = True

    def close(self) -> None:
        """Called by the server at the end of every response, whatever happened."""
        try:
            if hasattr(self._result, "close"):
                self._result.close()
        finally:
            if self._begun and not self._done and self._exchange.error is None:
                self._exchange.gone = True
            self._end()


class _WatchedList(_Watched):
    """Servers make a Content-Length from a response of one piece; its length stays known."""

    def __len__(self) -> int:
        return len(self._result)  # type: ignore[arg-type]


class _Copied:
    """`wsgi.input` that copies what the application reads."""

    def __init__(self, stream: Any, copy: BodyCopy) -> None:
        self._stream = stream
        self._copy = copy

    def read(self, *size: int) -> bytes:
        data: bytes = self._stream.read(*size)
        self._copy.add(data)
        return data

    def readline(self, *size: int) -> bytes:
        data: bytes = self._stream.readline(*size)
        self._copy.add(data)
        return data

    def readlines(self, *hint: int) -> list[bytes]:
        lines: list[bytes] = self._stream.readlines(*hint)
        self._copy.add(b"".join(lines))
        return lines

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
