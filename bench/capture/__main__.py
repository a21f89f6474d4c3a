"""
`python -m bench.capture`: what capture costs a product per request and per row, beside other
packages on the same work, in one environment and one run. Writes docs/bench/capture-<date>.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.frameworks.environments import (
    ROOT,
    environment,
    interpreters,
    plain_environment,
    version_of,
)

from bench import machine

HERE = Path(__file__).resolve().parent
KINDS = {
    "asgi": {"none": "no capture", "ours": "Indelible"},
    "sqlalchemy": {
        "none": "no capture",
        "ours-commit": "Indelible, told after the commit",
        "ours-outbox": "Indelible, outbox in the same transaction",
        "continuum": "SQLAlchemy-Continuum",
    },
    "django": {
        "none": "no capture",
        "ours-commit": "Indelible, told after the commit",
        "ours-outbox": "Indelible, outbox in the same transaction",
        "auditlog": "django-auditlog",
        "simple-history": "django-simple-history",
    },
}
TITLES = {
    "asgi": "ASGI middleware, per request",
    "sqlalchemy": "SQLAlchemy, per flushed row",
    "django": "Django models, per save",
}
PACKAGES = ("starlette", "sqlalchemy", "sqlalchemy-continuum", "django", "django-auditlog",
            "django-simple-history")  # fmt: skip
LIMIT_S = 600
HEAD = """\
# What capture costs, {date}

Microseconds of processor time, the best of five rounds, each kind in a process of its own; one
environment, one run (`python -m bench.capture`, part of `make bench`). "More" is what is paid on
top of no capture. SQLite in memory, ten rows in a transaction. Events are queued and not sent
meanwhile: sending is the work of a thread, in batches. The other packages write a row of their own
for each change; beside them stands the outbox, which does the same in the same transaction.
A read leaves no event, only its context.
"""


def measure(program: Path, what: str, kind: str) -> dict[str, float] | str:
    """The numbers, or why there are none."""
    done = subprocess.run(
        [str(program), "-m", "bench.capture.run", what, kind], cwd=ROOT, env=plain_environment(),
        check=False, capture_output=True, text=True, timeout=LIMIT_S,
    )  # fmt: skip
    if done.returncode == 0:
        numbers: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return numbers
    return (done.stderr.strip().splitlines() or ["no message"])[-1][:200]


def table(what: str, found: dict[str, dict[str, float] | str]) -> list[str]:
    base = found["none"]
    if isinstance(base, str):
        return ["", f"## {TITLES[what]}", "", f"Not measured: {base}"]
    lines = ["", f"## {TITLES[what]}", "", "| | " + " | ".join(f"{n} | more" for n in base) + " |",
             "|---|" + "---:|---:|" * len(base)]  # fmt: skip
    for kind, title in KINDS[what].items():
        numbers = found[kind]
        if isinstance(numbers, str):
            lines.append(f"| {title} | not measured: {numbers} |")
            continue
        cells = [f"{numbers[n]:.0f} | {numbers[n] - base[n]:.0f}" for n in base]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.capture", description=__doc__)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    facts = machine.describe()
    found = {version: at for version, at in interpreters().items() if at is not None}
    version, python = max(found.items(), key=lambda one: int(one[0].partition(".")[2]))
    program = environment("bench-capture", HERE / "requirements.lock", python)
    versions = ", ".join(f"{name} {version_of(program, name)}" for name in PACKAGES)
    date = datetime.now(UTC).date().isoformat()
    lines = [HEAD.format(date=date), "| | |", "|---|---|"]
    rows = [*facts, ("Python of the bench", version), ("Packages", versions)]
    lines += [f"| {name} | {value} |" for name, value in rows]
    for what, kinds in KINDS.items():
        lines += table(what, {kind: measure(program, what, kind) for kind in kinds})
    text = "\n".join(lines) + "\n"
    out: Path = options.out or ROOT / "docs" / "bench" / f"capture-{date}.md"
    out.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
