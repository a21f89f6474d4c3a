"""
Limits on failed logins, per account with address, per address, and per account alone.

Each is a bucket that every attempt fills by one and that empties with time; a full one refuses.
An attempt is counted before the password is looked at and taken back when it was right, so many
at once cannot pass together. The account's own bucket is wide: strangers cannot lock anybody out
cheaply, and a spread attack is still bounded.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math

import msgspec

from indelible.clock import US_PER_S, Clock
from indelible.errors import TooManyAttempts
from indelible.server.access.control import ControlDatabase

_FORGET_AFTER_US = 86_400 * US_PER_S


class Limit(msgspec.Struct, frozen=True):
    """A bucket holds `size` attempts and loses one every `seconds_each`."""

    size: int
    seconds_each: int


PAIR = Limit(5, 60)
ADDRESS = Limit(30, 10)
ACCOUNT = Limit(100, 30)
CODES = Limit(20, 600)
"""Of an account's codes: six digits are few, and only who has the password can fill it."""


class Attempts:
    """The buckets, in the control database: a restart does not empty them."""

    def __init__(self, control: ControlDatabase, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def take(self, account: str, ip: str | None, of_account: Limit = ACCOUNT) -> None:
        """Counts an attempt. Raises TooManyAttempts, counting nothing, when a bucket is full."""
        now_us = self._clock.now_us()
        buckets = _buckets(account, ip, of_account)
        with self._control.write() as transaction:
            for name, limit in buckets:
                row = transaction.execute(
                    "SELECT level, at_us FROM attempt WHERE bucket = ?", (name,)
                ).fetchone()
                level = _level_now(row, limit, now_us)
                if level + 1 > limit.size:
                    wait_s = math.ceil((level + 1 - limit.size) * limit.seconds_each)
                    raise TooManyAttempts(
                        "too many failed attempts",
                        retry_after_s=max(1, wait_s),
                        hint="wait, or make a new one-time link on the server",
                    )
                transaction.execute(
                    "INSERT OR REPLACE INTO attempt VALUES(?, ?, ?)", (name, level + 1, now_us)
                )

    def give_back(self, account: str, ip: str | None) -> None:
        """After a right password: empties the pair, takes one attempt back from the others."""
        with self._control.write() as transaction:
            pair, *others = _buckets(account, ip)
            transaction.execute("DELETE FROM attempt WHERE bucket = ?", (pair[0],))
            for name, _limit in others:
                transaction.execute(
                    "UPDATE attempt SET level = max(0, level - 1) WHERE bucket = ?", (name,)
                )

    def forget_old(self) -> None:
        """Drops buckets that are empty by now."""
        with self._control.write() as transaction:
            transaction.execute(
                "DELETE FROM attempt WHERE at_us < ?", (self._clock.now_us() - _FORGET_AFTER_US,)
            )


def _level_now(row: tuple[float, int] | None, limit: Limit, now_us: int) -> float:
    if row is None:
        return 0.0
    level, at_us = row
    drained = max(0, now_us - at_us) / US_PER_S / limit.seconds_each
    return max(0.0, level - drained)


def _buckets(
    account: str, ip: str | None, of_account: Limit = ACCOUNT
) -> list[tuple[bytes, Limit]]:
    """Names are hashes: what people type into a login form is not kept."""
    folded = account.strip().casefold()
    network = _network(ip)
    return [
        (_name("pair", folded, network), PAIR),
        (_name("address", network), ADDRESS),
        (_name("account", folded), of_account),
    ]


def _network(ip: str | None) -> str:
    """An IPv6 host owns its /64: counting single addresses would count nothing."""
    if ip is None:
        return "unknown"
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _name(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()
