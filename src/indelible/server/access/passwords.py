"""
Passwords: argon2id, a bounded number at a time, the same work for accounts that do not exist.

How easy one is to guess is estimated by zxcvbn (Wheeler, USENIX Security 2016): common passwords in
order of their rank, names, words, keyboard rows, dates, and what stands around this account.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from indelible.errors import InvalidRequest, Pushback

SHORTEST = 12
LONGEST = 1000
LEAST_SCORE = 3
"""Of zxcvbn's 0 to 4: more than 10^8 guesses, out of reach where attempts are limited."""
LOOKED_AT = 40
"""Characters that are estimated; its time grows quickly with more."""
_PRODUCT: Final = ("indelible", "auditlog", "audit", "passwort", "kennwort")
_AT_ONCE = 2  # each takes 64 MiB and four lanes
_WAITING = 32

_R = TypeVar("_R")
_hasher = PasswordHasher()


class WeakPassword(InvalidRequest):
    """A password that is refused when it is set."""

    code = "weak-password"
    status = 422


def check_strength(password: str, email: str, names: Iterable[str] = ()) -> None:
    """
    Raises WeakPassword with the reason. `names` are those of the tenant, the person and the like:
    words that whoever guesses knows. Takes up to 0.2 s; call it off the event loop.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(f"the password needs at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise WeakPassword(f"the password may have at most {LONGEST} characters")
    # Read when the first password is set: its lists take 10 MiB that most processes never need.
    from zxcvbn import zxcvbn

    found = zxcvbn(password[:LOOKED_AT], user_inputs=_surroundings(email, names))
    if found["score"] < LEAST_SCORE:
        raise WeakPassword(
            f"the password is easy to guess: {_reason(found)}",
            hint="take several words that do not belong together, or a generated one",
        )


def _surroundings(email: str, names: Iterable[str]) -> list[str]:
    local, _, domain = email.partition("@")
    words = [*_PRODUCT, email, local, domain]
    for name in (email, *names):
        words += [name, *re.findall(r"[^\W_]{3,}", name)]
    return words


def _reason(found: dict[str, Any]) -> str:
    """What of it is guessed first, without telling the password back."""
    weakest = max(found["sequence"], key=lambda part: len(part["token"]))
    kind = weakest["pattern"]
    if kind == "dictionary":
        return _LISTS.get(weakest["dictionary_name"], "it is mostly one common word")
    return _PATTERNS.get(kind, "it is too short for what it is made of")


_LISTS: Final = {
    "passwords": "it is mostly one of the commonest passwords",
    "user_inputs": "it is mostly the name of the product, the tenant or the person",
    "surnames": "it is mostly a common name",
    "male_names": "it is mostly a common name",
    "female_names": "it is mostly a common name",
}
_PATTERNS: Final = {
    "repeat": "it repeats the same characters",
    "sequence": "it is mostly a sequence such as abc or 6543",
    "spatial": "it is mostly a row of the keyboard",
    "date": "it is mostly a date",
    "regex": "it is mostly a year",
}


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

    async def check_strength(self, password: str, email: str, *names: str) -> None:
        """As `check_strength`. Raises WeakPassword, and Pushback when too many wait."""
        await self._run(check_strength, password, email, names)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; `stored` None is never right and takes as long."""
        right = await self._run(_matches, stored or self._nobody, password)
        return right and stored is not None

    @staticmethod
    def outdated(stored: str) -> bool:
        """Whether the stored text was made with weaker parameters than today's."""
        return _hasher.check_needs_rehash(stored)

    async def _run(self, work: Callable[..., _R], *args: str | tuple[str, ...]) -> _R:
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
