"""Where a request comes from: only trusted proxies are believed, and only for the nearest hop."""

from __future__ import annotations

from typing import Any

import pytest

from indelible.server.settings import load_settings
from indelible.server.web.address import Addresses, Entry


def enter(
    peer: str | None, headers: dict[str, str] | list[tuple[str, str]], **options: Any
) -> Entry:
    settings = load_settings(None, {}, {f"service.{name}": v for name, v in options.items()})
    pairs = headers.items() if isinstance(headers, dict) else headers
    scope = {
        "scheme": "http",
        "client": (peer, 5) if peer else None,
        "headers": [(name.encode(), value.encode()) for name, value in pairs],
    }
    return Addresses(settings.service).enter(scope, "r")


def test_nobody_is_believed_by_default() -> None:
    entry = enter(
        "203.0.113.7",
        {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https", "x-forwarded-host": "evil"},
    )
    assert (entry.ip, entry.peer_ip, entry.scheme, entry.host) == (
        "203.0.113.7", "203.0.113.7", "http", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("forwarded", "ip"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("1.1.1.1, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("1.1.1.1, nonsense", "10.0.0.1"),
        ("1.1.1.1, nonsense, 10.0.0.9", "10.0.0.9"),
        ("", "10.0.0.1"),
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_rightmost_untrusted_address(forwarded: str, ip: str) -> None:
    entry = enter("10.0.0.1", {"x-forwarded-for": forwarded}, trusted_proxies="10.0.0.0/8")
    assert entry.ip == ip
    assert entry.peer_ip == "10.0.0.1"


def test_several_header_lines_are_one_list() -> None:
    lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1")]
    assert enter("10.0.0.1", lines, trusted_proxies="10.0.0.1").ip == "198.51.100.1"


def test_the_forwarded_header_is_not_read() -> None:
    entry = enter("10.0.0.1", {"forwarded": "for=1.2.3.4"}, trusted_proxies="10.0.0.1")
    assert entry.ip == "10.0.0.1"


def test_scheme_and_host_of_a_trusted_proxy() -> None:
    headers = {
        "host": "inner:8080", "x-forwarded-proto": "https", "x-forwarded-host": "audit.example.com",
    }  # fmt: skip
    entry = enter("10.0.0.1", headers, trusted_proxies="10.0.0.1")
    assert entry.secure
    assert entry.origins == {"https://audit.example.com"}
    headers["x-forwarded-proto"] = "javascript"
    assert not enter("10.0.0.1", headers, trusted_proxies="10.0.0.1").secure


def test_the_public_address_counts_as_our_own() -> None:
    entry = enter("10.0.0.1", {"host": "audit.example.com"}, public_url="https://audit.example.com")
    assert entry.secure
    assert "https://audit.example.com" in entry.origins
    direct = enter("127.0.0.1", {"host": "127.0.0.1:8080"}, public_url="https://audit.example.com")
    assert not direct.secure
    assert direct.loopback


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost:8080", True),
        ("127.0.0.1", True),
        ("[::1]:8080", True),
        ("app.localhost", True),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert enter("127.0.0.1", {"host": host}).loopback is loopback


def test_without_a_socket_address() -> None:
    assert enter(None, {"x-forwarded-for": "1.2.3.4"}, trusted_proxies="10.0.0.1").ip is None
