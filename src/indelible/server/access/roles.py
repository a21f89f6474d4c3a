"""Which role a directory's groups give, and what becomes of an account by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from indelible.server.access.accounts import keep_an_administrator
from indelible.server.access.control import Row
from indelible.server.access.let_in import role_of
from indelible.server.access.outbox import OwnEvent, put

Tell = Callable[[str, list[dict[str, Any]], list[dict[str, Any]]], OwnEvent]
"""Makes the event of an act of a directory: operation, targets, changes."""


GROUP_NAMES: Final = (
    "SELECT g.name, g.external_id FROM scim_member m JOIN scim_group g ON g.id = m.scim_group"
    " WHERE m.person = ?"
)


class GroupRoles(msgspec.Struct, frozen=True):
    """The setting oidc.roles with its default: single sign-on and provisioning share it."""

    roles: Mapping[str, str]
    default: str


class Standing(msgspec.Struct, frozen=True):
    """What an account may do: its role, and whether it is open."""

    role: str
    active: bool

    @property
    def administers(self) -> bool:
        return self.active and self.role == "admin"


def account_target(person_id: str, name: str) -> dict[str, Any]:
    """An account as the target of an event."""
    return {"type": "account", "id": person_id, "name": name}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs, as an event tells it."""
    return [
        {"path": path, "before": before.get(path), "after": after[path]}
        for path in after
        if before.get(path) != after[path]
    ]


def settle(
    transaction: sqlite3.Connection,
    tenant_id: int,
    people: Iterable[str],
    rule: GroupRoles,
    tell: Tell,
) -> dict[str, list[dict[str, Any]]]:
    """
    Gives provisioned accounts the roles of their groups, or closes them; returns what changed.

    An account is open while the directory says `active` and a role is found. When no group is
    mapped at all, roles are not the directory's affair: an account that was there before it keeps
    its own. Raises Conflict when nobody would be left to administer, after all of them.
    """
    changed: dict[str, list[dict[str, Any]]] = {}
    lost: list[tuple[str, str]] = []
    for person_id in people:
        before, after, email = _settle(transaction, tenant_id, person_id, rule, tell)
        if after == before:
            continue
        if before.administers and not after.administers:
            lost.append((person_id, email))
        told = {"role": after.role, "open": after.active}
        changed[person_id] = changes_between({"role": before.role, "open": before.active}, told)
    for person_id, email in lost:
        keep_an_administrator(transaction, tenant_id, person_id, email)
    return changed


def _settle(
    transaction: sqlite3.Connection, tenant_id: int, person_id: str, rule: GroupRoles, tell: Tell
) -> tuple[Standing, Standing, str]:
    """Before, after, and whose account it is."""
    email, role, is_open, wanted, adopted = transaction.execute(
        "SELECT p.email, p.role, p.active, s.active, s.adopted"
        " FROM person p JOIN scim_user s ON s.person = p.id WHERE p.id = ? AND p.tenant = ?",
        (person_id, tenant_id),
    ).fetchone()
    before = Standing(role, bool(is_open))
    found = _role(transaction, person_id, rule, role, bool(adopted))
    after = Standing(found or role, bool(wanted) and found is not None)
    if after == before:
        return before, after, email
    transaction.execute(
        "UPDATE person SET role = ?1, active = ?2,"
        " scope = CASE WHEN ?1 = 'admin' THEN NULL ELSE scope END WHERE id = ?3",
        (after.role, after.active, person_id),
    )
    if before.active and not after.active:
        end_logins(transaction, tenant_id, person_id, tell)
    return before, after, email


def _role(
    transaction: sqlite3.Connection, person_id: str, rule: GroupRoles, role: str, adopted: bool
) -> str | None:
    if not rule.roles:
        return role if adopted or rule.default != "none" else None
    rows = transaction.execute(GROUP_NAMES, (person_id,)).fetchall()
    return role_of(names_in(rows), rule.roles, rule.default)


def names_in(rows: Iterable[Row]) -> tuple[str, ...]:
    """
    The names by which the setting may know groups; `rows` come of GROUP_NAMES.

    Entra ID names groups in tokens by their object id, which here is the external id.
    """
    return tuple(name for row in rows for name in row if name is not None)


def end_logins(transaction: sqlite3.Connection, tenant_id: int, person_id: str, tell: Tell) -> None:
    """Ends all logins of an account, with an event each, and its unused one-time links."""
    rows = transaction.execute("SELECT id FROM session WHERE person = ?", (person_id,)).fetchall()
    for (session_id,) in rows:
        put(transaction, tenant_id, tell("EndLogin", [{"type": "login", "id": session_id}], []))
    transaction.execute("DELETE FROM session WHERE person = ?", (person_id,))
    transaction.execute("DELETE FROM link WHERE person = ? AND used_us IS NULL", (person_id,))
