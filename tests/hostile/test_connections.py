"""Clients that speak slowly, endlessly, or not at all, beside clients that behave."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.hostile.conftest import Probe
from tests.integration.conftest import RunningService

pytestmark = pytest.mark.timeout(240)

KIB = 1024


def connect(service: RunningService) -> socket.socket:
    parts = urlsplit(service.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)


def talk(service: RunningService, sent: bytes) -> bytes:
    """Sends bytes and reads until the service closes."""
    with connect(service) as line:
        try:
            line.sendall(sent)
        except OSError:
            pass  # it has heard enough; its answer may still be there
        return read_all(line)


def read_all(line: socket.socket) -> bytes:
    found = b""
    try:
        while piece := line.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize(
    "head",
    [
        b"".join(b"x-%d: y\r\n" % n for n in range(300)),
        b"x: " + b"y" * 200 * KIB + b"\r\n",
        b"cookie: " + b"a=b; " * 40_000 + b"\r\n",
        b"authorization: Bearer " + b"z" * 100 * KIB + b"\r\n",
    ],
    ids=["many", "long", "cookies", "key"],
)
def test_too_many_headers_are_refused(probe: Probe, head: bytes) -> None:
    reply = talk(probe.service, b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + head + b"\r\n")
    assert reply.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in reply
    assert b"64 KiB" in reply
    assert probe.service.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("never_ending", [b"GET /" + b"a" * 64 * KIB, b"a" * 64 * KIB])
def test_a_line_without_an_end_takes_no_memory(probe: Probe, never_ending: bytes) -> None:
    before = probe.rss_mb()
    with connect(probe.service) as line:
        try:
            line.sendall(never_ending)
            for _ in range(2000):
                line.sendall(b"a" * 64 * KIB)
        except OSError:
            pass
    assert probe.rss_mb() - before < 20
    assert probe.service.request("GET", "/healthz").status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS where none is spoken
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /%ff%fe%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET http:///// HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET //x//../..//etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /assets/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx : y\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\nabc",
        b"POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"TRACE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/events HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_what_is_hardly_http_is_answered_and_forgotten(probe: Probe, sent: bytes) -> None:
    reply = talk(probe.service, sent)
    if reply:
        status = int(reply.split(b" ", 2)[1])
        assert status < 500, reply[:400]
        assert b"root:" not in reply
    assert probe.service.request("GET", "/healthz").status == 200


def test_two_lengths_are_never_both_believed(probe: Probe) -> None:
    """What a proxy and we read differently could smuggle a request in another one's body."""
    smuggled = b"GET /v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    head = b"POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    both = (
        head
        + b"content-length: %d\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(smuggled))
        + smuggled
    )
    reply = talk(probe.service, both)
    assert reply.count(b"HTTP/1.1 ") == 1, reply


@pytest.fixture
def small_service(start_service: Callable[..., RunningService]) -> Iterator[RunningService]:
    """A service of one test, so that what it holds open ends with it."""
    running = start_service()
    yield running
    running.stop()


def slow_clients(service: RunningService, number: int) -> Iterator[socket.socket]:
    """Connections in every unpleasant state: silent, half a head, half a body, never reading."""
    key = service.key("w").encode()
    heads = [
        b"",
        b"GET /v1/status HT",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: 1000000\r\nauthorization: Bearer " + key + b'\r\n\r\n[{"operation":"S',
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\nauthorization: Bearer " + key + b"\r\n\r\n5\r\n[{",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 20,
    ]
    for count in range(number):
        line = connect(service)
        line.sendall(heads[count % len(heads)])
        yield line


def times_of_good_requests(service: RunningService, number: int) -> list[float]:
    found = []
    for count in range(number):
        started = time.monotonic()
        reply = service.request(
            "POST", "/v1/events", key=service.key("w"), json={"operation": f"Good{count}"}
        )
        found.append(time.monotonic() - started)
        assert reply.status == 200
    return found


def test_two_hundred_slow_clients(small_service: RunningService) -> None:
    """Good requests go on beside them, and the slow ones are dropped, not kept for ever."""
    service = small_service
    alone = times_of_good_requests(service, 40)
    files = len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))
    with ExitStack() as stack:
        lines = [stack.enter_context(line) for line in slow_clients(service, 200)]
        ended = threading.Event()

        def drip() -> None:
            """A byte now and then, so that nothing looks idle."""
            while not ended.wait(2):
                for line in lines:
                    try:
                        line.send(b" ")
                    except OSError:
                        pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            beside = times_of_good_requests(service, 40)
            assert statistics.median(beside) < max(1.0, 10 * statistics.median(alone))
            deadline = time.monotonic() + 60
            wanted = (
                files + len(lines) // 3
            )  # two of six kinds have a body, for which there is time
            while len(list(Path(f"/proc/{service.process.pid}/fd").iterdir())) > wanted + 10:
                assert time.monotonic() < deadline, "slow clients are kept"
                time.sleep(0.5)
        finally:
            ended.set()
            dripping.join()
    assert service.request("GET", "/healthz").status == 200


def test_bodies_in_flight_are_bounded(small_service: RunningService) -> None:
    """Many large bodies at once: those over the room are pushed back, memory stays at the limit."""
    service = small_service
    key = service.key("w").encode()
    probe = Probe(service)
    probe.send(b'{"operation":"First"}')
    before = probe.rss_mb()
    size = 30 * KIB * KIB
    head = (
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\nauthorization: Bearer " % size + key + b"\r\n\r\n"
    )
    block = b" " * KIB * KIB
    with ExitStack() as stack:
        lines = [stack.enter_context(connect(service)) for _ in range(12)]
        for line in lines:
            line.sendall(head)
        refused = 0
        for _ in range(size // len(block) - 1):
            for line in lines:
                try:
                    line.sendall(block)
                except OSError:
                    pass
        for line in lines:
            line.settimeout(0.2)
            try:
                refused += line.recv(4096).startswith(b"HTTP/1.1 503 ")
            except OSError:
                pass
        assert refused >= 12 - 5  # 128 MiB have room for four whole bodies, and one alone
        assert probe.rss_mb() - before < 128 + 100
        assert probe.send(b'{"operation":"Small"}').status in (200, 503)
    deadline = time.monotonic() + 60
    while probe.send(b'{"operation":"After"}').status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)


if os.environ.get("INDELIBLE_TEST_SOAK"):  # a thousand connections for a minute, before releases

    @pytest.mark.parametrize("kind", ["-H", "-B", "-X"])
    def test_slowhttptest(small_service: RunningService, kind: str) -> None:
        tool = shutil.which("slowhttptest")
        if tool is None:
            pytest.skip("no slowhttptest here; run: sudo apt-get install -y slowhttptest")
        service = small_service
        alone = sorted(times_of_good_requests(service, 200))
        url = service.url + "/"
        command = [tool, kind, "-c", "1000", "-r", "200", "-l", "60", "-i", "5", "-u", url]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=quiet, stderr=quiet) as running:
            time.sleep(10)
            beside = sorted(times_of_good_requests(service, 200))
            running.wait(120)
        assert beside[197] < 2 * alone[197] + 0.05
