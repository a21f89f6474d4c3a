"""`indelible demo`: the service with the sample product, from a checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from indelible.errors import SettingsError

# src/indelible/cli/demo.py → the checkout's folder.
_SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "demo.py"


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Run the service with a sample product that sends real events."""
    if not _SCRIPT.is_file():
        raise SettingsError(
            "the sample product is not part of the installed package",
            hint="clone the repository and run `make demo` in it",
        )
    os.execv(sys.executable, [sys.executable, str(_SCRIPT), *arguments])  # noqa: S606 - no shell
