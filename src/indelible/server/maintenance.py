"""What the service does from time to time: waiting own events, ended logins, last uses of keys."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

from indelible.clock import Clock
from indelible.errors import Error
from indelible.server.access.door import Access
from indelible.server.access.sessions import Session
from indelible.server.folder import mark_alive
from indelible.server.ingest import Ingest
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_expired_session

log = logging.getLogger("indelible.maintenance")

_COMMANDS_EVERY_S = 1.0  # acts by the command line appear in the log within this
_ALIVE_EVERY_S = 10.0  # how exactly a stop that nobody recorded can be dated
_MINUTE_S = 60.0
_HOUR_S = 3600.0


class Maintenance:
    """Tasks of the event loop, from `start` to `stop`."""

    def __init__(
        self,
        data_dir: Path,
        access: Access,
        own: OwnAudit,
        ingest: Ingest,
        clock: Clock,
        adopt: Callable[[], Awaitable[None]],
    ) -> None:
        self._data_dir = data_dir
        self._access = access
        self._own = own
        self._ingest = ingest
        self._clock = clock
        self._adopt = adopt
        self._seen_version = -1
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Starts the tasks; the first round is at once."""
        for work, every_s in (
            (self._take_commands, _COMMANDS_EVERY_S),
            (self._alive, _ALIVE_EVERY_S),
            (self._minute, _MINUTE_S),
            (self._hour, _HOUR_S),
        ):
            self._tasks.append(asyncio.create_task(_repeat(work, every_s)))

    async def stop(self) -> None:
        """Ends the tasks; what they did not get to is done after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def record_rejections(self) -> None:
        """
        Records how many events were rejected, and how many of categories that are off came, since
        the last call; also the last at a stop.
        """
        for tenant_id, event in (*self._ingest.rejections.take(), *self._ingest.skips.take()):
            await self._own.record(tenant_id, {"id": self._own.new_id(), **event})

    async def _take_commands(self) -> None:
        version = self._access.control.version()
        if version != self._seen_version:
            self._seen_version = version
            await self._adopt()
            await self._own.drain()

    async def _alive(self) -> None:
        await asyncio.to_thread(mark_alive, self._data_dir, self._clock.now_us())

    async def _minute(self) -> None:
        await asyncio.to_thread(self._access.keys.write_uses)
        await asyncio.to_thread(self._access.sessions.end_expired, self._expired)
        await self.record_rejections()
        await self._own.drain()

    async def _hour(self) -> None:
        await asyncio.to_thread(self._access.attempts.forget_old)

    def _expired(self, session: Session) -> dict[str, object]:
        return of_expired_session(session, event_id=self._own.new_id())


async def _repeat(work: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        try:
            await work()
        except (Error, sqlite3.Error, OSError) as error:
            # The next round tries again: nothing of this is lost, only late.
            log.error("maintenance failed: %s", error)
        await asyncio.sleep(every_s)
