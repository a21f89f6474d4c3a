"""
Ships events from the outbox table of a product's database to the service.

    Relay(connect, url, key).run(stop)

At least once: a row is deleted after the service has it, and ids make a second sending harmless.
In order per target: the row of a later change gets its number while it holds the lock on the
changed row, so it is higher than that of the earlier one and becomes visible after it. Numbers that
appear late, from longer transactions, are shipped when they appear. Two relays do no harm.
An event that the service refuses stays in the table with the reason in `problem`.
"""

from __future__ import annotations

import secrets
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import msgspec

from indelible.client.fields import encode_event
from indelible.client.transport import SendFailed, Transport
from indelible.clock import SystemClock
from indelible.errors import SettingsError
from indelible.event.redact import Redaction

TABLE = "indelible_outbox"
_BATCH_BYTES = 1024 * 1024
_FIRST_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 30.0
_REDACTION = Redaction()


class Connection(Protocol):
    """The part of a DB-API connection (PEP 249) that is used."""

    def cursor(self) -> Any: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def close(self) -> None: ...


class Shipped(msgspec.Struct, frozen=True):
    """What one batch came to."""

    stored: int = 0
    refused: int = 0


class Relay:
    """
    Ships the rows of one table. Used by one thread.

    Args:
        connect: opens a DB-API connection that is not in autocommit mode.
        marker: how the driver writes a parameter: `%s` or `?`.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        url: str,
        key: str,
        *,
        table: str = TABLE,
        marker: str = "%s",
        batch_events: int = 500,
        timeout_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
        on_problem: Callable[[str], None] | None = None,
        redaction: Redaction | None = _REDACTION,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        if not all(part.isidentifier() for part in table.split(".")):
            raise SettingsError(f"not a name of a table: {table!r}")
        self._connect = connect
        self._transport = Transport(
            url, key, timeout_s=timeout_s, now_us=SystemClock().now_us, tls=tls
        )
        self._table = table
        self._marker = marker
        self._redaction = redaction
        self._batch_events = batch_events
        self._limit = batch_events
        self._on_problem = on_problem or _ignore
        self._jitter = jitter or secrets.SystemRandom().random

    def ship_once(self) -> Shipped | None:
        """
        One batch; None when nothing waits.

        Raises:
            SendFailed: the service did not take it; the rows stay.
        """
        with closing(self._connect()) as connection:
            while True:
                rows = self._read(connection)
                if not rows:
                    return None
                try:
                    reply = self._transport.send([line for _, line in rows])
                except SendFailed as failure:
                    if not failure.too_much:
                        raise
                    # Find the event that spoils the batch by halving.
                    self._limit = max(1, len(rows) // 2)
                    continue
                refused = {one.position: f"{one.code}: {one.detail}" for one in reply.rejected}
                self._settle(connection, rows, refused)
                self._limit = min(self._limit * 2, self._batch_events)
                return Shipped(len(rows) - len(refused), len(refused))

    def ship_all(self) -> Shipped:
        """Everything that waits now or comes meanwhile."""
        total = Shipped()
        while (one := self.ship_once()) is not None:
            total = Shipped(total.stored + one.stored, total.refused + one.refused)
        return total

    def run(self, stop: threading.Event, poll_s: float = 0.5) -> None:
        """Ships until `stop` is set; what fails is tried again with growing random pauses."""
        attempt = 0
        while not stop.is_set():
            pause_s = poll_s
            try:
                shipped = self.ship_once()
                attempt = 0
                if shipped is not None:
                    pause_s = 0.0
                    if shipped.refused:
                        self._on_problem(f"{shipped.refused} event(s) were refused by the service")
            except Exception as error:  # noqa: BLE001 - database or service may be away for hours
                most_s = min(_FIRST_BACKOFF_S * 2.0**attempt, _LONGEST_BACKOFF_S)
                pause_s = most_s * (0.5 + self._jitter() / 2)
                if isinstance(error, SendFailed) and error.retry_after_s is not None:
                    pause_s += error.retry_after_s
                attempt = min(attempt + 1, 16)
                self._on_problem(f"{type(error).__name__}: {error}")
            stop.wait(pause_s)
        self.close()

    def close(self) -> None:
        """Closes the connection to the service; the next batch opens another."""
        self._transport.close()

    def waiting(self) -> tuple[int, int]:
        """How many rows wait, and how many were refused."""
        counts = []
        with closing(self._connect()) as connection:
            for condition in ("IS NULL", "IS NOT NULL"):
                cursor = connection.cursor()
                cursor.execute(
                    f"SELECT count(*) FROM {self._table} WHERE problem {condition}"  # noqa: S608
                )
                counts.append(int(cursor.fetchone()[0]))
            connection.rollback()
        return counts[0], counts[1]

    def _read(self, connection: Connection) -> list[tuple[int, bytes]]:
        cursor = connection.cursor()
        # The name was checked; everything else is a number of ours.
        cursor.execute(
            f"SELECT id, event FROM {self._table} WHERE problem IS NULL"  # noqa: S608
            f" ORDER BY id LIMIT {self._limit}"
        )
        rows: list[tuple[int, bytes]] = []
        size = 0
        for number, event in cursor.fetchall():
            line = self._masked(event.encode() if isinstance(event, str) else bytes(event))
            size += len(line)
            if rows and size > _BATCH_BYTES:
                break
            rows.append((number, line))
        connection.rollback()  # no transaction stays open while the service is asked
        return rows

    def _masked(self, line: bytes) -> bytes:
        """Triggers know the names of columns, not the look of values: they are masked here."""
        try:
            event = msgspec.json.decode(line)
            if self._redaction is None or not isinstance(event, dict):
                return line
            return encode_event(self._redaction.event(event))
        except msgspec.MsgspecError:
            return line  # the service says what is wrong with it

    def _settle(
        self, connection: Connection, rows: Sequence[tuple[int, bytes]], refused: dict[int, str]
    ) -> None:
        cursor = connection.cursor()
        done = [(number,) for place, (number, _) in enumerate(rows) if place not in refused]
        if done:
            cursor.executemany(f"DELETE FROM {self._table} WHERE id = {self._marker}", done)  # noqa: S608
        for place, problem in refused.items():
            cursor.execute(
                f"UPDATE {self._table} SET problem = {self._marker}"  # noqa: S608
                f" WHERE id = {self._marker}",
                (problem[:1000], rows[place][0]),
            )
        connection.commit()


def _ignore(problem: str) -> None:
    del problem


def create_sql(database: str, table: str = TABLE) -> str:
    """The statement that makes the table, for this kind of database (`postgresql`, `sqlite`)."""
    number = (
        "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
        if database == "postgresql"
        else "integer PRIMARY KEY AUTOINCREMENT"
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {table} (\n"
        f"    id {number},\n    event_id varchar(36) NOT NULL,\n"
        "    event text NOT NULL,\n    problem text\n)"
    )


class Database(msgspec.Struct, frozen=True):
    """How to reach a product's database by its address."""

    kind: str
    connect: Callable[[], Connection]
    marker: str


def open_database(url: str) -> Database:
    """
    From `postgresql://user:password@host/name` (psycopg) or `sqlite:///path`.

    A driver in the scheme, as SQLAlchemy writes it (`postgresql+psycopg`), is ignored.
    """
    parts = urlsplit(url)
    kind = parts.scheme.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        try:
            import psycopg
        except ModuleNotFoundError:
            raise SettingsError(
                "PostgreSQL needs psycopg here", hint="pip install 'psycopg[binary]'"
            ) from None
        address = parts._replace(scheme="postgresql").geturl()
        return Database("postgresql", lambda: psycopg.connect(address), "%s")
    if kind == "sqlite" and parts.path.strip("/"):
        import sqlite3

        path = unquote(parts.path[1:])
        return Database("sqlite", lambda: sqlite3.connect(path, timeout=30.0), "?")
    raise SettingsError(
        f"no such database: {parts.scheme or url}",
        hint="postgresql://… or sqlite:///…; for others use indelible.client.outbox.Relay",
    )
