"""What commands print: results on stdout (text or `--json`), messages on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from indelible.codec import encode_json

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def say(text: str) -> None:
    """A message for the person at the terminal: stderr."""
    click.echo(text, err=True)


def give(value: Any, text: str, *, as_json: bool) -> None:
    """The result: one line of JSON, or text."""
    click.echo(encode_json(value).decode() if as_json else text)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [headings, *rows]
    ]
    return "\n".join(lines)


def pairs(values: Mapping[str, str]) -> str:
    """Names and values in two columns."""
    width = max(map(len, values))
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in values.items())


def on_terminal() -> bool:
    """Whether somebody looks on: progress is shown then only."""
    return sys.stderr.isatty()
