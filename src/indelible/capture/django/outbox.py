"""Writes events as rows of the project's own database, in the transaction that is open there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from django.db import connections

from indelible.capture.django.conf import get_client
from indelible.client.fields import EventFields
from indelible.client.outbox import TABLE


def write_rows(events: Iterable[tuple[str, bytes]], using: str = "default") -> None:
    """Inserts composed events; what the database raises is raised."""
    rows = [(event_id, line.decode()) for event_id, line in events]
    with connections[using].cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {TABLE} (event_id, event) VALUES (%s, %s)",  # noqa: S608 - our constant
            rows,
        )


def record_in(operation: str, *, using: str = "default", **fields: Unpack[EventFields]) -> str:
    """
    Records an event in the transaction that is open on this database; returns its id.

    It is stored if and only if the transaction is committed.
    """
    event = get_client().compose(operation, **fields)
    write_rows([event], using)
    return event[0]
