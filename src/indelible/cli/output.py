"""
What commands print: results on stdout (text or `--json`), messages on stderr.

Names, reasons and file names may hold text that an attacker chose: characters that could steer
the terminal or turn the reading direction are written as escapes.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, TypeVar

import click

from indelible.codec import encode_json

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def visible(text: str) -> str:
    """Text that a terminal shows and does not obey; lines and tabs stay."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else _escape(char) for char in text)


def _escape(char: str) -> str:
    """As in JSON, so that JSON that is printed stays the same value."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def say(text: str) -> None:
    """A message for the person at the terminal: stderr."""
    click.echo(visible(text), err=True)


def give(value: Any, text: str, *, as_json: bool) -> None:
    """The result: one line of JSON, or text."""
    click.echo(visible(encode_json(value).decode() if as_json else text))


class TerminalWriter:
    """Writes bytes of an export to a terminal; files and pipes get them as they are."""

    def __init__(self, terminal: IO[bytes]) -> None:
        self._terminal = terminal
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def write(self, data: bytes) -> int:
        text = self._decode(data).replace("\r\n", "\n")
        self._terminal.write(visible(text).encode())
        return len(data)


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
