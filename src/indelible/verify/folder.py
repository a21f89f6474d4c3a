"""
Checks a data folder: its format, and the log of every tenant in it.

Reads only; works beside a running service, on a stopped one and on a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from indelible.tlog.signature import VerifierKey
from indelible.verify.ledger import check_ledger
from indelible.verify.log import Memory, Progress
from indelible.verify.pin import read_pins, write_pin
from indelible.verify.report import OK, Finding, Report, TenantReport, Verdict, make_report
from indelible.verify.source import CannotCheck, LedgerSource, Tenant

FORMAT = 1


class _Guard(msgspec.Struct, frozen=True):
    """The file beside the database that names the largest signed checkpoint."""

    size: int
    root: str


class _Format(msgspec.Struct, frozen=True):
    format: int


def verify_folder(
    data_dir: Path,
    *,
    keys: Sequence[VerifierKey] = (),
    pin_file: Path | None = None,
    tenant: str | None = None,
    max_findings: int = 20,
    max_ranges: int = 1000,
    progress: Progress | None = None,
) -> Report:
    """
    Checks every entry of every tenant, or of the named one.

    `keys` pins log keys known from elsewhere, each used for the log that has its name as origin;
    without one the pin file's are used, and without that the log's first entry names them. A check
    without fault moves the pin. `progress` is called with the number
    of entries done and in all, per tenant. Raises CannotCheck when nothing can be read.
    """
    findings = _check_format(data_dir)
    # Read first: a service that is running may only go ahead of what the guard says.
    guards, guard_findings = _read_guards(data_dir)
    findings += guard_findings
    pins = {} if pin_file is None else read_pins(pin_file)
    source = LedgerSource(data_dir)
    try:
        tenants = source.tenants()
        wanted = [t for t in tenants if tenant in (None, t.name)]
        findings += _lost_tenants(tenants, guards)
        if not wanted:
            reason = "there is no log in this folder"
            if tenant is not None:
                reason = f"there is no tenant {tenant!r} in this folder"
            findings.append(Finding(Verdict.UNKNOWN, reason))
        reports: list[TenantReport] = []
        for item in wanted:
            pin = pins.get(item.origin)
            pinned = [key for key in keys if key.name == item.origin]
            if pin is not None and not pinned:
                pinned = pin.verifier_keys()
            guard = guards.get(item.id)
            memories = [] if guard is None else [Memory("the guard", guard.size, guard.root)]
            memories += [] if pin is None else [Memory("the pin file", pin.size, pin.root)]
            report, log_keys = check_ledger(
                source,
                item,
                memories,
                pinned,
                max_findings=max_findings,
                max_ranges=max_ranges,
                progress=progress,
            )
            reports.append(report)
            found = report.checkpoint
            if pin_file is not None and report.exit_code == OK and found is not None:
                write_pin(pin_file, item.origin, found.size, found.root, log_keys)
        findings += _unused_pins(keys, wanted)
    finally:
        source.close()
    return make_report(str(data_dir), tuple(reports), tuple(findings))


def _check_format(data_dir: Path) -> list[Finding]:
    path = data_dir / "format.json"
    if not data_dir.is_dir():
        raise CannotCheck(f"{data_dir} is not a folder", hint="name a data folder with --data")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Format).format
    except FileNotFoundError:
        raise CannotCheck(
            f"{data_dir} is not a data folder: it has no format.json",
            hint="name a data folder with --data",
        ) from None
    except OSError as error:
        raise CannotCheck(f"cannot read {path}: {error}") from error
    except msgspec.MsgspecError as error:
        return [Finding(Verdict.ALTERED, f"format.json cannot be read: {error}", part="format")]
    if found != FORMAT:
        raise CannotCheck(
            f"{data_dir} has format {found}, this version knows {FORMAT}",
            hint="check it with the version that made it",
        )
    return []


def _read_guards(data_dir: Path) -> tuple[dict[int, _Guard], list[Finding]]:
    """The guard of each tenant; a folder without them (a bare copy of the ledger) has none."""
    guards: dict[int, _Guard] = {}
    findings = []
    for path in sorted((data_dir / "guard").glob("*.json")):
        try:
            guards[int(path.stem)] = msgspec.json.decode(path.read_bytes(), type=_Guard)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            reason = f"guard/{path.name} cannot be read: {error}"
            findings.append(Finding(Verdict.ALTERED, reason, part="guard"))
    return guards, findings


def _lost_tenants(tenants: Sequence[Tenant], guards: dict[int, _Guard]) -> list[Finding]:
    known = {tenant.id for tenant in tenants}
    return [
        Finding(
            Verdict.ROLLED_BACK,
            f"tenant {number} is not in the ledger, but {guard.size} entries of it were signed",
            part="guard",
        )
        for number, guard in guards.items()
        if number not in known
    ]


def _unused_pins(keys: Sequence[VerifierKey], tenants: Sequence[Tenant]) -> list[Finding]:
    origins = {tenant.origin for tenant in tenants}
    return [
        Finding(Verdict.UNKNOWN, f"no log here has the origin {key.name!r} of a given key")
        for key in keys
        if key.name not in origins
    ]
