"""
Finds what the time is over for, and takes it out of the pieces: the ledger's side of expiry.

Reads in short transactions, so that neither the writer nor the write-ahead log has to wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from indelible.seal import CONTENT, FACT, PERSON, expiry_leaf
from indelible.server.ledger.declared import Declared
from indelible.server.ledger.desk import Desk
from indelible.server.ledger.dropping import drop_pieces
from indelible.server.ledger.pieces import PieceReader
from indelible.server.ledger.policies import PolicyHistory
from indelible.server.ledger.removal import remove_parts
from indelible.server.ledger.schema import open_ledger

_PIECES_A_READ = 20_000
_RUNS_AN_ACT = 100
_PARTS = (FACT, PERSON, CONTENT)


class Due(msgspec.Struct):
    """Parts of one category that were received before a day and whose time is over."""

    category_id: int
    cutoff_day: int
    parts: int = 0
    upto: int = 0
    events: int = 0


class _Piece(msgspec.Struct, frozen=True):
    first: int
    count: int
    day: int
    category_id: int
    part: int


class DueReader:
    """Owned by the sweeper; one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = open_ledger(path, read_only=True)
        self._pieces = PieceReader()
        self._declared: dict[int, Declared] = {}
        self._nothing: dict[int, tuple[int, int, int]] = {}

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def declared(self, tenant_id: int) -> Declared:
        """What is declared removed by now."""
        declared = self._declared.setdefault(tenant_id, Declared())
        declared.catch_up(self._connection, tenant_id)
        return declared

    def find(
        self, tenant_id: int, policies: PolicyHistory, today: int, ready_through: int
    ) -> list[Due]:
        """
        What is due on this day, by category and cutoff; held events do not count.

        Events that come are not due on the day they come, so a look that found nothing holds for
        the rest of the day, unless a policy or a hold is added or ends.
        """
        declared = self.declared(tenant_id)
        seen = (today, policies.newest.index, declared.held.through)
        if self._nothing.get(tenant_id) == seen:
            return []
        is_blocked = False
        found: dict[tuple[int, int], Due] = {}
        known: dict[tuple[int, int, int, int], int | None] = {}
        losing: dict[tuple[int, int], set[int]] = {}
        for piece in self._all(tenant_id):
            key = (policies.position(piece.first), piece.day, piece.category_id, piece.part)
            if key not in known:
                known[key] = policies.required_days(
                    piece.first, piece.day, piece.category_id, piece.part
                )
            days = known[key]
            stop = piece.first + piece.count
            if days is None or piece.day >= today - days:
                continue
            if stop > ready_through:
                is_blocked = True
                continue
            goes = self._goes(tenant_id, piece, declared)
            if not goes:
                continue
            place = (piece.category_id, today - days)
            due = found.setdefault(place, Due(*place))
            due.parts |= piece.part
            due.upto = max(due.upto, stop)
            events = losing.setdefault(place, set())
            events.update(goes)
        if not found and not is_blocked:
            self._nothing[tenant_id] = seen
        for place, due in found.items():
            due.events = len(losing[place])
        return sorted(found.values(), key=lambda due: (due.category_id, due.cutoff_day))

    def steps(
        self, tenant_id: int, category_id: int, cutoff_day: int, upto: int, parts: int
    ) -> Iterator[Callable[[Desk], int]]:
        """Acts that take out what an expiry took, some runs at a time; each may be done again."""
        declared = self.declared(tenant_id)
        firsts: list[int] = []
        last = -1
        for piece in self._all(tenant_id, category_id):
            is_reached = piece.day < cutoff_day and piece.first < upto and piece.part & parts
            if not is_reached or piece.first == last:
                continue
            firsts.append(last := piece.first)
            if len(firsts) == _RUNS_AN_ACT:
                yield _removing(firsts, category_id, declared)
                firsts = []
        if firsts:
            yield _removing(firsts, category_id, declared)

    def alias_subjects(self, tenant_id: int) -> list[str]:
        """Subjects that have an alias."""
        rows = self._connection.execute(
            "SELECT subject FROM alias WHERE tenant = ?", (tenant_id,)
        ).fetchall()
        return [subject for (subject,) in rows]

    def _all(self, tenant_id: int, category_id: int | None = None) -> Iterator[_Piece]:
        """All pieces that are there, run by run."""
        at = (-1, -1, -1)
        only = "" if category_id is None else f" AND p.category = {int(category_id)}"
        while True:
            rows = self._connection.execute(
                "SELECT p.first, r.count, r.day, p.category, p.part FROM piece p"
                " JOIN run r ON r.tenant = p.tenant AND r.first = p.first"
                f" WHERE p.tenant = ? AND (p.first, p.category, p.part) > (?, ?, ?){only}"
                " ORDER BY p.first, p.category, p.part LIMIT ?",
                (tenant_id, *at, _PIECES_A_READ),
            ).fetchall()
            if not rows:
                return
            for row in rows:
                yield _Piece(*row)
            at = (rows[-1][0], rows[-1][3], rows[-1][4])

    def _goes(self, tenant_id: int, piece: _Piece, declared: Declared) -> list[int]:
        """The events of a due piece that no open hold keeps and whose part is there."""
        row = self._connection.execute(
            "SELECT r.layout, p.data FROM piece p"
            " JOIN run r ON r.tenant = p.tenant AND r.first = p.first"
            " WHERE p.tenant = ? AND p.first = ? AND p.category = ? AND p.part = ?",
            (tenant_id, piece.first, piece.category_id, piece.part),
        ).fetchone()
        if row is None:
            return []
        members = [
            piece.first + k
            for k, (parts, category) in enumerate(self._pieces.layout(row[0]))
            if category == piece.category_id and parts & piece.part
        ]
        items = self._pieces.items(row[1])
        held = declared.held
        return [
            index
            for index, item in zip(members, items, strict=False)
            if item and not (held.any_open and held.covering(index, piece.category_id, piece.day))
        ]


