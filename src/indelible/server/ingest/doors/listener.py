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
import socket
import ssl
from collections.abc import Callable
from functools import partial

from indelible.errors import Error, FatalError, Pushback, SettingsError
from indelible.server.ingest.doors.syslog import Framer, NotFramed, read_syslog
from indelible.server.ingest.ingest import Ingest
from indelible.server.setting_groups import SyslogSettings

log = logging.getLogger("indelible.syslog")

KEY_ID = "syslog"
_READ_BYTES = 64 * 1024
_MAX_CONNECTIONS = 1000
_BACKLOG = 100
_ACCEPT_AGAIN_S = 1.0
_STOP_S = 10.0  # for what was read; only a ledger that pushes back all the while takes longer


class _Reader(asyncio.StreamReader):
    """
    Gives what has come before its connection broke.

    A sender that closes without reading what TLS sent it resets the connection, and a reader of
    asyncio then throws away what it holds.
    """

    def set_exception(self, exc: Exception) -> None:
        if isinstance(exc, OSError):  # ssl.SSLError and ConnectionError are such
            log.debug("a syslog connection broke: %s", exc)
            self.feed_eof()
        else:
            super().set_exception(exc)


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
        self._tls = _context(settings) if settings.enabled else None
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        # Each talk with what ends its reading.
        self._talks: dict[asyncio.Task[None], Callable[[], None]] = {}

    async def start(self) -> None:
        """Listens from now on. Raises SettingsError when the address cannot be taken."""
        chosen = self._settings
        if not chosen.enabled:
            return
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(
                chosen.host or None,
                chosen.port,
                type=socket.SOCK_STREAM,
                flags=socket.AI_PASSIVE,
            )
            for family, _, _, _, address in dict.fromkeys(found):
                listening = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
                listening.setblocking(False)
                self._sockets.append(listening)
        except OSError as error:
            self._close_sockets()
            raise SettingsError(
                f"syslog cannot listen on {chosen.host}:{chosen.port}: {error}"
            ) from error
        self._accepting = [loop.create_task(self._accept(one)) for one in self._sockets]
        log.info("syslog listens on %s:%d", chosen.host, self.port)

    @property
    def port(self) -> int:
        """The port it listens on, 0 when it does not."""
        return int(self._sockets[0].getsockname()[1]) if self._sockets else 0

    async def stop(self) -> None:
        """Takes no more; what was read is stored first, as far as the ledger takes it."""
        for accepting in self._accepting:
            accepting.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        self._close_sockets()
        talks = dict(self._talks)
        for end_reading in talks.values():
            end_reading()
        if talks:
            _, late = await asyncio.wait(talks, timeout=_STOP_S)
            for talk in late:
                talk.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _close_sockets(self) -> None:
        for one in self._sockets:
            one.close()
        self._sockets = []

    async def _accept(self, listening: socket.socket) -> None:
        """
        Takes connections one after the other.

        It asks `accept` for the peer: a connection that is reset soon after no longer tells it.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:  # most likely out of file descriptors: some will be free again
                log.warning("syslog cannot take a connection: %s", error)
                await asyncio.sleep(_ACCEPT_AGAIN_S)
                continue
            peer = str(address[0])
            if not self._may_send(peer):
                log.warning("syslog from %s is not allowed", peer)
                connection.close()
            elif len(self._talks) >= _MAX_CONNECTIONS:
                log.warning(
                    "more than %d syslog connections; one from %s ends", _MAX_CONNECTIONS, peer
                )
                connection.close()
            else:
                talk = loop.create_task(self._take(connection, peer))
                self._talks[talk] = partial(_cancel, talk)  # until it reads

    async def _take(self, connection: socket.socket, peer: str) -> None:
        talk = asyncio.current_task()
        assert talk is not None  # noqa: S101 - it is made a task above
        loop = asyncio.get_running_loop()
        reader = _Reader()
        protocol = asyncio.StreamReaderProtocol(reader)
        writer: asyncio.StreamWriter | None = None
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._tls
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)

            def end_reading() -> None:
                with contextlib.suppress(RuntimeError):  # it is closing already
                    transport.pause_reading()
                reader.feed_eof()

            self._talks[talk] = end_reading
            await self._talk(reader, peer)
        except (OSError, asyncio.CancelledError) as error:  # ssl.SSLError is an OSError
            log.debug("a syslog connection ended: %s", error)
        except FatalError:
            log.error("a syslog connection ends with the ledger")
        finally:
            self._talks.pop(talk, None)
            if writer is None:
                connection.close()
            else:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, peer: str) -> None:
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


def _cancel(talk: asyncio.Task[None]) -> None:
    talk.cancel()


def _context(settings: SyslogSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    if settings.client_ca is not None:
        context.load_verify_locations(settings.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
