"""
Where jobs wait between fleet and its worker: a Redis of fleet's own where Redis is installed, else
files. Both lie in the data folder, so what was queued when fleet stopped is run at the next start.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

FILES = "filesystem://"
_LONGEST_SOCKET_PATH = 100  # Linux takes 107 bytes
_START_LIMIT_S = 20.0


class FolderChannel(filesystem.Channel):  # type: ignore[misc]
    """Kombu's folder, where a message appears whole: kombu's own may be taken half written."""

    def _put(self, queue: str, message: dict[str, Any], **_: object) -> None:
        name = f"{time.monotonic_ns():020d}_{uuid.uuid4()}"
        new = Path(self.data_folder_out) / f"{name}.new"
        new.write_text(json.dumps(message))
        new.replace(new.with_name(f"{name}.{queue}.msg"))


class FolderTransport(filesystem.Transport):  # type: ignore[misc]
    """The transport of `filesystem://` in fleet."""

    Channel = FolderChannel


TRANSPORT_ALIASES["filesystem"] = "fleet.broker:FolderTransport"


def settings(url: str, data: Path) -> dict[str, Any]:
    """What Celery needs to know of the broker at this address."""
    if url != FILES:
        return {"broker_url": url}
    folders = {name: data / "queue" / name for name in ("jobs", "taken", "control")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": url,
        "broker_transport_options": {
            "data_folder_in": str(folders["jobs"]),
            "data_folder_out": str(folders["jobs"]),
            # Also where a message lies while it is read: not in the shared temporary folder.
            "processed_folder": str(folders["taken"]),
            "store_processed": False,
            "control_folder": str(folders["control"]),
            "polling_interval": 0.2,
        },
    }


@contextmanager
def open_broker(kind: str, data: Path) -> Iterator[str]:
    """The broker's address; `kind` is `auto`, `redis` or `files`. A Redis ends with the block."""
    if kind == "files" or (kind == "auto" and shutil.which("redis-server") is None):
        yield FILES
        return
    # The address of a socket must be short, and a data folder may lie deep. Only we may enter.
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        place = Path(folder) / "redis.sock"
        server = _start_redis(place, data / "redis")
        try:
            if server is not None:
                yield f"redis+socket://{place}"
            elif kind == "redis":
                raise OSError("Redis does not start here")
            else:
                sys.stderr.write(f"fleet: Redis does not start (see {data}/redis); using files\n")
                yield FILES
        finally:
            if server is not None:
                server.terminate()
                server.wait()


def _start_redis(place: Path, data: Path) -> subprocess.Popen[bytes] | None:
    program = shutil.which("redis-server")
    if program is None or len(os.fsencode(place)) > _LONGEST_SOCKET_PATH:
        return None
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    with (data / "log").open("ab") as log:
        server = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(place), "--unixsocketperm", "700",
             "--dir", str(data), "--appendonly", "yes", "--save", "", "--daemonize", "no"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,  # Ctrl-C is for fleet, which stops what it started in order
            preexec_fn=end_with_parent,  # noqa: PLW1509 - this process has one thread
        )  # fmt: skip
    until_s = time.monotonic() + _START_LIMIT_S
    while server.poll() is None and time.monotonic() < until_s:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(place))
            except OSError:
                time.sleep(0.01)
                continue
        return server
    server.kill()
    server.wait()
    return None


def end_with_parent() -> None:
    """Linux: `kill -9` of fleet takes what it started with it."""
    import ctypes
    import signal

    try:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    except (OSError, AttributeError):
        return
