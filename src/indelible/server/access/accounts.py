"""
What an administrator does with accounts: list them, invite, change roles, remove.

Every change and its event are one transaction. A tenant always keeps an administrator: the last one
can be neither removed nor given a lesser role, whoever asks at the same time.
"""

from __future__ import annotations

import sqlite3

import msgspec

from indelible.clock import Clock
from indelible.codec import decode_json
from indelible.errors import Conflict, NotFound
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.people import read_email
from indelible.server.access.scope import Scope, parse_scope, scope_text
from indelible.server.access.token import RandomBytes, hash_token, random_text

_US_PER_HOUR = 3_600_000_000
_TOKEN_LENGTH = 43
_INVITATION_ID = 8  # bytes of the token's hash that name an invitation
MAX_ACCOUNTS = 1000


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """
    An account as an administrator sees it. `seen_us` is the last use of a login it still has;
    `factors` are its second factors; `issuer` says who vouches for it, null: its password.
    `provisioned`: a directory keeps it by SCIM; `groups` are those that it is in there.
    """

    id: str
    email: str
    name: str
    role: str
    created_us: int
    seen_us: int | None
    logins: int
    scope: Scope | None = None
    active: bool = True
    issuer: str | None = None
    factors: tuple[str, ...] = ()
    provisioned: bool = False
    groups: tuple[str, ...] = ()


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link for somebody without an account, not used yet."""

    id: str
    email: str
    role: str
    created_us: int
    expires_us: int
    scope: Scope | None = None


class Accounts:
    """Accounts and invitations of all tenants. Every call names the tenant."""

    def __init__(
        self, control: ControlDatabase, clock: Clock, random_bytes: RandomBytes, link_hours: int
    ) -> None:
        self._control = control
        self._clock = clock
        self._random_bytes = random_bytes
        self._link_hours = link_hours

    def all(self, tenant_id: int) -> list[Account]:
        """All accounts, by name."""
        rows = self._control.read(
            "SELECT p.id, p.email, p.name, p.role, p.created_us, max(s.seen_us), count(s.id),"
            " p.scope, p.active, p.issuer,"
            " (SELECT count(*) FROM totp t WHERE t.person = p.id AND t.confirmed_us IS NOT NULL),"
            " (SELECT count(*) FROM passkey k WHERE k.person = p.id),"
            " EXISTS(SELECT 1 FROM scim_user u WHERE u.person = p.id),"
            " (SELECT json_group_array(g.name) FROM scim_member m"
            " JOIN scim_group g ON g.id = m.scim_group WHERE m.person = p.id)"
            " FROM person p LEFT JOIN session s ON s.person = p.id WHERE p.tenant = ?"
            " GROUP BY p.id ORDER BY p.name COLLATE NOCASE, p.email",
            (tenant_id,),
        )
        return [_account(row) for row in rows]

    def one(self, tenant_id: int, person_id: str) -> Account:
        """One account. Raises NotFound."""
        for account in self.all(tenant_id):
            if account.id == person_id:
                return account
        raise NotFound(f"there is no account {person_id[:40]!r}")

    def invitations(self, tenant_id: int) -> list[Invitation]:
        """Invitations that can be used now, newest first."""
        rows = self._control.read(
            f"SELECT lower(hex(substr(token_hash, 1, {_INVITATION_ID}))), email, role, created_us,"
            " expires_us, scope FROM link WHERE tenant = ? AND person IS NULL AND email IS NOT NULL"
            " AND used_us IS NULL AND expires_us > ? ORDER BY created_us DESC",
            (tenant_id, self._clock.now_us()),
        )
        names = ("id", "email", "role", "created_us", "expires_us")
        return [
            Invitation(**dict(zip(names, row[:5], strict=True)), scope=parse_scope(row[5]))
            for row in rows
        ]

    def invite(
        self,
        tenant_id: int,
        email: str,
        role: str,
        event: OwnEvent,
        scope: Scope | None = None,
    ) -> str:
        """
        Makes a one-time link that makes an account with this address, role and scope; returns its
        token.

        An earlier invitation of the same address ends. Raises Conflict when the address has an
        account, InvalidRequest when it is none.
        """
        address = read_email(email)
        token = random_text(self._random_bytes, _TOKEN_LENGTH)
        now_us = self._clock.now_us()
        with self._control.write() as transaction:
            taken = transaction.execute(
                "SELECT 1 FROM person WHERE tenant = ? AND email_folded = ?",
                (tenant_id, address.casefold()),
            ).fetchone()
            if taken:
                raise Conflict(f"{address} has an account already", code="account-exists")
            if _count(transaction, tenant_id) >= MAX_ACCOUNTS:
                raise Conflict(f"there are {MAX_ACCOUNTS} accounts already", code="too-many")
            transaction.execute(
                "DELETE FROM link WHERE tenant = ? AND person IS NULL AND used_us IS NULL"
                " AND lower(email) = lower(?)",
                (tenant_id, address),
            )
            transaction.execute(
                "INSERT INTO link(token_hash, tenant, email, role, created_us, expires_us, scope)"
                " VALUES(?, ?, ?, ?, ?, ?, ?)",
                (
                    hash_token(token),
                    tenant_id,
                    address,
                    role,
                    now_us,
                    now_us + self._link_hours * _US_PER_HOUR,
                    scope_text(scope),
                ),
            )
            put(transaction, tenant_id, event)
        return token

    def withdraw(self, tenant_id: int, invitation: Invitation, event: OwnEvent) -> None:
        """Ends an invitation. Raises NotFound when it was used or is gone."""
        with self._control.write() as transaction:
            gone = transaction.execute(
                "DELETE FROM link WHERE tenant = ? AND person IS NULL AND used_us IS NULL"
                f" AND lower(hex(substr(token_hash, 1, {_INVITATION_ID}))) = ?",
                (tenant_id, invitation.id),
            ).rowcount
            if not gone:
                raise NotFound("this invitation was used or withdrawn meanwhile")
            put(transaction, tenant_id, event)

    def change(
        self, tenant_id: int, account: Account, role: str, scope: Scope | None, event: OwnEvent
    ) -> None:
        """
        Gives an account another role and scope, at once for its logins too.

        Raises Conflict when it is the last administrator, or was changed meanwhile.
        """
        with self._control.write() as transaction:
            if account.role == "admin" and role != "admin":
                keep_an_administrator(transaction, tenant_id, account.id, account.email)
            changed = transaction.execute(
                "UPDATE person SET role = ?, scope = ?"
                " WHERE id = ? AND tenant = ? AND role = ? AND scope IS ?",
                (role, scope_text(scope), account.id, tenant_id, account.role,
                 scope_text(account.scope)),
            ).rowcount  # fmt: skip
            if not changed:
                raise Conflict(
                    "somebody else changed this account meanwhile",
                    hint="load it again",
                    code="changed-meanwhile",
                )
            put(transaction, tenant_id, event)

    def remove(self, tenant_id: int, account: Account, event: OwnEvent) -> None:
        """
        Removes an account, its logins, links and preferences. What it did stays in the log.

        Raises Conflict when it is the last administrator, NotFound when it is gone already.
        """
        with self._control.write() as transaction:
            row = transaction.execute(
                "SELECT role FROM person WHERE id = ? AND tenant = ?", (account.id, tenant_id)
            ).fetchone()
            if row is None:
                raise NotFound("this account was removed meanwhile")
            if row[0] == "admin":  # it may have become one since it was looked at
                keep_an_administrator(transaction, tenant_id, account.id, account.email)
            for table in ("session", "link", "preference"):
                transaction.execute(f"DELETE FROM {table} WHERE person = ?", (account.id,))
            transaction.execute("DELETE FROM person WHERE id = ?", (account.id,))
            put(transaction, tenant_id, event)


def _account(row: Row) -> Account:
    names = ("id", "email", "name", "role", "created_us", "seen_us", "logins")
    factors = ("totp",) * bool(row[10]) + ("passkey",) * bool(row[11])
    return Account(
        **dict(zip(names, row[:7], strict=True)),
        scope=parse_scope(row[7]),
        active=bool(row[8]),
        issuer=row[9],
        factors=factors,
        provisioned=bool(row[12]),
        groups=tuple(sorted(decode_json(row[13]))),
    )


def keep_an_administrator(
    transaction: sqlite3.Connection, tenant_id: int, person_id: str, email: str
) -> None:
    """Raises Conflict unless the tenant has another administrator who can get in."""
    others = transaction.execute(
        "SELECT count(*) FROM person WHERE tenant = ? AND role = 'admin' AND active = 1"
        " AND id <> ?",
        (tenant_id, person_id),
    ).fetchone()[0]
    if not others:
        raise Conflict(
            f"{email} is the last administrator",
            hint="make somebody else an administrator first",
            code="last-administrator",
        )


def _count(transaction: sqlite3.Connection, tenant_id: int) -> int:
    row = transaction.execute("SELECT count(*) FROM person WHERE tenant = ?", (tenant_id,))
    return int(row.fetchone()[0])
