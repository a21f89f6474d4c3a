"""
Acts that wait for a second person: asked, then approved, refused, withdrawn or expired.

Generic over kinds of act: what is to be done stands in `act`, and whoever registered for the kind
does it once it is approved (`pending` gives what is approved and not done yet, after a crash too).
Every step and its event are one transaction. Nobody decides on what they asked for themselves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from indelible.clock import US_PER_DAY, Clock
from indelible.codec import decode_json, encode_json
from indelible.errors import Conflict, Denied, InvalidRequest, NotFound
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.token import RandomBytes, random_id

State = Literal["waiting", "approved", "refused", "withdrawn", "expired"]
Kind = Literal[
    "erasure",
    "hold_release",
    "retention_cut",
    "key_export",
    "four_eyes",
    "clock",
    "tenant_deletion",
]

# Whether a kind of act waits for a second person where nothing else was set.
DEFAULTS: Mapping[str, bool] = {
    "erasure": True,
    "hold_release": False,
    "retention_cut": False,
    "key_export": False,
    # Taking the second person away is itself an act for two: else one could do it all alone.
    "four_eyes": True,
    # A clock that jumped could make everything fall due at once.
    "clock": True,
    # Nothing takes it back.
    "tenant_deletion": True,
}
FIXED = frozenset({"four_eyes", "clock", "tenant_deletion"})
"""Kinds that always wait for a second person."""
VALID_DAYS = 14
"""After this a request that nobody decided on has expired."""
MAX_REASON = 500
_MAX_OPEN = 200

_COLUMNS = (
    "id, tenant, kind, state, title, reason, target_type, target, act, shown, asker, asker_name,"
    " asked_us, expires_us, decider, decider_name, decided_us, decision, done_us"
)


class Somebody(msgspec.Struct, frozen=True):
    """A person as the approval remembers them."""

    id: str
    name: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """
    What somebody asks for. `act` is read back by whoever does it, and forgotten when it is done;
    `shown` are the numbers that the second person is told.
    """

    kind: Kind
    title: str
    reason: str
    target_type: str
    target: str
    act: dict[str, Any]
    shown: dict[str, Any]


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a second person. `done_us` is None until what was approved is done."""

    id: str
    tenant_id: int
    kind: Kind
    state: State
    title: str
    reason: str
    target_type: str
    target: str
    act: dict[str, Any]
    shown: dict[str, Any]
    asker: Somebody
    asked_us: int
    expires_us: int
    decider: Somebody | None = None
    decided_us: int | None = None
    decision: str | None = None
    done_us: int | None = None


Also = Callable[[sqlite3.Connection], None]
"""What is written down in the same transaction as a request."""
MakeEvent = Callable[[Approval, Approval], OwnEvent]
"""The event of a step, from the approval before and after it; asking has the same one twice."""


def read_reason(text: str, parameter: str = "reason") -> str:
    """A reason in words. Raises InvalidRequest."""
    reason = text.strip()
    if not reason or len(reason) > MAX_REASON or not reason.replace("\n", " ").isprintable():
        raise InvalidRequest(
            f"a reason has 1 to {MAX_REASON} printable characters", parameter=parameter
        )
    return reason


