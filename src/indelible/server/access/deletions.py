"""
Deletions of tenants: what was approved, until when it can be withdrawn, and how far it is.

A row is all that is needed to go on after a crash, and afterwards it is what stays of the tenant,
in the home tenant's hands: numbers, names of who asked and approved, and the certificate.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from indelible.codec import decode_json, encode_json
from indelible.errors import Conflict, NotFound
from indelible.server.access.approvals import Somebody
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put

State = Literal["announced", "closing", "removing", "deleted", "withdrawn", "refused"]
CLOSED: Final = ("closing", "removing", "deleted")
"""States in which the tenant takes and shows nothing any more."""

_COLUMNS: Final = (
    "id, leaving, name, origin, home, state, approval, reason, asker, asker_name, asked_us,"
    " approver, approver_name, approved_us, due_us, ended_us, note, numbers"
)
# What belongs to people and has no tenant of its own, where it does not go with them by itself.
_BEGUN_LOGINS: Final = (
    "DELETE FROM login_step WHERE EXISTS (SELECT 1 FROM person p WHERE p.tenant = ?"
    " AND (instr(data, p.id) OR instr(data, p.email)))"
)
_OF_PEOPLE: Final = (
    "DELETE FROM session WHERE person IN (SELECT id FROM person WHERE tenant = ?)",
    _BEGUN_LOGINS,
)


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """A deletion that two people wanted; `ended_us` is when it was done, withdrawn or refused."""

    id: str
    leaving: int
    name: str
    origin: str
    home: int
    state: State
    approval: str
    reason: str
    asker: Somebody
    asked_us: int
    approver: Somebody
    approved_us: int
    due_us: int
    numbers: dict[str, Any]
    ended_us: int | None = None
    note: str | None = None


MakeEvent = Callable[[Deletion, Deletion], OwnEvent]
"""The event of a step, from the deletion before and after it; the first has the same one twice."""


class DeletionTable:
    """All deletions of a folder. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    def all(self) -> list[Deletion]:
        """The newest first."""
        return self._read("ORDER BY approved_us DESC, id")

    def open(self) -> list[Deletion]:
        """What is to be done, or is under way, oldest first."""
        return self._read(
            "WHERE state IN ('announced', 'closing', 'removing') ORDER BY approved_us, id"
        )

    def closed(self) -> frozenset[int]:
        """Tenants that take and show nothing any more."""
        return frozenset(one.leaving for one in self.all() if one.state in CLOSED)

    def one(self, deletion_id: str) -> Deletion:
        """One by its id. Raises NotFound."""
        found = self._read("WHERE id = ?", deletion_id)
        if not found:
            raise NotFound(f"there is no deletion {deletion_id[:40]!r}")
        return found[0]

    def of_tenant(self, tenant_id: int) -> Deletion | None:
        """The newest of a tenant."""
        found = self._read("WHERE leaving = ? ORDER BY approved_us DESC, id LIMIT 1", tenant_id)
        return found[0] if found else None

    def of_approval(self, approval_id: str) -> Deletion | None:
        """What an approval led to."""
        found = self._read("WHERE approval = ?", approval_id)
        return found[0] if found else None

    def certificate(self, deletion_id: str) -> bytes:
        """The certificate as it was made. Raises Conflict before that."""
        rows = self._control.read(
            "SELECT certificate FROM tenant_deletion WHERE id = ? AND state = 'deleted'",
            (deletion_id,),
        )
        if not rows or rows[0][0] is None:
            raise Conflict(
                "the tenant is not deleted yet: there is a certificate after that",
                code="not-deleted",
            )
        return str(rows[0][0]).encode()

    def kept_certificate(self, deletion_id: str) -> bytes:
        """The certificate, also while the tenant is being removed."""
        rows = self._control.read(
            "SELECT certificate FROM tenant_deletion WHERE id = ?", (deletion_id,)
        )
        return str(rows[0][0]).encode()

    def end_access(self, tenant_id: int) -> None:
        """Ends logins, links and viewer tokens, and lets nobody in; keys are told apart a while."""
        with self._control.write() as run:
            for statement in _OF_PEOPLE:
                run.execute(statement, (tenant_id,))
            run.execute("UPDATE person SET active = 0 WHERE tenant = ?", (tenant_id,))
            for name in ("link", "viewer_token"):
                run.execute(f"DELETE FROM {name} WHERE tenant = ?", (tenant_id,))

    def add(self, deletion: Deletion, event: MakeEvent) -> None:
        """Writes down what was approved, or what came of it at once, with its event."""
        with self._control.write() as run:
            if run.execute(
                "SELECT 1 FROM tenant_deletion WHERE leaving = ?"
                " AND state NOT IN ('withdrawn', 'refused')",
                (deletion.leaving,),
            ).fetchone():
                raise Conflict(
                    f"{deletion.name} is being deleted already", code="already-announced"
                )
            run.execute(
                f"INSERT INTO tenant_deletion({_COLUMNS}) VALUES({', '.join('?' * 18)})",
                (
                    deletion.id, deletion.leaving, deletion.name, deletion.origin, deletion.home,
                    deletion.state, deletion.approval, deletion.reason,
                    deletion.asker.id, deletion.asker.name, deletion.asked_us,
                    deletion.approver.id, deletion.approver.name, deletion.approved_us,
                    deletion.due_us, deletion.ended_us, deletion.note,
                    encode_json(deletion.numbers).decode(),
                ),
            )  # fmt: skip
            put(run, deletion.home, event(deletion, deletion))

    def move(
        self,
        deletion: Deletion,
        state: State,
        *,
        event: MakeEvent | None = None,
        certificate: bytes | None = None,
        **values: int | str | None,
    ) -> Deletion:
        """
        The next state, with its event. Raises Conflict when somebody else was quicker.
        """
        after = msgspec.structs.replace(deletion, state=state, **values)
        with self._control.write() as run:
            changed = run.execute(
                "UPDATE tenant_deletion SET state = ?, ended_us = ?, note = ?,"
                " certificate = coalesce(?, certificate) WHERE id = ? AND state = ?",
                (
                    state, after.ended_us, after.note,
                    None if certificate is None else certificate.decode(),
                    deletion.id, deletion.state,
                ),
            ).rowcount  # fmt: skip
            if not changed:
                raise Conflict("this deletion is no longer as it was", code="decided")
            if event is not None:
                put(run, deletion.home, event(deletion, after))
        return after

    def forget_tenant(self, tenant_id: int) -> None:
        """
        Deletes what this database has of a tenant: people, logins, keys, settings, holds, exports,
        own events that wait, and whatever else names it.
        """
        with self._control.write() as run:
            run.execute("PRAGMA defer_foreign_keys=ON")  # until this transaction ends
            for statement in _OF_PEOPLE:
                run.execute(statement, (tenant_id,))
            for name in _tables_of_tenants(run):
                run.execute(f"DELETE FROM {name} WHERE tenant = ?", (tenant_id,))

    def _read(self, where: str, *values: int | str) -> list[Deletion]:
        sql = f"SELECT {_COLUMNS} FROM tenant_deletion {where}"
        return [_deletion(row) for row in self._control.read(sql, values)]


def _tables_of_tenants(run: sqlite3.Connection) -> list[str]:
    """Every table whose rows say which tenant they belong to."""
    rows = run.execute(
        "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c"
        " WHERE t.type = 'table' AND c.name = 'tenant'"
    ).fetchall()
    return [str(name) for (name,) in rows]


def _deletion(row: Row) -> Deletion:
    values: dict[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["asker"] = Somebody(values.pop("asker"), values.pop("asker_name"))
    values["approver"] = Somebody(values.pop("approver"), values.pop("approver_name"))
    values["numbers"] = decode_json(values["numbers"])
    return Deletion(**values)
