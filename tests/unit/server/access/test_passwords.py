"""Passwords: strength, hashing, bounded work."""

from __future__ import annotations

import asyncio

import pytest

from indelible.errors import Pushback
from indelible.server.access.passwords import Passwords, WeakPassword, check_strength


def test_right_wrong_and_nobody() -> None:
    async def run() -> None:
        passwords = Passwords()
        stored = await passwords.hash("correct horse battery")
        assert stored.startswith("$argon2id$")
        assert await passwords.check(stored, "correct horse battery")
        assert not await passwords.check(stored, "correct horse batterz")
        assert not await passwords.check(None, "no account has this password")
        assert not await passwords.check("not a hash", "x")
        assert not passwords.outdated(stored)
        assert passwords.outdated(stored.replace("t=3", "t=1"))

    asyncio.run(run())


def test_too_many_at_once_are_pushed_back() -> None:
    async def run() -> list[object]:
        passwords = Passwords(at_once=1, most_waiting=2)
        tasks = [passwords.check(None, "x") for _ in range(5)]
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    answers = asyncio.run(run())
    assert sum(isinstance(answer, Pushback) for answer in answers) == 3
    assert answers.count(False) == 2


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaaaa", "Ana.Long@example.com", "x" * 1001])
def test_weak_passwords(weak: str) -> None:
    with pytest.raises(WeakPassword):
        check_strength(weak, "ana.long@example.com")


def test_long_phrases_pass() -> None:
    check_strength("every word is welcome", "ana@example.com")
