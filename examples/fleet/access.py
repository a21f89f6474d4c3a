"""
Who is calling: sessions of people, API keys, and what each may do.

Where the caller becomes known it is bound for the audit log, so every event of the request names
it. Denials are ordinary 401 and 403 replies; the middleware records those by itself.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fastapi import HTTPException, Request

from fleet.modules import ROLES
from fleet.sample import KEYS, Person
from indelible import Indelible
from indelible.client import Actor, Principal, bind

COOKIE = "fleet_session"


@dataclass(frozen=True)
class Login:
    """A session. `id` may be shown and logged; the token in the cookie may not."""

    id: str
    person: Person
    until_s: float
    acts_for: Person | None = None
    origin: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Caller:
    """Who makes this request: a person with a session, or a key."""

    name: str
    role: str
    login: Login | None = None

    def may(self, role: str) -> bool:
        """Whether this caller has at least this role."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Sessions:
    """All sessions, in memory. The lock guards the dict; logins themselves never change."""

    def __init__(self, lasting_s: float, monotonic_s: Callable[[], float]) -> None:
        self._lasting_s = lasting_s
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._logins: dict[str, Login] = {}

    def open(self, person: Person, origin: dict[str, str]) -> tuple[str, Login]:
        """A new session; returns the cookie's token too."""
        token = secrets.token_urlsafe(24)
        login = Login(f"s_{secrets.token_hex(4)}", person, self._until_s(), origin=origin)
        with self._lock:
            self._logins[token] = login
        return token, login

    def find(self, token: str) -> Login | None:
        """The session of this token, prolonged; None when there is none or it is over."""
        with self._lock:
            login = self._logins.get(token)
            if login is None or login.until_s < self._monotonic_s():
                return None
            login = self._logins[token] = replace(login, until_s=self._until_s())
            return login

    def act_for(self, token: str, person: Person | None) -> None:
        """From now on this session acts in another person's name, or in its own again."""
        with self._lock:
            self._logins[token] = replace(self._logins[token], acts_for=person)

    def close(self, token: str) -> Login | None:
        """Ends a session."""
        with self._lock:
            return self._logins.pop(token, None)

    def take_expired(self) -> list[Login]:
        """Removes sessions that are over and returns them, so that each is told once."""
        now_s = self._monotonic_s()
        with self._lock:
            over = [token for token, login in self._logins.items() if login.until_s < now_s]
            return [self._logins.pop(token) for token in over]

    def _until_s(self) -> float:
        return self._monotonic_s() + self._lasting_s


def tell_expired(sessions: Sessions, audit: Indelible) -> int:
    """Leaves an event for each session that ran out; returns how many."""
    expired = sessions.take_expired()
    for login in expired:
        audit.record(
            "CloseSession",
            category="authentication",
            method="SessionExpired",
            endpoint="/auth/v3/session",
            actor=actor_of(login.person),
            origin=login.origin,
            session_id=login.id,
        )
    return len(expired)


def actor_of(person: Person) -> Actor:
    """The person as the audit log knows it."""
    return Actor(kind="user", id=person.id, email=person.email, name=person.name)


def find_caller(request: Request) -> Caller | None:
    """The caller by API key or session cookie, bound for the audit log; None when unknown."""
    text = request.headers.get("x-api-key")
    if text is not None:
        for key in KEYS:
            if secrets.compare_digest(key.text.encode(), text.encode()):
                bind(actor={"kind": key.kind, "id": key.id, "name": key.name})
                return Caller(key.name, "editor" if key.kind == "external" else "admin")
        bind(actor={"kind": "api_key", "name": "unknown key"})
        return None
    sessions: Sessions = request.app.state.sessions
    login = sessions.find(request.cookies.get(COOKIE, ""))
    if login is None:
        return None
    bind(actor=actor_of(login.person), session_id=login.id)
    acting = login.person
    if login.acts_for is not None:
        acting = login.acts_for
        bind(
            on_behalf_of=Principal(kind="user", id=acting.id, email=acting.email, name=acting.name)
        )
    return Caller(acting.email, acting.role, login)


def need_caller(request: Request) -> Caller:
    """A dependency: 401 for who is not known."""
    caller = find_caller(request)
    if caller is None:
        raise HTTPException(401, "Log in, or send a key in the header X-API-Key.")
    return caller


def need_role(caller: Caller, role: str) -> None:
    """403 for who may not."""
    if not caller.may(role):
        raise HTTPException(403, f"{caller.name} is {caller.role}; this needs {role}.")
