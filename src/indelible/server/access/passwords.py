"""Passwords: argon2id, a bounded number at a time, the same work for accounts that do not exist."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from indelible.errors import InvalidRequest, Pushback

SHORTEST = 12
LONGEST = 1000
_AT_ONCE = 2  # each takes 64 MiB and four lanes
_WAITING = 32

_R = TypeVar("_R")
_hasher = PasswordHasher()


class WeakPassword(InvalidRequest):
    """A password that is refused when it is set."""

    code = "weak-password"
    status = 422


def check_strength(password: str, email: str) -> None:
    """Raises WeakPassword with the reason."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"the password needs at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise WeakPassword(f"the password may have at most {LONGEST} characters")
    if len(set(password)) < 5:
        raise WeakPassword("the password repeats too few characters")
    if password.casefold() == email.casefold():
        raise WeakPassword("the password is the e-mail address")


class Passwords:
    """Hashes and checks passwords off the event loop. Made once, used from the event loop only."""

    def __init__(self, at_once: int = _AT_ONCE, most_waiting: int = _WAITING) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0
        # What a login with an unknown e-mail is checked against, so that it takes as long.
        self._nobody = _hasher.hash("no account has this password")

    async def hash(self, password: str) -> str:
        """The text to store. Raises Pushback when too many wait."""
        return await self._run(_hasher.hash, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; `stored` None is never right and takes as long."""
        right = await self._run(_matches, stored or self._nobody, password)
        return right and stored is not None

    @staticmethod
    def outdated(stored: str) -> bool:
        """Whether the stored text was made with weaker parameters than today's."""
        return _hasher.check_needs_rehash(stored)

    async def _run(self, work: Callable[..., _R], *args: str) -> _R:
        if self._waiting >= self._most_waiting:
            raise Pushback("too many logins at once", retry_after_s=2)
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work, *args)
        finally:
            self._waiting -= 1


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
