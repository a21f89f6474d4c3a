"""Starts the real service on a fresh data folder, and weighs it from outside."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from indelible.server.index.rollup import BLOCK_ENTRIES

START_TIMEOUT_S = 60
CATCH_UP_TIMEOUT_S = 7200
IDLE_S = 2
COMMAND = (sys.executable, "-m", "indelible.cli")


class Service:
    """`indelible serve` in a process of its own. Owned by the bench; stopped by `stop`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._log = (data.parent / "serve.log").open("wb")
        self.command("init", "--data", str(data), "--admin-email", "bench@example.com")
        self.write_key = self._make_key("w")
        self.read_key = self._make_key("r")
        self._process = subprocess.Popen(
            [*COMMAND, "serve", "--data", str(data), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self.url = self._wait_for_address()
        self.client = Client(self.url, self.read_key)
        self._wait_until_ready()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """Stops the service as an operator does, and waits for it."""
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def wait_until_indexed(self, size: int) -> float:
        """Waits until the index has all entries below `size`; returns when that was (monotonic)."""
        deadline = time.monotonic() + CATCH_UP_TIMEOUT_S
        while time.monotonic() < deadline:
            status = self.client.get("/v1/status")
            if status["index"]["indexed_through"] >= size:
                return time.monotonic()
            time.sleep(0.1)
        raise RuntimeError(f"the index did not reach {size} in {CATCH_UP_TIMEOUT_S} s")

    def wait_until_counted(self) -> None:
        """Waits until no block of entries is left that the index counts when it is idle."""
        deadline = time.monotonic() + CATCH_UP_TIMEOUT_S
        while time.monotonic() < deadline:
            index = self.client.get("/v1/status")["index"]
            if index["indexed_through"] - index["counted_through"] < BLOCK_ENTRIES:
                return
            time.sleep(0.2)
        raise RuntimeError(f"the index did not count its blocks in {CATCH_UP_TIMEOUT_S} s")

    def command(self, *arguments: str) -> str:
        """What `indelible …` prints. Raises RuntimeError when it fails."""
        done = subprocess.run(
            [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode != 0:
            raise RuntimeError(f"indelible {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def _make_key(self, kind: str) -> str:
        printed = self.command(
            "keys", "create", "--kind", kind, "--name", f"bench {kind}", "--data", str(self.data)
        )
        found = re.search(rf"ind_{kind}_\w+", printed)
        if not found:
            raise RuntimeError(f"no key in what `keys create` printed: {printed!r}")
        return found.group()

    def _wait_for_address(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        found = re.search(r"http://[\w.:\[\]]+", line)
        if not found:
            raise RuntimeError(f"the service did not start; see {self._log.name}")
        return found.group()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.client.get("/v1/status")["index"]["state"] == "ready":
                return
            time.sleep(0.1)
        raise RuntimeError(f"the index was not ready within {START_TIMEOUT_S} s")


class Client:
    """One kept-open connection with a key. Not for use by several threads."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "127.0.0.1", parts.port, timeout=120
        )
        self._headers = {"Authorization": f"Bearer {key}"}
        self._used_at = time.monotonic()

    def get(self, path: str, **parameters: Any) -> Any:
        """The reply's JSON. Raises RuntimeError on any status but 200."""
        return json.loads(self._ask("GET", path, parameters).read())

    def post(self, path: str, body: bytes) -> Any:
        headers = {**self._headers, "Content-Type": "application/json"}
        self._leave_if_idle()
        self._connection.request("POST", path, body, headers)
        return json.loads(self._checked(path).read())

    def stream(self, path: str, **parameters: Any) -> http.client.HTTPResponse:
        """A reply to be read in pieces; read it to its end before the next request."""
        return self._ask("GET", path, parameters)

    def _ask(self, method: str, path: str, parameters: dict[str, Any]) -> http.client.HTTPResponse:
        query = f"?{urlencode(parameters)}" if parameters else ""
        self._leave_if_idle()
        self._connection.request(method, path + query, headers=self._headers)
        return self._checked(path)

    def _leave_if_idle(self) -> None:
        """The service closes a connection after some idle seconds; we do it first."""
        if time.monotonic() - self._used_at > IDLE_S:
            self._connection.close()  # the next request opens it again
        self._used_at = time.monotonic()

    def _checked(self, path: str) -> http.client.HTTPResponse:
        response = self._connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {response.read()[:500]!r}")
        return response


@dataclass(frozen=True)
class Weight:
    """Memory and processor time of a process and all below it."""

    memory: int  # proportional set size, bytes: shared pages are counted once
    cpu_s: float
    alone_s: float  # processor time of the process itself, without those below it


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        left.extend(children.get(one, []))
    return found


def weigh(pid: int) -> Weight:
    memory, ticks, alone = 0, 0, 0
    for one in family(pid):
        folder = Path("/proc") / str(one)
        try:
            rollup = (folder / "smaps_rollup").read_text()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
        memory += int(found.group(1)) * 1024 if found else 0
        used = int(fields[11]) + int(fields[12])
        ticks += used
        alone += used if one == pid else 0
    second = os.sysconf("SC_CLK_TCK")
    return Weight(memory=memory, cpu_s=ticks / second, alone_s=alone / second)


def bytes_under(path: Path) -> int:
    """Bytes on disk below a folder, or of a file; 0 when there is none."""
    # A folder or file may go while we look: merges replace them.
    if not path.is_dir():
        return _blocks(path)
    return sum(_blocks(Path(folder) / name) for folder, _, names in os.walk(path) for name in names)


def _blocks(file: Path) -> int:
    try:
        return 0 if file.is_symlink() else file.stat().st_blocks * 512
    except OSError:
        return 0
