"""How values of settings are read: one form per kind of value, with a sentence on what it takes."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec


class Form(msgspec.Struct, frozen=True):
    """A reader that raises ValueError, and the allowed form in words."""

    allowed: str
    read: Callable[[object], Any]


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > 1000 or not value.isprintable():
        raise ValueError
    return value


def _whole(value: object, low: int, high: int) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError
    return value


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise ValueError


def _base_url(value: object) -> str:
    text = _text(value).rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError
    return text


def _root_path(value: object) -> str:
    if value in ("", "/"):
        return ""
    text = _text(value).rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", text) or ".." in text:
        raise ValueError
    return text


def _networks(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, (list, tuple)):
        raise ValueError
    networks = [str(ipaddress.ip_network(_text(item))) for item in value]
    if any(ipaddress.ip_network(network).prefixlen == 0 for network in networks):
        raise ValueError  # everybody: then the address in the log is what the sender claims
    return tuple(networks)


def _origins(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, (list, tuple)):
        raise ValueError
    return tuple(dict.fromkeys(read_origin(_text(item)) for item in value))


_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


def read_origin(text: str) -> str:
    """
    A web origin in the form that browsers send, `https://app.example.com:8443`.

    Raises ValueError for anything else, and for plain HTTP elsewhere than on this machine.
    """
    found = re.fullmatch(r"(https?)://([^/?#@]+?)(?::([0-9]{1,5}))?/?", text.lower())
    if found is None or not _HOST.fullmatch(found[2]):
        raise ValueError
    scheme, host, port = found[1], found[2], found[3]
    is_local = host in ("localhost", "[::1]") or host.startswith("127.")
    is_local = is_local or host.endswith(".localhost")
    if scheme == "http" and not is_local:
        raise ValueError
    if port is None or int(port) == {"http": 80, "https": 443}[scheme]:
        return f"{scheme}://{host}"
    if not 0 < int(port) < 65536:
        raise ValueError
    return f"{scheme}://{host}:{int(port)}"


def _lines(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, (list, tuple)) or len(value) > 200:
        raise ValueError
    return tuple(_text(item) for item in value)


def _patterns(value: object) -> tuple[str, ...]:
    # A comma is part of an expression: one as text, several as a list.
    found = (value,) if isinstance(value, str) else value
    if not isinstance(found, (list, tuple)) or len(found) > 50:
        raise ValueError
    try:
        return tuple(re.compile(_text(item)).pattern for item in found)
    except re.error as cause:
        raise ValueError from cause


def _sources(value: object) -> tuple[str, ...]:
    """Names with files: checked here, so that a mistake stops the start."""
    found = _lines(value)
    for item in found:
        name, _, path = item.partition("=")
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name) or not Path(path).is_file():
            raise ValueError
    if len({item.partition("=")[0] for item in found}) != len(found):
        raise ValueError
    return found


def _file(value: object) -> str:
    text = _text(value)
    if not Path(text).is_file():
        raise ValueError
    return text


def _zone(value: object) -> str:
    text = _text(value)
    if text not in zoneinfo.available_timezones():
        raise ValueError
    return text


def _roles(value: object) -> dict[str, str]:
    if isinstance(value, str):
        pairs = [item.partition("=") for item in value.split(",") if item.strip()]
        value = {group.strip(): role.strip() for group, _, role in pairs}
    if not isinstance(value, dict):
        raise ValueError
    roles = {_text(group): _text(role) for group, role in value.items()}
    if set(roles.values()) - {"viewer", "auditor", "admin"}:
        raise ValueError
    return roles


def _demands(value: object) -> dict[str, tuple[str, ...]]:
    if isinstance(value, str):
        found: dict[str, list[object]] = {}
        for item in value.split(","):
            role, _, wanted = item.partition("=")
            found.setdefault(role.strip(), []).append(wanted.strip())
        value = found
    if not isinstance(value, dict) or set(value) - {"viewer", "auditor", "admin"}:
        raise ValueError
    lists = {role: [one] if isinstance(one, str) else one for role, one in value.items()}
    if any(not isinstance(one, list) or not one for one in lists.values()):
        raise ValueError
    return {role: tuple(_text(item) for item in one) for role, one in lists.items()}


def _header(value: object) -> str:
    text = _text(value).lower()
    if not re.fullmatch(r"[a-z0-9-]{1,64}", text) or text in ("cookie", "authorization", "host"):
        raise ValueError
    return text


def count(low: int, high: int) -> Form:
    """A whole number between two bounds, both allowed."""
    return Form(f"a whole number from {low} to {high}", lambda value: _whole(value, low, high))


def choice(*words: str) -> Form:
    """One of the given words."""

    def read(value: object) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return Form("one of " + ", ".join(words), read)


def choices(*words: str) -> Form:
    """Some of the given words, or none."""

    def read(value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [item.strip() for item in value.split(",") if item.strip()]
        if not isinstance(value, (list, tuple)) or any(item not in words for item in value):
            raise ValueError
        return tuple(word for word in words if word in value)

    return Form("some of " + ", ".join(words) + ", separated by commas", read)


TEXT = Form("text", _text)
PORT = Form("a whole number from 0 to 65535", lambda value: _whole(value, 0, 65535))
BOOL = Form("true or false", _bool)
BASE_URL = Form("an http or https address without query, like https://audit.example.com", _base_url)
ROOT_PATH = Form("a path like /audit", _root_path)
NETWORKS = Form("networks like 10.0.0.0/8, separated by commas; never everybody", _networks)
ORIGINS = Form(
    "origins like https://app.example.com, separated by commas; http on this machine only",
    _origins,
)
LINES = Form("words, separated by commas or as a list", _lines)
PATTERNS = Form("a regular expression, or a list of them", _patterns)
SOURCES = Form("names with files, like billing=/etc/indelible/billing.secret", _sources)
ROLES = Form("groups and roles like staff=viewer, security=auditor", _roles)
HEADER = Form("the name of a header like x-forwarded-email", _header)
FILE = Form("the path of a file that is there", _file)
ZONE = Form("an IANA time zone like Europe/Berlin", _zone)
DEMANDS = Form("roles with values of acr or amr like admin=mfa, admin=hwk", _demands)
