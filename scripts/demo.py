"""
`make demo`: the service with the sample product sending it real events.

Makes what is missing in ./var/demo, starts both, fills in a month of history once, prints the
address and a new one-time link, and stops both in order on Ctrl-C. May be run again on the same
data. Needs no root.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADMIN = "admin@meridian.example"
HOST = "127.0.0.1"
START_LIMIT_S = 120.0
STOP_LIMIT_S = 20.0


class Failed(Exception):
    """The demo cannot go on; the message says why, for people."""


class Stopped(Exception):
    """Somebody asked the demo to end."""


@dataclass
class Service:
    """A process of ours and where it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    began_at: int

    def said(self) -> str:
        """What it wrote since it was started."""
        with self.log.open("rb") as file:
            file.seek(self.began_at)
            return file.read().decode("utf-8", "replace")

    def wait_for_address(self) -> str:
        """The address that it prints first; raises Failed when it ends or takes too long."""
        until_s = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until_s:
            for line in self.said().splitlines():
                if line.startswith("listening on "):
                    return line.split()[-1]
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended while starting\n{self.tail()}")
            time.sleep(0.05)
        raise Failed(f"{self.name} did not start within {START_LIMIT_S:.0f} s\n{self.tail()}")

    def tail(self) -> str:
        """The end of its log, for a person to read."""
        lines = self.said().rstrip().splitlines()[-15:]
        shown = "".join(f"  | {line}\n" for line in lines) or "  | (it wrote nothing)\n"
        return f"the end of {self.log}:\n{shown}"

    def stop(self) -> None:
        """Asks it to end, and makes it end when it does not."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def environment(**more: str) -> dict[str, str]:
    """Of all commands: this checkout comes first, nothing of a setting outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INDELIBLE_")}
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "examples")])
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **more}


def indelible(*arguments: str) -> str:
    """Runs an `indelible` command and returns what it prints."""
    command = [sys.executable, "-m", "indelible.cli", *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"`indelible {' '.join(arguments)}` failed\n{done.stderr.rstrip()}")
    return done.stdout.strip()


def free_port(wanted: int, name: str) -> int:
    """`wanted`, or the next port that nobody has; says so when it is another."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        if port != wanted:
            say(f"port {wanted} is taken, {name} uses {port}")
        return port
    raise Failed(f"no free port from {wanted} to {wanted + 199}")


def _end_with_parent() -> None:
    # Linux: also `kill -9` of the demo takes its services with it.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def start(name: str, log: Path, command: list[str], **more: str) -> Service:
    """Starts a process that writes to `log`; Ctrl-C reaches only us, so that we stop in order."""
    with log.open("ab") as file:
        began_at = file.tell()
        process = subprocess.Popen(
            [sys.executable, *command],
            env=environment(**more),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - this process has one thread
        )
    return Service(name, process, log, began_at)


def prepare(data: Path) -> tuple[str, str]:
    """Makes the data folder and fleet's two keys where they are missing: to write, and to show."""
    if not (data / "format.json").exists():
        say(f"making {shown(data)}")
        indelible("init", "--data", str(data), "--admin-email", ADMIN, "--json")
    (data / "fleet").mkdir(mode=0o700, exist_ok=True)
    return _key(data, "key", "w", "fleet"), _key(data, "viewer-key", "r", "fleet, Audit Logs tabs")


def _key(data: Path, file_name: str, kind: str, name: str) -> str:
    key_file = data / "fleet" / file_name
    if not key_file.exists():
        key = indelible("keys", "create", "--kind", kind, "--name", name, "--data", str(data))
        new = key_file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(key)
        new.replace(key_file)
    return key_file.read_text().strip()


def wait_until_ready(url: str, service: Service) -> None:
    """Waits until the service answers searches too; goes on after a while, the screen copes."""
    host, port = url.removeprefix("http://").rsplit(":", 1)
    until_s = time.monotonic() + 30
    while time.monotonic() < until_s and service.process.poll() is None:
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass  # not listening yet, or busy
        finally:
            connection.close()
        time.sleep(0.1)


def wait_until_searchable(data: Path) -> None:
    """Waits until the search index has the history; goes on after a while, the screen says so."""
    until_s = time.monotonic() + 30
    while time.monotonic() < until_s:
        status = json.loads(indelible("index", "status", "--data", str(data), "--json"))
        if status["state"] == "ready" and not status["lag_entries"]:
            return
        time.sleep(0.2)


@contextlib.contextmanager
def running() -> Iterator[list[Service]]:
    """The services to stop at the end, last started first: fleet still reaches the service."""
    services: list[Service] = []
    try:
        yield services
    finally:
        for service in reversed(services):
            service.stop()


def run(data: Path, port: int, fleet_port: int) -> None:
    """The whole demo; returns only by an exception."""
    with running() as services:
        key, viewer_key = prepare(data)
        port = free_port(port, "Indelible")
        fleet_port = free_port(fleet_port, "fleet")
        say("starting Indelible")
        main = start(
            "Indelible",
            data / "indelible.log",
            ["-m", "indelible.cli", "serve", "--data", str(data), "--host", HOST,
             "--port", str(port)],
            INDELIBLE_EMBED_ORIGINS=f"http://{HOST}:{fleet_port}",
        )  # fmt: skip
        services.append(main)
        url = main.wait_for_address()
        say("starting fleet, the sample product, and telling its last 30 days")
        given = ["--url", url, "--data", str(data / "fleet")]
        seed = start(
            "fleet's history",
            data / "seed.log",
            ["examples/fleet/seed.py", *given],
            FLEET_AUDIT_KEY=key,
        )
        fleet = start(
            "fleet",
            data / "fleet.log",
            ["examples/fleet", *given, "--port", str(fleet_port)],
            FLEET_AUDIT_KEY=key,
            FLEET_VIEWER_KEY=viewer_key,
        )
        services += [seed, fleet]
        fleet_url = fleet.wait_for_address()
        if seed.process.wait(START_LIMIT_S):
            raise Failed(f"{seed.name} could not be told\n{seed.tail()}")
        services.remove(seed)
        wait_until_ready(url, main)
        wait_until_searchable(data)
        made = indelible("users", "reset-link", ADMIN, "--data", str(data), "--json")
        link = f"{url}/setup#token={json.loads(made)['token']}"
        say("")
        say(f"  Indelible      {url}")
        say(f"  One-time link  {link}")
        say(f"                 sets the password of {ADMIN}")
        say(f"  Fleet          {fleet_url}")
        say("                 each group, dashboard and workflow has an Audit Logs tab")
        say(f"  Data and logs  {shown(data)}")
        say("")
        say("Ctrl-C stops both.")
        while True:
            for service in services:
                if service.process.poll() is not None:
                    raise Failed(f"{service.name} ended\n{service.tail()}")
            time.sleep(0.2)


def say(text: str) -> None:
    """For people, at once."""
    print(text, flush=True)


def shown(path: Path) -> str:
    """Short, where it is below the present folder."""
    return f"./{path.relative_to(Path.cwd())}" if path.is_relative_to(Path.cwd()) else str(path)


def main(arguments: list[str] | None = None) -> int:
    """The command line; status 0 after Ctrl-C or SIGTERM, 1 when something failed."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "var" / "demo")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--fleet-port", type=int, default=8081)
    given = parser.parse_args(arguments)

    def stop(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # we are stopping already, in order
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        run(given.data.resolve(), given.port, given.fleet_port)
    except Stopped:
        say("stopped")
    except Failed as failure:
        print(f"\nThe demo failed: {failure}", file=sys.stderr, flush=True)
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


if __name__ == "__main__":
    sys.exit(main())
