"""
Fleet's worker: takes jobs from the broker, one after another. Fleet starts it with

    python examples/fleet/worker.py --url http://127.0.0.1:8080 --data var/fleet --broker redis://…
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
import time
from pathlib import Path

if __package__ in (None, ""):
    _EXAMPLES = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(_EXAMPLES), str(_EXAMPLES.parent / "src")]

from sqlalchemy.orm import sessionmaker

from fleet.broker import end_with_parent
from fleet.jobs import KINDS, make_celery
from fleet.runs import Runs, open_sqlite
from indelible import Indelible
from indelible.capture.celery import capture_celery
from indelible.capture.sqlalchemy import capture_changes
from indelible.client import Pace

_GRACE_S = 10.0


def _outlive_nobody(parent: int) -> None:
    """After `kill -9` of fleet its Redis is gone too, and Celery would look for it for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    time.sleep(_GRACE_S)
    os._exit(1)


def main(arguments: list[str] | None = None) -> int:
    """Runs until it is told to end."""
    parser = argparse.ArgumentParser(prog="fleet.worker", description="Runs the sample's jobs.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", default=os.environ.get("FLEET_AUDIT_KEY"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--broker", required=True)
    given = parser.parse_args(arguments)
    if not given.key:
        parser.error("give a write key with --key or in FLEET_AUDIT_KEY")
    end_with_parent()
    threading.Thread(target=_outlive_nobody, args=(os.getppid(),), daemon=True).start()
    audit = Indelible(
        given.url,
        given.key,
        source="fleet-worker",
        source_version="3.1",
        spool_dir=given.data / "spool",
        pace=Pace(linger_s=0.1),
    )
    new_session = sessionmaker(open_sqlite(given.data / "fleet.sqlite3"), expire_on_commit=False)
    capture_changes(new_session, client=audit)
    capture_celery(audit)
    celery = make_celery(given.data, given.broker, Runs(given.data), new_session)
    worker = celery.Worker(
        pool="solo",
        hostname=f"fleet@{socket.gethostname()}",
        queues=",".join(kind.queue for kind in KINDS),
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    audit.close()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
