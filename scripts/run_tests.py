"""
Runs everything that must be green, stage by stage, and says plainly what happened.

Every stage runs even when an earlier one failed. A skip never reads as a pass: each skipped test
is named with its reason, and where CI=true a skipped browser test is a failure. The last line is
always `N passed, N failed, N skipped`: the sum over the pytest stages, where each other stage that
failed counts as one failure more. The exit status is 0 only when nothing failed.

    make test                        all stages
    make test STAGES="lint unit"     some of them
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
RESULTS = ROOT / ".stamps" / "results"
CORES = os.cpu_count() or 1
STAGE_TIMEOUT_S = 1800
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


@dataclass
class Outcome:
    """What one stage did. `skips` holds (test, reason)."""

    name: str
    ok: bool = True
    passed: int = 0
    failed: int = 0
    skips: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_pytest: bool = False
    seconds: float = 0.0
    # What the commands print, kept until the stage is told of; None prints it at once.
    said: list[str] | None = None


def run(
    outcome: Outcome, *command: str, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> int:
    """Runs one command with its output shown; a failure is noted in the outcome."""
    shown = " ".join(Path(part).name if part.startswith("/") else part for part in command)
    say(outcome, f"$ {shown}\n")
    kept = None if outcome.said is None else subprocess.PIPE
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env or environment(), check=False, timeout=STAGE_TIMEOUT_S,
            stdout=kept, stderr=kept and subprocess.STDOUT, text=True,
        )  # fmt: skip
        status = done.returncode
        if done.stdout:
            say(outcome, done.stdout)
    except FileNotFoundError as error:
        say(outcome, f"cannot run {command[0]}: {error.strerror}\n")
        status = 127
    except subprocess.TimeoutExpired:
        say(outcome, f"{shown}: stopped after {STAGE_TIMEOUT_S} s\n")
        status = 124
    if status != 0:
        outcome.ok = False
        outcome.problems.append(f"{shown} (exit status {status})")
    return status


def say(outcome: Outcome, text: str) -> None:
    if outcome.said is None:
        print(text, end="", flush=True)
    else:
        outcome.said.append(text)


def environment(**extra: str) -> dict[str, str]:
    """The environment of a stage: our tools first on PATH."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path, **extra}


def existing(*names: str) -> list[str]:
    return [name for name in names if (ROOT / name).exists()]


# --- stages that check ---------------------------------------------------------------------------


def lint(outcome: Outcome) -> None:
    run(outcome, str(BIN / "ruff"), "check", ".")
    run(outcome, str(BIN / "ruff"), "format", "--check", ".")
    folders = existing("src", "tests", "examples", "scripts", "bench", "docs", "spec", "web/src")
    pages = sorted(path.name for path in ROOT.glob("*.md"))
    run(outcome, str(BIN / "codespell"), *folders, *pages)


def types(outcome: Outcome) -> None:
    folders = existing("src", "examples", "scripts", "bench", "hatch_build.py")
    run(outcome, str(BIN / "mypy"), "--strict", *folders)


def imports(outcome: Outcome) -> None:
    run(outcome, str(BIN / "lint-imports"))