def _removing(firsts: list[int], category_id: int, declared: Declared) -> Callable[[Desk], int]:
    def act(desk: Desk) -> int:
        return sum(_remove(desk.connection, desk.tenant_id, first, category_id, declared)
                   for first in firsts)  # fmt: skip

    return act


def _remove(
    connection: sqlite3.Connection,
    tenant_id: int,
    first: int,
    category_id: int,
    declared: Declared,
) -> int:
    """Takes out all that is declared removed of one category of a run."""
    row = connection.execute(
        "SELECT day, layout FROM run WHERE tenant = ? AND first = ?", (tenant_id, first)
    ).fetchone()
    if row is None:
        return 0
    goes: dict[int, int] = {}
    whole = FACT | PERSON | CONTENT
    for k, (parts, category) in enumerate(PieceReader().layout(row[1])):
        if category == category_id:
            gone = sum(declared.gone(first + k, category_id, row[0], parts))
            goes[first + k] = gone
            # A piece goes whole only when each event that has the part loses it.
            whole &= gone | ~parts
    removed = drop_pieces(connection, tenant_id, first, category_id, whole) if whole else 0
    rest = {index: parts & ~whole for index, parts in goes.items() if parts & ~whole}
    if rest:
        removed = max(removed, remove_parts(connection, tenant_id, rest))
    return removed


def declare_expiries(desk: Desk, due: list[Due]) -> list[int]:
    """Appends an expiry for each, and returns their entries. Runs as an act."""
    upto_most = desk.next_index
    return [
        desk.append(
            expiry_leaf(
                one.parts,
                one.category_id,
                desk.day,
                cutoff_day=one.cutoff_day,
                upto=min(one.upto, upto_most),
                policy_index=desk.policy_index,
            )
        )
        for one in due
    ]
