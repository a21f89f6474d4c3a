"""Where the service is and with which key it is called; shared by all that calls it from a host."""

from __future__ import annotations

import http.client
import ssl
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from indelible.errors import SettingsError


def user_agent() -> str:
    """Names this SDK and its version to the service."""
    try:
        return f"indelible-python/{version('indelible')}"
    except PackageNotFoundError:
        return "indelible-python/unknown"


class ServiceAddress:
    """
    A checked address and key: headers for a call, and connections to make it on.

    Args:
        kind: of the key, w or r, for the hint when there is none.
        timeout_s: of each step of a call.

    Raises SettingsError when one of them cannot be right.
    """

    def __init__(
        self, url: str, key: str, *, kind: str, timeout_s: float, tls: ssl.SSLContext | None
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                f"not an address of a service: {url!r}", hint="for example https://audit.example"
            )
        if not key or not key.isascii() or not key.isprintable():
            raise SettingsError(
                "the key is empty or not a key",
                hint=f"make one with `indelible keys create --kind {kind}`",
            )
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._root = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._tls = tls
        self.headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": user_agent(),
        }

    def path(self, route: str) -> str:
        """The path of a route, below the root path of the service."""
        return self._root + route

    def connect(self) -> http.client.HTTPConnection:
        """A new connection, not opened yet."""
        if self._secure:
            context = self._tls or ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout_s, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
