"""People who log in, and the one-time links by which they set a password."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

import msgspec

from indelible.clock import Clock
from indelible.errors import Conflict, Denied, InvalidRequest, NotFound
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.scope import Scope, parse_scope, scope_text
from indelible.server.access.token import RandomBytes, hash_token, random_id, random_text

_US_PER_HOUR = 3_600_000_000
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,189}")
_TOKEN_LENGTH = 43


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """An account. `password` is the argon2id text, never shown."""

    id: str
    tenant_id: int
    email: str
    name: str
    role: str
    password: str
    scope: Scope | None = None
    active: bool = True
    issuer: str | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom another vouches for: an identity provider, a proxy, a directory."""

    issuer: str
    subject: str
    email: str
    name: str


class LinkInvalid(Denied):
    """A one-time link that is unknown, used or too old; which of these is not told."""

    code = "link-invalid"

    def __init__(self) -> None:
        super().__init__(
            "this link is used, too old or mistyped",
            hint="`indelible users reset-link EMAIL` on the server makes a new one",
        )


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link that can be used now. `person_id` None makes a new account."""

    tenant_id: int
    person_id: str | None
    email: str | None
    role: str
    scope: Scope | None = None


def read_email(text: str) -> str:
    """The address without outer spaces. Raises InvalidRequest."""
    email = text.strip()
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise InvalidRequest("this is not an e-mail address", parameter="email")
    return email


class People:
    """Accounts and links in the control database."""

    def __init__(
        self, control: ControlDatabase, clock: Clock, random_bytes: RandomBytes, link_hours: int
    ) -> None:
        self._control = control
        self._clock = clock
        self._random_bytes = random_bytes
        self._link_hours = link_hours

    def by_email(self, tenant_id: int, email: str) -> Person | None:
        """The account of a tenant with this address, in any spelling of case."""
        return next((one for one in self.with_email(email) if one.tenant_id == tenant_id), None)

    def with_email(self, email: str) -> list[Person]:
        """The accounts with this address, in any spelling of case: at most one of each tenant."""
        rows = self._control.read(
            f"SELECT {_PERSON} FROM person WHERE email_folded = ? ORDER BY tenant",
            (email.strip().casefold(),),
        )
        return [_person(row) for row in rows]

    def most_with_one_email(self) -> int:
        """In how many tenants the address has an account that has one in the most of them."""
        (row,) = self._control.read(
            "SELECT coalesce(max(number), 0) FROM"
            " (SELECT count(*) AS number FROM person GROUP BY email_folded)"
        )
        return int(row[0])

    def by_id(self, person_id: str) -> Person | None:
        """The account with this id."""
        return self._one("id = ?", person_id)

    def _one(self, where: str, value: str) -> Person | None:
        rows = self._control.read(f"SELECT {_PERSON} FROM person WHERE " + where, (value,))
        return _person(rows[0]) if rows else None

    def count(self, tenant_id: int) -> int:
        """How many accounts a tenant has."""
        return int(
            self._control.read("SELECT count(*) FROM person WHERE tenant = ?", (tenant_id,))[0][0]
        )

    def has_password(self, person_id: str) -> bool:
        """Whether the account has a password of its own."""
        person = self.by_id(person_id)
        return person is not None and person.password != ""

    def replace_password(self, person_id: str, old: str, new: str) -> None:
        """Stores a newer hash of the same password, unless it was changed meanwhile."""
        with self._control.write() as transaction:
            transaction.execute(
                "UPDATE person SET password = ? WHERE id = ? AND password = ?",
                (new, person_id, old),
            )

    def change_password(
        self,
        person: Person,
        stored: str,
        *,
        keep: str,
        event: OwnEvent,
        tell_end: Callable[[str], OwnEvent],
    ) -> int:
        """
        Sets a new password, and ends all logins but `keep` and open links; returns how many logins.

        Raises Conflict when the password was changed meanwhile.
        """
        with self._control.write() as transaction:
            changed = transaction.execute(
                "UPDATE person SET password = ? WHERE id = ? AND password = ?",
                (stored, person.id, person.password),
            ).rowcount
            if not changed:
                raise Conflict("the password was changed meanwhile", code="changed-meanwhile")
            put(transaction, person.tenant_id, event)
            ended = transaction.execute(
                "SELECT id FROM session WHERE person = ? AND id <> ?", (person.id, keep)
            ).fetchall()
            for (session_id,) in ended:
                put(transaction, person.tenant_id, tell_end(session_id))
            transaction.execute(
                "DELETE FROM session WHERE person = ? AND id <> ?", (person.id, keep)
            )
            transaction.execute(
                "DELETE FROM link WHERE person = ? AND used_us IS NULL", (person.id,)
            )
        return len(ended)

    def new_link(
        self, tenant_id: int, email: str | None, event: OwnEvent | None, *, role: str = "admin"
    ) -> str:
        """
        Makes a one-time link and returns its token; earlier unused ones for the same end.

        For a known address it sets a new password; else, as long as the tenant has no account,
        it makes the first administrator. Raises NotFound when neither holds.
        """
        address = read_email(email) if email is not None else None
        token = random_text(self._random_bytes, _TOKEN_LENGTH)
        now_us = self._clock.now_us()
        with self._control.write() as transaction:
            person = _find(transaction, tenant_id, address)
            if person is None and _count(transaction, tenant_id):
                raise NotFound(
                    f"there is no account {address}" if address else "there is an account already",
                    hint="`indelible users reset-link EMAIL` takes the address of an account",
                )
            transaction.execute(
                "DELETE FROM link WHERE tenant = ? AND used_us IS NULL AND person IS ?",
                (tenant_id, person.id if person else None),
            )
            transaction.execute(
                "INSERT INTO link(token_hash, tenant, person, email, role, created_us, expires_us)"
                " VALUES(?, ?, ?, ?, ?, ?, ?)",
                (
                    hash_token(token),
                    tenant_id,
                    person.id if person else None,
                    person.email if person else address,
                    person.role if person else role,
                    now_us,
                    now_us + self._link_hours * _US_PER_HOUR,
                ),
            )
            if event is not None:
                put(transaction, tenant_id, event)
        return token

    def look_at_link(self, token: str) -> Link:
        """What a link is for, without using it. Raises LinkInvalid."""
        rows = self._control.read(_LINK, (hash_token(token), self._clock.now_us()))
        if not rows:
            raise LinkInvalid
        return _link(rows[0])

    def use_link(
        self, token: str, *, person_id: str, email: str, name: str, password: str, event: OwnEvent
    ) -> Person:
        """
        Uses a link up: makes the account, or sets the password and ends the account's logins.

        `person_id` is the id of a new account. Raises LinkInvalid; of two uses at once one wins.
        """
        address = read_email(email)
        now_us = self._clock.now_us()
        with self._control.write() as transaction:
            row = transaction.execute(_LINK, (hash_token(token), now_us)).fetchone()
            if row is None:
                raise LinkInvalid
            link = _link(row)
            if link.person_id is None:
                if _find(transaction, link.tenant_id, address) is not None:
                    raise LinkInvalid
                if not _count(transaction, link.tenant_id):
                    # Links for the first account end with it; later ones are invitations.
                    transaction.execute(
                        "DELETE FROM link WHERE tenant = ? AND person IS NULL AND token_hash <> ?",
                        (link.tenant_id, hash_token(token)),
                    )
                transaction.execute(
                    "INSERT INTO person(id, tenant, email, email_folded, name, role, password,"
                    " created_us, scope) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        person_id,
                        link.tenant_id,
                        address,
                        address.casefold(),
                        name,
                        link.role,
                        password,
                        now_us,
                        scope_text(link.scope),
                    ),
                )
            else:
                person_id = link.person_id
                transaction.execute(
                    "UPDATE person SET password = ?, name = ? WHERE id = ?",
                    (password, name, person_id),
                )
                transaction.execute("DELETE FROM session WHERE person = ?", (person_id,))
            transaction.execute(
                "UPDATE link SET used_us = ? WHERE token_hash = ?", (now_us, hash_token(token))
            )
            put(transaction, link.tenant_id, event)
            found = transaction.execute(
                f"SELECT {_PERSON} FROM person WHERE id = ?",
                (person_id,),
            ).fetchone()
        return _person(found)

    def by_subject(self, issuer: str, subject: str) -> Person | None:
        """The account that an identity provider knows by this name."""
        rows = self._control.read(
            f"SELECT {_PERSON} FROM person WHERE issuer = ? AND subject = ?", (issuer, subject)
        )
        return _person(rows[0]) if rows else None

    def add_known(
        self, tenant_id: int, who: Known, role: str, event: OwnEvent, *, person_id: str
    ) -> Person:
        """
        Makes an account without a password, for somebody whom another vouches for.

        Raises Conflict when the address has an account.
        """
        email = read_email(who.email)
        with self._control.write() as transaction:
            if _find(transaction, tenant_id, email) is not None:
                raise Conflict(f"{email} has an account already", code="account-exists")
            transaction.execute(
                "INSERT INTO person(id, tenant, email, email_folded, name, role, password,"
                " created_us, issuer, subject) VALUES(?, ?, ?, ?, ?, ?, '', ?, ?, ?)",
                (person_id, tenant_id, email, email.casefold(), who.name, role,
                 self._clock.now_us(), who.issuer, who.subject),
            )  # fmt: skip
            put(transaction, tenant_id, event)
        found = self.by_id(person_id)
        assert found is not None  # noqa: S101 - it was written just now
        return found

    def tie(self, person: Person, who: Known, event: OwnEvent) -> None:
        """Ties an account to a name at an identity provider. Raises Conflict when it has one."""
        with self._control.write() as transaction:
            tied = transaction.execute(
                "UPDATE person SET issuer = ?, subject = ?"
                " WHERE id = ? AND (issuer IS NULL OR subject IS NULL)",
                (who.issuer, who.subject, person.id),
            ).rowcount
            if not tied:
                raise Conflict("this account belongs to another name at the provider")
            put(transaction, person.tenant_id, event)

    def new_id(self) -> str:
        """An id for an account that is about to be made."""
        return random_id(self._random_bytes, "p")


_PERSON = "id, tenant, email, name, role, password, scope, active, issuer"
_LINK = (
    "SELECT tenant, person, email, role, scope FROM link"
    " WHERE token_hash = ? AND used_us IS NULL AND expires_us > ?"
)


def _link(row: Row) -> Link:
    return Link(
        tenant_id=row[0],
        person_id=row[1],
        email=row[2],
        role=row[3],
        scope=parse_scope(row[4]),
    )


def _person(row: Row) -> Person:
    return Person(
        id=row[0],
        tenant_id=row[1],
        email=row[2],
        name=row[3],
        role=row[4],
        password=row[5],
        scope=parse_scope(row[6]),
        active=bool(row[7]),
        issuer=row[8],
    )


def _count(transaction: sqlite3.Connection, tenant_id: int) -> int:
    rows = transaction.execute("SELECT count(*) FROM person WHERE tenant = ?", (tenant_id,))
    return int(rows.fetchone()[0])


def _find(transaction: sqlite3.Connection, tenant_id: int, email: str | None) -> Person | None:
    if email is None:
        return None
    row = transaction.execute(
        f"SELECT {_PERSON} FROM person WHERE email_folded = ? AND tenant = ?",
        (email.casefold(), tenant_id),
    ).fetchone()
    return _person(row) if row else None
