"""
The HTTP call that a step stands for, as far as the log knows it.

All that comes out of here is ASCII and safe to put between quotes of any kind: targets are
percent-encoded, bodies are JSON with escapes. A secret never comes out: where the log holds one,
or a mask, a placeholder stands that the reader fills in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote

import msgspec

from indelible.server.query.steps import Step

_VERBS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_SECRET = re.compile(
    r"passw|secret|token|credential|authoriz|cookie|session|signature|api[_-]?key|private|"
    r"\botp\b|\bpin\b|\bkey\b",
    re.IGNORECASE,
)
# What looks like a secret wherever it stands: bearer tokens, JSON web tokens, our own keys.
_LOOKS_SECRET = re.compile(
    r"\bBearer\s+\S+|\beyJ[\w-]{8,}\.[\w-]{8,}|\bind_[a-z]_\w{8,}|\b(?:AKIA|ghp_|sk_live_)\w{8,}"
)
_MASKED = re.compile(r"\[?redacted\]?|\*{3,}|\[?masked\]?", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{(\w{1,60})(?::\w+)?\}|<(?:\w+:)?(\w{1,60})>")
_ESCAPE = re.compile(r"(%[0-9A-Fa-f]{2})")
_PARAMETER = re.compile(r"(([^\s?&=/]{1,80})=)[^\s&]+")
_NAME = re.compile(r"[^A-Z0-9]+")
_PATH_SAFE: Final = "/:@!$&'()*+,;=~-._"
_MAX_TARGET: Final = 4000


class Hole(msgspec.Struct, frozen=True):
    """A placeholder: the reader puts the value in the environment under this name."""

    name: str


Pieces = tuple[str | Hole, ...]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request. Pieces are ASCII text and placeholders; `body` is a JSON document or None."""

    method: str
    target: Pieces
    body: Pieces | None
    status: int | None
    guessed: bool

    @property
    def placeholders(self) -> list[str]:
        """The names that the reader must fill in."""
        pieces = (*self.target, *(self.body or ()))
        return list(dict.fromkeys(piece.name for piece in pieces if isinstance(piece, Hole)))


def call_of(step: Step) -> Call | None:
    """The step's call; None when it was no HTTP request with a path."""
    event = step.event
    method = str(event.get("method") or "").upper()
    endpoint = event.get("endpoint") or ""
    if method not in _VERBS or not endpoint.startswith("/"):
        return None
    target, guessed = _target(endpoint[:_MAX_TARGET], event.get("targets") or ())
    body = _body(event.get("changes") or ()) if method in _WITH_BODY else None
    return Call(
        method=method,
        target=target,
        body=body,
        status=event.get("status"),
        guessed=guessed or body is not None,
    )


def _target(endpoint: str, targets: Iterable[Mapping[str, Any]]) -> tuple[Pieces, bool]:
    path, _, query = endpoint.partition("?")
    ids = [str(target["id"]) for target in targets if target.get("id")]
    holes = list(_PLACEHOLDER.finditer(path))
    pieces: list[str | Hole] = []
    at = 0
    for hole in holes:
        pieces += _quoted(path[at : hole.start()])
        # One hole and one thing it was done to: that is what stood there.
        if len(holes) == 1 and ids:
            pieces.append(quote(ids[0], safe=""))
        else:
            pieces.append(Hole(_variable(hole[1] or hole[2])))
        at = hole.end()
    pieces += _quoted(path[at:])
    if query:
        sign = "?"
        for name, value in parse_qsl(query, keep_blank_values=True):
            pieces.append(f"{sign}{quote(name, safe='')}=")
            hidden = _is_secret(name, value)
            pieces.append(Hole(_variable(name)) if hidden else quote(value, safe=""))
            sign = "&"
    return _joined(pieces), bool(holes)


def _quoted(path: str) -> list[str | Hole]:
    """Percent-encoded; escapes that are there already stay, what looks secret becomes a hole."""
    pieces: list[str | Hole] = []
    at = 0
    for found in _LOOKS_SECRET.finditer(path):
        pieces += [_escaped(path[at : found.start()]), Hole("VALUE_SECRET")]
        at = found.end()
    pieces.append(_escaped(path[at:]))
    return pieces


def _escaped(text: str) -> str:
    return "".join(
        piece if place % 2 else quote(piece, safe=_PATH_SAFE)
        for place, piece in enumerate(_ESCAPE.split(text))
    )


def without_secrets(text: str) -> str:
    """A text of an event for a comment or a table: what may be secret gives way to a name."""
    shown = _PARAMETER.sub(
        lambda found: f"{found[1]}${_variable(found[2])}" if _SECRET.search(found[2]) else found[0],
        text,
    )
    return _LOOKS_SECRET.sub("$VALUE_SECRET", shown)


def _body(changes: Iterable[Mapping[str, Any]]) -> Pieces | None:
    """The fields that the request set, from the changes that the log holds."""
    fields = {str(change["path"]): change.get("after") for change in changes}
    if not fields:
        return None
    pieces: list[str | Hole] = []
    for place, (name, value) in enumerate(fields.items()):
        pieces.append(("{" if place == 0 else ", ") + json.dumps(name) + ": ")
        if _is_secret(name, value):
            pieces += ['"', Hole(_variable(name)), '"']
        else:
            pieces.append(json.dumps(value))
    pieces.append("}")
    return _joined(pieces)


def _is_secret(name: str, value: object) -> bool:
    if _SECRET.search(name):
        return True
    text = value if isinstance(value, str) else json.dumps(value)
    return bool(_MASKED.fullmatch(text.strip('"')) or _LOOKS_SECRET.search(text))


def _variable(name: str) -> str:
    """A name for the environment: capitals, digits and underscores, never one that rules it."""
    words = _NAME.sub("_", name.upper()).strip("_")[:40]
    return f"VALUE_{words}" if words else "VALUE"


def _joined(pieces: Iterable[str | Hole]) -> Pieces:
    """Neighbouring texts in one piece."""
    joined: list[str | Hole] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    return tuple(joined)
