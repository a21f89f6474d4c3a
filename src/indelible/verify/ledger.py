"""
Checks the log of one tenant in a data folder: every entry, and what the service notes around them.
"""

from __future__ import annotations

from collections.abc import Sequence

from indelible.tlog.signature import VerifierKey
from indelible.tlog.tile import WIDTH
from indelible.verify.log import LogCheck, Memory, Progress
from indelible.verify.removal import Record, Removals
from indelible.verify.report import TenantReport, Verdict
from indelible.verify.source import Head, LedgerSource, Tenant


def check_ledger(
    source: LedgerSource,
    tenant: Tenant,
    memories: Sequence[Memory],
    pinned: Sequence[VerifierKey],
    *,
    max_findings: int,
    max_ranges: int,
    progress: Progress | None,
) -> tuple[TenantReport, list[VerifierKey]]:
    """
    Checks everything that is stored of a tenant; returns the log's keys, too.

    `memories` must have been read before: a service that is running may only go ahead of them.
    Raises CannotCheck when the file cannot be read.
    """
    head = source.head(tenant.id)
    check = LogCheck(
        source,
        tenant,
        memories,
        pinned,
        removals=lambda: _removals(source, tenant),
        max_findings=max_findings,
        max_ranges=max_ranges,
        progress=progress,
    )
    size = _size(source, tenant, head, check)
    check.walk(size)
    if check.taken > size:
        reason = f"a run reaches beyond the end of the log, to {check.taken}"
        check.fault(Verdict.UNEXPECTED, reason, "run")
    growing = source.head(tenant.id) != head
    check.finish_tiles(growing=growing)
    if head is not None and not growing:
        _look_around(source, tenant, head, check)
    return check.report(size), check.log_keys


def _removals(source: LedgerSource, tenant: Tenant) -> Removals:
    """What the log says of removals by now; a service may add to it while it is being checked."""
    head = source.head(tenant.id)
    records = source.records(tenant.id)
    return Removals(
        source.declarations(tenant.id),
        {index: Record(salt, data) for index, (salt, data) in records.items()},
        0 if head is None else head.last_day,
    )


def _size(source: LedgerSource, tenant: Tenant, head: Head | None, check: LogCheck) -> int:
    """How many entries to go through, whatever the head says."""
    end = source.end(tenant.id)
    if head is None:
        check.fault(Verdict.MISSING, "the head of the log is missing or not readable", "head")
        size = end
    else:
        size = head.size
        # The end was read after the head: a service that is running can only have added to it.
        if end < size:
            reason = f"the log should have {size} entries, but it ends at {end}"
            check.fault(Verdict.MISSING, reason, "run", end, size)
            # A damaged head may say anything: beyond the tiles there is nothing to go through.
            size = min(size, max(end, _end_of_tiles(source, tenant, end, size)))
    return size


def _end_of_tiles(source: LedgerSource, tenant: Tenant, end: int, size: int) -> int:
    """How far level-0 tiles reach beyond the last stored entry."""
    reach = end
    for n in range(end // WIDTH, size // WIDTH + 1):
        tile = source.tile(tenant.id, 0, n)
        if not tile:
            break
        reach = n * WIDTH + len(tile) // 32
    return reach


def _look_around(source: LedgerSource, tenant: Tenant, head: Head, check: LogCheck) -> None:
    """The service's own notes, and rows beyond the end. Only while nothing is appended."""
    if check.edge is not None and head.frontier != check.edge.to_bytes():
        check.fault(Verdict.ALTERED, "the right edge in the head is not the tree's", "head")
    if (head.last_day, head.policy_index) != (check.highest_day, check.last_policy):
        reason = (
            f"the head says day {head.last_day} and policy {head.policy_index}, the entries say"
            f" {check.highest_day} and {check.last_policy}"
        )
        check.fault(Verdict.ALTERED, reason, "head")
    for stray in source.strays(tenant.id, head.size):
        reason = f"{stray} lies outside the log of size {head.size}"
        check.fault(Verdict.UNEXPECTED, reason, "run")
    for beyond in source.strange_checkpoints(tenant.id, head.size):
        reason = f"there is a checkpoint of size {beyond}, the log has {head.size} entries"
        check.fault(Verdict.ROLLED_BACK, reason, "checkpoint")
