"""How far each declared expiry is, and whether the sweeper may run: beside the ledger."""

from __future__ import annotations

from typing import Literal

import msgspec

from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import OwnEvent, put

State = Literal["declared", "indexed", "removed", "done"]


class RemovalNote(msgspec.Struct, frozen=True):
    """One expiry: its entry, how far it is, and how many events lose something by it."""

    index: int
    state: State
    events: int
    changed_us: int


DoubtKind = Literal["jump", "behind", "pause"]


class SweepNote(msgspec.Struct, frozen=True):
    """
    When the sweeper looked last, by its clock, and why it stands still, if it does.

    `boot` and `offset_us` are the start of the machine and the wall clock less its uptime, as they
    were when the clock was trusted; `doubt` and `doubt_s` what is wrong with it, and by how much.
    """

    swept_us: int = 0
    clock_us: int = 0
    stopped: str | None = None
    boot: str = ""
    offset_us: int = 0
    doubt: DoubtKind | None = None
    doubt_s: int = 0


_SWEEP = "swept_us, clock_us, stopped, boot, offset_us, doubt, doubt_s"


class RemovalNotes:
    """The notes of all tenants. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    def of_tenant(self, tenant_id: int, limit: int, below: int | None = None) -> list[RemovalNote]:
        """The newest first."""
        rows = self._control.read(
            "SELECT idx, state, events, changed_us FROM removal"
            " WHERE tenant = ? AND (? IS NULL OR idx < ?) ORDER BY idx DESC LIMIT ?",
            (tenant_id, below, below, limit),
        )
        return [RemovalNote(*row) for row in rows]

    def unfinished(self, tenant_id: int) -> list[RemovalNote]:
        """Those that are not done, oldest first."""
        rows = self._control.read(
            "SELECT idx, state, events, changed_us FROM removal"
            " WHERE tenant = ? AND state <> 'done' ORDER BY idx",
            (tenant_id,),
        )
        return [RemovalNote(*row) for row in rows]

    def last_done(self, tenant_id: int) -> RemovalNote | None:
        """The newest that is done."""
        rows = self._control.read(
            "SELECT idx, state, events, changed_us FROM removal"
            " WHERE tenant = ? AND state = 'done' ORDER BY changed_us DESC, idx DESC LIMIT 1",
            (tenant_id,),
        )
        return RemovalNote(*rows[0]) if rows else None

    def put(self, tenant_id: int, notes: list[RemovalNote]) -> None:
        """Adds notes, or moves them on."""
        with self._control.write() as transaction:
            transaction.executemany(
                "INSERT OR REPLACE INTO removal(tenant, idx, state, events, changed_us)"
                " VALUES(?, ?, ?, ?, ?)",
                [(tenant_id, n.index, n.state, n.events, n.changed_us) for n in notes],
            )

    def finish(self, tenant_id: int, notes: list[RemovalNote], event: OwnEvent) -> None:
        """The last step, with the event that tells of it."""
        with self._control.write() as transaction:
            transaction.executemany(
                "UPDATE removal SET state = 'done', events = ?, changed_us = ?"
                " WHERE tenant = ? AND idx = ?",
                [(n.events, n.changed_us, tenant_id, n.index) for n in notes],
            )
            put(transaction, tenant_id, event)

    def sweep(self, tenant_id: int) -> SweepNote:
        """What is known of the sweeper."""
        rows = self._control.read(f"SELECT {_SWEEP} FROM sweep WHERE tenant = ?", (tenant_id,))
        return SweepNote(*rows[0]) if rows else SweepNote()

    def put_sweep(self, tenant_id: int, note: SweepNote, event: OwnEvent | None = None) -> None:
        """Writes it down, with an event where there is one."""
        with self._control.write() as transaction:
            transaction.execute(
                f"INSERT OR REPLACE INTO sweep(tenant, {_SWEEP}) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                (tenant_id, *msgspec.structs.astuple(note)),
            )
            if event is not None:
                put(transaction, tenant_id, event)
