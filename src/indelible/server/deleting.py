"""Puts the deletion of tenants together, with exports, the index, settings and what is served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from indelible.clock import Clock
from indelible.server.access.deletions import DeletionTable
from indelible.server.access.door import Access
from indelible.server.export.jobs import ExportJobs
from indelible.server.index import IndexProcess
from indelible.server.ingest.own import OwnAudit
from indelible.server.ledger import Ledger, Tenant
from indelible.server.ops.selfcheck import SelfCheck
from indelible.server.retention.deletion import Deletions
from indelible.server.retention.deletion_numbers import DeletionNumbers


def close_at_start(table: DeletionTable, ledger: Ledger) -> set[int]:
    """
    Tenants that a start must not serve: closed before, or gone from the ledger already. Of those
    that are gone nothing in the control database may be taken up again.
    """
    closed = set(table.closed())
    for tenant_id in closed:
        ledger.close_tenant(tenant_id)
    known = {tenant.id for tenant in ledger.tenants()}
    for deletion in table.open():
        if deletion.state == "removing" and deletion.leaving not in known:
            table.forget_tenant(deletion.leaving)
    return closed


def make_deletions(
    data_dir: Path,
    notice_days: int,
    access: Access,
    ledger: Ledger,
    index: IndexProcess,
    own: OwnAudit,
    exports: ExportJobs,
    selfcheck: SelfCheck,
    tenants: dict[int, Tenant],
    closed: set[int],
    named_in_settings: Callable[[str], str | None],
    clock_holds: Callable[[int], Awaitable[bool]],
    clock: Clock,
) -> Deletions:
    """The part that deletes tenants: takes them out of `tenants` and puts them into `closed`."""
    table = access.deletions
    numbers = DeletionNumbers(ledger.reader, access.control, ledger.policies, named_in_settings)

    async def close(tenant_id: int) -> None:
        closed.add(tenant_id)
        tenants.pop(tenant_id, None)
        ledger.close_tenant(tenant_id)
        selfcheck.forget(tenant_id)
        await asyncio.to_thread(table.end_access, tenant_id)

    async def forget_exports(tenant_id: int) -> None:
        for job in exports.table.of_tenant(tenant_id, limit=1_000_000):
            await exports.drop(job, "its tenant was deleted", forget=True)

    return Deletions(
        table,
        numbers,
        access.control,
        ledger,
        index,
        own,
        close,
        clock_holds,
        forget_exports,
        clock,
        access.random_bytes,
        data_dir,
        notice_days,
    )
