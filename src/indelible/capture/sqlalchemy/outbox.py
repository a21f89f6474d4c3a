"""The outbox table: events as rows of the host's own database, in its own transactions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from indelible.client import Indelible
from indelible.client.fields import EventFields
from indelible.client.outbox import TABLE


def outbox_table(metadata: MetaData, name: str = TABLE) -> Table:
    """
    The table as part of the host's metadata, so that its migrations make it. The same as
    `indelible outbox create` makes.
    """
    if name in metadata.tables:
        return metadata.tables[name]
    return Table(
        name,
        metadata,
        # SQLite counts by itself only in an INTEGER key.
        Column(
            "id",
            BigInteger().with_variant(Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        Column("event_id", String(36), nullable=False),
        Column("event", Text, nullable=False),
        Column("problem", Text, nullable=True),
    )


def create_outbox(engine: Engine | Connection, name: str = TABLE) -> None:
    """Makes the table where no migrations are used; does nothing if it is there."""
    outbox_table(MetaData(), name).create(engine, checkfirst=True)


def insert_events(
    connection: Connection, table: Table, events: Iterable[tuple[str, bytes]]
) -> None:
    """Writes events on this connection; they last if its transaction does."""
    rows: list[dict[str, Any]] = [
        {"event_id": event_id, "event": line.decode()} for event_id, line in events
    ]
    if rows:
        connection.execute(table.insert(), rows)


_tables = MetaData()


def record_in(
    place: Session | Connection,
    client: Indelible,
    operation: str,
    *,
    table: Table | None = None,
    **fields: Unpack[EventFields],
) -> str:
    """
    Records an event in the transaction that `place` has open; returns its id.

    It is stored if and only if the transaction is committed; what the database raises is raised.
    For an AsyncSession: `await session.run_sync(record_in, audit, "ApproveBudget")`.
    """
    connection = place.connection() if isinstance(place, Session) else place
    event = client.compose(operation, **fields)
    insert_events(connection, outbox_table(_tables) if table is None else table, [event])
    return event[0]
