"""
Requests to erase, from the first question to the certificate.

What names the person is kept only as long as the request is open; afterwards a request has its
case number, its counts and the entries that declare it, and nothing of who it was about.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import msgspec

from indelible.codec import decode_json, encode_json
from indelible.errors import NotFound
from indelible.server.access.approvals import Somebody
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.retention.subject import Identifier

State = Literal["waiting", "approved", "removing", "done", "refused", "withdrawn", "expired"]
OPEN: tuple[State, ...] = ("waiting", "approved", "removing")

_COLUMNS = (
    "id, tenant, state, asked, case_number, reason, parts, asker, asker_name, asked_us, approver,"
    " approver_name, due_us, ended_us, outcome"
)

_ITS_APPROVAL = (
    "approval a WHERE a.tenant = erasure.tenant AND a.target_type = 'erasure'"
    " AND a.target = erasure.id AND a.state IN ('refused', 'withdrawn', 'expired')"
)
_CAME_TO_NOTHING = f"state = 'waiting' AND EXISTS(SELECT 1 FROM {_ITS_APPROVAL})"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """
    Whose parts, or of which entries. `whole_events` takes the chosen parts of every event in which
    the person stands, not only those that name them. `at_once` does without the daily batch.
    """

    identifiers: tuple[Identifier, ...] = ()
    entries: tuple[int, ...] = ()
    whole_events: bool = False
    at_once: bool = False
    note: str = ""


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """A request. `outcome` has counts, reasons and entries, never who it was about."""

    id: str
    tenant_id: int
    state: State
    asked: Asked
    case: str
    reason: int
    parts: int
    asker: Somebody
    asked_us: int
    approver: Somebody | None = None
    due_us: int | None = None
    ended_us: int | None = None
    outcome: dict[str, Any] = {}


class ErasureTable:
    """The rows of all requests. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    def all(self, tenant_id: int, limit: int = 200) -> list[Erasure]:
        """Open ones first, then the newest."""
        return self._read(
            "WHERE tenant = ? ORDER BY state NOT IN ('waiting', 'approved', 'removing'),"
            " asked_us DESC, id LIMIT ?",
            tenant_id,
            limit,
        )

    def open(self, tenant_id: int) -> list[Erasure]:
        """What waits, or is not done yet."""
        return self._read(
            "WHERE tenant = ? AND state IN ('waiting', 'approved', 'removing') ORDER BY asked_us",
            tenant_id,
        )

    def due(self, now_us: int) -> list[Erasure]:
        """What is to be done now, of all tenants; what was begun comes first."""
        return self._read(
            "WHERE state = 'removing' OR (state = 'approved' AND due_us <= ?)"
            " ORDER BY state = 'approved', due_us, id",
            now_us,
        )

    def one(self, tenant_id: int, erasure_id: str) -> Erasure:
        """One request of a tenant. Raises NotFound."""
        found = self._read("WHERE tenant = ? AND id = ?", tenant_id, erasure_id)
        if not found:
            raise NotFound(f"there is no erasure {erasure_id[:40]!r}")
        return found[0]

    def certificate(self, tenant_id: int, erasure_id: str) -> dict[str, Any]:
        """The certificate of one that is done. Raises NotFound."""
        rows = self._control.read(
            "SELECT certificate FROM erasure WHERE tenant = ? AND id = ?", (tenant_id, erasure_id)
        )
        if not rows or rows[0][0] is None:
            raise NotFound(
                f"there is no certificate of {erasure_id[:40]!r}",
                hint="it is made when the erasure is done",
            )
        found: dict[str, Any] = decode_json(rows[0][0])
        return found

    def add(self, erasure: Erasure, event: OwnEvent) -> None:
        """A new request, with its event."""
        with self._control.write() as run:
            insert(run, erasure, event)

    def approve(self, erasure: Erasure, approver: Somebody, due_us: int) -> None:
        """Lets it be done from a moment on. Does nothing when it is past that already."""
        with self._control.write() as run:
            run.execute(
                "UPDATE erasure SET state = 'approved', approver = ?, approver_name = ?,"
                " due_us = ? WHERE id = ? AND state = 'waiting'",
                (approver.id, approver.name, due_us, erasure.id),
            )

    def end(self, erasure: Erasure, state: State, now_us: int) -> None:
        """A request that comes to nothing; who it was about is forgotten."""
        with self._control.write() as run:
            run.execute(
                "UPDATE erasure SET state = ?, ended_us = ?, asked = '{}' WHERE id = ?"
                " AND state = 'waiting'",
                (state, now_us, erasure.id),
            )

    def end_told(self, now_us: int) -> int:
        """
        Ends those whose request to a second person came to nothing without their being told: a
        crash came between. Forgets who they were about; returns how many they were.
        """
        if not self._control.read(f"SELECT 1 FROM erasure WHERE {_CAME_TO_NOTHING} LIMIT 1"):
            return 0
        with self._control.write() as run:
            return run.execute(
                "UPDATE erasure SET ended_us = ?, asked = '{}', state = (SELECT a.state"
                f" FROM {_ITS_APPROVAL}) WHERE {_CAME_TO_NOTHING}",
                (now_us,),
            ).rowcount

    def removing(self, erasure: Erasure, outcome: dict[str, Any]) -> None:
        """It is being done; `outcome` is what is known of that so far."""
        with self._control.write() as run:
            run.execute(
                "UPDATE erasure SET state = 'removing', outcome = ? WHERE id = ?",
                (encode_json(outcome).decode(), erasure.id),
            )

    def finish(
        self,
        erasure: Erasure,
        state: State,
        now_us: int,
        outcome: dict[str, Any],
        certificate: dict[str, Any] | None,
        event: OwnEvent,
    ) -> None:
        """It is done, or was refused by the rules; who it was about is forgotten."""
        with self._control.write() as run:
            run.execute(
                "UPDATE erasure SET state = ?, ended_us = ?, asked = '{}', outcome = ?,"
                " certificate = ? WHERE id = ?",
                (
                    state,
                    now_us,
                    encode_json(outcome).decode(),
                    None if certificate is None else encode_json(certificate).decode(),
                    erasure.id,
                ),
            )
            put(run, erasure.tenant_id, event)

    def empty_log(self) -> bool:
        """Leaves no copy of what was overwritten. False while somebody reads: try again."""
        return self._control.empty_log()

    def _read(self, where: str, *values: int | str) -> list[Erasure]:
        sql = f"SELECT {_COLUMNS} FROM erasure {where}"
        return [_erasure(row) for row in self._control.read(sql, values)]


def insert(run: sqlite3.Connection, erasure: Erasure, event: OwnEvent) -> None:
    """Adds a request, with its event, to the caller's transaction."""
    approver = erasure.approver
    run.execute(
        f"INSERT INTO erasure({_COLUMNS}) VALUES({', '.join('?' * 15)})",
        (
            erasure.id, erasure.tenant_id, erasure.state, encode_json(erasure.asked).decode(),
            erasure.case, erasure.reason, erasure.parts, erasure.asker.id, erasure.asker.name,
            erasure.asked_us, approver and approver.id, approver and approver.name,
            erasure.due_us, None, encode_json(erasure.outcome).decode(),
        ),
    )  # fmt: skip
    put(run, erasure.tenant_id, event)


def _erasure(row: Row) -> Erasure:
    values: dict[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["tenant_id"] = values.pop("tenant")
    values["case"] = values.pop("case_number")
    values["asked"] = msgspec.convert(decode_json(values["asked"]), Asked)
    values["outcome"] = decode_json(values["outcome"])
    values["asker"] = Somebody(values.pop("asker"), values.pop("asker_name"))
    approver, name = values.pop("approver"), values.pop("approver_name")
    values["approver"] = None if approver is None else Somebody(approver, name or "")
    return Erasure(**values)
