"""OpenTelemetry, CloudEvents and syslog into a running service."""

from __future__ import annotations

import base64
import fcntl
import gzip
import hmac
import json
import re
import socket
import ssl
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import Reply, RunningService, init_folder
from tests.unit.server.ingest.test_doors import CLOUD, LINE, RECORD, otlp

Start = Callable[..., RunningService]
pytestmark = pytest.mark.timeout(120)


def test_otlp_and_cloudevents(service: RunningService) -> None:
    body = json.dumps(otlp(RECORD, {"body": {"stringValue": "no event"}})).encode()
    sent = {"content-type": "application/json", "content-encoding": "gzip"}
    for _ in range(2):  # an exporter that had no answer sends again
        reply = service.request(
            "POST", "/v1/otlp/logs", key=service.key("w"), body=gzip.compress(body), headers=sent
        )
        assert reply.status == 200, reply.body
        assert reply.json["partialSuccess"]["rejectedLogRecords"] == "1"
    reply = service.request(
        "POST",
        "/v1/cloudevents",
        key=service.key("w"),
        body=json.dumps(CLOUD).encode(),
        headers={"content-type": "application/cloudevents+json"},
    )
    assert (reply.status, reply.json["stored"]) == (200, 1)
    found = service.events(**{"from": "2025-11-25T00:00:00Z", "to": "2026-11-21T00:00:00Z"})
    assert {event["operation"] for event in found} == {
        "AssignRole",
        "com.example.depot.renamed",
    }
    wrong = service.request("POST", "/v1/otlp/logs", key=service.key("r"), body=b"{}", headers=sent)
    assert wrong.status == 403
    wrong = service.request(
        "POST", "/v1/otlp/logs", key=service.key("w"), body=b"x", headers={"content-type": "a/b"}
    )
    assert (wrong.status, wrong.code) == (415, "unsupported-media")


def test_webhooks(start_service: Start, tmp_path: Path) -> None:
    secret, older = b"s" * 24, b"o" * 32
    file = tmp_path / "billing.secret"
    lines = ["# ours", *(f"whsec_{base64.b64encode(one).decode()}" for one in (older, secret))]
    file.write_text("\n".join(lines))
    data = tmp_path / "data"
    init_folder(data)
    (data / "indelible.toml").write_text(f'[webhooks]\nsources = ["billing={file}"]\n')
    service = start_service(data)

    def post(
        body: bytes, source: str = "billing", key: bytes = secret, age_s: int = 0, **over: str
    ) -> Reply:
        said_s = str(int(time.time()) - age_s)
        signed = hmac.digest(key, f"msg_1.{said_s}.".encode() + body, "sha256")
        headers = {
            "content-type": "application/json",
            "webhook-id": "msg_1",
            "webhook-timestamp": said_s,
            "webhook-signature": f"v1a,xx v1,{base64.b64encode(signed).decode()}",
            **over,
        }
        return service.request("POST", f"/v1/webhooks/{source}", body=body, headers=headers)

    paid = {"type": "invoice.paid", "timestamp": "2026-11-20T10:00:00Z", "data": {"n": 1}}
    body = json.dumps(paid).encode()
    assert (post(body).status, post(body, key=older).json["duplicates"]) == (200, 1)
    for wrong in (
        post(body, key=b"x" * 24),
        post(body, age_s=400),
        post(body, age_s=-400),
        post(body, source="other"),
        post(body + b" ", **{"webhook-signature": "v1,AAAA"}),
        post(body, **{"webhook-timestamp": "soon"}),
        post(body, **{"webhook-id": ""}),
    ):
        assert (wrong.status, wrong.code) == (401, "unauthenticated")
    assert post(b"[1]").status == 400
    file.write_text("whsec_short")
    assert post(body).status == 401
    (event,) = service.events(**{"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"})
    assert (event["operation"], event["context"]["source"]) == ("invoice.paid", "billing")
    assert event["metadata"] == {"data": {"n": 1}}


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def syslog_port(service: RunningService) -> int:
    found = re.search(r"syslog listens on \S+?:(\d+)", service.log.read_text())
    assert found, service.log.read_text()
    return int(found[1])


def test_syslog_over_tls(
    start_service: Start, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    data = tmp_path / "data"
    init_folder(data)
    (data / "indelible.toml").write_text(
        '[syslog]\nenabled = true\nport = 0\nallowed_networks = ["127.0.0.0/8"]\n'
        f'tls_cert = "{certificate[0]}"\ntls_key = "{certificate[1]}"\n'
    )
    service = start_service(data)
    context = ssl.create_default_context(cafile=str(certificate[0]))
    with (
        socket.create_connection(("127.0.0.1", syslog_port(service)), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as line,
    ):
        line.sendall(b"%d %b" % (len(LINE), LINE))
        line.sendall(b"<13>1 - - app - Cut -")  # ends without its newline: stored all the same
    anytime = {"from": "2026-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    deadline = time.monotonic() + 30
    found: set[str] = set()
    while found != {"AssignRole", "Cut"}:
        assert time.monotonic() < deadline, found
        events = service.events(stream="all", own="hide", **anytime)
        found = {event["operation"] for event in events}


def test_what_came_before_a_reset_is_stored(start_service: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    init_folder(data)
    (data / "indelible.toml").write_text(
        '[syslog]\nenabled = true\nport = 0\nallowed_networks = ["127.0.0.0/8"]\n'
    )
    service = start_service(data)
    number = 50
    for count in range(number):
        with socket.create_connection(("127.0.0.1", syslog_port(service)), timeout=20) as line:
            line.sendall(b"<13>1 - - app - Op%d -" % count)
            # Closed with this, the connection is reset instead of ended.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wait_until_read(line)
    anytime = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    deadline = time.monotonic() + 30
    total = 0
    while total < number:
        assert time.monotonic() < deadline, total
        service.settle()
        key = service.key("r")
        params = {"q": "source:app", **anytime}
        total = service.request("GET", "/v1/stats", key=key, params=params).json["total"]


def wait_until_read(line: socket.socket) -> None:
    """Until the other side's kernel has it all: what was not sent a reset throws away."""
    deadline = time.monotonic() + 20
    while struct.unpack("i", fcntl.ioctl(line, termios.TIOCOUTQ, b"\0" * 4))[0]:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_what_syslog_sent_before_a_stop_is_stored(start_service: Start, tmp_path: Path) -> None:
    """The connection stays open: the service ends it, and keeps a message that was cut off."""
    data = tmp_path / "data"
    init_folder(data)
    (data / "indelible.toml").write_text(
        '[syslog]\nenabled = true\nport = 0\nallowed_networks = ["127.0.0.0/8"]\n'
    )
    service = start_service(data)
    number = 2000
    with socket.create_connection(("127.0.0.1", syslog_port(service)), timeout=20) as line:
        for count in range(number):
            line.sendall(b"<13>1 - - app - Op%d - text\n" % count)
        line.sendall(b"<13>1 - - app - CutOff -")
        deadline = time.monotonic() + 30
        key = service.key("r")
        while service.request("GET", "/v1/status", key=key).json["ledger"]["size"] < number:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.5)  # what lies in the kernel is not read yet, and nothing shows when it is
        assert service.stop() == 0
        assert line.recv(1) == b""
    again = start_service(data)
    again.settle()
    anytime = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    reply = again.request(
        "GET", "/v1/stats", key=again.key("r"), params={"q": "source:app", **anytime}
    )
    assert reply.json["total"] == number + 1
