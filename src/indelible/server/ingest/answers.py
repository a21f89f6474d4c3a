"""Brings answers from the ledger's writer thread to the event loop, many per wake-up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from indelible.server.ledger import Stored
from indelible.server.ledger.submission import Answer, Notify


class Answers:
    """One wake-up of the loop per group commit, however many requests were in the group."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: list[tuple[asyncio.Future[Stored], Answer]] = []  # guarded by _lock

    async def wait(self, append: Callable[[Notify], None]) -> Stored:
        """
        Calls `append` with the function that takes the answer, and waits for it.

        Raises what `append` raises, or the error that came as the answer. When the waiting task is
        cancelled the events are stored all the same.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Stored] = loop.create_future()

        def notify(answer: Answer) -> None:
            with self._lock:
                wake = not self._ready
                self._ready.append((future, answer))
            if wake:
                loop.call_soon_threadsafe(self._deliver)

        append(notify)
        return await future

    def _deliver(self) -> None:
        with self._lock:
            ready, self._ready = self._ready, []
        for future, answer in ready:
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
