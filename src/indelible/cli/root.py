"""The group of all commands; each one's module is loaded when it is used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from indelible.cli.output import say
from indelible.errors import Error
from indelible.server.version import version

_COMMANDS = {
    "init": ("indelible.cli.init", "init"),
    "serve": ("indelible.cli.serve", "serve"),
    "import": ("indelible.cli.import_files", "import_files"),
    "verify": ("indelible.verify.command", "verify"),
    "export": ("indelible.cli.export", "export"),
    "backup": ("indelible.cli.backup", "backup"),
    "restore": ("indelible.cli.backup", "restore"),
    "index": ("indelible.cli.index", "index"),
    "keys": ("indelible.cli.keys", "keys"),
    "tenants": ("indelible.cli.tenants", "tenants"),
    "users": ("indelible.cli.users", "users"),
    "retention": ("indelible.cli.retention", "retention"),
    "categories": ("indelible.cli.retention", "categories"),
    "doctor": ("indelible.cli.doctor", "doctor"),
    "settings": ("indelible.cli.settings", "settings"),
    "outbox": ("indelible.cli.outbox", "outbox"),
    "triggers": ("indelible.cli.outbox", "triggers"),
    "run": ("indelible.cli.run", "run"),
    "coverage": ("indelible.cli.coverage", "coverage"),
    "redact": ("indelible.cli.redact", "redact"),
    "demo": ("indelible.cli.demo", "demo"),
}


class _Lazy(click.Group):
    """Help lists all commands; only the one that is run is loaded."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        command: click.Command = getattr(importlib.import_module(place[0]), place[1])
        return command


@click.group(
    cls=_Lazy,
    help="Indelible: an audit log that can prove nothing was changed, added or left out.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(version(), prog_name="indelible")
def cli() -> None:
    """The group."""


def run(arguments: Sequence[str]) -> None:
    """
    Runs a command and exits.

    Status 0: done; 1: it failed; 2: the command line is wrong, or nothing could be checked.
    """
    try:
        status = cli.main(list(arguments), prog_name="indelible", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        say("stopped")
        sys.exit(130)
    except Error as error:
        say(f"error: {error.message}")
        if error.hint:
            say(f"  {error.hint}")
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
