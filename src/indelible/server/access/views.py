"""
Saved views: an address of the screen with a name, private to a person or shared with the tenant.

Each has a version; a change names the version it was made from, so of two people who change the
same view at once the second is told. Stars, and which view opens first, belong to one person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from indelible.clock import Clock
from indelible.errors import Conflict, Denied, InvalidRequest, NotFound
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import OwnEvent, put

MAX_VIEWS = 200
"""Of one person in one tenant."""
MAX_ADDRESS = 4000
MAX_NAME = 100
_COLUMNS = "id, owner, owner_name, name, address, shared, version, created_us, changed_us"


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view as it is stored; `starred` and `opens` are those of the person who asks."""

    id: str
    owner: str
    owner_name: str
    name: str
    address: str
    shared: bool
    version: int
    created_us: int
    changed_us: int
    starred: bool = False
    opens: bool = False


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants a view to be, read by `read_wanted`."""

    name: str
    address: str
    shared: bool
    starred: bool
    opens: bool


MakeEvent = Callable[[View | None, View | None], OwnEvent]
"""The event of a change, from the view before and after it."""


def read_wanted(name: str, address: str, *, shared: bool, starred: bool, opens: bool) -> Wanted:
    """The view that a request asks for. Raises InvalidRequest."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InvalidRequest(
            f"the name of a view has 1 to {MAX_NAME} printable characters", parameter="name"
        )
    if len(address) > MAX_ADDRESS or not address.isprintable():
        raise InvalidRequest(
            f"an address has at most {MAX_ADDRESS} printable characters", parameter="address"
        )
    # Only the query part: a view never leads to another page, host or scheme.
    if address and not address.startswith("?"):
        raise InvalidRequest("the address of a view is the part from `?` on", parameter="address")
    return Wanted(name=name, address=address, shared=shared, starred=starred, opens=opens)


