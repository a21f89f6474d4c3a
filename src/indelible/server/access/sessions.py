"""
Logins: rows on the server, found by the hash of a random token that only the browser has.

A login ends after some hours unused, after some days in any case, or when it is revoked.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from indelible.clock import Clock
from indelible.codec import decode_json, encode_json
from indelible.errors import Conflict, Unauthenticated
from indelible.server.access.control import ControlDatabase, Row
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.access.people import Person
from indelible.server.access.scope import parse_scope
from indelible.server.access.token import RandomBytes, hash_token, random_id, random_text

_US_PER_HOUR = 3_600_000_000
_TOUCH_EVERY_US = 60_000_000  # a shorter step would write at every request
_TOKEN_LENGTH = 43
_COLUMNS = (
    "s.id, s.created_us, s.seen_us, s.ip, s.user_agent, s.confirmed_us, s.way,"
    " p.id, p.tenant, p.email, p.name, p.role, p.scope, p.active, p.issuer, s.grades"
)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """
    One login that is valid now. `id` is not secret: it stands in events. `confirmed_us` is when the
    person last showed who it is; `way` is how it logged in.
    """

    id: str
    person: Person
    created_us: int
    seen_us: int
    expires_us: int
    ip: str | None
    user_agent: str | None
    confirmed_us: int
    way: str
    grades: tuple[str, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """What an identity provider says of a login: its name of it, and the values of acr and amr."""

    sid: str | None = None
    grades: tuple[str, ...] = ()


class Sessions:
    """The logins of all people."""

    def __init__(
        self,
        control: ControlDatabase,
        clock: Clock,
        random_bytes: RandomBytes,
        *,
        idle_hours: int,
        longest_hours: int,
    ) -> None:
        self._control = control
        self._clock = clock
        self._random_bytes = random_bytes
        self._idle_us = idle_hours * _US_PER_HOUR
        self._longest_us = longest_hours * _US_PER_HOUR

    def new_id(self) -> str:
        """An id for a login that is about to start."""
        return random_id(self._random_bytes, "s")

    def start(
        self,
        person: Person,
        *,
        session_id: str,
        ip: str | None,
        user_agent: str | None,
        event: OwnEvent,
        way: str = "password",
        said: Said = Said(),  # noqa: B008 - frozen
    ) -> tuple[str, Session]:
        """
        Starts a login; returns its token, which is nowhere stored, and the login.

        Raises Unauthenticated when the account was closed or removed, or its password changed,
        since the person was looked at: all logins were to end with that.
        """
        token = random_text(self._random_bytes, _TOKEN_LENGTH)
        now_us = self._clock.now_us()
        with self._control.write() as transaction:
            is_as_shown = transaction.execute(
                "SELECT 1 FROM person WHERE id = ? AND password = ? AND active = 1",
                (person.id, person.password),
            ).fetchone()
            if not is_as_shown:
                raise Unauthenticated(
                    "this account was changed meanwhile", hint="log in again",
                    code="changed-meanwhile",
                )  # fmt: skip
            transaction.execute(
                "INSERT INTO session(token_hash, id, person, created_us, seen_us, ip, user_agent,"
                " confirmed_us, way, sid, grades) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (hash_token(token), session_id, person.id, now_us, now_us, ip, user_agent,
                 now_us, way, said.sid, encode_json(said.grades).decode()),
            )  # fmt: skip
            put(transaction, person.tenant_id, event)
        session = Session(
            id=session_id,
            person=msgspec.structs.replace(person, password=""),
            created_us=now_us,
            seen_us=now_us,
            expires_us=self._expiry(now_us, now_us),
            ip=ip,
            user_agent=user_agent,
            confirmed_us=now_us,
            way=way,
            grades=said.grades,
        )
        return token, session

    def find(self, token: str) -> Session | None:
        """The login of a token, None when there is none or its time is over."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM session s JOIN person p ON p.id = s.person"
            " WHERE s.token_hash = ?",
            (hash_token(token),),
        )
        if not rows:
            return None
        session = self._session(rows[0])
        is_valid = session.expires_us > self._clock.now_us() and session.person.active
        return session if is_valid else None

    def of_person(self, person_id: str) -> list[Session]:
        """The logins that a person has now, used last first."""
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM session s JOIN person p ON p.id = s.person"
            " WHERE s.person = ? ORDER BY s.seen_us DESC, s.id",
            (person_id,),
        )
        now_us = self._clock.now_us()
        return [one for one in map(self._session, rows) if one.expires_us > now_us]

    def confirm(self, session: Session, event: OwnEvent) -> None:
        """Writes down that the person showed again who it is, with the event of it."""
        with self._control.write() as transaction:
            transaction.execute(
                "UPDATE session SET confirmed_us = ? WHERE id = ?",
                (self._clock.now_us(), session.id),
            )
            put(transaction, session.person.tenant_id, event)

    def needs_touch(self, session: Session) -> bool:
        """Whether its last use is so long ago that it should be written down."""
        return self._clock.now_us() - session.seen_us >= _TOUCH_EVERY_US

    def touch(self, session: Session) -> None:
        """Writes down that the login was used now."""
        with self._control.write() as transaction:
            transaction.execute(
                "UPDATE session SET seen_us = max(seen_us, ?) WHERE id = ?",
                (self._clock.now_us(), session.id),
            )

    def end(self, session: Session, event: OwnEvent) -> bool:
        """Ends a login; False when it had ended already."""
        with self._control.write() as transaction:
            ended = transaction.execute("DELETE FROM session WHERE id = ?", (session.id,)).rowcount
            if ended:
                put(transaction, session.person.tenant_id, event)
        return bool(ended)

    def end_by_provider(
        self,
        person: Person | None,
        sid: str | None,
        token: tuple[str, int],
        make_event: Callable[[Session], OwnEvent],
    ) -> int:
        """
        Ends the logins that a logout token names: of a person, with this name at the provider, or
        both; returns how many. `token` is its id and until when that is remembered.

        Raises Conflict when the token was taken before.
        """
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM session s JOIN person p ON p.id = s.person"
            " WHERE s.way = 'oidc' AND (?1 IS NULL OR s.person = ?1) AND (?2 IS NULL OR s.sid = ?2)"
            " AND (?1 IS NOT NULL OR ?2 IS NOT NULL)",
            (person.id if person else None, sid),
        )
        jti, until_us = token
        with self._control.write() as transaction:
            transaction.execute(
                "DELETE FROM logout_token WHERE until_us < ?", (self._clock.now_us(),)
            )
            taken = transaction.execute(
                "INSERT OR IGNORE INTO logout_token VALUES(?, ?)", (hash_token(jti), until_us)
            ).rowcount
            if not taken:
                raise Conflict("this logout token was taken before")
            ended = 0
            for session in map(self._session, rows):
                gone = transaction.execute("DELETE FROM session WHERE id = ?", (session.id,))
                if gone.rowcount:
                    ended += 1
                    put(transaction, session.person.tenant_id, make_event(session))
        return ended

    def end_expired(self, make_event: Callable[[Session], OwnEvent]) -> int:
        """Ends the logins whose time is over, with one event each; returns how many."""
        now_us = self._clock.now_us()
        rows = self._control.read(
            f"SELECT {_COLUMNS} FROM session s JOIN person p ON p.id = s.person"
            " WHERE s.seen_us <= ? OR s.created_us <= ?",
            (now_us - self._idle_us, now_us - self._longest_us),
        )
        return sum(self.end(session, make_event(session)) for session in map(self._session, rows))

    def _expiry(self, created_us: int, seen_us: int) -> int:
        return min(created_us + self._longest_us, seen_us + self._idle_us)

    def _session(self, row: Row) -> Session:
        person = Person(
            id=row[7],
            tenant_id=row[8],
            email=row[9],
            name=row[10],
            role=row[11],
            password="",
            scope=parse_scope(row[12]),
            active=bool(row[13]),
            issuer=row[14],
        )
        return Session(
            id=row[0],
            person=person,
            created_us=row[1],
            seen_us=row[2],
            expires_us=self._expiry(row[1], row[2]),
            ip=row[3],
            user_agent=row[4],
            confirmed_us=row[5],
            way=row[6],
            grades=tuple(decode_json(row[15])),
        )
