"""
The fault tests with the counts of a release, and a dated page of what was found.

    make soak                          the counts of a release: several hours on two cores
    make soak ARGS="--share 0.1"       a share of them, as the page says

Runs `tests/faults`, and of `tests/hostile` what has counts of a release (slow connections, random
requests), file by file, and writes docs/soak/YYYY-MM-DD.md: machine, cores, kernel, file
system, commit, and for every test its result, its counts and what was skipped and why. The page is
written anew after every file, whatever the result is, and names the files that have not run: a soak
that is stopped early still says what it found. The exit status is 0 only when nothing failed.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / ".stamps" / "results" / "soak"
PAGES = ROOT / "docs" / "soak"
RANDOM_REQUESTS = 10_000
NO_TESTS = 5  # how pytest ends when `-k` leaves nothing of a file


def main() -> int:
    parser = argparse.ArgumentParser(description="Fault tests with the counts of a release.")
    parser.add_argument(
        "--share", type=float, default=1.0, help="share of the release counts (default 1)"
    )
    parser.add_argument("--only", default="", help="only tests that match (as pytest -k)")
    options = parser.parse_args()
    if not 0 < options.share <= 1:
        parser.error("--share: above 0 and up to 1")
    subprocess.run(["scripts/fault_tools.sh", "all"], cwd=ROOT, check=False)
    begun, commit = time.monotonic(), commit_now()
    scale = "release" if options.share == 1 else str(options.share)
    environment = {
        **os.environ,
        "INDELIBLE_FAULT_SCALE": scale,
        "INDELIBLE_TEST_SOAK": "1",
        "INDELIBLE_TEST_CASES": str(round(RANDOM_REQUESTS * options.share)),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    left = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/faults").glob("test_*.py"))
    left += ["tests/hostile/test_connections.py", "tests/hostile/test_schemathesis.py"]
    cases: list[ET.Element] = []
    status = 0
    while left:
        name = left.pop(0)
        report = RESULTS / f"{Path(name).stem}.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-o", "junit_family=xunit1"]
        command += [name, f"--junitxml={report}"]
        command += ["-k", options.only] if options.only else []
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if done != NO_TESTS:
            status = status or done
        if report.exists():
            cases += ET.parse(report).getroot().iter("testcase")
        elif done != NO_TESTS:
            print(f"pytest wrote no report of {name}", file=sys.stderr)
        about = facts(options.share, options.only, time.monotonic() - begun, commit)
        page = write_page(about, cases, left)
    print(f"wrote {page.relative_to(ROOT)}")
    return status


def write_page(about: list[tuple[str, str]], cases: list[ET.Element], left: list[str]) -> Path:
    """The page of this run so far; a second run on the same day replaces the first."""
    results = [result_of(case) for case in cases]
    total = ", ".join(
        f"{results.count(name)} {name.lower()}" for name in ("passed", "FAILED", "skipped")
    )
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    lines = [
        f"# Soak of {day}",
        "",
        "Written by `make soak` ([what is tested](../reliability.md)).",
        "",
        *(f"- {name}: {value}" for name, value in about),
        f"- Result: **{total}**",
        *([f"- **Not run:** {', '.join(left)}"] if left else []),
        "",
        "| test | result | seconds | counts |",
        "|---|---|---|---|",
    ]
    for case, result in zip(cases, results, strict=True):
        name = f"{Path(case.get('file') or '?').stem}: {case.get('name')}".replace("|", "/")
        lines.append(f"| {name} | {result} | {float(case.get('time') or 0):.0f} | {counts(case)} |")
    PAGES.mkdir(parents=True, exist_ok=True)
    page = PAGES / f"{day}.md"
    page.write_text("\n".join(lines) + "\n")
    return page


def facts(share: float, only: str, seconds: float, commit: str) -> list[tuple[str, str]]:
    """What the numbers belong to."""
    now = commit_now()
    moved = "" if now == commit else f"; at the end {now}"
    scope = "the release counts" if share == 1 else f"{share:g} of the release counts"
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    disk = said("findmnt", "-n", "-o", "FSTYPE", "-T", str(ROOT)) or "unknown"
    return [
        ("Commit", commit + moved),
        ("Counts", f"**{scope}**" + (f", only tests that match `{only}`" if only else "")),
        ("Took", f"{seconds / 60:.0f} minutes"),
        ("Machine", f"{cpu()}, {os.cpu_count()} cores, {memory_gb():.0f} GiB"),
        ("Load at the end (1, 5, 15 minutes)", load),
        ("Kernel", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("File system of the tree", disk),
        ("Python", platform.python_version()),
    ]


def commit_now() -> str:
    """The commit of the tree, and whether the tree is what it says."""
    commit = said("git", "rev-parse", "--short=12", "HEAD")
    changed = said("git", "status", "--porcelain", "--", "src", "tests/faults", "scripts")
    return commit + (" with changes that are not committed" if changed else "")


def said(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def result_of(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "FAILED"
    return "skipped" if case.find("skipped") is not None else "passed"


def counts(case: ET.Element) -> str:
    """What a test counted, or why it did not run."""
    skipped = case.find("skipped")
    if skipped is not None:
        return " ".join((skipped.get("message") or "no reason given").split()).replace("|", "/")
    found = [(one.get("name"), one.get("value")) for one in case.iter("property")]
    return "; ".join(f"{name}: {value}" for name, value in found)


if __name__ == "__main__":
    sys.exit(main())
