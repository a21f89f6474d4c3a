"""
Groups of a directory (SCIM), and the roles that come of them.

A change of a group, and of the roles of all that are or were in it, is one transaction.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from indelible.clock import Clock
from indelible.errors import Conflict, InvalidRequest, NotFound
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import put
from indelible.server.access.provisioning import TAKEN, Named, adopt
from indelible.server.access.roles import (
    GROUP_NAMES,
    GroupRoles,
    Tell,
    account_target,
    changes_between,
    names_in,
    settle,
)
from indelible.server.access.token import RandomBytes, random_id

MAX_GROUPS = 1000


class WantedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What a directory says of a group; `members` are ids of accounts."""

    name: str
    external_id: str | None
    members: frozenset[str]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group with the accounts in it."""

    id: str
    name: str
    external_id: str | None
    members: tuple[Named, ...]
    created_us: int
    changed_us: int


class Groups:
    """The groups of all tenants. Every call names the tenant."""

    def __init__(
        self, control: ControlDatabase, clock: Clock, random_bytes: RandomBytes, rule: GroupRoles
    ) -> None:
        self._control = control
        self._clock = clock
        self._random_bytes = random_bytes
        self._rule = rule

    def all(self, tenant_id: int) -> list[Group]:
        """All groups, oldest first."""
        members: dict[str, list[Named]] = {}
        for group_id, person_id, name in self._control.read(
            "SELECT m.scim_group, p.id, p.name FROM scim_member m JOIN person p ON p.id = m.person"
            " WHERE p.tenant = ? ORDER BY p.name, p.id",
            (tenant_id,),
        ):
            members.setdefault(group_id, []).append(Named(person_id, name))
        rows = self._control.read(
            "SELECT id, name, external_id, created_us, changed_us FROM scim_group"
            " WHERE tenant = ? ORDER BY created_us, id",
            (tenant_id,),
        )
        return [
            Group(id=row[0], name=row[1], external_id=row[2], created_us=row[3], changed_us=row[4],
                  members=tuple(members.get(row[0], ())))
            for row in rows
        ]  # fmt: skip

    def one(self, tenant_id: int, group_id: str) -> Group:
        """One group. Raises NotFound."""
        for one in self.all(tenant_id):
            if one.id == group_id:
                return one
        raise NotFound(f"there is no group {group_id[:40]!r}")

    def names_of(self, person_id: str) -> tuple[str, ...]:
        """The names and external ids of the groups of an account."""
        return names_in(self._control.read(GROUP_NAMES, (person_id,)))

    def add(self, tenant_id: int, wanted: WantedGroup, tell: Tell) -> str:
        """Makes a group; returns its id. Raises Conflict, with code `uniqueness` when taken."""
        group_id = random_id(self._random_bytes, "g")
        now_us = self._clock.now_us()
        with self._control.write() as transaction:
            (count,) = transaction.execute(
                "SELECT count(*) FROM scim_group WHERE tenant = ?", (tenant_id,)
            ).fetchone()
            if count >= MAX_GROUPS:
                raise Conflict(f"there are {MAX_GROUPS} groups already", code="too-many")
            _check_free(transaction, tenant_id, "", wanted.name)
            transaction.execute(
                "INSERT INTO scim_group VALUES(?, ?, ?, ?, ?, ?)",
                (group_id, tenant_id, wanted.name, wanted.external_id, now_us, now_us),
            )
            self._put_members(transaction, tenant_id, group_id, wanted.members)
            changes = changes_between({}, _told(wanted))
            put(transaction, tenant_id, tell("CreateGroup", [_target(group_id, wanted)], changes))
            self._settle_all(transaction, tenant_id, wanted.members, tell)
        return group_id

    def change(self, tenant_id: int, before: Group, wanted: WantedGroup, tell: Tell) -> None:
        """Makes a group what the directory wants. Nothing happens where nothing differs."""
        earlier = WantedGroup(
            name=before.name,
            external_id=before.external_id,
            members=frozenset(one.id for one in before.members),
        )
        if wanted == earlier:
            return
        with self._control.write() as transaction:
            _check_free(transaction, tenant_id, before.id, wanted.name)
            updated = transaction.execute(
                "UPDATE scim_group SET name = ?, external_id = ?, changed_us = ?"
                " WHERE id = ? AND tenant = ?",
                (wanted.name, wanted.external_id, self._clock.now_us(), before.id, tenant_id),
            ).rowcount
            if not updated:
                raise NotFound("this group was removed meanwhile")
            gone = earlier.members - wanted.members
            transaction.executemany(
                "DELETE FROM scim_member WHERE scim_group = ? AND person = ?",
                [(before.id, person_id) for person_id in sorted(gone)],
            )
            self._put_members(transaction, tenant_id, before.id, wanted.members - earlier.members)
            changes = changes_between(_told(earlier), _told(wanted))
            put(transaction, tenant_id, tell("ChangeGroup", [_target(before.id, wanted)], changes))
            # With another name the group may be mapped to another role.
            is_renamed = (wanted.name, wanted.external_id) != (before.name, before.external_id)
            touched = (
                wanted.members | earlier.members if is_renamed else wanted.members ^ earlier.members
            )
            self._settle_all(transaction, tenant_id, touched, tell)

    def remove(self, tenant_id: int, group: Group, tell: Tell) -> None:
        """Removes a group; the accounts in it stay, with the role of their other groups."""
        members = frozenset(one.id for one in group.members)
        wanted = WantedGroup(name=group.name, external_id=group.external_id, members=members)
        with self._control.write() as transaction:
            gone = transaction.execute(
                "DELETE FROM scim_group WHERE id = ? AND tenant = ?", (group.id, tenant_id)
            ).rowcount
            if not gone:
                raise NotFound("this group was removed meanwhile")
            changes = [
                {"path": path, "before": value, "after": None}
                for path, value in _told(wanted).items()
            ]
            put(transaction, tenant_id, tell("DeleteGroup", [_target(group.id, wanted)], changes))
            self._settle_all(transaction, tenant_id, members, tell)

    def _put_members(
        self,
        transaction: sqlite3.Connection,
        tenant_id: int,
        group_id: str,
        members: frozenset[str],
    ) -> None:
        now_us = self._clock.now_us()
        for person_id in sorted(members):
            if not adopt(transaction, tenant_id, person_id, now_us):
                raise InvalidRequest(
                    f"there is no account {person_id[:40]!r}",
                    parameter="members",
                    code="invalidValue",
                )
            transaction.execute(
                "INSERT OR IGNORE INTO scim_member VALUES(?, ?)", (group_id, person_id)
            )

    def _settle_all(
        self,
        transaction: sqlite3.Connection,
        tenant_id: int,
        people: frozenset[str],
        tell: Tell,
    ) -> None:
        names = dict(
            transaction.execute("SELECT id, name FROM person WHERE tenant = ?", (tenant_id,))
        )
        there = sorted(people & names.keys())
        for person_id, changes in settle(transaction, tenant_id, there, self._rule, tell).items():
            target = account_target(person_id, names[person_id])
            put(transaction, tenant_id, tell("ChangeUserRole", [target], changes))


def _check_free(transaction: sqlite3.Connection, tenant_id: int, group_id: str, name: str) -> None:
    taken = transaction.execute(
        "SELECT 1 FROM scim_group WHERE tenant = ? AND id <> ? AND name = ?",
        (tenant_id, group_id, name),
    ).fetchone()
    if taken:
        raise Conflict("there is a group with this name already", code=TAKEN)


def _target(group_id: str, wanted: WantedGroup) -> dict[str, Any]:
    return {"type": "group", "id": group_id, "name": wanted.name}


def _told(wanted: WantedGroup) -> dict[str, Any]:
    return {
        "displayName": wanted.name,
        "externalId": wanted.external_id,
        "members": sorted(wanted.members),
    }
