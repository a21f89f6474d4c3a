"""`make demo` without make: it starts, fills all tabs, stops cleanly, and may be run again."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.integration.conftest import ROOT, run_command
from tests.integration.test_fleet import Fleet

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@dataclass
class Demo:
    """A running demo and what it printed."""

    process: subprocess.Popen[str]
    output: str

    def address(self, label: str) -> str:
        found = re.search(rf"{label} +(http://\S+)", self.output)
        assert found is not None, self.output
        return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def demo(data: Path, port: int, fleet_port: int, how: int = signal.SIGINT) -> Iterator[Demo]:
    """Runs the demo until the block ends; it must then end well."""
    process = subprocess.Popen(
        [sys.executable, "scripts/demo.py", "--data", str(data), "--port", str(port),
         "--fleet-port", str(fleet_port)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            break
    try:
        assert process.poll() is None, "".join(lines)
        yield Demo(process, "".join(lines))
    finally:
        process.send_signal(how)
        rest, _ = process.communicate(timeout=90)
    assert (process.returncode, rest) == (0, "stopped\n")


def totals(url: str, data: Path) -> dict[str, int]:
    """How many events of fleet each tab has, of the last 30 days."""
    key = run_command("keys", "create", "--kind", "r", "--data", str(data)).stdout.strip()
    found = {}
    for stream in ("user", "system", "task"):
        query = {"stream": stream, "own": "hide", "from": "2000-01-01T00:00:00Z"}
        query["to"] = "2100-01-01T00:00:00Z"
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        connection.request(
            "GET", f"/v1/stats?{urlencode(query)}", headers={"Authorization": f"Bearer {key}"}
        )
        found[stream] = json.loads(connection.getresponse().read())["total"]
        connection.close()
    return found


def _audit_tab(running: Demo, url: str) -> None:
    """A group's Audit Logs tab: its token shows the events of this group and no others."""
    fleet = Fleet(running.address("Fleet"), running.process)
    path = "/groups/v2"
    fleet.log_in()
    group = fleet.row_id(path, "Depot north")
    _, page, _ = fleet.request("GET", f"{path}/{group}/audit-logs")
    assert f'token-url="{path}/{group}/audit-token"' in page
    assert f'src="{url}/embed/v1/audit-log.js"' in page
    status, body, headers = fleet.request("GET", f"{path}/{group}/audit-token")
    assert (status, headers["cache-control"]) == (200, "no-store")
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    token = json.loads(body)["token"]
    connection.request("GET", "/v1/events?limit=1000", headers={"Authorization": f"Bearer {token}"})
    events = json.loads(connection.getresponse().read())["events"]
    connection.close()
    assert len(events) > 5
    for event in events:
        assert {"type": "group", "id": group} in [
            {"type": one["type"], "id": one["id"]} for one in event["targets"]
        ]
    # Nobody is logged in: no token.
    fleet.cookie = ""
    assert fleet.request("GET", f"{path}/{group}/audit-token")[0] == 401


def test_the_demo_starts_twice_and_tells_its_history_once(tmp_path: Path) -> None:
    data, port, fleet_port = tmp_path / "demo", free_port(), free_port()
    with demo(data, port, fleet_port) as first:
        url = first.address("Indelible")
        assert url == f"http://127.0.0.1:{port}"
        before = totals(url, data)
        assert sum(before.values()) >= 200
        assert min(before.values()) > 0
        link = first.address("One-time link")
        assert re.fullmatch(rf"{url}/setup#token=\S+", link)
        fleet = http.client.HTTPConnection("127.0.0.1", fleet_port, timeout=30)
        fleet.request("GET", "/auth/v3/login")
        page = fleet.getresponse().read().decode()
        fleet.close()
        assert "Act as Ana" in page
        assert f'href="{url}"' in page
    with socket.socket() as taken:
        # Somebody else has the port now: the next free one is taken, and said.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with demo(data, port, fleet_port, signal.SIGTERM) as second:
            assert f"port {port} is taken, Indelible uses" in second.output
            assert second.address("One-time link").split("=")[1] != link.split("=")[1]
            after = totals(second.address("Indelible"), data)
            _audit_tab(second, second.address("Indelible"))
    # Only what fleet did itself since: it stopped and started.
    assert (after["user"], after["task"]) == (before["user"], before["task"])
    assert after["system"] <= before["system"] + 2
    run_command("verify", "--data", str(data))


def test_a_demo_that_cannot_start_says_why(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    data.mkdir()
    (data / "format.json").write_text('{"format": 999}')
    done = subprocess.run(
        [sys.executable, "scripts/demo.py", "--data", str(data), "--port", str(free_port())],
        cwd=ROOT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("\nThe demo failed: ")
    assert "Traceback" not in done.stderr
