"""
The real service as a process of its own: fixtures that all integration tests share.

`service` is one service for a whole test module; `start_service` makes as many as a test wants.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"
EMAIL = "ana@example.com"
START_LIMIT_S = 60.0


@dataclass
class Reply:
    """An HTTP reply, read whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_starting(self) -> bool:
        """Whether it says that the index is not there yet."""
        if self.status != 503 or b'"index-unavailable"' not in self.body:
            return False
        return bool(self.json["hint"] == "starting")

    @property
    def code(self) -> str:
        """The code of a problem."""
        return str(self.json["code"])


@dataclass
class Login:
    """A browser that is logged in."""

    service: RunningService
    cookie: str
    session: dict[str, Any]

    def request(self, method: str, path: str, **options: Any) -> Reply:
        """Sends a request as the screen does: cookie, CSRF token, Sec-Fetch-Site."""
        headers = {
            "cookie": self.cookie,
            "x-csrf-token": self.session["csrf"],
            "sec-fetch-site": "same-origin",
            **options.pop("headers", {}),
        }
        return self.service.request(method, path, headers=headers, **options)


@dataclass
class RunningService:
    """A service process, its address, and how to talk to it."""

    data: Path
    process: subprocess.Popen[str]
    url: str
    setup_token: str
    log: Path
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, kind: str = "a") -> str:
        """An API key of this kind, made on first use by the command line."""
        if kind not in self.keys:
            made = run_command(
                "keys", "create", "--kind", kind, "--data", str(self.data), "--tenant", "main"
            )
            self.keys[kind] = made.stdout.strip()
        return self.keys[kind]

    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        json: Any = None,
        body: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
    ) -> Reply:
        """
        One request on a connection of its own. `key` is the text of an API key.

        Told that the index is still starting, it asks again, as a client does: the service listens
        before that, and on a busy machine a good while before.
        """
        parts = urlsplit(self.url)
        sent = dict(headers or {})
        if key is not None:
            sent["authorization"] = f"Bearer {key}"
        if json is not None:
            body = _encode(json)
            sent.setdefault("content-type", "application/json")
        if params:
            path += "?" + urlencode(params)
        end_s = time.monotonic() + START_LIMIT_S
        while True:
            connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=timeout
            )
            try:
                connection.request(method, parts.path + path, body=body, headers=sent)
                answer = connection.getresponse()
                found = {name.lower(): value for name, value in answer.getheaders()}
                reply = Reply(answer.status, found, answer.read())
            finally:
                connection.close()
            if not reply.is_starting or time.monotonic() > end_s:
                return reply
            time.sleep(0.1)

    def send(self, *events: dict[str, Any]) -> dict[str, Any]:
        """Writes events with a key of kind w; returns the reply."""
        reply = self.request("POST", "/v1/events", key=self.key("w"), json=list(events))
        assert reply.status == 200, reply.body
        answer: dict[str, Any] = reply.json
        return answer

    def settle(self, limit_s: float = 60.0) -> int:
        """
        Waits until the index has all that is acknowledged by now; returns how much that is.

        What the service tells of itself counts too: a change is seen a moment before its event.
        """
        wanted = None
        end_s = time.monotonic() + limit_s
        self.key("r")  # an act, too
        while self.waiting_acts() and time.monotonic() < end_s:
            time.sleep(0.02)
        while time.monotonic() < end_s:
            status = self.request("GET", "/v1/status", key=self.key("r")).json
            wanted = wanted or int(status["ledger"]["size"])
            if status["index"]["indexed_through"] >= wanted:
                return wanted
            time.sleep(0.1)
        raise AssertionError(f"the index does not get there: {status}")

    def waiting_acts(self) -> int:
        """How many acts have happened that the ledger does not tell of yet."""
        control = sqlite3.connect(self.data / "control.sqlite3", timeout=20)
        try:
            return int(control.execute("SELECT count(*) FROM own_event").fetchone()[0])
        finally:
            control.close()

    def events(self, **params: Any) -> list[dict[str, Any]]:
        """Reads events with a key of kind r, after the index has all that was acknowledged."""
        self.settle()
        reply = self.request("GET", "/v1/events", key=self.key("r"), params=params)
        assert reply.status == 200, reply.body
        found: list[dict[str, Any]] = reply.json["events"]
        return found

    def set_up(self, email: str = EMAIL, password: str = PASSWORD) -> Login:
        """Uses the one-time link; later calls log in."""
        body = {"token": self.setup_token, "email": email, "name": "Ana", "password": password}
        reply = self.request("POST", "/v1/setup", json=body)
        return self._login(reply) if reply.status == 200 else self.log_in(email, password)

    def log_in(self, email: str = EMAIL, password: str = PASSWORD) -> Login:
        """Logs in with a password."""
        return self._login(
            self.request("POST", "/v1/session", json={"email": email, "password": password})
        )

    def _login(self, reply: Reply) -> Login:
        assert reply.status == 200, reply.body
        return Login(self, reply.headers["set-cookie"].split(";", 1)[0], reply.json)

    def stop(self, how: int = signal.SIGTERM, limit_s: float = 60.0) -> int:
        """Ends the process and returns its status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(limit_s)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


def _encode(value: Any) -> bytes:
    return json.dumps(value).encode()


def stay_within_a_day(seconds: float) -> None:
    """Waits for the day (UTC) after this one, if this one has fewer seconds left than that."""
    left_s = 86_400 - time.time() % 86_400
    if left_s < seconds:
        time.sleep(left_s + 0.1)


def command_environment() -> dict[str, str]:
    """The environment of commands: this source tree, no settings from outside."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("INDELIBLE_")}
    environment["PYTHONPATH"] = str(ROOT / "src")
    return environment


def run_command(
    *arguments: str, check: bool = True, env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Runs `indelible …` as a process."""
    done = subprocess.run(
        [sys.executable, "-m", "indelible.cli", *arguments],
        env={**command_environment(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done


def init_folder(data: Path, *arguments: str) -> dict[str, Any]:
    """Makes a data folder; returns what `init --json` prints (origin, link, token)."""
    done = run_command("init", "--data", str(data), "--origin", "test/main", "--json", *arguments)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def start(data: Path, *arguments: str, setup_token: str = "") -> RunningService:
    """Starts a service on a folder and waits for the line with its address."""
    log = data.with_name(data.name + ".log")
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "indelible.cli", "serve", "--data", str(data), "--port", "0",
             *arguments],
            env=command_environment(),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )  # fmt: skip
    assert process.stdout is not None
    watchdog = time.monotonic() + START_LIMIT_S
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        process.wait(max(1.0, watchdog - time.monotonic()))
        process.stdout.close()
        raise AssertionError(f"the service did not start: {log.read_text()}")
    return RunningService(data, process, line.split()[-1], setup_token, log)


@pytest.fixture(scope="module")
def start_service(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., RunningService]]:
    """Starts services: `start_service()` on a new folder, `start_service(data)` on a used one."""
    running: list[RunningService] = []

    def make(data: Path | None = None, *arguments: str) -> RunningService:
        token = ""
        if data is None:
            data = tmp_path_factory.mktemp("service") / "data"
            token = init_folder(data)["token"]
        service = start(data, *arguments, setup_token=token)
        running.append(service)
        return service

    yield make
    for service in running:
        try:
            service.stop()
        except subprocess.TimeoutExpired:
            service.process.kill()
            service.process.wait()


@pytest.fixture(scope="module")
def service(start_service: Callable[..., RunningService]) -> RunningService:
    """One service for the tests of a module."""
    return start_service()
