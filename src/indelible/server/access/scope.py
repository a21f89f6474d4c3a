"""The part of the log that a person or a key is bound to, as it is stored and asked for."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from indelible.codec import encode_json
from indelible.errors import InvalidRequest

MOST: Final = 50
Stream = Literal["user", "system", "task"]
Value = Annotated[str, Meta(min_length=1, max_length=256)]


class ScopeTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A target by type and id, compared exactly."""

    type: Annotated[str, Meta(max_length=200)]
    id: Value


class Scope(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """
    Events of which all of this is true; what is left out asks for nothing.

    For a key that writes, the events that it may send: `targets` says nothing there.
    """

    streams: Annotated[tuple[Stream, ...], Meta(max_length=3)] | None = None
    categories: Annotated[tuple[Value, ...], Meta(max_length=MOST)] | None = None
    sources: Annotated[tuple[Value, ...], Meta(max_length=MOST)] | None = None
    targets: Annotated[tuple[ScopeTarget, ...], Meta(max_length=MOST)] | None = None

    @property
    def is_empty(self) -> bool:
        return self == Scope()


def check_scope(scope: Scope | None) -> Scope | None:
    """The scope, None where it binds to nothing. Raises InvalidRequest for an empty list."""
    if scope is None or scope.is_empty:
        return None
    for name in ("streams", "categories", "sources", "targets"):
        if getattr(scope, name) == ():
            raise InvalidRequest(
                f"{name}: an empty list would leave nothing to see",
                parameter=f"scope.{name}",
                hint="leave it out, or null, to see all of them",
            )
    return scope


def scope_text(scope: Scope | None) -> str | None:
    """As it is stored."""
    return None if scope is None else encode_json(scope).decode()


def parse_scope(text: str | None) -> Scope | None:
    """What was stored."""
    return None if text is None else msgspec.json.decode(text.encode(), type=Scope)
