"""Steps as a table: Markdown for tickets, CSV for spreadsheets (formulas disarmed)."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

from indelible.server.export.disarm import safe_csv
from indelible.server.export.replay.call import without_secrets
from indelible.server.export.replay.head import Head, after
from indelible.server.query.steps import Step

COLUMNS: Final = (
    "Step", "Time (UTC)", "Later", "Method", "Endpoint", "Status", "Operation", "Outcome",
    "Target", "Session", "Request",
)  # fmt: skip
# Line ends, controls and what reorders text; the same set as on the screen, coarsely.
_HIDDEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~])")


def _cells(step: Step) -> list[str]:
    event = step.event
    context = event.get("context") or {}
    targets = [
        " ".join(str(target[name]) for name in ("type", "name", "id") if target.get(name))
        for target in event.get("targets") or ()
    ]
    status = event.get("status")
    return [
        str(step.number),
        str(event["occurred_at"]),
        after(step.gap_s),
        event.get("method") or "",
        without_secrets(event.get("endpoint") or ""),
        "N/A" if status is None else str(status),
        event.get("operation") or "",
        event.get("outcome") or "",
        "; ".join(targets),
        context.get("session_id") or "",
        context.get("request_id") or "",
    ]


def to_markdown(head: Head, steps: Sequence[Step]) -> str:
    """A table that shows event text as it is: no markup, no links, no HTML."""
    lines = [*head.lines(len(steps)), "", "| " + " | ".join(COLUMNS) + " |"]
    lines[:-2] = [_inert(line) for line in lines[:-2]]
    lines.append("|" + " --- |" * len(COLUMNS))
    for step in steps:
        cells = [_inert(cell) for cell in _cells(step)]
        if step.failed:
            cells = [f"**{cell}**" if place in (5, 7) and cell else cell
                     for place, cell in enumerate(cells)]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _inert(text: str) -> str:
    shown = _HIDDEN.sub(lambda found: f"\u27eaU+{ord(found[0]):04X}\u27eb", text)
    escaped = html.escape(_MARKDOWN.sub(r"\\\1", shown), quote=False)
    # Bare addresses become links in many readers; a break inside keeps them text.
    return escaped.replace("://", ":\\//").replace("@", "\\@").replace("www.", "www\\.")


def to_csv(head: Head, steps: Sequence[Step]) -> str:
    """RFC 4180 with every cell in quotes; cells that start a formula get an apostrophe."""
    del head  # a table of its own has no room for it
    return safe_csv(COLUMNS, map(_cells, steps))
