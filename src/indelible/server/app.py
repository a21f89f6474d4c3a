"""
The one composition root: opens a data folder, puts the parts together, serves, closes in order.

Opening: format and lock of the folder, ledger, control database, ingest, index process, web.
Closing: no new connections, running requests end, held reads and the stop are recorded, what waits
is committed and a last checkpoint signed, the index process ends, the lock is released. A crash at
any point loses nothing that was acknowledged: the ledger and the control database are durable, the
rest is made from them.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
import uvloop
from starlette.types import ASGIApp

from indelible.clock import Clock, SystemClock, format_us
from indelible.errors import Error, FatalError, SettingsError
from indelible.server.access.door import Access
from indelible.server.access.outbox import OwnEvent
from indelible.server.access.passwords import Passwords
from indelible.server.access.policy_notes import PolicyNotes
from indelible.server.access.removals import RemovalNotes
from indelible.server.deleting import close_at_start, make_deletions
from indelible.server.embed.tokens import ViewerTokens
from indelible.server.erasing import Erasing
from indelible.server.export import Exporter
from indelible.server.export.file import ExportFiles
from indelible.server.export.forget import forget_in_exports
from indelible.server.export.job import JobTable
from indelible.server.export.jobs import ExportJobs
from indelible.server.folder import (
    CONTROL_FILE,
    LEDGER_FILE,
    FolderLock,
    check_folder,
    last_alive_us,
    mark_stopped,
)
from indelible.server.ids import id_maker
from indelible.server.index import IndexProcess
from indelible.server.ingest import Ingest, Masking
from indelible.server.ingest.doors.listener import SyslogListener
from indelible.server.ingest.own import OwnAudit
from indelible.server.ingest.own_event import of_service
from indelible.server.ingest.patterns import check_patterns
from indelible.server.ledger import Ledger, LedgerReader
from indelible.server.ledger.due import DueReader
from indelible.server.logs import configure_logs
from indelible.server.maintenance import Maintenance
from indelible.server.ops.disk import Disk
from indelible.server.ops.metrics import Metrics
from indelible.server.ops.scrape import Scrape
from indelible.server.ops.selfcheck import SelfCheck
from indelible.server.query import Query
from indelible.server.retention.cut import ApprovedCut
from indelible.server.retention.govern import Retention
from indelible.server.retention.holding import HoldingView
from indelible.server.retention.policies import Policies
from indelible.server.retention.sweeper import Sweeper
from indelible.server.settings import Settings
from indelible.server.tenants import check_tenants, setting_that_names
from indelible.server.version import version
from indelible.server.web.application import make_application
from indelible.server.web.connection import connection_class
from indelible.server.web.routes.screen import SCREEN
from indelible.server.web.service import Service
from indelible.server.web.table import all_routes

if TYPE_CHECKING:
    from indelible.server.access.oidc import Provider

log = logging.getLogger("indelible.app")

_TAKEN_A_TURN = 32  # new connections


def serve(data_dir: Path, settings: Settings) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status. Raises SettingsError."""
    configure_logs(settings.log)
    check_folder(data_dir)
    check_patterns(settings.redact.patterns)
    lock = FolderLock(data_dir, "`indelible serve`")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(data_dir, settings, SystemClock()))
    finally:
        lock.release()


async def _serve(data_dir: Path, settings: Settings, clock: Clock) -> int:
    listening = _bind(settings)
    loop = asyncio.get_running_loop()
    failed: list[FatalError] = []
    server: _Server | None = None

    def stop_on_fatal(error: FatalError) -> None:
        # The effect of a commit is unknown: end, so that opening again finds out.
        failed.append(error)
        with contextlib.suppress(RuntimeError):  # the loop is gone: everything is ending anyway
            loop.call_soon_threadsafe(stop_server)

    def stop_server() -> None:
        if server is not None:
            server.handle_exit(signal.SIGTERM, None)

    parts = Parts(data_dir, settings, clock, stop_on_fatal)
    try:
        await parts.start()
        await parts.record_start()
        if failed:
            raise failed[0]  # before there was a server to stop
        app = make_application(parts.service, all_routes(), SCREEN)
        # What is there now stays; a collector that looks at it again would stop all requests.
        gc.collect()
        gc.freeze()
        server = _Server(_config(settings, app), _address(listening, settings))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.handle_exit, number, None)
        # The loop takes one new connection of a socket in each of its turns, and a turn may be long
        # under load: with one socket alone, the last of a few hundred would wait for minutes.
        more = [listening.dup() for _ in range(_TAKEN_A_TURN - 1)]
        await server.serve(sockets=[listening, *more])
    finally:
        try:
            await parts.stop()
        except Error as error:
            if not failed:
                raise
            # What closing says after a failure must not hide the failure itself.
            log.error("closing: %s", error.message)
    if failed:
        log.critical("stopped: %s", failed[0].message)
    return 1 if failed else 0


