"""Passwords: strength, hashing, bounded work."""

from __future__ import annotations

import asyncio

import pytest

from indelible.errors import Pushback
from indelible.server.access.passwords import (
    SHORTEST,
    Passwords,
    WeakPassword,
    check_strength,
)


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


@pytest.mark.parametrize(
    ("weak", "reason"),
    [
        ("qwerty123456", "commonest"),
        ("Qwerty123456!", "commonest"),
        ("password1234", "commonest"),
        ("P@ssw0rd12345", "commonest"),
        ("1q2w3e4r5t6y", "commonest"),
        ("Indelible2026!", "product"),
        ("AuditLog#2026", "product"),
        ("Northwind-2026", "product"),
        ("ana.long2026!", "person"),
        ("example.com!1", "person"),
        ("abcdefghijklm", "sequence"),
        ("aaaaaaaaaaaabcde", "repeats"),
    ],
)
def test_what_is_easy_to_guess_is_refused_with_a_reason(weak: str, reason: str) -> None:
    with pytest.raises(WeakPassword, match=reason) as refused:
        check_strength(weak, "ana.long@example.com", ("Ana Long", "northwind"))
    assert refused.value.hint
    assert weak not in str(refused.value)


@pytest.mark.parametrize(
    "good",
    [
        "every word is welcome",
        "northwind has seven lakes",
        "Vc7-pTq2-mX9s",
        "seven lakes under one grey sky " * 32,
    ],
)
def test_long_phrases_and_generated_ones_pass(good: str) -> None:
    check_strength(good, "ana.long@example.com", ("Ana Long", "northwind"))


def test_the_commonest_passwords_are_refused() -> None:
    """ASVS 6.2.4: those of the ranked list that are long enough, each by itself and with a mark."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    common = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST]
    assert len(common) > 100
    for password in [*common, *(f"{word}!" for word in common)]:
        with pytest.raises(WeakPassword):
            check_strength(password, "ana@example.com")
