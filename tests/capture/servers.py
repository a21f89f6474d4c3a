"""Private PostgreSQL and Redis servers: own folder, own port, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_folder() -> Path:
    named = os.environ.get("INDELIBLE_POSTGRES")
    places = [Path(named)] if named else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    for place in reversed(places):
        if (place / "initdb").exists():
            return place
    pytest.skip("no PostgreSQL here; run: sudo apt-get install -y postgresql")


@contextmanager
def postgres() -> Iterator[str]:
    """A new cluster; gives the address of its database."""
    programs = postgres_folder()
    # PostgreSQL refuses root; its own folder must then belong to somebody else.
    as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="indelible-pg-"))
    port = free_port()
    try:
        if as_other:
            shutil.chown(folder, "postgres")
        data = folder / "data"
        subprocess.run(
            [*as_other, programs / "initdb", "-D", data, "-U", "app", "-A", "trust", "-N",
             "--no-instructions", "-E", "UTF8", "--locale", "C"],
            check=True, cwd="/", stdout=subprocess.DEVNULL,
        )  # fmt: skip
        options = f"-h 127.0.0.1 -p {port} -k {folder} -F -c shared_buffers=16MB"
        control = [*as_other, programs / "pg_ctl", "-D", data, "-s", "-w"]
        log = folder / "log"
        subprocess.run(
            [*control, "-l", log, "-o", options, "start"], check=True, cwd="/", timeout=60
        )
        try:
            yield f"postgresql://app@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, cwd="/", timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """A new server that keeps nothing on disk; gives its address."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no Redis here; run: sudo apt-get install -y redis-server")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--daemonize",
               "no", "--loglevel", "warning"]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir())
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
