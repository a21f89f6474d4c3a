"""
Accounts as a directory provisions them (SCIM): made, changed, closed, removed.

A directory sees all accounts of the tenant, and takes those over that were there before it with the
first change that it makes to them. Every change, its event and the logins that it ends are one
transaction.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from indelible.clock import Clock
from indelible.codec import decode_json, encode_json
from indelible.errors import Conflict, NotFound
from indelible.server.access.accounts import MAX_ACCOUNTS, keep_an_administrator
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import put
from indelible.server.access.people import read_email
from indelible.server.access.roles import (
    GroupRoles,
    Tell,
    account_target,
    changes_between,
    end_logins,
    settle,
)
from indelible.server.access.token import RandomBytes, random_id

SCIM = "scim"
TAKEN = "uniqueness"
_COLUMNS = (
    "p.id, p.email, p.name, p.role, p.active, p.created_us, s.user_name, s.external_id, s.active,"
    " s.attributes, s.changed_us, s.adopted"
)
_FROM = " FROM person p LEFT JOIN scim_user s ON s.person = p.id"


class Named(msgspec.Struct, frozen=True):
    """A group of an account, or an account in a group."""

    id: str
    name: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a directory says of somebody. `attributes` are those that are only kept to be read back;
    None while it has said nothing yet.
    """

    user_name: str
    email: str
    name: str
    external_id: str | None
    active: bool
    attributes: dict[str, Any] | None


class Provisioned(Wanted, frozen=True, kw_only=True):
    """
    An account as a directory sees it: what it wants, and what came of it.

    `is_open` is false while it has no role; `is_managed` true once the directory wrote to it.
    """

    id: str
    role: str
    is_open: bool
    is_managed: bool
    created_us: int
    changed_us: int
    groups: tuple[Named, ...] = ()


class Provisioning:
    """The accounts of all tenants for their directories. Every call names the tenant."""

    def __init__(
        self, control: ControlDatabase, clock: Clock, random_bytes: RandomBytes, rule: GroupRoles
    ) -> None:
        self._control = control
        self._clock = clock
        self._random_bytes = random_bytes
        self._rule = rule

    def all(self, tenant_id: int) -> list[Provisioned]:
        """All accounts, oldest first."""
        rows = self._control.read(
            f"SELECT {_COLUMNS}{_FROM} WHERE p.tenant = ? ORDER BY p.created_us, p.id", (tenant_id,)
        )
        groups: dict[str, list[Named]] = {}
        for person, group_id, name in self._control.read(
            "SELECT m.person, g.id, g.name FROM scim_member m"
            " JOIN scim_group g ON g.id = m.scim_group WHERE g.tenant = ? ORDER BY g.name, g.id",
            (tenant_id,),
        ):
            groups.setdefault(person, []).append(Named(group_id, name))
        return [_provisioned(row, tuple(groups.get(row[0], ()))) for row in rows]

    def one(self, tenant_id: int, person_id: str) -> Provisioned:
        """One account. Raises NotFound."""
        for one in self.all(tenant_id):
            if one.id == person_id:
                return one
        raise NotFound(f"there is no account {person_id[:40]!r}")

    def add(self, tenant_id: int, wanted: Wanted, tell: Tell) -> str:
        """Makes an account; returns its id. Raises Conflict, with code `uniqueness` when taken."""
        email = read_email(wanted.email)
        person_id = random_id(self._random_bytes, "p")
        now_us = self._clock.now_us()
        with self._control.write() as transaction:
            (count,) = transaction.execute(
                "SELECT count(*) FROM person WHERE tenant = ?", (tenant_id,)
            ).fetchone()
            if count >= MAX_ACCOUNTS:
                raise Conflict(f"there are {MAX_ACCOUNTS} accounts already", code="too-many")
            _check_free(transaction, tenant_id, "", wanted.user_name, email)
            # Closed until the groups have been looked at.
            transaction.execute(
                "INSERT INTO person(id, tenant, email, email_folded, name, role, password,"
                " created_us, issuer, active) VALUES(?, ?, ?, ?, ?, ?, '', ?, ?, 0)",
                (person_id, tenant_id, email, email.casefold(), wanted.name,
                 _least(self._rule.default), now_us, SCIM),
            )  # fmt: skip
            _write(transaction, tenant_id, person_id, wanted, now_us, adopted=False)
            settle(transaction, tenant_id, [person_id], self._rule, tell)
            role, is_open = transaction.execute(
                "SELECT role, active FROM person WHERE id = ?", (person_id,)
            ).fetchone()
            after = {**_told(wanted), "role": role, "open": bool(is_open)}
            changes = changes_between({}, after)
            target = account_target(person_id, wanted.name)
            put(transaction, tenant_id, tell("CreateAccount", [target], changes))
        return person_id

    def change(self, tenant_id: int, before: Provisioned, wanted: Wanted, tell: Tell) -> None:
        """
        Makes an account what the directory wants. Nothing happens where nothing differs.

        Raises Conflict: the name or address is taken, or the last administrator would go.
        """
        asked = Wanted(**{name: getattr(wanted, name) for name in Wanted.__struct_fields__})
        if asked == _wanted(before):
            return
        email = read_email(wanted.email)
        with self._control.write() as transaction:
            now_us = self._clock.now_us()
            _check_free(transaction, tenant_id, before.id, wanted.user_name, email)
            updated = transaction.execute(
                "UPDATE person SET email = ?, email_folded = ?, name = ?"
                " WHERE id = ? AND tenant = ?",
                (email, email.casefold(), wanted.name, before.id, tenant_id),
            ).rowcount
            if not updated:
                raise NotFound("this account was removed meanwhile")
            _write(transaction, tenant_id, before.id, wanted, now_us, adopted=not before.is_managed)
            changes = changes_between(_told(before), _told(wanted))
            if wanted.active != before.active:
                settled = settle(transaction, tenant_id, [before.id], self._rule, tell)
                changes += settled.get(before.id, [])
            target = account_target(before.id, wanted.name)
            put(transaction, tenant_id, tell("ChangeAccount", [target], changes))

    def remove(self, tenant_id: int, account: Provisioned, tell: Tell) -> None:
        """Removes an account. What it did stays in the log. Raises Conflict for the last admin."""
        with self._control.write() as transaction:
            row = transaction.execute(
                "SELECT role, active FROM person WHERE id = ? AND tenant = ?",
                (account.id, tenant_id),
            ).fetchone()
            if row is None:
                raise NotFound("this account was removed meanwhile")
            if row[0] == "admin" and row[1]:
                keep_an_administrator(transaction, tenant_id, account.id, account.email)
            end_logins(transaction, tenant_id, account.id, tell)
            for table in ("link", "preference"):
                transaction.execute(f"DELETE FROM {table} WHERE person = ?", (account.id,))
            transaction.execute("DELETE FROM person WHERE id = ?", (account.id,))
            changes = [
                {"path": path, "before": value, "after": None}
                for path, value in {**_told(account), "role": row[0]}.items()
            ]
            target = account_target(account.id, account.name)
            put(transaction, tenant_id, tell("DeleteUser", [target], changes))


