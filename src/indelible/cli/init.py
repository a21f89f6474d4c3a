"""`indelible init`: the only way to make a data folder and a log."""

from __future__ import annotations

import socket
from pathlib import Path

import click

from indelible.cli.data import command_event, data_option, read_origin, read_settings
from indelible.cli.output import give, json_option, pairs
from indelible.clock import SystemClock, day_of

_TENANT = "main"
# Those of the server's presets, which are not loaded only to print help; a test compares.
PRESET_NAMES = ("pci-dss", "soc2", "iso27001", "hipaa", "sec-17a-4", "gdpr-minimal")


@click.command()
@data_option
@click.option("--origin", help="Name of the log in its checkpoints, for ever: HOST/NAME.")
@click.option("--admin-email", help="Bind the one-time link to this address.")
@click.option(
    "--retention",
    type=click.Choice(PRESET_NAMES),
    help="Keep events as this preset says from the first one on. By default for ever.",
)
@json_option
def init(
    data_dir: Path,
    origin: str | None,
    admin_email: str | None,
    retention: str | None,
    as_json: bool,
) -> None:
    """Make a data folder, its keys, and a one-time link for the first administrator."""
    from indelible.server.access.door import Access
    from indelible.server.access.people import read_email
    from indelible.server.folder import CONTROL_FILE, create_folder, finish_folder
    from indelible.server.ledger import Ledger
    from indelible.server.ledger.categories import first_policy
    from indelible.server.retention.presets import PRESETS
    from indelible.server.settings import likely_address

    data_dir = data_dir.absolute()
    name = read_origin(origin or f"{socket.gethostname()}/{_TENANT}")
    email = read_email(admin_email) if admin_email else None
    settings = read_settings(data_dir)
    create_folder(data_dir)
    preset = next((one for one in PRESETS if one.name == retention), None)
    policy = (
        None if preset is None else preset.applied(first_policy(day_of(SystemClock().now_us())))
    )
    Ledger.create(data_dir, SystemClock(), tenant=_TENANT, origin=name, policy=policy)
    access = Access(data_dir / CONTROL_FILE, settings, SystemClock())
    try:
        event = command_event(
            "InitializeLog",
            "indelible init",
            targets=[{"type": "log", "id": name}],
            metadata={"retention": retention or "for-ever"},
        )
        token = access.people.new_link(1, email, event)
    finally:
        access.close()
    finish_folder(data_dir)
    link = f"{likely_address(settings)}/setup#token={token}"
    give(
        {
            "data": str(data_dir),
            "origin": name,
            "retention": retention,
            "link": link,
            "token": token,
        },
        pairs(
            {
                "Data folder": str(data_dir),
                "Origin": name,
                "Retention": "for ever" if preset is None else preset.title,
                "Start": f"indelible serve --data {data_dir}",
                "Administrator": f"{link}  (one use, {settings.link.valid_hours} hours)",
            }
        ),
        as_json=as_json,
    )
