"""
A report as text for people, with rich. Never one bare "ok": per log, per range, and what it means.

Ids and reasons may hold text that an attacker chose: control and bidirectional characters are shown
as escapes, and nothing is read as markup.
"""

from __future__ import annotations

import unicodedata

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indelible.clock import format_us
from indelible.errors import Error
from indelible.tlog.signature import MLDSA44, parse_vkey
from indelible.verify.report import (
    NOT_CHECKED,
    OK,
    Finding,
    Report,
    TenantReport,
    Verdict,
    exit_code_of,
)

_MAX_RANGES_SHOWN = 40
_COLOURS = {OK: "green", NOT_CHECKED: "yellow"}
_BAD_COLOUR = "bold red"
# Control, format (bidi and zero-width among them), surrogate, private, unassigned, line separators.
_HIDDEN_KINDS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def render_report(report: Report, console: Console) -> None:
    """Prints the whole report."""
    for tenant in report.tenants:
        _render_tenant(tenant, console)
    for finding in report.findings:
        console.print(_finding_line(finding))
    console.print(_conclusion(report))


def visible(text: str) -> str:
    """The text with characters that cannot be seen, or that move others, as escapes."""
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in _HIDDEN_KINDS else c for c in text
    )


def _render_tenant(tenant: TenantReport, console: Console) -> None:
    console.print(Text(f"Log {visible(tenant.name)}, origin {visible(tenant.origin)}", "bold"))
    console.print(Text(f"  Entries      {tenant.size:,}"))
    console.print(Text(f"  Checkpoint   {_checkpoint_text(tenant)}"))
    pinned = (
        "as given"
        if tenant.key_pinned
        else (
            "read from the log itself; to rule out a whole log made anew, check with a key kept"
            " elsewhere (--log-key)"
        )
    )
    console.print(Text(f"  Signing key  {pinned}"))
    if tenant.ranges:
        ranges = Table("entries", "count", "verdict", box=None, padding=(0, 2), pad_edge=True)
        ranges.columns[1].justify = "right"
        for item in tenant.ranges[:_MAX_RANGES_SHOWN]:
            ranges.add_row(
                _span(item.first, item.stop), f"{item.count:,}", _verdict_text(item.verdict)
            )
        console.print(ranges)
        more = len(tenant.ranges) - _MAX_RANGES_SHOWN + tenant.ranges_left_off
        if more > 0:
            console.print(Text(f"  and {more:,} more ranges"))
    for remark in tenant.remarks:
        console.print(Text(f"  {visible(remark)}"))
    for finding in tenant.findings:
        console.print(_finding_line(finding))
    if tenant.findings_left_off:
        console.print(Text(f"  and {tenant.findings_left_off:,} more findings"))


def _checkpoint_text(tenant: TenantReport) -> str:
    found = tenant.checkpoint
    if found is None:
        return "none that holds"
    kinds = []
    for text in found.signed_by:
        try:
            kinds.append("ML-DSA-44" if parse_vkey(text).algorithm == MLDSA44 else "Ed25519")
        except Error:
            kinds.append("unknown")
    when = f", {format_us(found.time_us)}" if found.time_us else ""
    compared = "" if found.compared == 1 else f"; {found.compared:,} checkpoints compared"
    return (
        f"size {found.size:,}, root {found.root[:16]}…{when}, signed with {' and '.join(kinds)}"
        f"{compared}"
    )


def _finding_line(finding: Finding) -> Text:
    line = Text("  ")
    line.append_text(_verdict_text(finding.verdict))
    if finding.index is not None and finding.stop is not None:
        what = "entry" if finding.stop - finding.index == 1 else "entries"
        line.append(f"  {what} {_span(finding.index, finding.stop)}")
    if finding.event_id is not None:
        line.append(f", event {visible(finding.event_id)}")
    line.append(f": {visible(finding.reason)}")
    return line


def _conclusion(report: Report) -> Text:
    totals: dict[str, int] = {}
    for tenant in report.tenants:
        for verdict, count in tenant.counts.items():
            totals[verdict] = totals.get(verdict, 0) + count
    counted = ", ".join(f"{count:,} {verdict}" for verdict, count in totals.items())
    meaning = {
        OK: "what is there is what was signed",
        NOT_CHECKED: "not everything could be checked",
    }.get(report.exit_code, "something was changed, removed or broken")
    text = f"{counted or 'no entries'}: {meaning}"
    return Text(text, _COLOURS.get(report.exit_code, _BAD_COLOUR))


def _verdict_text(verdict: Verdict) -> Text:
    return Text(verdict.value, _COLOURS.get(exit_code_of(verdict), _BAD_COLOUR))


def _span(first: int, stop: int) -> str:
    return str(first) if stop - first == 1 else f"{first}-{stop - 1}"