def adopt(transaction: sqlite3.Connection, tenant_id: int, person_id: str, now_us: int) -> bool:
    """Takes an account over that the directory did not make; False when there is no such one."""
    row = transaction.execute(
        "SELECT p.email, p.name, p.active, s.person FROM person p"
        " LEFT JOIN scim_user s ON s.person = p.id WHERE p.id = ? AND p.tenant = ?",
        (person_id, tenant_id),
    ).fetchone()
    if row is None:
        return False
    email, name, active, managed = row
    if managed is None:
        wanted = Wanted(user_name=email, email=email, name=name, external_id=None,
                        active=bool(active), attributes=None)  # fmt: skip
        _write(transaction, tenant_id, person_id, wanted, now_us, adopted=True)
    return True


def _write(
    transaction: sqlite3.Connection,
    tenant_id: int,
    person_id: str,
    wanted: Wanted,
    now_us: int,
    *,
    adopted: bool,
) -> None:
    transaction.execute(
        "INSERT INTO scim_user VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
        " ON CONFLICT(person) DO UPDATE SET user_name = ?3, user_name_folded = ?4,"
        " external_id = ?5, active = ?6, attributes = ?8, changed_us = ?9",
        (person_id, tenant_id, wanted.user_name, wanted.user_name.casefold(), wanted.external_id,
         wanted.active, adopted, encode_json(wanted.attributes).decode(), now_us),
    )  # fmt: skip


def _check_free(
    transaction: sqlite3.Connection, tenant_id: int, person_id: str, user_name: str, email: str
) -> None:
    taken = transaction.execute(
        "SELECT 1 FROM person p LEFT JOIN scim_user s ON s.person = p.id WHERE p.id <> ?1"
        " AND p.tenant = ?3"
        " AND (p.email_folded = ?2 OR coalesce(s.user_name_folded, p.email_folded) = ?4)",
        (person_id, email.casefold(), tenant_id, user_name.casefold()),
    ).fetchone()
    if taken:
        raise Conflict("there is an account with this name or address already", code=TAKEN)


def _least(default: str) -> str:
    return "viewer" if default == "none" else default


def _told(wanted: Wanted) -> dict[str, Any]:
    """What events say of it."""
    return {
        "userName": wanted.user_name,
        "email": wanted.email,
        "name": wanted.name,
        "externalId": wanted.external_id,
        "active": wanted.active,
    }


def _wanted(one: Provisioned) -> Wanted:
    return Wanted(**{name: getattr(one, name) for name in Wanted.__struct_fields__})


def _provisioned(row: Row, groups: tuple[Named, ...]) -> Provisioned:
    is_managed = row[6] is not None
    return Provisioned(
        id=row[0],
        email=row[1],
        name=row[2],
        role=row[3],
        is_open=bool(row[4]),
        is_managed=is_managed,
        created_us=row[5],
        user_name=row[6] if is_managed else row[1],
        external_id=row[7],
        active=bool(row[8] if is_managed else row[4]),
        attributes=decode_json(row[9]) if is_managed else None,
        changed_us=row[10] if is_managed else row[5],
        groups=groups,
    )
