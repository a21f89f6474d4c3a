"""
What every HTTP hook needs to know of a request, whatever the framework: the client's address, the
trace, a name for the operation, and which requests leave an event.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from indelible.errors import SettingsError

ForwardedHeader = Literal["x-forwarded-for", "forwarded"]
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_DENIED = frozenset({401, 403})
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s]*)', re.IGNORECASE)
_LONGEST_ADDRESS = 80  # brackets, zone and port included; longer text is no address
_WORD = re.compile(r"[^0-9A-Za-z]+")


class TrustedProxies:
    """
    Finds the client's address behind proxies.

    Walks from our side: each hop that is a trusted proxy vouches for the one before it; the first
    that is not is the client. What stands further left was written by the client itself. Only one
    header is believed, because a proxy that sets one passes the other on untouched.
    """

    def __init__(
        self, networks: Iterable[str] = (), header: ForwardedHeader = "x-forwarded-for"
    ) -> None:
        self.header = header
        try:
            self._networks = tuple(
                ipaddress.ip_network(network, strict=False)
                for network in networks
                if network != "unix"
            )
        except ValueError as error:
            raise SettingsError(
                f"trusted proxies: {error}", hint="networks such as 10.0.0.0/8, or `unix`"
            ) from error
        self._trust_unix = "unix" in set(networks)
        # Few addresses make most requests.
        self._is_trusted = lru_cache(maxsize=4096)(self._is_in_networks)
        self._remembered = lru_cache(maxsize=4096)(self._resolve)

    def resolve(self, peer: str | None, header_values: Sequence[str]) -> str | None:
        """The client's address; None when nobody trustworthy names one."""
        if len(header_values) == 1 and len(header_values[0]) <= _LONGEST_ADDRESS:
            return self._remembered(peer, (header_values[0],))
        return self._resolve(peer, header_values) if header_values else self._remembered(peer, ())

    def _resolve(self, peer: str | None, header_values: Sequence[str]) -> str | None:
        hop = None if peer is None else parse_address(peer)
        if hop is None and not (peer is None and self._trust_unix):
            return None
        if hop is not None and not self._is_trusted(hop):
            return str(hop)
        for text in reversed(self._chain(header_values)):
            before = parse_address(text)
            if before is None:
                break  # "unknown", hidden or garbled: nobody vouches for more
            hop = before
            if not self._is_trusted(hop):
                break
        return None if hop is None else str(hop)

    def _is_in_networks(self, address: _Address) -> bool:
        return any(
            address.version == network.version and address in network for network in self._networks
        )

    def _chain(self, header_values: Sequence[str]) -> list[str]:
        """All hops that the header lines name, client side first."""
        parts = [part.strip() for value in header_values for part in value.split(",")]
        if self.header == "x-forwarded-for":
            return [part for part in parts if part]
        found = [_FOR.search(part) for part in parts if part]
        return ["" if match is None else match[1].strip('"') for match in found]


def parse_address(text: str) -> _Address | None:
    """An IP address from `1.2.3.4`, `1.2.3.4:80`, `[::1]:80`, `fe80::1%eth0`, `::ffff:1.2.3.4`."""
    return _parse_address(text.strip()) if len(text) <= _LONGEST_ADDRESS else None


@lru_cache(maxsize=4096)
def _parse_address(text: str) -> _Address | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id of a W3C `traceparent` header; None when it is absent or ill-formed."""
    match = None if traceparent is None else _TRACEPARENT.fullmatch(traceparent.strip())
    if match is None or match[0].startswith("ff") or not match[1].strip("0"):
        return None
    return match[1]


def request_id_of(header: str | None, make: Callable[[], str]) -> str:
    """The caller's request id if it is a harmless token, else one of our own."""
    return header if header is not None and _REQUEST_ID.fullmatch(header) else make()


@lru_cache(maxsize=4096)
def operation_of(name: str | None) -> str:
    """An operation from the name of a route or function: `create_group` → `CreateGroup`."""
    words = [word for word in _WORD.split(name or "") if word]
    return "".join(word[0].upper() + word[1:] for word in words) or "UnmatchedRequest"


def template_of(path: str, template: str | None, params: Mapping[str, object]) -> str:
    """
    The endpoint of a request: its path with the values of path parameters replaced by their names.

    `template` is the matched route's own; what a router prefix or mount put before it is taken from
    the path.
    """
    if template is None:
        return _with_names(path, params)
    pieces, plain = _pieces_of(template)
    tail = "".join([str(params.get(name, f"{{{name}}}")) if name else text
                    for text, name in pieces])  # fmt: skip
    if not tail or not path.endswith(tail):
        return plain
    before = path[: len(path) - len(tail)]
    return _with_names(before, params) + plain if before else plain


_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


@lru_cache(maxsize=4096)
def _pieces_of(template: str) -> tuple[tuple[tuple[str, str | None], ...], str]:
    """Text and parameters of a template in order, and the template without converters."""
    pieces: list[tuple[str, str | None]] = []
    at = 0
    for match in _PARAMETER.finditer(template):
        pieces += [(template[at : match.start()], None), ("", match[1])]
        at = match.end()
    pieces.append((template[at:], None))
    return tuple(pieces), _PARAMETER.sub(r"{\1}", template)


def _with_names(path: str, params: Mapping[str, object]) -> str:
    values = {str(value): name for name, value in params.items()}
    return "/".join(f"{{{values[part]}}}" if part in values else part for part in path.split("/"))


class Seen(msgspec.Struct, frozen=True):
    """What a rule may look at when a request is over."""

    method: str
    path: str
    endpoint: str
    status: int


Rule = Callable[[Seen], bool]


def writes_and_denied(seen: Seen) -> bool:
    """The default rule: every request that can change something, and every refused one."""
    return seen.method not in _READS or seen.status in _DENIED
