"""Random texts: base62 tokens, identifiers, and the form of API keys with their check digits."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable
from typing import Literal

import msgspec

RandomBytes = Callable[[int], bytes]
KeyKind = Literal["w", "r", "a", "s"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 10
_SECRET_LENGTH = 32  # 190 bits: plain SHA-256 is enough to store it
_CHECK_LENGTH = 6
VIEWER_PREFIX = "ind_v_"
_VIEWER = re.compile(
    rf"({VIEWER_PREFIX}([0-9A-Za-z]{{{_ID_LENGTH}}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}}))"
    rf"([0-9A-Za-z]{{{_CHECK_LENGTH}}})",
    re.ASCII,
)
_KINDS: dict[str, KeyKind] = {"w": "w", "r": "r", "a": "a", "s": "s"}
_KEY = re.compile(
    rf"(ind_([wras])_([0-9A-Za-z]{{{_ID_LENGTH}}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}}))"
    rf"([0-9A-Za-z]{{{_CHECK_LENGTH}}})",
    re.ASCII,
)


class KeyText(msgspec.Struct, frozen=True):
    """An API key taken apart. `secret` is shown once and never stored."""

    kind: KeyKind
    id: str
    secret: str

    @property
    def secret_hash(self) -> bytes:
        return hash_token(self.secret)


class ViewerText(msgspec.Struct, frozen=True):
    """A viewer token taken apart. Whoever holds it sees what it grants until its end."""

    id: str
    secret: str

    @property
    def secret_hash(self) -> bytes:
        return hash_token(self.secret)


def random_text(random_bytes: RandomBytes, length: int) -> str:
    """Base62 text in which every digit is equally likely."""
    found: list[str] = []
    while len(found) < length:
        found.extend(_DIGITS[byte % 62] for byte in random_bytes(length) if byte < 248)
    return "".join(found[:length])


def random_id(random_bytes: RandomBytes, prefix: str) -> str:
    """An identifier like `p_3kTMd0aXcV`; not a secret."""
    return f"{prefix}_{random_text(random_bytes, _ID_LENGTH)}"


def hash_token(token: str) -> bytes:
    """What is stored of a random token: enough to know it again, not enough to use it."""
    return hashlib.sha256(token.encode()).digest()


def new_key(kind: KeyKind, random_bytes: RandomBytes) -> KeyText:
    """A fresh key."""
    return KeyText(
        kind=kind,
        id=random_text(random_bytes, _ID_LENGTH),
        secret=random_text(random_bytes, _SECRET_LENGTH),
    )


def encode_key(key: KeyText) -> str:
    """`ind_<kind>_<id>_<secret><check>`; secret scanners know it by prefix and check digits."""
    body = f"ind_{key.kind}_{key.id}_{key.secret}"
    return body + _check_digits(body)


def parse_key(text: str) -> KeyText | None:
    """The key, or None when the text is not one or a character was mistyped."""
    match = _KEY.fullmatch(text)
    if match is None or _check_digits(match[1]) != match[5]:
        return None
    return KeyText(kind=_KINDS[match[2]], id=match[3], secret=match[4])


def new_viewer(random_bytes: RandomBytes) -> ViewerText:
    """A fresh viewer token."""
    return ViewerText(
        id=random_text(random_bytes, _ID_LENGTH), secret=random_text(random_bytes, _SECRET_LENGTH)
    )


def encode_viewer(token: ViewerText) -> str:
    """`ind_v_<id>_<secret><check>`."""
    body = f"{VIEWER_PREFIX}{token.id}_{token.secret}"
    return body + _check_digits(body)


def parse_viewer(text: str) -> ViewerText | None:
    """The viewer token, or None when the text is not one or a character is wrong."""
    match = _VIEWER.fullmatch(text)
    if match is None or _check_digits(match[1]) != match[4]:
        return None
    return ViewerText(id=match[2], secret=match[3])


def _check_digits(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECK_LENGTH):
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return digits
