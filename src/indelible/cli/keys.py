"""`indelible keys`: API keys, also while the service runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from indelible.cli.data import command_event, data_option, named_tenant, open_access, tenant_option
from indelible.cli.output import give, json_option, say, table
from indelible.clock import US_PER_DAY, SystemClock, format_us

US_PER_HOUR = 3_600_000_000
_KINDS = {
    "w": "writes events",
    "r": "reads and exports",
    "a": "administers",
    "s": "provisions accounts",
}


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command()
@data_option
@tenant_option
@click.option(
    "--kind",
    type=click.Choice(["w", "r", "a", "s"]),
    required=True,
    help="w writes events, r reads, a administers (and may do both), s provisions accounts.",
)
@click.option("--name", default="", help="What the key is for.")
@click.option("--days", type=click.IntRange(1, 36_500), help="How long it can be used.")
@click.option("--network", "networks", multiple=True, help="From where it may be used; repeat.")
@click.option("--stream", "streams", multiple=True, type=click.Choice(["user", "system", "task"]),
              help="Bind it to this stream; repeat for more.")  # fmt: skip
@click.option("--category", "categories", multiple=True, help="Bind it to this category; repeat.")
@click.option("--source", "sources", multiple=True, help="Bind it to this source; repeat.")
@click.option("--target", "targets", multiple=True, nargs=2, metavar="TYPE ID",
              help="Bind it to this target; repeat.")  # fmt: skip
@json_option
def create(
    data_dir: Path,
    tenant_name: str | None,
    kind: Literal["w", "r", "a", "s"],
    name: str,
    days: int | None,
    networks: tuple[str, ...],
    streams: tuple[str, ...],
    categories: tuple[str, ...],
    sources: tuple[str, ...],
    targets: tuple[tuple[str, str], ...],
    as_json: bool,
) -> None:
    """Make a key and print it, once."""
    from indelible.server.access.keys import read_bounds, read_name
    from indelible.server.access.scope import Scope
    from indelible.server.access.token import encode_key, new_key

    tenant = named_tenant(data_dir, tenant_name)
    key = new_key(kind, os.urandom)
    name = read_name(name or f"{_KINDS[kind]} ({key.id})")
    now_us = SystemClock().now_us()
    scope = {
        "streams": streams or None,
        "categories": categories or None,
        "sources": sources or None,
        "targets": [{"type": kind, "id": one} for kind, one in targets] or None,
    }
    bounds = read_bounds(
        kind,
        msgspec.convert(scope, Scope),
        None if days is None else now_us + days * US_PER_DAY,
        networks,
        now_us,
    )
    with open_access(data_dir) as access:
        event = command_event(
            "CreateApiKey",
            "indelible keys create",
            targets=[{"type": "api_key", "id": key.id, "name": name}],
            metadata={"kind": kind},
        )
        access.keys.add(tenant.id, key, name, event, bounds)
    text = encode_key(key)
    if not as_json:
        say(f"key {key.id} ({name}); it is shown this once")
    give({"key": text, "id": key.id, "name": name, "kind": kind}, text, as_json=as_json)


@keys.command("list")
@data_option
@tenant_option
@json_option
def list_keys(data_dir: Path, tenant_name: str | None, as_json: bool) -> None:
    """List all keys, without their secrets."""
    tenant = named_tenant(data_dir, tenant_name)
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
            "expires_at": format_us(key.bounds.expires_us) if key.bounds.expires_us else None,
            "networks": list(key.bounds.networks),
            "scope": msgspec.to_builtins(key.bounds.scope),
        }
        for key in found
    ]
    headings = ("id", "kind", "name", "created_at", "last_used_at", "expires_at", "revoked_at")
    text = table(headings, [[row[name] or "-" for name in headings] for row in rows])
    give({"keys": rows}, text, as_json=as_json)


@keys.command()
@data_option
@tenant_option
@click.argument("key_id", metavar="ID")
@click.option("--overlap-hours", type=click.IntRange(0, 720), default=24, show_default=True,
              help="For how long the secret before is still taken.")  # fmt: skip
@json_option
def rotate(
    data_dir: Path, tenant_name: str | None, key_id: str, overlap_hours: int, as_json: bool
) -> None:
    """Give a key a new secret and print it, once."""
    from indelible.server.access.token import encode_key, new_key

    tenant = named_tenant(data_dir, tenant_name)
    with open_access(data_dir) as access:
        key = access.keys.one(tenant.id, key_id)
        fresh = msgspec.structs.replace(new_key(key.kind, os.urandom), id=key.id)
        until_us = SystemClock().now_us() + overlap_hours * US_PER_HOUR
        event = command_event(
            "RotateApiKey",
            "indelible keys rotate",
            targets=[{"type": "api_key", "id": key.id, "name": key.name}],
            metadata={"kind": key.kind, "old_until": format_us(until_us)},
        )
        access.keys.rotate(key, fresh, until_us, event)
    text = encode_key(fresh)
    if not as_json:
        say(f"the secret before is taken until {format_us(until_us)}; this one is shown this once")
    give({"key": text, "id": key_id, "old_until": format_us(until_us)}, text, as_json=as_json)


@keys.command()
@data_option
@tenant_option
@click.argument("key_id", metavar="ID")
@json_option
def revoke(data_dir: Path, tenant_name: str | None, key_id: str, as_json: bool) -> None:
    """Refuse a key from now on, for ever."""
    tenant = named_tenant(data_dir, tenant_name)
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
