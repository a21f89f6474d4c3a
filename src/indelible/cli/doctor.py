"""`indelible doctor`: looks at a data folder and its machine, and says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import click

from indelible.cli.data import data_option
from indelible.cli.output import give, json_option
from indelible.clock import SystemClock

_MARKS = {"ok": "ok", "warning": "look", "problem": "WRONG"}


@click.command()
@data_option
@json_option
def doctor(data_dir: Path, as_json: bool) -> int:
    """
    Check folder, databases, keys, index and machine; also while the service runs.

    Changes nothing. Status 1 when there is a problem; things to look at alone leave it 0.
    """
    from indelible.server.ops.doctor import examine

    results = examine(data_dir.absolute(), os.environ, SystemClock())
    wrong = any(result.finding.state == "problem" for result in results)
    width = max(len(result.name) for result in results)
    lines: list[str] = []
    for result in results:
        found = result.finding
        lines.append(f"{_MARKS[found.state]:5}  {result.name:{width}}  {found.text}")
        if found.advice is not None:
            lines.append(f"{'':5}  {'':{width}}  → {found.advice}")
    told = [
        {
            "check": result.name,
            "state": result.finding.state,
            "detail": result.finding.text,
            "advice": result.finding.advice,
        }
        for result in results
    ]
    give({"ok": not wrong, "checks": told}, "\n".join(lines), as_json=as_json)
    return 1 if wrong else 0