class Parts:
    """The parts of one service in the order in which they are opened and closed."""

    def __init__(
        self,
        data_dir: Path,
        settings: Settings,
        clock: Clock,
        on_fatal: Callable[[FatalError], None],
    ) -> None:
        self._clock = clock
        self._data_dir = data_dir
        self._last_alive_us = last_alive_us(data_dir)
        self.ledger = Ledger.open(data_dir, clock=clock, on_fatal=on_fatal)
        tenants = {tenant.id: tenant for tenant in self.ledger.tenants()}
        try:
            self.access = Access(data_dir / CONTROL_FILE, settings, clock)
            closed = close_at_start(self.access.deletions, self.ledger)
            for tenant_id in closed:
                tenants.pop(tenant_id, None)
            check_tenants(data_dir, settings, tenants)
        except SettingsError:
            self.ledger.close()
            raise
        new_id = id_maker(clock, os.urandom)
        self.ingest = Ingest(self.ledger, new_id, Masking(settings.redact))
        self.own = OwnAudit(self.access.control, self._record_own, clock, new_id)
        self.index = IndexProcess(data_dir, memory_mb=settings.index.memory_mb, clock=clock)
        metrics = Metrics()
        self._selfcheck = SelfCheck(
            LedgerReader(data_dir / LEDGER_FILE),
            self.access.control,
            self.ledger.tenants,
            clock,
            self._record_check,
            every_hours=settings.selfcheck.every_hours,
        )
        self.ledger.on_group(metrics.group)
        disk = Disk(data_dir, clock)
        query = Query(self.index, self.ledger.reader)
        files = ExportFiles(data_dir, settings.export.reserve_mb)
        self._exports = ExportJobs(
            JobTable(self.access.control),
            files,
            Exporter(query, self.index, files.work),
            self.index,
            self.own,
            clock,
            settings.export,
        )
        self._erasing = Erasing(
            data_dir, self.access, self.ledger, query, self.index, self.own, self._exports, clock
        )
        policies = Policies(self.ledger, PolicyNotes(self.access.control), clock, new_id)
        holding = HoldingView(self._erasing.holds, self.ledger)
        self._sweeper = Sweeper(
            self.ledger,
            DueReader(data_dir / LEDGER_FILE),
            RemovalNotes(self.access.control),
            self.index,
            holding,
            self._forget_exports,
            self.own,
            clock,
        )
        self._deletions = make_deletions(
            data_dir, settings.tenants.deletion_days, self.access, self.ledger, self.index,
            self.own, self._exports, self._selfcheck, tenants, closed,
            partial(setting_that_names, settings), self._sweeper.clock_holds, clock,
        )  # fmt: skip
        self._erasing.acts.register("tenant_deletion", self._deletions.approved)
        cut = ApprovedCut(policies, self.own, clock)
        self._erasing.acts.register("retention_cut", cut.run)
        self._erasing.acts.register("clock", self._sweeper.clock_approved)
        self.retention = Retention(self.ledger, policies, self.ingest.skips, holding, self._sweeper)
        self.service = Service(
            version=version(),
            settings=settings,
            clock=clock,
            access=self.access,
            passwords=Passwords(),
            ledger=self.ledger,
            reader=self.ledger.reader,
            ingest=self.ingest,
            index=self.index,
            query=query,
            own=self.own,
            tenants=tenants,
            closed=closed,
            deletions=self._deletions,
            metrics=metrics,
            disk=disk,
            scrape=Scrape(metrics, self.ledger, self.index, disk, clock, version()),
            selfcheck=self._selfcheck,
            exports=self._exports,
            viewer_tokens=ViewerTokens(self.access.control, clock),
            acts=self._erasing.acts,
            holds=self._erasing.holds,
            erasures=self._erasing.erasures,
            retention=self.retention,
            adopt=self._adopt,
            oidc=_provider(settings, clock),
        )
        syslog_tenant = self.service.tenant_for(settings.syslog.tenant)
        self._syslog = SyslogListener(
            self.ingest,
            settings.syslog,
            syslog_tenant,
            partial(metrics.ingested, syslog_tenant),
        )
        self._adopting = asyncio.Lock()
        self._maintenance = Maintenance(
            data_dir, self.access, self.own, self.ingest, clock, self._adopt
        )

    async def start(self) -> None:
        """Starts what runs by itself: index process, follower, maintenance."""
        self.ledger.on_commit(self.index.notify)
        await asyncio.to_thread(self.retention.policies.recover)
        await self.index.start()
        for tenant_id in self.service.tenants:
            self.index.notify(tenant_id, self.ledger.size(tenant_id))
        self._maintenance.start()
        self._selfcheck.start()
        await self._exports.start()
        self._erasing.start()
        self._sweeper.start()
        self._deletions.start()

    async def record_start(self) -> None:
        """Records that the service takes events from now on, in every tenant's log."""
        await self._syslog.start()
        last_us = self._last_alive_us
        ended = {} if last_us is None else {"last_seen": format_us(last_us)}
        await self._record_life("StartService", redaction=self.ingest.masking.rules(), **ended)

    async def stop(self) -> None:
        """Closes everything in order; each step is tried, whatever the one before it did."""
        await self._syslog.stop()
        await self._maintenance.stop()
        async with contextlib.AsyncExitStack() as steps:
            steps.callback(self.access.close)
            steps.push_async_callback(self.index.stop)
            steps.push_async_callback(asyncio.to_thread, self.ledger.close)
            steps.callback(mark_stopped, self._data_dir)
            steps.push_async_callback(self._record_life, "StopService")
            steps.push_async_callback(self.own.flush)
            steps.push_async_callback(self._selfcheck.stop)
            steps.push_async_callback(self._maintenance.record_rejections)
            steps.push_async_callback(self._exports.stop)
            steps.push_async_callback(self._erasing.stop)
            steps.push_async_callback(self._sweeper.stop)
            steps.push_async_callback(self._deletions.stop)
        log.info("stopped")

    async def _adopt(self) -> None:
        """Serves the tenants too that were added since, from now on."""
        async with self._adopting:
            for tenant in await asyncio.to_thread(self.ledger.adopt):
                self.service.tenants[tenant.id] = tenant
                self.index.notify(tenant.id, self.ledger.size(tenant.id))
                log.info("tenant %s is served from now on", tenant.name)

    async def _record_own(self, tenant_id: int, event: OwnEvent) -> object:
        if tenant_id in self.service.closed:
            return None  # what is told of a tenant that is deleted goes with it
        if tenant_id not in self.service.tenants:
            await self._adopt()  # the command that added it has told of it already
        self.service.tenant(tenant_id)
        return await self.ingest.record_own(tenant_id, event)

    async def _forget_exports(self, tenant_id: int) -> None:
        await forget_in_exports(self._exports, tenant_id, None)

    async def _record_check(self, tenant_id: int, event: dict[str, Any]) -> None:
        occurred_at = format_us(self._clock.now_us())
        await self.own.record(
            tenant_id, {"id": self.own.new_id(), "occurred_at": occurred_at, **event}
        )

    async def _record_life(self, operation: str, **more: str) -> None:
        for tenant_id in list(self.service.tenants):
            event = of_service(
                operation,
                event_id=self.own.new_id(),
                occurred_at=format_us(self._clock.now_us()),
                metadata={"version": self.service.version, **more},
            )
            await self.own.record(tenant_id, event)


def _provider(settings: Settings, clock: Clock) -> Provider | None:
    """The identity provider, where there is one; its libraries load only then."""
    if settings.oidc.issuer is None:
        return None
    from indelible.server.access.oidc import Provider

    back = f"{settings.service.public_url}/v1/oidc/callback"
    return Provider(settings.oidc, back, clock, os.urandom)


class _Server(uvicorn.Server):
    """
    Says its address once it answers. Signals are ours: closing the parts comes after the last
    request, not after the signal.
    """

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"listening on {self._address}", flush=True)  # noqa: T201 - scripts wait for it

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=connection_class(),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=settings.service.drain_seconds,
        ssl_certfile=settings.service.tls_cert,
        ssl_keyfile=settings.service.tls_key,
    )


def _bind(settings: Settings) -> socket.socket:
    host, port = settings.service.host, settings.service.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            hint="choose another --port, or 0 for a free one",
            code="address-in-use",
        ) from error
    listening.setblocking(False)
    return listening


def _address(listening: socket.socket, settings: Settings) -> str:
    host, port = listening.getsockname()[:2]
    scheme = "https" if settings.service.tls_cert else "http"
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{port}{settings.service.root_path}"
