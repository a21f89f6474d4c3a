"""
Acts that no hook can guess: approvals, exports, configuration, sharing.

    tell_requested(audit, "Budget", target);  tell_approved(…);  tell_rejected(…, reason="too high")
    tell_export(audit, "Report", rows=1200, format="csv")
    tell_configured(audit, "MailServer", {"host": ("a", "b")})
    tell_shared(audit, target, with_whom="ops@example.com", rights=["read"])

Who acts comes from the context.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from indelible.client import Indelible
from indelible.client.fields import Changes, EventFields, Mode, TargetLike


def tell_requested(
    client: Indelible, what: str, target: TargetLike, *, reason: str | None = None
) -> None:
    """Somebody asked for an approval: `RequestBudgetApproval`."""
    _approval(client, f"Request{what}Approval", "ApprovalRequested", target, reason, None)


def tell_approved(
    client: Indelible,
    what: str,
    target: TargetLike,
    *,
    reason: str | None = None,
    mode: Mode | None = None,
) -> None:
    """Somebody approved it: `ApproveBudget`. `mode="sync"` raises if it was not stored."""
    _approval(client, f"Approve{what}", "ApprovalGranted", target, reason, mode)


def tell_rejected(
    client: Indelible,
    what: str,
    target: TargetLike,
    *,
    reason: str | None = None,
    mode: Mode | None = None,
) -> None:
    """Somebody rejected it: `RejectBudget`."""
    _approval(client, f"Reject{what}", "ApprovalRejected", target, reason, mode)


def tell_export(
    client: Indelible,
    what: str,
    *,
    rows: int | None = None,
    format: str | None = None,  # noqa: A002 - the plain word
    filter: str | None = None,  # noqa: A002 - as above
    targets: Iterable[TargetLike] | None = None,
) -> None:
    """Data has left the product: `ExportReport`, with how much, in which form, chosen how."""
    said = {"rows": rows, "format": format, "filter": filter}
    _tell(client, f"Export{what}", "export", "DataExported", targets=targets, metadata=said)


def tell_configured(
    client: Indelible, what: str, changes: Changes, *, reason: str | None = None
) -> None:
    """A setting was changed: `ConfigureMailServer`, with values before and after."""
    _tell(
        client,
        f"Configure{what}",
        "configuration",
        "SettingChanged",
        targets=[{"type": "setting", "id": what}],
        changes=changes,
        reason=reason,
    )


def tell_shared(
    client: Indelible,
    target: TargetLike,
    *,
    with_whom: str,
    rights: Iterable[str] = (),
    until: str | None = None,
) -> None:
    """Somebody else may now see or change it: `Share`."""
    said = {"with": with_whom, "rights": sorted(rights) or None, "until": until}
    _tell(client, "Share", "sharing", "Shared", targets=[target], metadata=said)


def tell_unshared(client: Indelible, target: TargetLike, *, with_whom: str) -> None:
    """Somebody else may not any more: `Unshare`."""
    said = {"with": with_whom}
    _tell(client, "Unshare", "sharing", "Unshared", targets=[target], metadata=said)


def _approval(
    client: Indelible,
    operation: str,
    method: str,
    target: TargetLike,
    reason: str | None,
    mode: Mode | None,
) -> None:
    _tell(client, operation, "approval", method, mode=mode, targets=[target], reason=reason)


def _tell(
    client: Indelible,
    operation: str,
    category: str,
    method: str,
    *,
    mode: Mode | None = None,
    metadata: dict[str, Any] | None = None,
    targets: Iterable[TargetLike] | None = None,
    changes: Changes | None = None,
    reason: str | None = None,
) -> None:
    known = {name: value for name, value in (metadata or {}).items() if value is not None}
    fields: EventFields = {
        "category": category,
        "method": method,
        "outcome": "success",
        "targets": targets,
        "changes": changes,
        "reason": reason,
        "metadata": known or None,
    }
    client.record(operation, mode=mode, **fields)
