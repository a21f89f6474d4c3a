"""The WSGI middleware below the standard library's own server and validator."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest

from indelible.capture.bodies import Bodies
from indelible.capture.wsgi import AuditMiddleware
from indelible.client import bind, current, describe
from indelible.testing import MemoryAudit, assert_audited


def serve(
    app: Callable[..., Iterable[bytes]], method: str, path: str, body: bytes = b"", **environ: str
) -> bytes:
    """One request as wsgiref's server runs it; returns the whole answer."""
    full: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": "10.0.0.4"}
    full |= {"CONTENT_LENGTH": str(len(body)), "QUERY_STRING": "", "SCRIPT_NAME": "", **environ}
    setup_testing_defaults(full)
    answer = io.BytesIO()
    errors = io.StringIO()
    handler = SimpleHandler(io.BytesIO(body), answer, errors, full, multithread=False)
    handler.run(app)  # type: ignore[arg-type]
    assert "Traceback" not in errors.getvalue(), errors.getvalue()
    return answer.getvalue()


def test_a_write_is_recorded_when_the_server_closes_the_response(audit: MemoryAudit) -> None:
    order: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        bind(actor={"kind": "user", "id": "u_1"})
        describe(operation="ImportRows", targets=[{"type": "file", "id": "f_1"}])
        start_response("201 Created", [("Content-Type", "text/plain")])
        for n in range(3):
            order.append(f"piece {n}, {len(audit.events)} events")
            yield b"x"

    answer = serve(
        validator(AuditMiddleware(app, audit, trusted_proxies=["10.0.0.0/8"])),
        "POST",
        "/import",
        HTTP_X_FORWARDED_FOR="6.6.6.6, 2001:db8::7",
        HTTP_TRACEPARENT=f"00-{'ab' * 16}-{'cd' * 8}-01",
    )
    assert answer.endswith(b"xxx")
    assert order == [f"piece {n}, 0 events" for n in range(3)]
    event = assert_audited(audit, operation="ImportRows", status=201, actor="u_1", times=1)
    assert event["origin"] == {"ip": "2001:db8::7", "peer_ip": "10.0.0.4"}
    assert event["context"]["trace_id"] == "ab" * 16
    assert current() is None


def test_reads_are_left_out_and_denied_ones_are_not(audit: MemoryAudit) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response(environ["PATH_INFO"][1:] + " Said", [("Content-Type", "text/plain")])
        return [b"x"]

    for path in ("/200", "/403", "/401", "/404"):
        serve(AuditMiddleware(app, audit), "GET", path)
    assert [event["status"] for event in audit.events] == [403, 401]


def test_one_piece_keeps_its_length_and_a_file_its_class(audit: MemoryAudit) -> None:
    def one_piece(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    def a_file(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        handle = tempfile.TemporaryFile()  # noqa: SIM115 - the server closes it
        handle.write(b"from a file")
        handle.seek(0)
        return environ["wsgi.file_wrapper"](handle)

    assert b"Content-Length: 5" in serve(AuditMiddleware(one_piece, audit), "POST", "/a")
    wrapped = AuditMiddleware(a_file, audit)(
        {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.file_wrapper": FileWrapper},
        lambda *_: lambda data: None,
    )
    assert isinstance(wrapped, FileWrapper)
    assert b"".join(wrapped) == b"from a file"
    assert len(audit.events) == 1
    wrapped.close()
    assert len(audit.events) == 2


def test_write_and_exc_info_work_and_the_last_status_counts(audit: MemoryAudit) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError("late")
        except ValueError as error:
            exc_info = (type(error), error, error.__traceback__)
            write = start_response("503 Busy", [("Content-Type", "text/plain")], exc_info)
        write(b"written")
        return []

    assert b"written" in serve(AuditMiddleware(app, audit), "PUT", "/x")
    assert_audited(audit, status=503, outcome=None, times=1)


@pytest.mark.parametrize("when", ["at once", "while streaming"])
def test_an_exception_is_told_by_its_type_and_goes_on(audit: MemoryAudit, when: str) -> None:
    def at_once(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise LookupError("secret=hunter2")

    def streaming(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"x"
        raise LookupError("secret=hunter2")

    app = AuditMiddleware(at_once if when == "at once" else streaming, audit)
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/x"}

    def run() -> None:
        with contextlib.closing(app(environ, lambda *_: lambda data: None)) as result:  # type: ignore[type-var]
            list(result)

    with pytest.raises(LookupError):
        run()
    (event,) = audit.events
    assert event["metadata"] == {"error": "LookupError"}
    assert event["status"] == (500 if when == "at once" else 200)
    assert "hunter2" not in str(event)


def test_a_client_that_leaves_in_the_middle_is_told(audit: MemoryAudit) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"x"
        yield b"y"

    result = AuditMiddleware(app, audit)(
        {"REQUEST_METHOD": "POST", "PATH_INFO": "/x"}, lambda *_: lambda data: None
    )
    next(iter(result))
    result.close()  # type: ignore[attr-defined]
    assert_audited(audit, status=200, metadata={"client_disconnected": True}, times=1)


def test_bodies_are_kept_where_that_was_asked_for(audit: MemoryAudit) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x"]

    app_ = AuditMiddleware(app, audit, bodies=Bodies(["/settings/*"], max_bytes=60))
    send = [
        ("/settings/mail", "application/json", b'{"host": "m.example", "password": "hunter2"}'),
        ("/settings/mail", "application/x-www-form-urlencoded", b"a=1&a=2&token=abc"),
        ("/settings/mail", "application/json", b'["' + b"x" * 100 + b'"]'),
        ("/settings/mail", "application/json", b"{broken"),
        ("/settings/mail", "image/png", b"png"),
        ("/other", "application/json", b"{}"),
    ]
    for path, kind, body in send:
        serve(app_, "POST", path, body, CONTENT_TYPE=kind)
    kept = [event.get("metadata", {}).get("request_body") for event in audit.events]
    assert kept == [
        {"host": "m.example", "password": "[redacted]"},
        {"a": ["1", "2"], "token": "[redacted]"},
        {"cut": '["' + "x" * 58, "bytes": 104},
        {"unreadable": "{broken"},
        None,
        None,
    ]


def test_a_user_that_the_server_has_checked_is_the_actor(audit: MemoryAudit) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x"]

    serve(AuditMiddleware(app, audit), "POST", "/x", REMOTE_USER="ana", HTTP_REMOTE_USER="eve")
    assert_audited(audit, actor="ana", times=1)
