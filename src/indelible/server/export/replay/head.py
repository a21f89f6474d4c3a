"""What every copy says of itself, and how event text stands in a comment."""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.server.export.replay.call import without_secrets
from indelible.server.query.steps import Step

_LONGEST: Final = 300


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Whose steps, when, and how many of how many."""

    whose: str
    from_: str | None
    to: str | None
    total: int
    version: str

    def lines(self, shown: int) -> list[str]:
        """Two or three lines of ASCII, without line ends."""
        when = f"from {self.from_ or 'the beginning'} to {self.to or 'now'}"
        lines = [
            f"Steps of {plain(self.whose)}, {plain(when)}.",
            f"{shown} of {self.total} steps, from the audit log by Indelible {self.version}.",
        ]
        if shown < self.total:
            lines.append("The rest is cut off: choose a shorter time.")
        return lines


def plain(text: str, longest: int = _LONGEST) -> str:
    """
    Text of an event as one line of printable ASCII; anything else stands as its escape.

    A comment in code must not end early, and must not show other than it runs (bidi controls).
    """
    text = without_secrets(text)
    kept = text if len(text) <= longest else text[: longest - 1] + "\u2026"
    return kept.encode("unicode_escape").decode("ascii")


def about(step: Step) -> str:
    """One line on a step: time, who, what, with which result."""
    event = step.event
    status = event.get("status")
    words = [
        str(event.get("occurred_at")),
        str(event.get("operation")),
        str(event.get("method") or "-"),
        str(event.get("endpoint") or "-"),
        "N/A" if status is None else str(status),
    ]
    return plain(" ".join(words))


def after(gap_s: float | None) -> str:
    """How long after: `4 min later`. Empty for the first step and what follows at once."""
    if gap_s is None or gap_s < 1:
        return ""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if gap_s >= size:
            return f"{int(gap_s // size)} {unit} later"
    return f"{int(gap_s)} s later"
