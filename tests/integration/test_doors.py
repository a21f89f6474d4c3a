"""OpenTelemetry, CloudEvents and syslog into a running service."""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import RunningService, init_folder
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
