"""`indelible keys`: API keys, also while the service runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import click

from indelible.cli.data import command_event, data_option, first_tenant, open_access
from indelible.cli.output import give, json_option, say, table
from indelible.clock import format_us

_KINDS = {"w": "writes events", "r": "reads and exports", "a": "administers"}


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command()
@data_option
@click.option(
    "--kind",
    type=click.Choice(["w", "r", "a"]),
    required=True,
    help="w writes events, r reads, a administers (and may do both).",
)
@click.option("--name", default="", help="What the key is for.")
@json_option
def create(data_dir: Path, kind: Literal["w", "r", "a"], name: str, as_json: bool) -> None:
    """Make a key and print it, once."""
    from indelible.server.access.keys import read_name
    from indelible.server.access.token import encode_key, new_key

    tenant = first_tenant(data_dir)
    key = new_key(kind, os.urandom)
    name = read_name(name or f"{_KINDS[kind]} ({key.id})")
    with open_access(data_dir) as access:
        event = command_event(
            "CreateApiKey",
            "indelible keys create",
            targets=[{"type": "api_key", "id": key.id, "name": name}],
            metadata={"kind": kind},
        )
        access.keys.add(tenant.id, key, name, event)
    text = encode_key(key)
    if not as_json:
        say(f"key {key.id} ({name}); it is shown this once")
    give({"key": text, "id": key.id, "name": name, "kind": kind}, text, as_json=as_json)


@keys.command("list")
@data_option
@json_option
def list_keys(data_dir: Path, as_json: bool) -> None:
    """List all keys, without their secrets."""
    tenant = first_tenant(data_dir)
    with open_access(data_dir) as access:
        found = access.keys.all(tenant.id)
    rows: list[dict[str, Any]] = [
        {
            "id": key.id,
            "name": key.name,
            "kind": key.kind,
            "created_at": format_us(key.created_us),
            "last_used_at": format_us(key.last_used_us) if key.last_used_us else None,
            "revoked_at": format_us(key.revoked_us) if key.revoked_us else None,
        }
        for key in found
    ]
    headings = ("id", "kind", "name", "created_at", "last_used_at", "revoked_at")
    text = table(headings, [[row[name] or "-" for name in headings] for row in rows])
    give({"keys": rows}, text, as_json=as_json)


@keys.command()
@data_option
@click.argument("key_id", metavar="ID")
@json_option
def revoke(data_dir: Path, key_id: str, as_json: bool) -> None:
    """Refuse a key from now on, for ever."""
    tenant = first_tenant(data_dir)
    with open_access(data_dir) as access:
        key = access.keys.one(tenant.id, key_id)
        event = command_event(
            "RevokeApiKey",
            "indelible keys revoke",
            targets=[{"type": "api_key", "id": key.id, "name": key.name}],
            metadata={"kind": key.kind},
        )
        changed = access.keys.revoke(tenant.id, key_id, event)
    text = f"key {key_id} is revoked" if changed else f"key {key_id} was revoked before"
    give({"id": key_id, "revoked": True, "changed": changed}, text, as_json=as_json)
