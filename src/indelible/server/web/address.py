"""
Where a request comes from and how the sender reached us.

X-Forwarded-For, -Proto and -Host are believed only when the socket's peer is a trusted proxy. The
address is the rightmost one that no trusted proxy has: what stands further left is the sender's
own claim. The `Forwarded` header is not read: a proxy that sets one of the two lets the other
through as the sender wrote it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec
from starlette.types import Scope

from indelible.server.setting_groups import ServiceSettings

_LONGEST_AGENT = 4000
_LONGEST_ADDRESS = 64  # IPv6 with an IPv4 tail, a zone, brackets and a port
_NAMES = ("host", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
_READ = {name.encode(): name for name in _NAMES}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request before anybody is authenticated."""

    request_id: str
    ip: str | None
    peer_ip: str | None
    user_agent: str | None
    scheme: str
    host: str
    origins: frozenset[str]

    @property
    def secure(self) -> bool:
        """Whether the browser speaks HTTPS."""
        return self.scheme == "https"

    @property
    def loopback(self) -> bool:
        """Whether the browser sits on the same machine, as far as the address it uses tells."""
        name = urlsplit(f"//{self.host}").hostname or ""
        return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")


class Addresses:
    """Reads entries by the settings of the service."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._trusted: tuple[Network, ...] = tuple(
            ipaddress.ip_network(network) for network in settings.trusted_proxies
        )
        self._public = urlsplit(settings.public_url) if settings.public_url else None

    def enter(self, scope: Scope, request_id: str) -> Entry:
        """The entry of one request."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            if name in _READ:
                headers.setdefault(_READ[name], []).append(value.decode("latin-1"))
        client = scope.get("client")
        peer = _address(client[0]) if client else None
        trusted = peer is not None and self._trusts(peer)
        scheme = str(scope.get("scheme", "http"))
        host = _last(headers, "host")
        ip = peer
        if trusted:
            ip = self._first_untrusted(headers.get("x-forwarded-for", []), peer)
            forwarded = _last(headers, "x-forwarded-proto").lower()
            scheme = forwarded if forwarded in ("http", "https") else scheme
            host = _last(headers, "x-forwarded-host") or host
        origins = {f"{scheme}://{host}"}
        if self._public is not None:
            origins.add(f"{self._public.scheme}://{self._public.netloc}")
            if self._public.scheme == "https" and host == self._public.netloc:
                scheme = "https"
        agent = headers.get("user-agent", [""])[-1][:_LONGEST_AGENT]
        return Entry(
            request_id=request_id,
            ip=ip,
            peer_ip=peer,
            user_agent=agent or None,
            scheme=scheme,
            host=host,
            origins=frozenset(origins),
        )

    def _trusts(self, address: str) -> bool:
        if not self._trusted:
            return False
        parsed = ipaddress.ip_address(address)
        return any(parsed in network for network in self._trusted)

    def _first_untrusted(self, values: Sequence[str], peer: str | None) -> str | None:
        found = peer
        hops = [hop.strip() for value in values for hop in value.split(",")]
        for hop in reversed(hops):
            address = _address(hop)
            if address is None:
                break
            found = address
            if not self._trusts(address):
                break
        return found


def _last(headers: Mapping[str, list[str]], name: str) -> str:
    """The last item of a header: the one that the proxy next to us wrote."""
    values = headers.get(name)
    return values[-1].rsplit(",", 1)[-1].strip() if values else ""


def _address(text: str) -> str | None:
    """An address in its shortest spelling; a port behind it is dropped, IPv4 in IPv6 unpacked."""
    text = text.strip()
    # What is longer is no address, and must not take a place among those that are remembered.
    return _spell(text) if len(text) <= _LONGEST_ADDRESS else None


@lru_cache(maxsize=10_000)
def _spell(text: str) -> str | None:
    if text.startswith("["):
        text = text[1:].split("]", 1)[0]
    elif text.count(":") == 1:
        text = text.split(":", 1)[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(parsed)
