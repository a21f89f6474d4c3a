"""Limits on failed logins."""

from __future__ import annotations

import pytest

from indelible.clock import FixedClock
from indelible.errors import TooManyAttempts
from indelible.server.access.attempts import ACCOUNT, ADDRESS, CODES, PAIR
from indelible.server.access.door import Access


def tries(access: Access, account: str, ip: str, limit: int = 1000) -> int:
    """How many attempts pass until one is refused."""
    for number in range(limit):
        try:
            access.attempts.take(account, ip)
        except TooManyAttempts:
            return number
    return limit


def test_five_from_one_address_then_one_a_minute(access: Access, clock: FixedClock) -> None:
    assert tries(access, "ana@example.com", "203.0.113.7") == PAIR.size
    with pytest.raises(TooManyAttempts) as refused:
        access.attempts.take("ANA@example.com ", "203.0.113.7")
    assert refused.value.retry_after_s == PAIR.seconds_each
    clock.advance(PAIR.seconds_each)
    assert tries(access, "ana@example.com", "203.0.113.7") == 1


def test_others_can_still_log_in(access: Access) -> None:
    tries(access, "ana@example.com", "203.0.113.7")
    assert tries(access, "ana@example.com", "203.0.113.8") == PAIR.size
    assert tries(access, "ben@example.com", "203.0.113.7") == PAIR.size


def test_one_address_with_many_accounts(access: Access) -> None:
    passed = sum(tries(access, f"{n}@example.com", "203.0.113.7", 1) for n in range(100))
    assert passed == ADDRESS.size


def test_one_account_from_many_addresses(access: Access) -> None:
    passed = sum(
        tries(access, "ana@example.com", f"198.51.{n // 200}.{n % 200}", 1) for n in range(300)
    )
    assert passed == ACCOUNT.size


def test_addresses_of_one_network_count_as_one(access: Access) -> None:
    """An IPv6 host has a whole /64 to choose from."""
    passed = sum(tries(access, "ana@example.com", f"2001:db8::{n:x}", 1) for n in range(1, 100))
    assert passed == PAIR.size
    assert tries(access, "ana@example.com", "2001:db8:0:1::1") == PAIR.size
    assert tries(access, "ben@example.com", "::ffff:203.0.113.7", PAIR.size) == PAIR.size
    assert tries(access, "ben@example.com", "203.0.113.7") == 0


def test_a_right_password_gives_the_attempt_back(access: Access) -> None:
    for _ in range(50):
        access.attempts.take("ana@example.com", "203.0.113.7")
        access.attempts.give_back("ana@example.com", "203.0.113.7")


def test_nothing_typed_is_kept_in_clear(access: Access) -> None:
    access.attempts.take("my password by mistake", "203.0.113.7")
    assert "mistake" not in str(access.control.read("SELECT * FROM attempt"))


def test_old_buckets_are_forgotten(access: Access, clock: FixedClock) -> None:
    access.attempts.take("ana@example.com", None)
    clock.advance(86_401)
    access.attempts.forget_old()
    assert access.control.read("SELECT count(*) FROM attempt") == [(0,)]


def test_codes_guessed_from_many_addresses_are_few(access: Access) -> None:
    passed = 0
    for number in range(2 * CODES.size):
        try:
            access.attempts.take("factor p_1", f"198.51.100.{number}", CODES)
        except TooManyAttempts:
            break
        passed += 1
    assert passed == CODES.size < ACCOUNT.size
