"""What of an event's nested values is searched as text, and how changes are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from indelible.codec import encode_json
from indelible.event import Change

ARROW = " → "


def leaves(value: Any) -> Iterator[str]:
    """
    Each text, number, truth value and key in a JSON value, as text. Null and "" are left out.
    """
    if isinstance(value, str):
        if value:
            yield value
    elif value is None:
        return
    elif isinstance(value, dict):
        for key, item in value.items():
            if key:
                yield key
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield encode_json(value).decode()


def shown(value: Any) -> str:
    """A value of a change in one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else encode_json(value).decode()


def changes_text(changes: Iterable[Change]) -> str:
    """Changes in one line: `visibility: private → team; size: 3 → 4`."""
    return "; ".join(
        [f"{change.path}: {shown(change.before)}{ARROW}{shown(change.after)}" for change in changes]
    )
