"""`indelible redact check`: shows what the SDK's rules would mask in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from indelible.event.redact import MASK, Redaction


@click.group()
def redact() -> None:
    """Masking of secrets."""


@redact.command()
@click.option("--key", "keys", multiple=True, help="A further name whose values are masked.")
@click.option("--path", "paths", multiple=True, help="A further place, such as metadata.*.note.")
@click.option("--pattern", "patterns", multiple=True, help="A further regular expression.")
@click.option("--keep", multiple=True, help="A name or place that stays readable.")
@click.option("--found", is_flag=True, help="Exit with status 1 when something would be masked.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(
    keys: tuple[str, ...],
    paths: tuple[str, ...],
    patterns: tuple[str, ...],
    keep: tuple[str, ...],
    found: bool,
    file: Path,
) -> int:
    """Print the places in FILE (JSON lines of events, or any text) that would be masked."""
    rules = Redaction(keys=keys, paths=paths, patterns=patterns, keep=keep)
    masked = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            for place in _places(rules, line):
                masked += 1
                click.echo(f"{file}:{number}: {place}")
    click.echo(f"{masked} place(s) would be masked")
    return 1 if found and masked else 0


def _places(rules: Redaction, line: bytes) -> list[str]:
    try:
        event = msgspec.json.decode(line)
    except msgspec.MsgspecError:
        event = None
    if isinstance(event, dict):
        before = msgspec.json.decode(line)
        return _differences(before, rules.event(event), "")
    text = line.decode("utf-8", "replace").rstrip("\n")
    shown = rules.text(text)
    return [shown] if shown != text else []


def _differences(before: Any, after: Any, path: str) -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place
            for name in before
            for place in _differences(before[name], after.get(name), f"{path}.{name}".lstrip("."))
        ]
    if isinstance(before, list) and isinstance(after, list):
        return [
            place
            for number, (one, other) in enumerate(zip(before, after, strict=False))
            for place in _differences(one, other, f"{path}.{number}")
        ]
    if before == after:
        return []
    return [f"{path}: {after if isinstance(after, str) else MASK}"]
