"""What several commands need of a data folder: where it is, its settings, its tenant."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from indelible.clock import Clock, SystemClock, format_us
from indelible.errors import SettingsError

if TYPE_CHECKING:
    from indelible.server.access.door import Access
    from indelible.server.access.outbox import OwnEvent
    from indelible.server.ledger import Tenant
    from indelible.server.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

_ORIGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9._~-]+)*")


def data_option(command: Command) -> Command:
    """Adds `--data`."""
    return click.option(
        "--data",
        "data_dir",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="INDELIBLE_DATA",
        default=Path("indelible-data"),
        show_default=True,
        help="The data folder.",
    )(command)


def read_settings(data_dir: Path, command_line: dict[str, object] | None = None) -> Settings:
    """The settings in force for this folder."""
    from indelible.server.settings import load_settings

    return load_settings(data_dir, os.environ, command_line)


def read_origin(text: str) -> str:
    """The name of a log. Raises SettingsError."""
    if not _ORIGIN.fullmatch(text) or len(text) > 200:
        raise SettingsError(f"{text!r} cannot be an origin", hint="use a form like host/name")
    return text


def tenant_option(command: Command) -> Command:
    """Adds `--tenant`."""
    return click.option(
        "--tenant",
        "tenant_name",
        metavar="NAME",
        envvar="INDELIBLE_TENANT",
        help="Whose log, in the data folder; not needed where there is only one.",
    )(command)


def named_tenant(data_dir: Path, name: str | None) -> Tenant:
    """The tenant of this name; without a name the only one of the folder. Raises SettingsError."""
    from indelible.server.tenants import pick_tenant, tenants_of

    return pick_tenant(tenants_of(data_dir), name)


@contextmanager
def open_access(data_dir: Path) -> Iterator[Access]:
    """The control database, beside a running service or without one."""
    from indelible.server.access.door import Access
    from indelible.server.folder import CONTROL_FILE, check_folder

    check_folder(data_dir)
    access = Access(data_dir / CONTROL_FILE, read_settings(data_dir), SystemClock())
    try:
        yield access
    finally:
        access.close()


def command_event(operation: str, command: str, **fields: Any) -> OwnEvent:
    """The event of an act by this command line; the service puts it into the ledger."""
    from indelible.server.ids import id_maker
    from indelible.server.ingest.own_event import of_command

    clock: Clock = SystemClock()
    return of_command(
        operation,
        event_id=id_maker(clock, os.urandom)(),
        occurred_at=format_us(clock.now_us()),
        account=machine_account(),
        command=command,
        **fields,
    )


def machine_account() -> str:
    """The account of the machine that runs the command."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
