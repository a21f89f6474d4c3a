"""`indelible settings`: all settings, their values and where these come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from indelible.cli.data import data_option, read_settings
from indelible.cli.output import give, json_option, say, table


@click.group()
def settings() -> None:
    """Show and check settings."""


@settings.command()
@data_option
@json_option
def show(data_dir: Path, as_json: bool) -> None:
    """Show every setting with its value, source and meaning."""
    from indelible.server.settings import TABLE

    found = read_settings(data_dir.absolute())
    rows: list[dict[str, Any]] = [
        {
            "key": row.key,
            "value": found.value(row),
            "source": found.origins[row.key],
            "default": row.default,
            "allowed": row.form.allowed,
            "variable": row.variable,
            "at_run_time": row.at_run_time,
            "help": row.help,
        }
        for row in TABLE
    ]
    text = table(
        ("setting", "value", "source", "meaning"),
        [[row["key"], _shown(row["value"]), row["source"], row["help"]] for row in rows],
    )
    give({"settings": rows}, text, as_json=as_json)


@settings.command()
@data_option
@json_option
def check(data_dir: Path, as_json: bool) -> None:
    """Check file, environment and folder as `serve` would; status 1 when it would not start."""
    from indelible.server.folder import check_folder
    from indelible.server.ingest.patterns import check_patterns

    found = read_settings(data_dir.absolute())
    check_folder(data_dir.absolute())
    check_patterns(found.redact.patterns)
    if not as_json:
        say(f"settings of {data_dir} are right")
    else:
        give({"ok": True}, "", as_json=True)


def _shown(value: object) -> str:
    if value is None or value == "" or value == ():
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
