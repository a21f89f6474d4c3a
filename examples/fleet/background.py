"""
What runs beside fleet's requests: the worker, a process of its own; Celery's beat, which queues
the periodic jobs; and a look at the sessions that ran out.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from celery import Celery
from celery.beat import EmbeddedService, Scheduler

from fleet.access import Sessions, tell_expired
from fleet.jobs import BY_JOB
from indelible import Indelible

_STOP_LIMIT_S = 10.0
_LOOK_EVERY_S = 1.0


class Background:
    """Starts and stops them. Only the thread that looks, and `stop` after it, touch the worker."""

    def __init__(
        self, celery: Celery, data: Path, audit: Indelible, audit_url: str, sessions: Sessions
    ) -> None:
        self._celery = celery
        self._data = data
        self._audit = audit
        self._sessions = sessions
        self._command = [
            sys.executable, str(Path(__file__).with_name("worker.py")), "--url", audit_url,
            "--data", str(data), "--broker", celery.conf.broker_url,
        ]  # fmt: skip
        self._worker: subprocess.Popen[bytes] | None = None
        self._beat: Any = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="fleet-background", daemon=True)

    def start(self) -> None:
        """Starts all that is needed."""
        if self._celery.conf.beat_schedule:
            self._beat = EmbeddedService(self._celery, thread=True, scheduler_cls=Scheduler)
            self._beat.start()
        self._thread.start()

    def stop(self) -> None:
        """Nothing more is queued; the worker ends after the run in hand."""
        if self._beat is not None:
            self._beat.stop()
        self._stopping.set()
        self._thread.join()
        if self._worker is None:
            return
        self._worker.terminate()
        try:
            self._worker.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()

    def start_now(self, key: str) -> bool:
        """Queues a run for the person of this request; False for an unknown job."""
        kind = BY_JOB.get(key)
        if kind is None:
            return False
        self._celery.send_task(kind.task, queue=kind.queue)
        return True

    def _look(self) -> None:
        while True:
            if self._worker is None or self._worker.poll() is not None:
                self._worker = self._start_worker()  # the first, or in place of one that died
            if self._stopping.wait(_LOOK_EVERY_S):
                return
            tell_expired(self._sessions, self._audit)

    def _start_worker(self) -> subprocess.Popen[bytes]:
        with (self._data / "worker.log").open("ab") as log:
            return subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl-C is for fleet, which stops it in order
            )  # fmt: skip