class Approvals:
    """The approvals of all tenants. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase, clock: Clock, random_bytes: RandomBytes) -> None:
        self._control = control
        self._clock = clock
        self._random_bytes = random_bytes

    # -- four eyes

    def four_eyes(self, tenant_id: int) -> dict[str, bool]:
        """For each kind of act whether it waits for a second person."""
        rows = self._control.read(
            "SELECT kind, is_on FROM four_eyes WHERE tenant = ?", (tenant_id,)
        )
        stored = {kind: bool(is_on) for kind, is_on in rows if kind in DEFAULTS}
        return {**DEFAULTS, **stored, **dict.fromkeys(FIXED, True)}

    def needed(self, tenant_id: int, kind: Kind) -> bool:
        """Whether this kind of act waits for a second person."""
        return self.four_eyes(tenant_id)[kind]

    def set_four_eyes(self, tenant_id: int, kind: str, is_on: bool, event: OwnEvent) -> None:
        """
        Stores it, with its event where it was otherwise. Switching off comes here only after a
        second person agreed.
        """
        with self._control.write() as transaction:
            row = transaction.execute(
                "SELECT is_on FROM four_eyes WHERE tenant = ? AND kind = ?", (tenant_id, kind)
            ).fetchone()
            if (bool(row[0]) if row else DEFAULTS.get(kind)) == is_on:
                return  # said twice at once, or once more after a crash
            transaction.execute(
                "INSERT OR REPLACE INTO four_eyes VALUES(?, ?, ?)", (tenant_id, kind, int(is_on))
            )
            put(transaction, tenant_id, event)

    def deciders(self, tenant_id: int, but: str) -> int:
        """How many people there are who may decide on what this one asks for."""
        return int(
            self._control.read(
                "SELECT count(*) FROM person WHERE tenant = ? AND role = 'admin' AND id <> ?",
                (tenant_id, but),
            )[0][0]
        )

    # -- reading

    def all(self, tenant_id: int, limit: int = 200) -> list[Approval]:
        """What waits first, then the newest."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM approval WHERE tenant = ?"
            " ORDER BY state <> 'waiting', asked_us DESC, id LIMIT ?",
            (tenant_id, limit),
        )
        return [_approval(row) for row in rows]

    def waiting(self, tenant_id: int) -> list[Approval]:
        """What waits and can still be decided on."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM approval WHERE tenant = ? AND state = 'waiting'"
            " AND expires_us > ?",
            (tenant_id, self._clock.now_us()),
        )
        return [_approval(row) for row in rows]

    def one(self, tenant_id: int, approval_id: str) -> Approval:
        """One of a tenant. Raises NotFound."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM approval WHERE tenant = ? AND id = ?", (tenant_id, approval_id)
        )
        if not rows:
            raise NotFound(f"there is no approval {approval_id[:40]!r}")
        return _approval(rows[0])

    def of_target(self, tenant_id: int, target_type: str, target: str) -> Approval | None:
        """The newest one for a thing."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM approval WHERE tenant = ? AND target_type = ? AND target = ?"
            " ORDER BY asked_us DESC, id LIMIT 1",
            (tenant_id, target_type, target),
        )
        return _approval(rows[0]) if rows else None

    def pending(self) -> list[Approval]:
        """What is approved and not done yet, oldest first, of all tenants."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM approval WHERE state = 'approved' AND done_us IS NULL"
            " ORDER BY decided_us, id"
        )
        return [_approval(row) for row in rows]

    # -- steps

    def ask(
        self,
        tenant_id: int,
        asker: Somebody,
        wanted: Wanted,
        event: MakeEvent,
        also: Also | None = None,
    ) -> Approval:
        """
        A new request, waiting; `also` writes down what it is about, with it or not at all. Raises
        Conflict when one for the same thing waits already, or too many do.
        """
        now_us = self._clock.now_us()
        approval = Approval(
            id=random_id(self._random_bytes, "ap"),
            tenant_id=tenant_id,
            state="waiting",
            asker=asker,
            asked_us=now_us,
            expires_us=now_us + VALID_DAYS * US_PER_DAY,
            **msgspec.structs.asdict(wanted),
        )
        with self._control.write() as transaction:
            waiting = transaction.execute(
                "SELECT kind, target FROM approval WHERE tenant = ? AND state = 'waiting'",
                (tenant_id,),
            ).fetchall()
            if (wanted.kind, wanted.target) in waiting:
                raise Conflict(
                    "this waits for a second person already",
                    hint="withdraw that request first",
                    code="already-waiting",
                )
            if len(waiting) >= _MAX_OPEN:
                raise Conflict(f"{_MAX_OPEN} requests wait already", code="too-many")
            if also is not None:
                also(transaction)
            transaction.execute(
                f"INSERT INTO approval({_COLUMNS}) VALUES({', '.join('?' * 19)})", _row(approval)
            )
            put(transaction, tenant_id, event(approval, approval))
        return approval

    def decide(
        self,
        tenant_id: int,
        approval_id: str,
        decider: Somebody,
        *,
        approve: bool,
        reason: str,
        event: MakeEvent,
    ) -> Approval:
        """
        Approves or refuses. Raises Denied for one's own request, Conflict when it no longer waits.
        """
        with self._control.write() as transaction:
            before = self._waiting(transaction, tenant_id, approval_id)
            if before.asker.id == decider.id:
                raise Denied(
                    "nobody decides on their own request",
                    hint="another administrator has to; you can withdraw it",
                    code="own-request",
                )
            after = msgspec.structs.replace(
                before,
                state="approved" if approve else "refused",
                decider=decider,
                decided_us=self._clock.now_us(),
                decision=reason,
            )
            self._store(transaction, before, after, event)
        return after

    def withdraw(
        self, tenant_id: int, approval_id: str, person: Somebody, event: MakeEvent
    ) -> Approval:
        """Takes one's own request back. Raises Denied for another's, Conflict when it is over."""
        with self._control.write() as transaction:
            before = self._waiting(transaction, tenant_id, approval_id)
            if before.asker.id != person.id:
                raise Denied(
                    "only who asked can withdraw it", hint="refuse it instead", code="not-yours"
                )
            after = msgspec.structs.replace(
                before, state="withdrawn", decided_us=self._clock.now_us()
            )
            self._store(transaction, before, after, event)
        return after

    def expire(self, event: MakeEvent) -> list[Approval]:
        """Ends what nobody decided on in time; returns it."""
        now_us = self._clock.now_us()
        late = "SELECT {} FROM approval WHERE state = 'waiting' AND expires_us <= ?"
        if not self._control.read(late.format("1"), (now_us,)):
            return []
        ended = []
        with self._control.write() as transaction:
            for row in transaction.execute(late.format(_COLUMNS), (now_us,)).fetchall():
                before = _approval(row)
                after = msgspec.structs.replace(before, state="expired", decided_us=now_us)
                self._store(transaction, before, after, event)
                ended.append(after)
        return ended

    def finish(self, approval: Approval) -> None:
        """Says that what was approved is done. What `act` said of it is forgotten."""
        with self._control.write() as transaction:
            transaction.execute(
                "UPDATE approval SET done_us = ?, act = '{}' WHERE id = ? AND done_us IS NULL",
                (self._clock.now_us(), approval.id),
            )

    def _waiting(
        self, transaction: sqlite3.Connection, tenant_id: int, approval_id: str
    ) -> Approval:
        row = transaction.execute(
            f"SELECT {_COLUMNS} FROM approval WHERE tenant = ? AND id = ?", (tenant_id, approval_id)
        ).fetchone()
        if row is None:
            raise NotFound(f"there is no approval {approval_id[:40]!r}")
        found = _approval(row)
        if found.state != "waiting" or found.expires_us <= self._clock.now_us():
            state = "expired" if found.state == "waiting" else found.state
            raise Conflict(f"this request is {state} already", hint="load it again", code="decided")
        return found

    @staticmethod
    def _store(
        transaction: sqlite3.Connection, before: Approval, after: Approval, event: MakeEvent
    ) -> None:
        # What a request that comes to nothing would have done needs not to be known any more.
        act = encode_json(after.act).decode() if after.state == "approved" else "{}"
        transaction.execute(
            "UPDATE approval SET state = ?, decider = ?, decider_name = ?, decided_us = ?,"
            " decision = ?, act = ? WHERE id = ?",
            (
                after.state,
                after.decider and after.decider.id,
                after.decider and after.decider.name,
                after.decided_us,
                after.decision,
                act,
                after.id,
            ),
        )
        put(transaction, after.tenant_id, event(before, after))


def _row(approval: Approval) -> tuple[Any, ...]:
    return (
        approval.id,
        approval.tenant_id,
        approval.kind,
        approval.state,
        approval.title,
        approval.reason,
        approval.target_type,
        approval.target,
        encode_json(approval.act).decode(),
        encode_json(approval.shown).decode(),
        approval.asker.id,
        approval.asker.name,
        approval.asked_us,
        approval.expires_us,
        *(None,) * 5,
    )


def _approval(row: Row) -> Approval:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    decider = values.pop("decider")
    name = values.pop("decider_name")
    values["tenant_id"] = values.pop("tenant")
    values["act"] = decode_json(values["act"])
    values["shown"] = decode_json(values["shown"])
    values["asker"] = Somebody(values.pop("asker"), values.pop("asker_name"))
    values["decider"] = None if decider is None else Somebody(decider, name or "")
    return Approval(**values)
