"""
`make test-frameworks`: the capture part on products that nobody here wrote, and the tests of this
repository on other interpreters and with the oldest and newest frameworks.

Each has an environment of its own under var/frameworks, made from its lock file. Writes
docs/frameworks/<date>.md; the exit status is 0 only when nothing failed.

    python scripts/test_frameworks.py [--only EXPRESSION] [--out FILE]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import machine  # noqa: E402 - after the path is set
from tests.frameworks.environments import interpreters  # noqa: E402

REPORT = ROOT / ".stamps" / "results" / "frameworks.xml"
HEAD = """\
# Frameworks, {date}

Made by `make test-frameworks`: each product comes from PyPI into an environment of its own, gets
our lines (at most {most}), is started with its own server and driven over HTTP. What the running
service then holds is compared field by field: who, from where, what, to what, before and after.
"""


@dataclass
class Case:
    """One test of tests/frameworks, as its report says."""

    name: str
    result: str
    seconds: float
    said: dict[str, str]


def read(report: Path) -> list[Case]:
    cases = []
    for case in ET.parse(report).getroot().iter("testcase"):
        skipped = case.find("skipped")
        result = "passed"
        if case.find("failure") is not None or case.find("error") is not None:
            result = "**failed**"
        elif skipped is not None:
            result = f"not run: {skipped.get('message')}"
        found = case.findall("properties/property")
        said = {item.get("name", ""): item.get("value", "") for item in found}
        seconds = float(case.get("time", "0"))
        cases.append(Case(case.get("name", ""), result, seconds, said))
    return cases


def lines_of(product: str) -> int:
    """How many lines a product needs: those of our file without comments, blanks and imports."""
    file = ROOT / "tests" / "frameworks" / product / "audit.py"
    if not file.exists():  # run as its how-to page says
        page = (ROOT / "docs" / "how-to" / f"{product}.md").read_text()
        return sum(
            line.startswith("+") and bool(line[1:].strip())
            for line in page.partition("```diff")[2].partition("```")[0].splitlines()
        )
    text = file.read_text()
    body = text.partition('"""')[2].partition('"""')[2]
    return sum(bool(line.strip()) and not line.startswith("#") for line in body.splitlines())


def page(date: str, facts: list[tuple[str, str]], cases: list[Case]) -> str:
    """The page, in Markdown."""
    products = [case for case in cases if "versions" not in case.name]
    versions = [case for case in cases if "versions" in case.name]
    names = {case.name: case.name.removeprefix("test_") for case in products}
    most = max((lines_of(name) for name in names.values()), default=0)
    here = ", ".join(v for v, at in interpreters().items() if at is not None)
    gone = ", ".join(v for v, at in interpreters().items() if at is None) or "none"
    rows = [*facts, ("Interpreters here", here), ("Interpreters missing", gone)]
    lines = [HEAD.format(date=date, most=most), "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    lines += ["", "## Products", "", "| product | Python | our lines | result | seconds |",
              "|---|---|---:|---|---:|"]  # fmt: skip
    lines += [
        f"| {case.said.get('product', names[case.name])} | {case.said.get('python', '')}"
        f" | {lines_of(names[case.name])} | {case.result} | {case.seconds:.0f} |"
        for case in products
    ]
    lines += ["", "## Interpreters and versions", "",
              "The tests of `tests/capture` and `tests/unit/capture`.",
              "", "| frameworks | Python | result | | seconds |",
              "|---|---|---|---|---:|"]  # fmt: skip
    lines += [
        f"| {case.name.partition('[')[2].removesuffix(']')} | {case.said.get('python', '')}"
        f" | {case.result} | {case.said.get('passed', '')} | {case.seconds:.0f} |"
        for case in versions
    ]
    for chosen in ("newest", "oldest"):
        found = [c.said["versions"] for c in versions if chosen in c.name and "versions" in c.said]
        if found:
            lines += ["", f"{chosen.capitalize()}: {found[-1]}."]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-frameworks", description=__doc__)
    parser.add_argument("--only", help="as -k of pytest")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    facts = machine.describe()
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(ROOT / "scripts" / "servers.sh")], check=False)
    command = [sys.executable, "-m", "pytest", "-v", "-o", "junit_family=xunit1",
               f"--junitxml={REPORT}", "tests/frameworks"]  # fmt: skip
    command += ["-k", options.only] if options.only else []
    done = subprocess.run(command, cwd=ROOT, check=False)
    date = datetime.now(UTC).date().isoformat()
    text = page(date, facts, read(REPORT))
    out: Path = options.out or ROOT / "docs" / "frameworks" / f"{date}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    print(text)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
