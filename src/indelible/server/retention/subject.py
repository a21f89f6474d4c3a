"""
Who is looked for: e-mail addresses, ids, network addresses and names, and where they stand in the
bytes of a part.

Matches whole values, never a piece of a longer one: `ana@example.com` is not found in
`diana@example.com`, nor `u_88` in `u_8841`. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal
from unicodedata import normalize
from urllib.parse import quote, unquote

import msgspec

from indelible.codec import encode_json
from indelible.errors import InvalidRequest

Kind = Literal["email", "id", "address", "name", "alias"]
MAX_IDENTIFIERS = 20
_MAX_LENGTH = 256
# What may stand around a value, so that it is the whole of what was meant.
_AROUND = {
    "email": (r"[\w.+\-]", r"[\w\-]|\.\w"),
    "id": (r"[\w.\-]", r"[\w\-]|\.\w"),
    "alias": (r"[\w.\-]", r"[\w\-]|\.\w"),
    "address": (r"[\w.]", r"\w|\.\w"),
    "name": (r"\w", r"\w"),
}
_ANY_CASE = frozenset({"email", "name", "address"})
# The same IPv6 address has many spellings: what looks like one is read.
_LIKE_IPV6 = re.compile(r"[0-9a-f:]*:[0-9a-f:.]*", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,189}")


class Identifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing by which a person is known."""

    kind: Kind
    value: str


def read_identifier(kind: str, value: str) -> Identifier:
    """An identifier of a request, in one spelling. Raises InvalidRequest."""
    text = value.strip()
    if not text or len(text) > _MAX_LENGTH or not text.isprintable():
        raise InvalidRequest(
            f"a value has 1 to {_MAX_LENGTH} printable characters", parameter="value"
        )
    match kind:
        case "email":
            if not _EMAIL.fullmatch(text):
                raise InvalidRequest("this is not an e-mail address", parameter="value")
            return Identifier("email", text)
        case "address":
            try:
                return Identifier("address", str(ipaddress.ip_address(text)))
            except ValueError:
                raise InvalidRequest(
                    "this is not a network address", parameter="value", hint="like 203.0.113.7"
                ) from None
        case "id" | "name":
            # Shorter ones are in so many places that finding them says nothing.
            if len(text) < 2:
                raise InvalidRequest("an id or name has at least 2 characters", parameter="value")
            return Identifier("id" if kind == "id" else "name", text)
    raise InvalidRequest(
        f"there is no kind {kind[:20]!r}",
        parameter="kind",
        expected="email, id, address or name",
    )


class Matcher:
    """Finds identifiers in the JSON of parts. Made once for a search; safe for several threads."""

    def __init__(self, identifiers: Sequence[Identifier]) -> None:
        self._literals: list[tuple[bytes, bool]] = []
        self._patterns: list[re.Pattern[str]] = []
        self._ipv6: set[str] = set()
        for one in identifiers:
            if one.kind == "address" and ":" in one.value:
                self._ipv6.add(one.value)
                self._literals.append((_beginning(one.value), True))
                continue
            # The same letters, put together or apart.
            forms = {one.value, normalize("NFC", one.value), normalize("NFD", one.value)}
            spellings = forms | {quote(form, safe="") for form in forms}
            any_case = one.kind in _ANY_CASE
            before, after = _AROUND[one.kind]
            # Behind `%2F` and the like a value begins, although a letter or digit stands before it.
            free = rf"(?:(?<!{before})|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))"
            text = "|".join(re.escape(spelling) for spelling in sorted(spellings))
            flags = re.IGNORECASE if any_case else re.NOFLAG
            self._patterns.append(re.compile(rf"{free}(?:{text})(?!{after})", flags))
            for spelling in spellings:
                self._literals.append((_literal(spelling, any_case), any_case))

    def may_be_in(self, raw: bytes) -> bool:
        """Whether a value could stand in these bytes of JSON: quick, and never wrongly no."""
        lower: bytes | None = None
        folded: bytes | None = None
        for literal, any_case in self._literals:
            if not any_case:
                if literal in raw:
                    return True
            elif literal.isascii():
                if lower is None:
                    lower = raw.lower()
                if literal in lower:
                    return True
            else:
                if folded is None:
                    folded = _fold(raw)
                if literal in folded:
                    return True
        return False

    def matches(self, text: str) -> bool:
        """Whether a value stands in a text."""
        if any(pattern.search(text) for pattern in self._patterns):
            return True
        return bool(self._ipv6) and any(
            _as_ipv6(token) in self._ipv6 for token in _LIKE_IPV6.findall(unquote(text))
        )

    def paths(self, raw: bytes) -> tuple[str, ...]:
        """
        The places in a part where a value stands, like `changes.0.after`; `?` where it stands in
        bytes that cannot be read.
        """
        if not self.may_be_in(raw):
            return ()
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return ("?",)
        return tuple(path for path, text in _texts(value, "") if self.matches(text))


def _fold(raw: bytes) -> bytes:
    # Letters of other alphabets have two cases too. What is no text (lengths) never joins up with
    # what is: each text begins with a brace.
    return raw.decode("utf-8", "replace").lower().encode()


def _as_ipv6(token: str) -> str | None:
    """The one spelling of what looks like an address, None when it is none."""
    try:
        return str(ipaddress.IPv6Address(token.rstrip(".")))
    except ValueError:
        return None


def _beginning(address: str) -> bytes:
    """What stands in every spelling of an IPv6 address: its first group, unless that is zero."""
    group = address.partition(":")[0]
    return group.encode() or b":"


def _literal(text: str, any_case: bool) -> bytes:
    literal = encode_json(text)[1:-1]
    return _fold(literal) if any_case else literal


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text in a value with its path, the keys of free data too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            yield below, str(key)
            yield from _texts(item, below)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _texts(item, f"{path}.{position}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, str(value)
