"""
Keeps the SDK from breaking its host: what fails here is counted, logged and offered, not raised.

Tests switch `reraise` on, so that a swallowed bug is a red test.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from indelible.client.sender import Problem
from indelible.client.transport import inside

_LOG = logging.getLogger("indelible.client")
_LOG_EVERY_S = 60.0

reraise = False


class Guard:
    """Takes problems from any thread; one log line per code and minute."""

    def __init__(
        self, on_error: Callable[[Problem], None] | None, monotonic_s: Callable[[], float]
    ) -> None:
        self._on_error = on_error
        self._monotonic_s = monotonic_s
        self._lock = threading.RLock()
        # Guarded by the lock: when a code was last logged, and how often it was not since.
        self._logged: dict[str, tuple[float, int]] = {}
        self.swallowed = 0

    def anew(self) -> Guard:
        """The same for a forked child: own lock, counters from zero."""
        return Guard(self._on_error, self._monotonic_s)

    def report(self, problem: Problem) -> None:
        """Logs the problem and gives it to the host's `on_error`."""
        inside.depth += 1  # a logging handler that records would call us again and again
        try:
            self._log(problem)
            if self._on_error is not None:
                self._on_error(problem)
        except Exception:
            self.swallowed += 1
            if reraise:
                raise
        finally:
            inside.depth -= 1

    def swallow(self, error: Exception, what: str, *, lost: int = 0) -> None:
        """Counts and reports an error of our own. Call it from the `except` block."""
        self.swallowed += 1
        if reraise:
            raise error
        self.report(Problem("internal", f"{what}: {type(error).__name__}: {error}", lost=lost))

    def _log(self, problem: Problem) -> None:
        now_s = self._monotonic_s()
        with self._lock:
            last_s, quiet = self._logged.get(problem.code, (None, 0))
            if last_s is not None and now_s - last_s < _LOG_EVERY_S:
                self._logged[problem.code] = (last_s, quiet + 1)
                return
            self._logged[problem.code] = (now_s, 0)
        more = f" ({quiet} more like it in the last minute)" if quiet else ""
        fate = f", {problem.lost} event(s) lost" if problem.lost else ", events are kept"
        _LOG.warning("%s: %s%s%s", problem.code, problem.detail, fate, more)
