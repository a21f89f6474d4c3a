"""Exports that are sent as they are made: each has one end in the log, whatever happens to it."""

from __future__ import annotations

import hashlib
import http.client
import signal
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.integration.conftest import RunningService, run_command

from indelible.server.query.query import MIN_INDEX_WAIT_S

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., RunningService]
EVENTS = 12_000


@pytest.fixture(scope="module")
def filled(start_service: Start) -> RunningService:
    """A service with more events than fit the buffers between it and a reader that stops."""
    service = start_service()
    for first in range(0, EVENTS, 4_000):
        service.send(
            *(
                {"operation": f"Op{n % 3}", "metadata": {"text": f"{n} " * 400}}
                for n in range(first, first + 4_000)
            )
        )
    service.settle()
    return service


def _listed(service: RunningService, key: str = "a") -> list[dict[str, Any]]:
    reply = service.request("GET", "/v1/exports", key=service.key(key))
    assert reply.status == 200
    found: list[dict[str, Any]] = reply.json["exports"]
    return found


def _wait(service: RunningService, job_id: str, *states: str) -> dict[str, Any]:
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        (job,) = [one for one in _listed(service) if one["id"] == job_id]
        if job["state"] in states:
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def _acts(service: RunningService, job_id: str) -> list[tuple[str, str]]:
    found = service.events(q=f"target:{job_id}", order="asc")
    return [(event["operation"], event["job"]["state"]) for event in found]


def _begin(service: RunningService, path: str) -> tuple[socket.socket, str]:
    """A reader that takes the head of an export and then no more."""
    parts = urlsplit(service.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
    key = service.key("r")
    connection.request("GET", path, headers={"authorization": f"Bearer {key}"})
    sock = connection.sock
    reply = connection.getresponse()
    assert reply.status == 200
    reply.read(1000)
    return sock, str(reply.headers["x-indelible-export"])


def test_a_whole_one_is_listed_with_its_hash(filled: RunningService) -> None:
    service = filled
    reply = service.request(
        "GET", "/v1/export?q=operation:Op1&own=hide&format=csv&columns=screen", key=service.key("r")
    )
    job_id = reply.headers["x-indelible-export"]
    job = _wait(service, job_id, "done")
    assert (job["way"], job["rows"], job["bytes"]) == ("direct", EVENTS // 3, len(reply.body))
    assert job["sha256"] == hashlib.sha256(reply.body).hexdigest()
    assert (job["is_yours"], job["expires_at"]) == (False, None)
    assert job["filter"]["q"] == "operation:Op1"
    (own,) = [one for one in _listed(service, "r") if one["id"] == job_id]
    assert own["is_yours"]
    manifest = service.request("GET", f"/v1/exports/{job_id}/manifest", key=service.key("r"))
    assert manifest.json["sha256"] == job["sha256"]
    assert manifest.json["wish"]["columns"][0] == "date"
    file = service.request("GET", f"/v1/exports/{job_id}/file", key=service.key("r"))
    assert (file.status, file.code) == (409, "no-file")
    again = service.request("DELETE", f"/v1/exports/{job_id}", key=service.key("r"))
    assert again.status == 409
    assert _acts(service, job_id) == [("ExportAuditLog", "started"), ("FinishExport", "succeeded")]
    runs = service.request("GET", f"/v1/runs?q=target:{job_id}", key=service.key("r")).json["runs"]
    assert [run["state"] for run in runs] == ["succeeded"]


def test_what_was_stored_before_is_in_it(filled: RunningService) -> None:
    """Without waiting for the index, as everybody does who exports what was just done."""
    service = filled
    key = service.key("r")
    for number in range(4):
        service.send({"operation": f"Just{number}", "category": "approval"})
        path = f"/v1/export?q=operation:Just{number}&format=jsonl"
        begun_s = time.monotonic()
        reply = service.request("GET", path, key=key)
        # On a machine that is busy beyond measure the index may take longer than it is waited for.
        if time.monotonic() - begun_s < MIN_INDEX_WAIT_S:
            assert reply.headers["x-indelible-count"] == "1"
            assert reply.body.count(b"\n") == 1
    service.send({"operation": "JustNow"})
    wish = {"format": "jsonl", "q": "operation:JustNow"}
    begun_s = time.monotonic()
    made = service.request("POST", "/v1/exports", key=key, json=wish)
    assert made.status == 202
    if time.monotonic() - begun_s < MIN_INDEX_WAIT_S:
        assert made.json["total"] == 1


def test_one_whose_reader_goes_away_is_cancelled(filled: RunningService) -> None:
    service = filled
    sock, job_id = _begin(service, "/v1/export?format=jsonl&own=hide")
    assert _wait(service, job_id, "running")["sha256"] is None
    sock.close()
    job = _wait(service, job_id, "cancelled")
    assert job["sha256"] is None
    assert "before the file was whole" in job["reason"]
    assert _acts(service, job_id) == [("ExportAuditLog", "started"), ("CancelExport", "cancelled")]


def test_one_that_is_cancelled_breaks_at_its_reader(filled: RunningService) -> None:
    service = filled
    sock, job_id = _begin(service, "/v1/export?format=jsonl&own=hide")
    assert service.request("DELETE", f"/v1/exports/{job_id}", key=service.key("r")).status == 204
    data = b""
    with sock:
        while chunk := sock.recv(1 << 20):
            data = data[-5:] + chunk
    assert not data.endswith(b"0\r\n\r\n")
    assert _wait(service, job_id, "cancelled")["state"] == "cancelled"
    assert _acts(service, job_id) == [("ExportAuditLog", "started"), ("CancelExport", "cancelled")]


def test_one_that_a_kill_broke_off_has_failed(start_service: Start, filled: RunningService) -> None:
    service = filled
    sock, job_id = _begin(service, "/v1/export?format=jsonl&own=hide")
    service.stop(signal.SIGKILL)
    sock.close()
    again = start_service(service.data)
    again.keys.update(service.keys)
    job = _wait(again, job_id, "failed")
    assert "the service ended" in job["reason"]
    assert _acts(again, job_id) == [("ExportAuditLog", "started"), ("FinishExport", "failed")]
    again.stop()

    # From the folder, by hand.
    output = service.data.parent / "out.csv"
    run_command(
        "export", "--data", str(service.data), "--q", "operation:Op2", "-o", str(output),
    )  # fmt: skip
    (service.data / "indelible.toml").write_text('[export]\nallowed = ["admin"]\n')
    last = start_service(service.data)
    last.keys.update(service.keys)
    newest = _listed(last)[0]
    assert newest["sha256"] == hashlib.sha256(output.read_bytes()).hexdigest()
    assert [state for _, state in _acts(last, newest["id"])] == ["started", "succeeded"]

    # Keys may not export any more; the screen is told beforehand.
    for reply in (
        last.request("GET", "/v1/export", key=last.key("r")),
        last.request("POST", "/v1/exports", key=last.key("r"), json={}),
    ):
        assert (reply.status, reply.code) == (403, "export-denied")
    limits = last.request("GET", "/v1/export/limits", key=last.key("r")).json
    assert (limits["role"], limits["allowed"], limits["keep_days"]) == ("key", False, 7)
    assert "parquet" in limits["formats"]