class Views:
    """The saved views of all tenants. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def all(self, tenant_id: int, person: str) -> list[View]:
        """A person's own views and the shared ones, by name."""
        rows = self._control.read(
            _select("(v.owner = ? OR v.shared = 1)"), (person, tenant_id, person)
        )
        return sorted(map(_view, rows), key=lambda view: (view.name.casefold(), view.id))

    def one(self, tenant_id: int, person: str, view_id: str) -> View:
        """A view that the person may see. Raises NotFound."""
        rows = self._control.read(
            _select("(v.owner = ? OR v.shared = 1) AND v.id = ?"),
            (person, tenant_id, person, view_id),
        )
        return _only(rows, view_id)

    def add(
        self, tenant_id: int, person: str, name: str, view_id: str, wanted: Wanted, event: MakeEvent
    ) -> View:
        """Stores a new view, with its event. Raises InvalidRequest when there are too many."""
        with self._control.write() as transaction:
            (count,) = transaction.execute(
                "SELECT count(*) FROM saved_view WHERE tenant = ? AND owner = ?",
                (tenant_id, person),
            ).fetchone()
            if count >= MAX_VIEWS:
                raise InvalidRequest(
                    f"you have {MAX_VIEWS} views, the most there can be", hint="delete one first"
                )
            now_us = self._clock.now_us()
            transaction.execute(
                f"INSERT INTO saved_view(tenant, {_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                (tenant_id, view_id, person, name, wanted.name, wanted.address,
                 int(wanted.shared), now_us, now_us),
            )  # fmt: skip
            self._mark(transaction, tenant_id, person, view_id, wanted)
            view = self._read(transaction, tenant_id, person, view_id)
            put(transaction, tenant_id, event(None, view))
        return view

    def change(
        self,
        tenant_id: int,
        person: str,
        view_id: str,
        version: int | None,
        wanted: Wanted,
        event: MakeEvent,
        *,
        is_admin: bool,
    ) -> View:
        """
        Changes a view, with its event where anything changes.

        A star or "opens first" alone is anybody's; the rest is the owner's, or of an administrator
        for a shared view. Raises NotFound, Denied, or Conflict when `version` is not the present.
        """
        with self._control.write() as transaction:
            before = self._read(transaction, tenant_id, person, view_id)
            now = (before.name, before.address, before.shared)
            if now != (wanted.name, wanted.address, wanted.shared):
                _permit(before, person, is_admin=is_admin)
                _same_version(before, version)
                transaction.execute(
                    "UPDATE saved_view SET name = ?, address = ?, shared = ?,"
                    " version = version + 1, changed_us = ? WHERE tenant = ? AND id = ?",
                    (wanted.name, wanted.address, int(wanted.shared), self._clock.now_us(),
                     tenant_id, view_id),
                )  # fmt: skip
            self._mark(transaction, tenant_id, person, view_id, wanted)
            rows = transaction.execute(_select("v.id = ?"), (person, tenant_id, view_id)).fetchall()
            after = _only(rows, view_id)
            if after != before:
                put(transaction, tenant_id, event(before, after))
        return after

    def remove(
        self,
        tenant_id: int,
        person: str,
        view_id: str,
        version: int | None,
        event: MakeEvent,
        *,
        is_admin: bool,
    ) -> None:
        """Deletes a view, with its event. Raises NotFound, Denied or Conflict."""
        with self._control.write() as transaction:
            before = self._read(transaction, tenant_id, person, view_id)
            _permit(before, person, is_admin=is_admin)
            _same_version(before, version)
            for table, column in (("saved_view", "id"), ("view_mark", "view")):
                transaction.execute(
                    f"DELETE FROM {table} WHERE tenant = ? AND {column} = ?", (tenant_id, view_id)
                )
            put(transaction, tenant_id, event(before, None))

    @staticmethod
    def _read(transaction: sqlite3.Connection, tenant_id: int, person: str, view_id: str) -> View:
        rows = transaction.execute(
            _select("(v.owner = ? OR v.shared = 1) AND v.id = ?"),
            (person, tenant_id, person, view_id),
        ).fetchall()
        return _only(rows, view_id)

    @staticmethod
    def _mark(
        transaction: sqlite3.Connection, tenant_id: int, person: str, view_id: str, wanted: Wanted
    ) -> None:
        if wanted.opens:  # one view opens first, or none
            transaction.execute(
                "UPDATE view_mark SET opens = 0 WHERE tenant = ? AND owner = ?", (tenant_id, person)
            )
        transaction.execute(
            "INSERT OR REPLACE INTO view_mark(tenant, owner, view, starred, opens)"
            " VALUES(?, ?, ?, ?, ?)",
            (tenant_id, person, view_id, int(wanted.starred), int(wanted.opens)),
        )


def _select(where: str) -> str:
    columns = ", ".join(f"v.{name}" for name in _COLUMNS.split(", "))
    return (
        f"SELECT {columns}, coalesce(m.starred, 0), coalesce(m.opens, 0) FROM saved_view v"
        " LEFT JOIN view_mark m ON m.tenant = v.tenant AND m.view = v.id AND m.owner = ?"
        f" WHERE v.tenant = ? AND {where}"
    )


def _view(row: tuple[object, ...]) -> View:
    names = (*_COLUMNS.split(", "), "starred", "opens")
    values = dict(zip(names, row, strict=True))
    for name in ("shared", "starred", "opens"):
        values[name] = bool(values[name])
    return msgspec.convert(values, View)


def _only(rows: list[tuple[object, ...]], view_id: str) -> View:
    if not rows:
        raise NotFound(f"there is no view {view_id}")
    return _view(rows[0])


def _permit(view: View, person: str, *, is_admin: bool) -> None:
    if view.owner != person and not is_admin:
        raise Denied("this view belongs to somebody else", hint="save a copy under another name")


def _same_version(view: View, version: int | None) -> None:
    if version is not None and version != view.version:
        raise Conflict(
            "somebody has changed this view meanwhile",
            hint="look at it again, then save your change",
            code="view-changed",
        )
