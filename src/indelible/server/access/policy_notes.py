"""
Who saved which policy, when and why: beside the ledger, which keeps the policies themselves.

A note is written before the policy is appended and marked saved after it, together with the event
that tells of it. `unfinished` gives those between: after a crash the ledger says what became of
them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from indelible.codec import decode_json, encode_json
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put


class PolicyNote(msgspec.Struct, frozen=True, kw_only=True):
    """One save. `event` is the event that tells of it, until it is told."""

    id: str
    tenant_id: int
    version: int
    person: str
    person_name: str
    reason: str | None
    saved_us: int
    withdraws: int | None = None
    event: dict[str, Any] = {}


_COLUMNS = "id, tenant, version, person, person_name, reason, saved_us, withdraws, event"


class PolicyNotes:
    """The notes of all tenants. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    def intend(self, note: PolicyNote) -> None:
        """Writes down what is about to be appended."""
        with self._control.write() as transaction:
            transaction.execute(
                f"INSERT INTO policy_note({_COLUMNS}, is_saved) VALUES(?,?,?,?,?,?,?,?,?, 0)",
                (
                    note.id,
                    note.tenant_id,
                    note.version,
                    note.person,
                    note.person_name,
                    note.reason,
                    note.saved_us,
                    note.withdraws,
                    encode_json(note.event).decode(),
                ),
            )

    def finish(self, note: PolicyNote, event: OwnEvent) -> None:
        """The policy is in the ledger: the note counts, and its event is told. Safe to repeat."""
        with self._control.write() as transaction:
            marked = transaction.execute(
                "UPDATE policy_note SET is_saved = 1, event = '{}' WHERE id = ? AND is_saved = 0",
                (note.id,),
            )
            if marked.rowcount:
                put(transaction, note.tenant_id, event)

    def drop(self, note: PolicyNote) -> None:
        """Nothing was appended."""
        with self._control.write() as transaction:
            transaction.execute("DELETE FROM policy_note WHERE id = ? AND is_saved = 0", (note.id,))

    def unfinished(self) -> list[PolicyNote]:
        """Saves that a crash cut off, oldest first."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM policy_note WHERE is_saved = 0 ORDER BY saved_us, id"
        )
        return [_note(row) for row in rows]

    def saved(self, tenant_id: int) -> dict[int, PolicyNote]:
        """Version → who saved it."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM policy_note WHERE tenant = ? AND is_saved = 1", (tenant_id,)
        )
        return {note.version: note for note in map(_note, rows)}


def _note(row: Row) -> PolicyNote:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["tenant_id"] = values.pop("tenant")
    values["event"] = decode_json(values["event"])
    return PolicyNote(**values)
