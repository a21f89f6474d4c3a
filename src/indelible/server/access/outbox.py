"""
Events of Indelible about itself, waiting to be put into the ledger.

An act and its event are written in one transaction of the control database, so neither can be
there without the other, whichever process did it. The service moves them to the ledger, in order,
and deletes them here after the ledger has them; each has an id, so a second try stores nothing.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from indelible.codec import decode_json, encode_json
from indelible.server.access.control import ControlDatabase

OwnEvent = dict[str, Any]


class Waiting(msgspec.Struct, frozen=True):
    """One event that the ledger may not have yet."""

    position: int
    tenant_id: int
    event: OwnEvent


def put(transaction: sqlite3.Connection, tenant_id: int, event: OwnEvent) -> None:
    """Adds an event to the caller's transaction."""
    transaction.execute(
        "INSERT INTO own_event(tenant, event) VALUES(?, ?)",
        (tenant_id, encode_json(event).decode()),
    )


def waiting(control: ControlDatabase, limit: int = 500) -> list[Waiting]:
    """The oldest ones, in order."""
    rows = control.read(
        "SELECT position, tenant, event FROM own_event ORDER BY position LIMIT ?", (limit,)
    )
    return [Waiting(position, tenant, decode_json(text)) for position, tenant, text in rows]


def forget(control: ControlDatabase, positions: list[int]) -> None:
    """Deletes events that the ledger has."""
    with control.write() as transaction:
        transaction.executemany(
            "DELETE FROM own_event WHERE position = ?", [(position,) for position in positions]
        )
