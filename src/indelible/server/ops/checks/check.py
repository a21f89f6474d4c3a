"""The form of a check and of what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from indelible.clock import Clock
from indelible.server.settings import Settings

State = Literal["ok", "warning", "problem"]


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    What a check found, in words, and what to do about it.

    `problem`: the service will not start, or not keep its promises. `warning`: it does now.
    """

    state: State
    text: str
    advice: str | None = None


class Subject(msgspec.Struct, frozen=True):
    """What is looked at. `settings` is None when they cannot be read, which is a finding."""

    data_dir: Path
    environment: Mapping[str, str]
    settings: Settings | None
    clock: Clock


Check = Callable[[Subject], Finding]


def ok(text: str) -> Finding:
    """All is well."""
    return Finding("ok", text)


def warning(text: str, advice: str) -> Finding:
    """Works now, but somebody should look at it."""
    return Finding("warning", text, advice)


def problem(text: str, advice: str) -> Finding:
    """Does not work."""
    return Finding("problem", text, advice)


def size_text(count: int) -> str:
    """A number of bytes for people."""
    if count < 10 * 1024**2:
        return f"{count / 1024:,.0f} KiB"
    if count >= 10 * 1024**3:
        return f"{count / 1024**3:,.0f} GiB"
    return f"{count / 1024**2:,.0f} MiB"
