"""Functions that a worker imports by name."""

from __future__ import annotations


def succeed() -> str:
    return "done"


def fail(text: str) -> None:
    raise ValueError(text)
