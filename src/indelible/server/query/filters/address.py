"""The address: one, a network (`10.0.0.0/8`, `2001:db8::/32`), a range, or with `*`."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from typing import Final

from indelible.server.query.filters.base import Clause, Context, Lookup, any_of, refuse, says
from indelible.server.query.pattern import Between, whole
from indelible.server.query.tree import Field

# An IPv4 address counts as the IPv6 address that stands for it, ::ffff:10.0.0.1.
_MAPPED: Final = 0xFFFF << 32
_LIKE_AN_ADDRESS: Final = re.compile(r"[0-9./-]+|[0-9a-fA-F:./-]*:[0-9a-fA-F:./-]*")
_EXPECTED: Final = "an address, a network such as 10.0.0.0/8, a range, or 10.0.*"


class Address:
    """`ip:` in all its forms."""

    def check(self, field: Field) -> None:
        """Refuses what looks like an address, a network or a range, and is none."""
        value = field.value
        if field.quoted or "*" in value or _bounds(value) is not None:
            return
        if _LIKE_AN_ADDRESS.fullmatch(value):
            raise refuse(
                field, f"{value} is not an address", _EXPECTED, _hint(value), mistake="no-address"
            )

    def lookups(self, field: Field) -> list[Lookup]:
        """The addresses that the log holds, of which there are few."""
        bounds = None if field.quoted else _bounds(field.value)
        if bounds is None:
            return [Lookup(whole(field.value, quoted=field.quoted), ("ip",))]
        low, high = bounds
        # A network of IPv6 that the addresses of IPv4 would lie in does not mean those.
        wide = low < _MAPPED and high >= _MAPPED + 2**32
        return [Lookup(Between(str(IPv6Address(low)), str(IPv6Address(high)), wide), ("ip",))]

    def condition(self, field: Field, context: Context) -> str:
        """The address is one of those."""
        return any_of(context.columns(self.lookups(field)[0]))

    def explain(self, field: Field) -> Clause:
        """In English."""
        if not field.quoted and "/" in field.value:
            return says("IP address", "is", f"in {field.value}")
        text = field.value
        if ".." in text:
            low, high = text.split("..", 1)
            text = f"from {low} to {high}"
        return says("IP address", "is", text)


def _bounds(value: str) -> tuple[int, int] | None:
    """First and last address as numbers; None of anything else than addresses."""
    try:
        if ".." in value:
            low, high = (ip_address(end) for end in value.split("..", 1))
            bounds = _number(low), _number(high)
            return bounds if low.version == high.version and bounds[0] <= bounds[1] else None
        if "/" not in value:
            one = _number(ip_address(value))
            return one, one
        network = ip_network(value, strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv4Network):
        return _number(network.network_address), _number(network.broadcast_address)
    return int(network.network_address), int(network.broadcast_address)


def _number(address: IPv4Address | IPv6Address) -> int:
    return int(address) + (_MAPPED if address.version == 4 else 0)


def _hint(value: str) -> str | None:
    return f"{value.rstrip('.')}.* finds all that begin so" if value.endswith(".") else None
