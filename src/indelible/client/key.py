"""The form of a key: a mistyped one is told where it is set, not by events that are lost."""

from __future__ import annotations

import re
import zlib

from indelible.errors import SettingsError

_KEY = re.compile(r"(ind_[wa]_[0-9A-Za-z]{10}_[0-9A-Za-z]{32})([0-9A-Za-z]{6})", re.ASCII)
_OTHER_KIND = re.compile(r"ind_([rsv])_", re.ASCII)
_KINDS = {"r": "reads", "s": "provisions accounts", "v": "shows a part of the log"}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def doubt_of_key(key: str) -> str | None:
    """
    What is wrong with the form of a write key, or None.

    Raises SettingsError for what can be none: nothing, with blanks or breaks, of another kind.
    """
    if not key:
        raise SettingsError("the key is empty", hint="a write key: `indelible keys create`")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SettingsError(
            "the key has blanks, line breaks or signs that no key has",
            hint="read from a file? then .strip() it",
        )
    if other := _OTHER_KIND.match(key):
        raise SettingsError(
            f"this key {_KINDS[other[1]]}, it cannot write", hint="a write key: ind_w_…"
        )
    match = _KEY.fullmatch(key)
    if match is None:
        return "the key has not the form of a write key (ind_w_…): cut, or not replaced yet?"
    if with_check_digits(match[1]) != key:
        return "a character of the key is wrong: its check digits do not fit"
    return None


def with_check_digits(body: str) -> str:
    """`ind_w_<id>_<secret>` with the digits that show a mistyped character."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return body + digits
