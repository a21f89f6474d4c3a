"""
What is known of holds besides the ledger: their names, reasons and owners, and what they ask for.

The ledger decides what a hold covers (`desk.py`); this says what people call it. A row is written
before its entry and completed after it, so that a crash between the two can be told and mended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from indelible.codec import decode_json, encode_json
from indelible.errors import Conflict, NotFound
from indelible.server.access.approvals import Somebody
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.retention.hold_wish import Wish

State = Literal["placing", "open", "releasing", "released"]

_COLUMNS = (
    "id, tenant, state, name, reason, wanted, owner, owner_name, placed_us, entry, through,"
    " matched, releaser, releaser_name, release_reason, released_us, release_entry"
)


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A hold. `through` is the entry below which all matches of a listed one are in the ledger."""

    id: int
    tenant_id: int
    state: State
    name: str
    reason: str
    wish: Wish
    owner: Somebody
    placed_us: int
    entry: int | None
    through: int
    matched: int
    releaser: Somebody | None = None
    release_reason: str | None = None
    released_us: int | None = None
    release_entry: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it stops anything now."""
        return self.state in ("open", "releasing")


MakeEvent = Callable[[Hold], OwnEvent]


class HoldTable:
    """The rows of all holds. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    def all(self, tenant_id: int) -> list[Hold]:
        """Open ones first, then the newest."""
        return self._read("WHERE tenant = ? ORDER BY state = 'released', placed_us DESC", tenant_id)

    def open(self, tenant_id: int) -> list[Hold]:
        """Those that stop something now, oldest first."""
        return self._read(
            "WHERE tenant = ? AND state IN ('open', 'releasing') ORDER BY placed_us", tenant_id
        )

    def standing(self, tenant_id: int) -> list[Hold]:
        """Those that stop something now, or are about to, oldest first."""
        return self._read("WHERE tenant = ? AND state <> 'released' ORDER BY placed_us", tenant_id)

    def unfinished(self) -> list[Hold]:
        """Those of which it is not known whether the ledger has them as they say."""
        return self._read("WHERE state IN ('placing', 'releasing')")

    def one(self, tenant_id: int, hold_id: int) -> Hold:
        """One hold of a tenant. Raises NotFound."""
        found = self._read("WHERE tenant = ? AND id = ?", tenant_id, hold_id)
        if not found:
            raise NotFound(f"there is no hold {hold_id}")
        return found[0]

    def add(self, hold: Hold) -> None:
        """Writes down what is about to be placed. Raises Conflict when the name is in use."""
        with self._control.write() as run:
            if run.execute(
                "SELECT 1 FROM hold WHERE tenant = ? AND name = ? AND state <> 'released'",
                (hold.tenant_id, hold.name),
            ).fetchone():
                raise Conflict(
                    f"a hold is called {hold.name!r} already", code="hold-exists",
                    hint="release that one, or choose another name",
                )  # fmt: skip
            run.execute(
                f"INSERT INTO hold({_COLUMNS}) VALUES({', '.join('?' * 17)})",
                (
                    hold.id, hold.tenant_id, "placing", hold.name, hold.reason,
                    encode_json(hold.wish).decode(), hold.owner.id, hold.owner.name,
                    hold.placed_us, None, hold.through, hold.matched, *(None,) * 5,
                ),
            )  # fmt: skip

    def placed(self, hold: Hold, entry: int, event: MakeEvent) -> Hold:
        """The ledger has it. Its event is made once, whoever else says the same."""
        after = msgspec.structs.replace(hold, state="open", entry=entry)
        with self._control.write() as run:
            is_first = run.execute(
                "UPDATE hold SET state = 'open', entry = ? WHERE tenant = ? AND id = ?"
                " AND state = 'placing'",
                (entry, hold.tenant_id, hold.id),
            ).rowcount
            if is_first:
                put(run, hold.tenant_id, event(after))
        return after

    def forget(self, hold: Hold) -> None:
        """The ledger never got it."""
        with self._control.write() as run:
            run.execute(
                "DELETE FROM hold WHERE tenant = ? AND id = ? AND state = 'placing'",
                (hold.tenant_id, hold.id),
            )

    def follow(self, hold: Hold, through: int, more: int) -> None:
        """Further matches, up to an entry, are in the ledger."""
        with self._control.write() as run:
            run.execute(
                "UPDATE hold SET through = max(through, ?), matched = matched + ?"
                " WHERE tenant = ? AND id = ?",
                (through, more, hold.tenant_id, hold.id),
            )

    def releasing(self, hold: Hold, releaser: Somebody, reason: str, at_us: int) -> Hold:
        """Writes down who releases it and why, before the ledger is told."""
        with self._control.write() as run:
            run.execute(
                "UPDATE hold SET state = 'releasing', releaser = ?, releaser_name = ?,"
                " release_reason = ?, released_us = ? WHERE tenant = ? AND id = ?"
                " AND state = 'open'",
                (releaser.id, releaser.name, reason, at_us, hold.tenant_id, hold.id),
            )
        return self.one(hold.tenant_id, hold.id)

    def released(self, hold: Hold, entry: int, event: MakeEvent) -> Hold:
        """The ledger has its release. Its event is made once, whoever else says the same."""
        after = msgspec.structs.replace(hold, state="released", release_entry=entry)
        with self._control.write() as run:
            is_first = run.execute(
                "UPDATE hold SET state = 'released', release_entry = ? WHERE tenant = ? AND id = ?"
                " AND state = 'releasing'",
                (entry, hold.tenant_id, hold.id),
            ).rowcount
            if is_first:
                put(run, hold.tenant_id, event(after))
        return after

    def _read(self, where: str, *values: int) -> list[Hold]:
        sql = f"SELECT {_COLUMNS} FROM hold {where}"
        return [_hold(row) for row in self._control.read(sql, values)]


def _hold(row: Row) -> Hold:
    values: dict[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["tenant_id"] = values.pop("tenant")
    values["wish"] = msgspec.convert(decode_json(values.pop("wanted")), Wish)
    values["owner"] = Somebody(values.pop("owner"), values.pop("owner_name"))
    releaser, name = values.pop("releaser"), values.pop("releaser_name")
    values["releaser"] = None if releaser is None else Somebody(releaser, name or "")
    return Hold(**values)
