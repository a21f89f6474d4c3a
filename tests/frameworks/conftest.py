"""One running service for all products, and the processes of the products."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.capture.servers import free_port
from tests.frameworks.environments import (
    environment,
    interpreters,
    plain_environment,
    version_of,
)
from tests.integration.conftest import RunningService, init_folder, start

HERE = Path(__file__).resolve().parent
START_LIMIT_S = 180.0


@dataclass
class Product:
    """A product in its own environment, told to send to the service."""

    name: str
    program: Path
    folder: Path
    service: RunningService
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def variables(self, **more: str) -> dict[str, str]:
        """Environment variables that tell our lines where to send."""
        return plain_environment(
            INDELIBLE_URL=self.service.url, INDELIBLE_KEY=self.service.key("w"), **more
        )

    def run(self, *arguments: str, **more: str) -> str:
        """A command of the product's environment, to its end; returns what it printed."""
        done = subprocess.run(
            [str(self.program), *arguments], cwd=self.folder, env=self.variables(**more),
            check=False, capture_output=True, text=True, timeout=START_LIMIT_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def serve(self, *arguments: str, path: str = "/", **more: str) -> str:
        """Starts the server (`{port}` in an argument is its port); returns its address."""
        port = str(free_port())
        log = self.folder / "server.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(self.program), *(part.replace("{port}", port) for part in arguments)],
                cwd=self.folder, env=self.variables(**more), stdout=output, stderr=output,
            )  # fmt: skip
        self.processes.append(process)
        url = f"http://127.0.0.1:{port}"
        end_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                httpx.get(url + path, timeout=30)
                return url
            except httpx.TransportError:
                assert process.poll() is None, log.read_text()[-4000:]
                assert time.monotonic() < end_s, log.read_text()[-4000:]
                time.sleep(0.1)

    def events(self, *wanted: str) -> list[dict[str, Any]]:
        """This product's events, oldest first, when those of these operations are all there."""
        end_s = time.monotonic() + 60
        while True:
            found = self._events()
            missing = set(wanted) - {event["operation"] for event in found}
            if not missing:
                return found
            assert time.monotonic() < end_s, f"missing: {sorted(missing)}; there is: {found}"
            time.sleep(0.2)

    def _events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for stream in ("user", "system", "task"):
            found += self.service.events(stream=stream, period="day", tz="UTC", limit=1000)
        mine = [_said(event) for event in found if event["context"].get("source") == self.name]
        return sorted(mine, key=lambda event: int(event["index"]))

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _said(value: Any) -> Any:
    """Without the fields that nobody filled in."""
    if isinstance(value, dict):
        return {name: _said(item) for name, item in value.items() if item is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    data = tmp_path_factory.mktemp("service") / "data"
    token = init_folder(data)["token"]
    running = start(data, setup_token=token)
    yield running
    running.stop()


@pytest.fixture
def product(
    service: RunningService, tmp_path: Path, record_property: Callable[[str, object], None]
) -> Iterator[Callable[..., Product]]:
    """`product("wagtail")`: in its environment, with the newest interpreter it runs on."""
    made: list[Product] = []

    def make(name: str, distribution: str | None = None, newest: str = "3.14") -> Product:
        if os.environ.get("INDELIBLE_FRAMEWORKS_PYTHON") == "own":  # `make test`: what is there
            here = {".".join(platform.python_version_tuple()[:2]): Path(sys.executable)}
        else:
            here = {v: at for v, at in interpreters().items() if at is not None and _le(v, newest)}
        version = max(here, key=lambda text: int(text.partition(".")[2]))
        program = environment(name, HERE / name / "requirements.lock", here[version])
        record_property("product", f"{name} {version_of(program, distribution or name)}")
        record_property("python", version)
        one = Product(name, program, tmp_path, service)
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()


def _le(version: str, most: str) -> bool:
    return int(version.partition(".")[2]) <= int(most.partition(".")[2])


def changes(event: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The changes of an event as {path: (before, after)}."""
    return {
        change["path"]: (change.get("before"), change.get("after"))
        for change in event.get("changes") or []
    }


def only(events: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    """The one event with these fields."""
    found = [e for e in events if all(e.get(name) == value for name, value in wanted.items())]
    shown = [(e["operation"], e.get("method"), e.get("endpoint"), e.get("status")) for e in events]
    assert len(found) == 1, f"{len(found)} with {wanted} in {shown}"
    return found[0]


def running_on() -> str:
    """The interpreter of the tests themselves."""
    return platform.python_version()
