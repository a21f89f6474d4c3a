"""
Takes syslog over TCP and TLS (RFC 5425, RFC 6587) and stores each message as an event.

Syslog knows no acknowledgement: a sender learns nothing of what was stored. What was read from a
connection is stored before more is read, so a full ledger slows senders down and loses nothing;
what a sender has put on its way when the service is killed is lost. The bytes of a message that was
cut off by the end of its connection are stored as they came.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import ssl
from collections.abc import Callable
from typing import cast

from indelible.errors import Error, FatalError, Pushback, SettingsError
from indelible.server.ingest.doors.syslog import Framer, NotFramed, read_syslog
from indelible.server.ingest.ingest import Ingest
from indelible.server.settings import SyslogSettings

log = logging.getLogger("indelible.syslog")

KEY_ID = "syslog"
_READ_BYTES = 64 * 1024
_MAX_CONNECTIONS = 1000
_STOP_S = 10.0  # for what was read; only a ledger that pushes back all the while takes longer


class SyslogListener:
    """Owned by the event loop; does nothing where the settings do not enable it."""

    def __init__(
        self,
        ingest: Ingest,
        settings: SyslogSettings,
        tenant_id: int,
        on_stored: Callable[[int, int, int], None],
    ) -> None:
        self._ingest = ingest
        self._settings = settings
        self._tenant_id = tenant_id
        self._on_stored = on_stored
        self._networks = [ipaddress.ip_network(one) for one in settings.allowed_networks]
        self._server: asyncio.Server | None = None
        # Each talk with what ends its reading.
        self._talks: dict[asyncio.Task[None], Callable[[], None]] = {}

    async def start(self) -> None:
        """Listens from now on. Raises SettingsError when the address cannot be taken."""
        chosen = self._settings
        if not chosen.enabled:
            return
        try:
            self._server = await asyncio.start_server(
                self._take, chosen.host, chosen.port, ssl=_context(chosen)
            )
        except OSError as error:
            raise SettingsError(
                f"syslog cannot listen on {chosen.host}:{chosen.port}: {error}"
            ) from error
        log.info("syslog listens on %s:%d", chosen.host, self.port)

    @property
    def port(self) -> int:
        """The port it listens on, 0 when it does not."""
        if self._server is None or not self._server.sockets:
            return 0
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Takes no more; what was read is stored first, as far as the ledger takes it."""
        if self._server is None:
            return
        self._server.close()
        talks = dict(self._talks)
        for end_reading in talks.values():
            end_reading()
        if talks:
            _, late = await asyncio.wait(talks, timeout=_STOP_S)
            for talk in late:
                talk.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None  # noqa: S101 - a callback of the server runs as a task

        def end_reading() -> None:
            with contextlib.suppress(RuntimeError):  # it is closing already
                cast("asyncio.Transport", writer.transport).pause_reading()
            reader.feed_eof()

        self._talks[talk] = end_reading
        try:
            await self._talk(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError) as error:
            log.debug("a syslog connection ended: %s", error)
        except FatalError:
            log.error("a syslog connection ends with the ledger")
        finally:
            self._talks.pop(talk, None)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str(writer.get_extra_info("peername")[0])
        if not self._may_send(peer):
            log.warning("syslog from %s is not allowed", peer)
            return
        if len(self._talks) > _MAX_CONNECTIONS:
            log.warning("more than %d syslog connections; one from %s ends", _MAX_CONNECTIONS, peer)
            return
        framer = Framer()
        try:
            while data := await reader.read(_READ_BYTES):
                await self._store(framer.feed(data), peer)
        except NotFramed as error:
            log.warning("a syslog connection from %s ends: %s", peer, error)
        await self._store([framer.rest()], peer)

    def _may_send(self, peer: str) -> bool:
        address = ipaddress.ip_address(peer)
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._networks)

    async def _store(self, messages: list[bytes], peer: str) -> None:
        """Durable on return; waits while the ledger pushes back."""
        events = [read_syslog(message, peer) for message in messages if message.strip()]
        if not events:
            return
        body = b"[" + b",".join(events) + b"]"
        while True:
            try:
                reply = await self._ingest.submit(
                    self._tenant_id, body, key_id=KEY_ID, content_type="application/json"
                )
            except Pushback as error:
                await asyncio.sleep(error.retry_after_s)
                continue
            except FatalError:
                raise
            except Error as error:
                log.error("%d syslog messages were not stored: %s", len(events), error.message)
                return
            self._on_stored(reply.stored, reply.duplicates, len(reply.rejected))
            return


def _context(settings: SyslogSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    if settings.client_ca is not None:
        context.load_verify_locations(settings.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
