"""`indelible users`: a way back in for a lost administrator."""

from __future__ import annotations

from pathlib import Path

import click

from indelible.cli.data import (
    command_event,
    data_option,
    named_tenant,
    open_access,
    read_settings,
    tenant_option,
)
from indelible.cli.output import give, json_option, say
from indelible.errors import NotFound


@click.group()
def users() -> None:
    """People who log in."""


@users.command("reset-factors")
@data_option
@tenant_option
@click.argument("email")
@json_option
def reset_factors(data_dir: Path, tenant_name: str | None, email: str, as_json: bool) -> None:
    """Take the second factors of an account away, for somebody who has lost them. Recorded."""
    tenant = named_tenant(data_dir, tenant_name)
    with open_access(data_dir) as access:
        person = access.people.by_email(tenant.id, email)
        if person is None:
            raise NotFound(f"there is no account {email}")
        event = command_event(
            "ResetSecondFactors",
            "indelible users reset-factors",
            targets=[{"type": "account", "id": person.id, "name": person.name}],
        )
        access.factors.remove(tenant.id, person.id, event, passkeys=True)
    give({"email": email, "reset": True}, f"{email} has no second factor now", as_json=as_json)


@users.command("reset-link")
@data_option
@tenant_option
@click.argument("email")
@json_option
def reset_link(data_dir: Path, tenant_name: str | None, email: str, as_json: bool) -> None:
    """
    Make a one-time link for an account; using it sets a new password. Recorded.

    As long as nobody has an account, the link makes the first administrator with this address.
    """
    from indelible.server.settings import likely_address

    tenant = named_tenant(data_dir, tenant_name)
    settings = read_settings(data_dir)
    with open_access(data_dir) as access:
        person = access.people.by_email(tenant.id, email)
        event = command_event(
            "CreateOneTimeLink",
            "indelible users reset-link",
            targets=[{"type": "account", "id": person.id, "name": person.name}] if person else None,
        )
        token = access.people.new_link(tenant.id, email, event)
    link = f"{likely_address(settings)}/setup#token={token}"
    if person is None:
        say(f"nobody has an account yet: this makes {email} the first administrator")
    if not as_json:
        say(f"one use, valid {settings.link.valid_hours} hours")
    give({"link": link, "token": token, "email": email}, link, as_json=as_json)