def web(outcome: Outcome) -> None:
    """Types, Biome and unit tests of the screen, then its build (used by the stages after it)."""
    if run(outcome, "scripts/web.sh", "modules") != 0:
        return
    found = subprocess.run(
        ["scripts/node.sh"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    env = environment()
    env["PATH"] = f"{found.stdout.strip()}{os.pathsep}{env['PATH']}"
    for script in ("check", "test"):
        run(outcome, "npm", "run", "--silent", script, cwd=ROOT / "web", env=env)
    run(outcome, "scripts/web.sh", "build")


# --- stages of pytest ----------------------------------------------------------------------------


def pytest(outcome: Outcome, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Runs pytest and reads its counts and skips from the report that it writes."""
    outcome.is_pytest = True
    folders = [argument for argument in arguments if argument.startswith("tests/")]
    missing = [folder for folder in folders if not (ROOT / folder).is_dir()]
    if missing:
        outcome.ok = False
        outcome.problems.append(f"missing: {', '.join(missing)}")
        return
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = RESULTS / f"{outcome.name}.xml"
    report.unlink(missing_ok=True)
    run(
        outcome,
        str(BIN / "python"),
        "-m",
        "pytest",
        "-q",
        "-o",
        "junit_family=xunit1",
        f"--junitxml={report}",
        *arguments,
        env=env,
    )
    if report.exists():
        read_report(outcome, report)


def read_report(outcome: Outcome, report: Path) -> None:
    for case in ET.parse(report).getroot().iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif skipped is not None:
            outcome.skips.append((test_name(case), reason_of(skipped)))
        else:
            outcome.passed += 1


def test_name(case: ET.Element) -> str:
    return f"{case.get('file') or case.get('classname') or '?'}::{case.get('name')}"


def reason_of(skipped: ET.Element) -> str:
    return " ".join((skipped.get("message") or skipped.text or "no reason given").split())


def spread(how: str) -> tuple[str, ...]:
    """
    Arguments that run a stage on two processes; none on a machine with one core.

    Three were slower on two cores: 391 s against 324 for the integration tests.
    """
    if CORES == 1:
        return ()
    # tests/conftest.py puts the longest files first, so that none begins when all others are done.
    return ("-n", "2", "--dist", how, "--no-loadscope-reorder")


def unit(outcome: Outcome) -> None:
    pytest(outcome, "tests/unit", "tests/properties", "tests/vectors", *spread("worksteal"))


def integration(outcome: Outcome) -> None:
    # One file stays in one process: its tests share a started service.
    pytest(outcome, "tests/integration", "tests/tamper", *spread("loadfile"))


def capture(outcome: Outcome) -> None:
    """The SDK inside real frameworks and servers; what cannot run here is skipped by name."""
    run(outcome, "scripts/servers.sh")
    pytest(outcome, "tests/capture", *spread("loadfile"))


def product(outcome: Outcome) -> None:
    """One product from PyPI in its own locked environment, which is made once and kept."""
    chosen = environment(INDELIBLE_FRAMEWORKS_PYTHON="own")
    pytest(outcome, "tests/frameworks", "-k", "datasette", env=chosen)
    if outcome.skips:
        outcome.ok = False
        outcome.problems.append("the product was skipped: nothing of it ran")


def hostile(outcome: Outcome) -> None:
    pytest(outcome, "tests/hostile", *spread("loadfile"))


def contracts(outcome: Outcome) -> None:
    pytest(outcome, "tests/contracts")


def faults(outcome: Outcome) -> None:
    """Kills, failing calls, cut power, full disks; what cannot run here is skipped by name."""
    run(outcome, "scripts/fault_tools.sh")
    pytest(outcome, "tests/faults", *spread("worksteal"))


def browser(outcome: Outcome) -> None:
    found = subprocess.run(
        ["scripts/chromium.sh"], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True
    )
    if found.returncode == 0:
        chromium = found.stdout.strip().splitlines()[-1]
        # Each process has a browser and a service of its own.
        chosen = environment(INDELIBLE_CHROMIUM=chromium)
        pytest(outcome, "tests/browser", *spread("loadfile"), env=chosen)
    else:
        outcome.is_pytest = True
        reason = "no Chromium here; run: sudo apt-get install -y chromium"
        outcome.skips = [(name, reason) for name in collect("tests/browser")]
        if not outcome.skips:
            outcome.ok = False
            outcome.problems.append("no browser tests were found")
    if IN_CI and outcome.skips:
        outcome.ok = False
        outcome.problems.append("with CI=true a skipped browser test is a failure")


def collect(folder: str) -> list[str]:
    """Names of the tests in a folder, without running them."""
    command = [str(BIN / "python"), "-m", "pytest", "--collect-only", "-q", folder]
    found = subprocess.run(
        command, cwd=ROOT, env=environment(), check=False, stdout=subprocess.PIPE, text=True
    )
    return [line for line in found.stdout.splitlines() if "::" in line]


def frameworks(outcome: Outcome) -> None:
    """Products from PyPI; not part of `make test`: see scripts/test_frameworks.py."""
    run(outcome, "scripts/servers.sh")
    pytest(outcome, "tests/frameworks")


STAGES: dict[str, Callable[[Outcome], None]] = {
    "lint": lint,
    "types": types,
    "imports": imports,
    "web": web,
    "unit": unit,
    "contracts": contracts,
    "integration": integration,
    "capture": capture,
    "product": product,
    "hostile": hostile,
    "faults": faults,
    "browser": browser,
}
# Each of these uses one core and nothing that others make: they run beside the first other stage.
ASIDE = ("lint", "types", "imports")
# Minutes, a network, other interpreters: run when they are asked for by name.
WHEN_ASKED = {"frameworks": frameworks}


# --- the summary ---------------------------------------------------------------------------------


def show_summary(outcomes: list[Outcome], seconds: float) -> tuple[int, int, int]:
    print(f"\n{'stage':<14}{'result':<9}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>10}")
    for one in outcomes:
        counts = (
            f"{one.passed:>8}{one.failed:>8}{len(one.skips):>9}"
            if one.is_pytest
            else f"{'-':>8}{'-':>8}{'-':>9}"
        )
        only_skips = bool(one.skips) and not one.passed
        result = "FAILED" if not one.ok else "skipped" if only_skips else "ok"
        print(f"{one.name:<14}{result:<9}{counts}{one.seconds:>10.1f}")
    print(f"{'total':<48}{seconds:>10.1f}")

    skips = [skip for one in outcomes for skip in one.skips]
    if skips:
        print("\nskipped, which is not passed:")
        for name, reason in skips:
            print(f"  {name}: {reason}")
    problems = [(one.name, text) for one in outcomes for text in one.problems]
    if problems:
        print("\nfailed:")
        for name, text in problems:
            print(f"  {name}: {text}")
    # A stage that failed without a failing test (a check, a crash of pytest) counts as one.
    failed = sum(one.failed or (0 if one.ok else 1) for one in outcomes)
    return sum(one.passed for one in outcomes), failed, len(skips)


def run_stage(stage: Callable[[Outcome], None], outcome: Outcome) -> None:
    started = time.monotonic()
    stage(outcome)
    outcome.seconds = time.monotonic() - started


def main(names: list[str]) -> int:
    stages = STAGES | WHEN_ASKED
    unknown = [name for name in names if name not in stages]
    if unknown:
        print(f"no stage {', '.join(unknown)}; there are: {', '.join(stages)}", file=sys.stderr)
        return 2
    begun = time.monotonic()
    outcomes = [Outcome(name) for name in names or list(STAGES)]
    aside = [one for one in outcomes if one.name in ASIDE and CORES > 1]
    if len(aside) == len(outcomes):
        aside = []
    for one in aside:
        one.said = []
    with ThreadPoolExecutor(1) as pool:
        running = [pool.submit(run_stage, stages[one.name], one) for one in aside]
        for outcome in [one for one in outcomes if one not in aside]:
            print(f"\n== {outcome.name} ==", flush=True)
            run_stage(stages[outcome.name], outcome)
            while running:
                running.pop(0).result()
                told = aside.pop(0)
                print(f"\n== {told.name} ==\n{''.join(told.said or [])}", end="", flush=True)
    passed, failed, skipped = show_summary(outcomes, time.monotonic() - begun)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or any(not one.ok for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
