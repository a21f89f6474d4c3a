"""`indelible index`: state and rebuild of the search index, with or without a running service."""

from __future__ import annotations

from pathlib import Path

import click

from indelible.cli.data import command_event, data_option, open_access
from indelible.cli.output import give, json_option, pairs, say


@click.group()
def index() -> None:
    """The search index: disposable, made from the ledger."""


@index.command()
@data_option
@json_option
def status(data_dir: Path, as_json: bool) -> int:
    """Show how far the index is. Status 1 when it has failed or there is none."""
    from indelible.server.folder import LEDGER_FILE, check_folder
    from indelible.server.index import read_status
    from indelible.server.ledger import LedgerReader

    check_folder(data_dir)
    found = read_status(data_dir)
    if found is None:
        say("there is no index yet; the service makes it when it starts")
        if as_json:
            give({"state": None}, "", as_json=True)
        return 1
    reader = LedgerReader(data_dir / LEDGER_FILE)
    try:
        sizes = {tenant.id: reader.size(tenant.id) for tenant in reader.tenants()}
    finally:
        reader.close()
    behind = sum(
        max(0, size - found.indexed_through.get(tenant_id, 0)) for tenant_id, size in sizes.items()
    )
    shown = {
        "State": found.state,
        "Indexed": f"{sum(found.indexed_through.values()):,} entries",
        "Behind": f"{behind:,} entries",
        "Detail": found.detail or "-",
    }
    told = {
        "state": found.state,
        "indexed_through": {str(key): value for key, value in found.indexed_through.items()},
        "lag_entries": behind,
        "detail": found.detail,
        "alerts": found.alerts,
    }
    give(told, "\n".join([pairs(shown), *found.alerts]), as_json=as_json)
    return 1 if found.state == "failed" else 0


@index.command()
@data_option
@json_option
def rebuild(data_dir: Path, as_json: bool) -> None:
    """Make the index anew from the ledger: now by a running service, else at its next start."""
    from indelible.server.index import request_rebuild
    from indelible.server.tenants import tenants_of

    tenants = tenants_of(data_dir)
    with open_access(data_dir) as access:
        for tenant in tenants:  # it is one index for all of them
            event = command_event("RebuildIndex", "indelible index rebuild", stream="task")
            event["job"] = {"id": event["id"], "state": "queued"}
            access.put_own_event(tenant.id, event)
    request_rebuild(data_dir)
    if as_json:
        give({"requested": True}, "", as_json=True)
    else:
        say("asked for; `indelible index status` shows how far it is")
