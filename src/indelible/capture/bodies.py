"""
Copies of request bodies for the few routes where that is wanted.

Off unless asked for: a body holds whatever people typed. The copy is made while the application
reads, so nothing is buffered before it, and it ends at a limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from indelible.errors import SettingsError

_READABLE = ("application/json", "application/x-www-form-urlencoded", "text/plain")
_MOST_BYTES = 64 * 1024


class Bodies:
    """
    Which request bodies are kept, in `metadata.request_body`. Secrets in them are masked as usual.

    Args:
        paths: patterns of paths (`/settings/*`); what is not named is not kept.
        content_types: JSON, forms and plain text can be read, nothing else.
        max_bytes: where the copy ends; a longer body is marked as cut.
    """

    def __init__(
        self,
        paths: Iterable[str],
        *,
        content_types: Iterable[str] = _READABLE[:2],
        max_bytes: int = 8 * 1024,
    ) -> None:
        self._paths = tuple(paths)
        self._types = frozenset(content_types)
        self._max_bytes = min(max_bytes, _MOST_BYTES)
        for content_type in self._types:
            if content_type not in _READABLE:
                raise SettingsError(
                    f"bodies of type {content_type!r} cannot be kept", hint=", ".join(_READABLE)
                )

    def copy_of(self, path: str, content_type: str | None) -> BodyCopy | None:
        """A place for the copy of this request's body; None when it is not to be kept."""
        kind = (content_type or "").partition(";")[0].strip().lower()
        if kind not in self._types:
            return None
        if not any(fnmatchcase(path, pattern) for pattern in self._paths):
            return None
        return BodyCopy(kind, self._max_bytes)


class BodyCopy:
    """The first bytes of one body, as the application read them."""

    def __init__(self, kind: str, max_bytes: int) -> None:
        self._kind = kind
        self._room = max_bytes
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, data: bytes) -> None:
        """The application was given this piece."""
        self._length += len(data)
        if self._room > 0 and data:
            self._parts.append(data[: self._room])
            self._room -= len(data)

    def read(self) -> Any:
        """The body as a value; None when there was none. A cut or broken one is text, marked."""
        data = b"".join(self._parts)
        if not data:
            return None
        if len(data) < self._length:
            return {"cut": data.decode("utf-8", "replace"), "bytes": self._length}
        try:
            if self._kind == "application/json":
                return msgspec.json.decode(data)
            if self._kind == "application/x-www-form-urlencoded":
                return _form(data.decode())
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return {"unreadable": data.decode("utf-8", "replace")}
        return data.decode("utf-8", "replace")


def _form(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields[name] = (
            [*fields[name], value]
            if isinstance(fields.get(name), list)
            else ([fields[name], value] if name in fields else value)
        )
    return fields
