"""`indelible tenants delete` and what belongs to it: look, ask, withdraw, take the certificate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indelible.cli.data import (
    command_event,
    data_option,
    machine_account,
    open_access,
    read_settings,
)
from indelible.cli.output import give, json_option, pairs, say
from indelible.clock import SystemClock, format_us
from indelible.errors import Conflict, NotFound, SettingsError

if TYPE_CHECKING:
    from indelible.server.access.approvals import Approval, Somebody
    from indelible.server.access.deletions import Deletion
    from indelible.server.access.door import Access
    from indelible.server.ledger import Tenant
    from indelible.server.retention.deletion_numbers import DeletionNumbers

_NAMES = {
    "events": "Events",
    "entries": "Entries",
    "first_day": "First day",
    "last_day": "Last day",
    "people": "People",
    "keys": "Keys",
    "viewer_tokens": "Viewer tokens",
    "views": "Saved views",
    "exports": "Exports",
    "holds": "Holds",
    "floors": "Floors without a date",
}


@click.command()
@data_option
@click.argument("name")
@json_option
def deletion(data_dir: Path, name: str, as_json: bool) -> None:
    """Show what deleting a tenant would come to, what is in its way, and how far it is."""
    import msgspec

    with _look(data_dir) as (access, numbers, tenants):
        found = next((one for one in access.deletions.all() if one.name == name), None)
        told: dict[str, Any] = {"tenant": name, "state": found.state if found else None}
        if found is not None:
            told |= {"due_at": format_us(found.due_us), "note": found.note}
        tenant = next((one for one in tenants if one.name == name), None)
        if tenant is None and found is None:
            raise NotFound(f"there is no tenant {name!r}")
        obstacles = []
        if tenant is not None:
            obstacles = numbers.obstacles(tenant, tenants[0].id, SystemClock().now_us())
            told["numbers"] = msgspec.to_builtins(numbers.count(tenant))
        elif found is not None:
            told["numbers"] = found.numbers
    told["obstacles"] = msgspec.to_builtins(obstacles)
    lines = {"Tenant": name, "Deletion": told["state"] or "not asked for, or waiting"}
    lines |= {label: str(told["numbers"][key] or "-") for key, label in _NAMES.items()}
    for place, one in enumerate(obstacles, 1):
        lines[f"In the way {place}"] = one.detail
    give(told, pairs(lines), as_json=as_json)


@click.command()
@data_option
@click.argument("name")
@click.option("--reason", required=True, help="Why; it stands in the certificate.")
@click.option("--confirm", metavar="NAME", help="The name once more; asked for if absent.")
@json_option
def delete(data_dir: Path, name: str, reason: str, confirm: str | None, as_json: bool) -> None:
    """
    Ask for the deletion of a tenant. Recorded.

    An administrator of the first tenant agrees on the screen, under Approvals; then it is
    announced, and done after tenants.deletion_days. Until then `withdraw` takes it back.
    """
    from indelible.server.access.approvals import read_reason
    from indelible.server.retention.deletion_numbers import refusal, wanted

    reason = read_reason(reason)
    settings = read_settings(data_dir)
    with _look(data_dir) as (access, numbers, tenants):
        tenant = _named(tenants, name)
        home = tenants[0]
        before = access.deletions.of_tenant(tenant.id)
        if before is not None and before.state not in ("withdrawn", "refused"):
            raise Conflict(f"its deletion is {before.state} already", code="already-announced")
        obstacles = numbers.obstacles(tenant, home.id, SystemClock().now_us())
        if obstacles:
            event = _event("RefuseTenantDeletion", tenant.name, reason, outcome="denied")
            access.put_own_event(home.id, event)
            raise refusal(obstacles)
        counted = numbers.count(tenant)
        if confirm is None:
            what = f"{counted.events:,} events, {counted.people:,} people, {counted.keys:,} keys"
            say(f"this would go: {what}")
            confirm = click.prompt("Type the name of the tenant", err=True)
        if confirm != name:
            raise SettingsError("this is not the name of the tenant: nothing was asked for")
        asker = _asker()
        approval = access.approvals.ask(
            home.id,
            asker,
            wanted(tenant, reason, counted, settings.tenants.deletion_days),
            _step("RequestApproval", "indelible tenants delete"),
        )
        deciders = access.approvals.deciders(home.id, asker.id)
    text = f"asked for: an administrator of {home.name} agrees under Approvals"
    if not deciders:
        text += f"\nthere is none: invite one (`indelible users reset-link --tenant {home.name}`)"
    give({"approval": approval.id, "deciders": deciders}, text, as_json=as_json)


@click.command()
@data_option
@click.argument("name")
@click.option("--reason", required=True, help="Why it is taken back.")
@json_option
def withdraw(data_dir: Path, name: str, reason: str, as_json: bool) -> None:
    """Take back a deletion that is announced, or that was asked for here. Recorded."""
    from indelible.server.access.approvals import read_reason
    from indelible.server.retention.deletion import changed

    reason = read_reason(reason)
    with _look(data_dir) as (access, _, tenants):
        tenant = _named(tenants, name)
        home = tenants[0]
        waiting = access.approvals.of_target(home.id, "tenant", tenant.name)
        found = access.deletions.of_tenant(tenant.id)
        if found is not None and found.state == "announced":

            def make(before: Deletion, after: Deletion) -> dict[str, Any]:
                event = _event("WithdrawTenantDeletion", tenant.name, reason)
                return {**event, **changed(before, after), "reason": reason}

            now_us = SystemClock().now_us()
            access.deletions.move(found, "withdrawn", event=make, ended_us=now_us)
            access.put_own_event(tenant.id, _event("WithdrawTenantDeletion", tenant.name, reason))
        elif waiting is not None and waiting.state == "waiting":
            step = _step("WithdrawRequest", "indelible tenants withdraw")
            access.approvals.withdraw(home.id, waiting.id, _asker(), step)
        else:
            raise Conflict("no deletion of this tenant can be withdrawn", code="not-announced")
    give({"tenant": name, "withdrawn": True}, f"{name} is not deleted", as_json=as_json)


@click.command()
@data_option
@click.argument("name")
@click.option("--pdf", is_flag=True, help="As a page to print; the JSON is what can be checked.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; NAME.deletion.json."
)
def certificate(data_dir: Path, name: str, pdf: bool, out: Path | None) -> None:
    """Write the certificate of a deleted tenant to a file."""
    import msgspec

    with open_access(data_dir) as access:
        found = next((one for one in access.deletions.all() if one.name == name), None)
        if found is None:
            raise NotFound(f"no tenant {name!r} was deleted")
        data = access.deletions.certificate(found.id)
    if pdf:
        from indelible.server.export.deletion_pdf import deletion_pdf

        data = deletion_pdf(msgspec.json.decode(data))
    else:
        data = msgspec.json.format(data, indent=1) + b"\n"
    path = out or Path(f"{name}.deletion.{'pdf' if pdf else 'json'}")
    path.write_bytes(data)
    say(f"written to {path}")


@contextmanager
def _look(data_dir: Path) -> Iterator[tuple[Access, DeletionNumbers, list[Tenant]]]:
    from indelible.server.folder import LEDGER_FILE
    from indelible.server.ledger import Declared, LedgerReader
    from indelible.server.retention.deletion_numbers import DeletionNumbers
    from indelible.server.tenants import setting_that_names, tenants_of

    settings = read_settings(data_dir)
    tenants = tenants_of(data_dir)
    reader = LedgerReader(data_dir / LEDGER_FILE)
    try:
        with open_access(data_dir) as access:
            numbers = DeletionNumbers(
                reader,
                access.control,
                lambda tenant_id: reader.learn(Declared(), tenant_id).policies,
                lambda name: setting_that_names(settings, name),
            )
            yield access, numbers, tenants
    finally:
        reader.close()


def _named(tenants: list[Tenant], name: str) -> Tenant:
    from indelible.server.tenants import pick_tenant

    return pick_tenant(tenants, name)


def _asker() -> Somebody:
    from indelible.server.access.approvals import Somebody

    account = machine_account()
    return Somebody(f"os:{account}", f"{account} (command line)")


def _event(operation: str, name: str, reason: str, **more: Any) -> dict[str, Any]:
    event = command_event(
        operation, "indelible tenants", targets=[{"type": "tenant", "id": name}], **more
    )
    return {**event, "reason": reason}


def _step(operation: str, command: str) -> Any:
    def make(before: Approval, after: Approval) -> dict[str, Any]:
        from indelible.server.retention.acts import told

        return {**command_event(operation, command), **told(before, after)}

    return make
