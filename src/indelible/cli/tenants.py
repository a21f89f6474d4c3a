"""`indelible tenants`: the logs of a data folder, each with its own keys, people and settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indelible.cli.data import command_event, data_option, open_access, read_origin, read_settings
from indelible.cli.deletions import certificate, delete, deletion, withdraw
from indelible.cli.output import give, json_option, pairs, table
from indelible.clock import SystemClock

if TYPE_CHECKING:
    from indelible.server.ledger import LedgerReader, Tenant


@click.group()
def tenants() -> None:
    """Add, list, show and delete tenants, also while the service runs."""


@tenants.command()
@data_option
@click.argument("name")
@click.option("--origin", help="Name of its log in checkpoints, for ever; HOST/NAME if absent.")
@click.option("--admin-email", help="Bind the one-time link to this address.")
@json_option
def add(
    data_dir: Path, name: str, origin: str | None, admin_email: str | None, as_json: bool
) -> None:
    """
    Make a tenant: its log and keys, and a one-time link for its first administrator.

    A running service serves it within a second. What other tenants have, it has not: no event, no
    account, no key, no setting.
    """
    from indelible.server.access.people import read_email
    from indelible.server.settings import likely_address
    from indelible.server.tenants import add_tenant

    data_dir = data_dir.absolute()
    email = read_email(admin_email) if admin_email else None
    settings = read_settings(data_dir)
    wanted = read_origin(origin) if origin else None
    tenant = add_tenant(data_dir, name, wanted, SystemClock())
    with open_access(data_dir) as access:
        event = command_event(
            "InitializeLog",
            "indelible tenants add",
            targets=[{"type": "log", "id": tenant.origin}],
        )
        token = access.people.new_link(tenant.id, email, event)
    link = f"{likely_address(settings)}/setup#token={token}"
    give(
        {"tenant": name, "origin": tenant.origin, "link": link, "token": token},
        pairs(
            {
                "Tenant": name,
                "Origin": tenant.origin,
                "Administrator": f"{link}  (one use, {settings.link.valid_hours} hours)",
            }
        ),
        as_json=as_json,
    )


@tenants.command("list")
@data_option
@json_option
def list_tenants(data_dir: Path, as_json: bool) -> None:
    """List the tenants, oldest first."""
    from indelible.server.tenants import tenants_of

    rows = _facts(data_dir, tenants_of(data_dir))
    headings = ("tenant", "origin", "entries", "accounts", "keys")
    text = table(headings, [[str(row[name]) for name in headings] for row in rows])
    give({"tenants": rows}, text, as_json=as_json)


@tenants.command()
@data_option
@click.argument("name")
@json_option
def show(data_dir: Path, name: str, as_json: bool) -> None:
    """Show one tenant: its log, its newest checkpoint, who has access, its settings."""
    from indelible.server.tenants import pick_tenant, tenants_of

    (row,) = _facts(data_dir, [pick_tenant(tenants_of(data_dir), name)])
    told = {
        "Tenant": row["tenant"],
        "Origin": row["origin"],
        "Entries": f"{row['entries']:,}",
        "Signed": f"{row['signed']:,}",
        "Root": row["root"] or "-",
        "Accounts": f"{row['accounts']:,}",
        "Keys": f"{row['keys']:,}",
        "Time zone": row["settings"]["zone"],
        "Dates": row["settings"]["date_format"],
    }
    give(row, pairs(told), as_json=as_json)


def _facts(data_dir: Path, wanted: list[Tenant]) -> list[dict[str, Any]]:
    import msgspec

    from indelible.server.folder import LEDGER_FILE
    from indelible.server.ledger import LedgerReader

    reader = LedgerReader(data_dir / LEDGER_FILE)
    try:
        with open_access(data_dir) as access:
            return [
                {
                    "tenant": tenant.name,
                    "origin": tenant.origin,
                    **_end(reader, tenant),
                    "accounts": access.people.count(tenant.id),
                    "keys": sum(key.revoked_us is None for key in access.keys.all(tenant.id)),
                    "settings": msgspec.to_builtins(access.tenant_settings.get(tenant.id)),
                }
                for tenant in wanted
            ]
    finally:
        reader.close()


def _end(reader: LedgerReader, tenant: Tenant) -> dict[str, Any]:
    newest = reader.latest_checkpoint(tenant.id)
    return {
        "entries": reader.size(tenant.id),
        "signed": newest.size if newest else 0,
        # A checkpoint's note: origin, size, root in base64, an empty line, signatures.
        "root": newest.note.split("\n", 3)[2] if newest else None,
    }


for command in (deletion, delete, withdraw, certificate):
    tenants.add_command(command)
