"""The dated page with the results: targets, what was measured, and how other engines did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """One line of the table. `peer` is the name of the same number in a peer's result."""

    name: str
    title: str
    unit: str
    floor: float
    moonshot: float
    more_is_better: bool = False
    peer: str | None = None


MIB = 2**20
SHARED_CORES = (
    "The load generator, the service, its index process and this program share the cores of the"
    " machine: with two cores, the rates are those of the whole machine, not of the service alone."
)
TARGETS = [
    Target("ingest", "ingest over HTTP, batches of 500, durable and sealed", "events/s",
           60_000, 150_000, True, "ingest"),
    Target("indexed", "… and searchable by substring, over the whole run", "events/s",
           40_000, 100_000, True, "ingest"),
    Target("singles", "single events, 64 connections", "events/s", 4_000, 10_000, True),
    Target("singles_p99", "single events, p99", "ms", 25, 15),
    Target("visible_p99", "visible in a query after acknowledge, p99", "s", 1.5, 0.3),
    Target("newest_page", "newest page of a day, p95", "ms", 40, 10, peer="newest_page"),
    Target("rare_month", "rare word in a month, first page, p95", "ms", 150, 50, peer="rare_month"),
    Target("rare_all", "rare word in everything, first page, p95", "ms", 300, 100, peer="rare_all"),
    Target("histogram", "histogram and counts of a month, p95", "ms", 300, 100, peer="histogram"),
    Target("period_change", "another week or month: page, bars, tab counts, p95", "ms", 200, 100),
    Target("facet", "facet of a month, p95", "ms", 300, 100),
    Target("facet_all", "facet of everything, p95", "ms", 300, 100),
    Target("summary_week", "summary of a week against the one before, p95", "ms", 300, 100),
    Target("export", "CSV export", "rows/s", 250_000, 700_000, True),
    Target("scroll_frame", "slowest frame of a scroll of 10 s", "ms", 50, 17),
    Target("scroll_rows", "most rows in the document meanwhile", "rows", 60, 45),
    Target("scroll_shift", "layout shift meanwhile", "", 0.02, 0.01),
    Target("disk_ledger", "disk: ledger", "B/event", 110, 80),
    Target("disk_index", "disk: index", "B/event", 100, 50),
    Target("disk", "disk: both", "B/event", 210, 130, peer="disk"),
    Target("verify", "verify everything, per core", "events/s", 100_000, 200_000, True),
    Target("memory_idle", "memory of all processes, idle", "MiB", 700 * MIB, 500 * MIB),
    Target("memory_loaded", "memory of all processes, loaded", "MiB", 1536 * MIB, 1024 * MIB),
]  # fmt: skip


def verdict(target: Target, value: float) -> str:
    sign = 1 if target.more_is_better else -1
    if sign * value >= sign * target.moonshot:
        return "moonshot"
    return "floor met" if sign * value >= sign * target.floor else "**below floor**"


def show(target: Target, value: float) -> str:
    if target.unit == "MiB":
        value /= MIB
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times_better(target: Target, ours: float, theirs: float) -> str:
    """How many times better we are; below 1 the peer wins."""
    ratio = ours / theirs if target.more_is_better else theirs / ours
    return f"{show(target, theirs)} (×{ratio:.2g})"


def page(
    date: str,
    machine: list[tuple[str, str]],
    events: int,
    values: dict[str, float],
    notes: list[str],
    failures: list[str],
    peers: dict[str, dict[str, Any] | str],
) -> str:
    """The page, in Markdown."""
    ran = {name: result for name, result in peers.items() if isinstance(result, dict)}
    lines = [
        f"# Bench of {date}",
        "",
        f"{events:,} events through the running service, made by `make bench`.",
        SHARED_CORES,
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in machine),
        "",
        "## Against the targets",
        "",
        "A peer's ratio says how many times better Indelible is: below 1 the peer wins.",
        "",
        "| | unit | floor | moonshot | result | | " + " | ".join(ran) + " |",
        "|---|---|---:|---:|---:|---|" + "---:|" * len(ran),
    ]
    for target in TARGETS:
        head = f"| {target.title} | {target.unit} | {show(target, target.floor)}"
        head += f" | {show(target, target.moonshot)}"
        value = values.get(target.name)
        if value is None:
            lines.append(f"{head} | not measured | |" + " |" * len(ran))
            continue
        cells = [
            times_better(target, value, result[target.peer]) if target.peer else ""
            for result in ran.values()
        ]
        row = [show(target, value), verdict(target, value), *cells]
        lines.append(f"{head} | " + " | ".join(row) + " |")
    lines += ["", "## Notes", "", *(f"- {note}" for note in notes)]
    lines += ["", "## Peers, in the same run", ""]
    for name, result in peers.items():
        if isinstance(result, str):
            lines.append(f"- {name}: not run, {result}.")
        else:
            lines.append(f"- {name}: {result['events']:,} events. {result['note']}.")
    lines.append("- Peers run inside the bench: no HTTP, no keys, no receipts, nothing sealed.")
    if failures:
        lines += ["", "## Wrong", "", *(f"- {failure}" for failure in failures)]
    return "\n".join(lines) + "\n"
