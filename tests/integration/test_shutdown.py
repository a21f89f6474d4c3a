"""A stop loses nothing: what runs ends, what waits is stored. Log lines tell nothing of events."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.integration.conftest import RunningService

from indelible.server.ledger import LedgerReader
from indelible.verify import verify_folder

pytestmark = pytest.mark.timeout(180)

Start = Callable[..., RunningService]


def connect(service: RunningService) -> socket.socket:
    parts = urlsplit(service.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60)


def half_sent(service: RunningService, body: bytes, half: int) -> socket.socket:
    """A write of which the service has the head and some bytes of the body."""
    connection = connect(service)
    head = (
        f"POST /v1/events HTTP/1.1\r\nhost: {urlsplit(service.url).netloc}\r\n"
        f"authorization: Bearer {service.key('w')}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body[:half])
    return connection


def wait_until_shut(service: RunningService) -> None:
    """Until no new connection is taken."""
    end_s = time.monotonic() + 30
    while time.monotonic() < end_s:
        try:
            connect(service).close()
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the service still takes connections")


def checkpoint_and_size(data: Path) -> tuple[int, int]:
    reader = LedgerReader(data / "ledger.sqlite3")
    try:
        checkpoint = reader.latest_checkpoint(1)
        assert checkpoint is not None
        return checkpoint.size, reader.size(1)
    finally:
        reader.close()


def test_under_load_everything_acknowledged_is_stored_and_signed(start_service: Start) -> None:
    service = start_service()
    acknowledged: list[str] = []
    refused: list[int] = []
    stop = threading.Event()
    key = service.key("w")

    def write(writer: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            event_id = f"0193a5a0-0000-7000-8{writer:03d}-{number:012d}"
            try:
                reply = service.request(
                    "POST", "/v1/events", key=key, json={"operation": "Load", "id": event_id}
                )
            except (OSError, http.client.HTTPException):
                return
            if reply.status == 200:
                acknowledged.append(event_id)
            else:
                refused.append(reply.status)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    while len(acknowledged) < 50:
        time.sleep(0.02)
    assert service.stop() == 0
    stop.set()
    for writer in writers:
        writer.join()
    assert set(refused) <= {503}
    signed, size = checkpoint_and_size(service.data)
    assert signed == size
    assert verify_folder(service.data).exit_code == 0

    again = start_service(service.data)
    stored = [event["id"] for event in again.events(q="operation:Load", limit=1000)]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
    operations = [event["operation"] for event in again.events(stream="system", limit=10)]
    assert operations[:3] == ["StartService", "StopService", "StartService"]


def test_a_running_request_ends_before_the_service_does(start_service: Start) -> None:
    service = start_service()
    body = json.dumps([{"operation": "Slow"}] * 50).encode()
    with half_sent(service, body, 100) as connection:
        stopping = threading.Thread(target=service.stop)
        stopping.start()
        wait_until_shut(service)
        assert service.process.poll() is None
        connection.sendall(body[100:])
        reply = http.client.HTTPResponse(connection)
        reply.begin()
        assert reply.status == 200
        assert json.loads(reply.read())["stored"] == 50
    stopping.join()
    assert service.process.returncode == 0
    signed, size = checkpoint_and_size(service.data)
    assert signed == size


def test_a_request_that_does_not_end_is_cut_off(start_service: Start) -> None:
    service = start_service()
    service.stop()
    (service.data / "indelible.toml").write_text("[service]\ndrain_seconds = 1\n")
    service = start_service(service.data)
    before = service.send({"operation": "Before"})["tree_size"]
    with half_sent(service, b'[{"operation": "Never"}]', 5) as connection:
        assert service.stop() == 0
        with contextlib.suppress(OSError):
            assert connection.recv(4096).split(b" ")[1:2] in ([], [b"500"], [b"503"], [b"408"])
    signed, size = checkpoint_and_size(service.data)
    assert signed == size
    assert before < size
    assert verify_folder(service.data).exit_code == 0


def lines_of(service: RunningService) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        json.loads(line) for line in service.log.read_text().splitlines()
    ]
    return found


def test_log_lines_have_request_ids_and_nothing_of_events(start_service: Start) -> None:
    service = start_service(None, "--log-level", "debug", "--log-format", "json")
    key = service.key("w")
    words = iter(range(1000))
    secrets: list[str] = []

    def word() -> str:
        secrets.append(f"quietword{next(words):04d}")
        return secrets[-1]

    same = {"id": "0193a5a0-0000-7000-8000-0000000000cc", "operation": word()}
    bodies: list[bytes] = [
        json.dumps(body).encode()
        for body in (
            {
                "operation": word(), "method": word(), "endpoint": f"/{word()}",
                "actor": {"id": word(), "email": f"{word()}@example.com", "name": word()},
                "targets": [{"type": word(), "id": word(), "name": word()}],
                "changes": [{"path": word(), "before": word(), "after": {"deep": word()}}],
                "reason": word() + "\r\nforged line\x1b[31m", "metadata": {word(): word()},
            },
            same,
            same | {"reason": word()},  # a conflict
            {"operation": word(), "status": word()},
            {"operation": word(), word(): 1},
            {"operation": word() + "x" * 300_000},
            [{"operation": word(), "occurred_at": word()}, {"operation": word()}],
            word(),
        )
    ]  # fmt: skip
    bodies += [
        b'{"operation": "' + word().encode() + b"\xff\xed\xa0\x80" + b'"}',
        b'{"operation": NaN, "reason": "' + word().encode() + b'"}',
        b"[" * 2000 + word().encode(),
        word().encode(),
    ]
    ids = set()
    for body in bodies:
        reply = service.request("POST", "/v1/events", key=key, body=body)
        assert reply.status in (200, 400, 413, 422), reply.body
        ids.add(reply.headers["x-request-id"])
    reply = service.request(
        "POST", "/v1/events", key=key, body=gzip.compress(word().encode())[:-3],
        headers={"content-encoding": "gzip"},
    )  # fmt: skip
    ids.add(reply.headers["x-request-id"])
    for path in ("/v1/events", "/v1/stats", "/v1/export"):
        reply = service.request("GET", path, key=service.key("r"), params={"q": word()})
        ids.add(reply.headers["x-request-id"])
    service.request("GET", f"/v1/events?cursor={word()}", key=service.key("r"))
    service.stop()

    lines = lines_of(service)
    told = {line["request_id"]: line for line in lines if "request_id" in line}
    assert ids <= set(told)
    for line in told.values():
        assert re.fullmatch(r"[A-Z]+ /\S* (\d{3}|no reply)", line["message"]), line
        assert isinstance(line["ms"], float)
    for number, line in enumerate(lines):
        text = json.dumps(line)
        assert not [secret for secret in secrets if secret in text], (number, text)
        assert "forged line" not in text
        assert key not in text
