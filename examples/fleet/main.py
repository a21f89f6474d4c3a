"""Command line of fleet: `python examples/fleet --url http://127.0.0.1:8080 --key ind_w_…`."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from fleet.app import Settings, create_app
from fleet.broker import open_broker
from indelible import Indelible
from indelible.client import Pace
from indelible.errors import Error


def main(arguments: list[str] | None = None) -> int:
    """Runs fleet until it is stopped; prints its address as the first line."""
    parser = argparse.ArgumentParser(prog="fleet", description="Sample product for Indelible.")
    parser.add_argument("--url", required=True, help="address of the Indelible service")
    parser.add_argument("--key", default=os.environ.get("FLEET_AUDIT_KEY"), help="a write key")
    parser.add_argument(
        "--viewer-key",
        default=os.environ.get("FLEET_VIEWER_KEY"),
        help="a reading key: groups, dashboards and workflows then have an Audit Logs tab; the"
        " service lists fleet's address in embed.origins",
    )
    parser.add_argument("--data", type=Path, default=Path("var/fleet"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    parser.add_argument("--jobs-every", type=float, default=300.0, help="seconds; 0: only by hand")
    parser.add_argument(
        "--broker",
        choices=("auto", "redis", "files"),
        default="auto",
        help="where jobs wait; auto: a Redis of its own where Redis is installed, else files",
    )
    parser.add_argument("--session-minutes", type=float, default=30.0)
    parser.add_argument("--trusted-proxies", nargs="*", default=[])
    given = parser.parse_args(arguments)
    if not given.key:
        parser.error("give a write key with --key or in FLEET_AUDIT_KEY")
    given.data.mkdir(parents=True, exist_ok=True)
    # uvicorn stops in order and then sends the signal once more: what we started ends after that.
    signal.signal(signal.SIGTERM, _end)
    try:
        # First of all: it forks, and that is best done while there is one thread.
        with open_broker(given.broker, given.data) as broker:
            return _run(given, broker)
    except KeyboardInterrupt:
        return 0
    except (Error, OSError) as error:
        sys.stderr.write(f"fleet: {getattr(error, 'message', error)}\n")
        return 1


def _end(*_: object) -> None:
    raise KeyboardInterrupt


def _run(given: argparse.Namespace, broker: str) -> int:
    audit = Indelible(
        given.url,
        given.key,
        source="fleet-web",
        source_version="3.1",
        spool_dir=given.data / "spool",
        pace=Pace(linger_s=0.1),
    )
    settings = Settings(
        data=given.data,
        audit_url=given.url,
        session_minutes=given.session_minutes,
        jobs_every_s=given.jobs_every,
        trusted_proxies=given.trusted_proxies,
        viewer_key=given.viewer_key or None,
        broker=broker,
    )
    app = create_app(settings, audit)
    listener = socket.socket(socket.AF_INET6 if ":" in given.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((given.host, given.port))
        listener.listen(128)  # from here on a client waits rather than is refused
    except OSError as error:
        sys.stderr.write(f"fleet: cannot listen on port {given.port}: {error.strerror}\n")
        return 1
    sys.stdout.write(f"listening on http://{given.host}:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    # The middleware finds the client's address by itself, so uvicorn must not rewrite the peer.
    config = uvicorn.Config(app, proxy_headers=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])
    return 0
