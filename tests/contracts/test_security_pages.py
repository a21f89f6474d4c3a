"""The security pages: every requirement has its line, and all evidence that they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ("docs/security.md", "docs/threat-model.md")

# OWASP ASVS 5.0.0: how many requirements each section of these chapters has.
SECTIONS = {
    2: (3, 3, 5, 2),
    3: (1, 3, 5, 8, 8, 1, 5),
    4: (5, 5, 2, 4),
    6: (3, 12, 8, 6, 8, 4, 2, 4),
    7: (3, 4, 2, 5, 3, 2),
    8: (4, 4, 3, 2),
    14: (2, 8, 3),
    16: (1, 5, 4, 3, 4),
}


def test_every_requirement_has_one_line_with_a_state() -> None:
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    lines = re.findall(
        r"^\| (\d+\.\d+\.\d+) \|[^|]+\| (\S[^|]*?) \| (\S.*) \|$", text, re.MULTILINE
    )
    wanted = [
        f"{chapter}.{section}.{number}"
        for chapter, counts in SECTIONS.items()
        for section, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    ]
    assert [line[0] for line in lines] == wanted
    assert {line[1] for line in lines} == {"met", "part", "not met", "n/a"}


@pytest.mark.parametrize("page", PAGES)
def test_the_evidence_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    tests = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    everything = "\n".join(tests.values())
    missing = []
    for name in re.findall(r"`([^`\s]+)`", text):
        if name.startswith("test_") and name.endswith(".py"):
            found = any(path.name == name for path in tests)
        elif name.startswith("test_"):
            found = f"def {name}(" in everything
        elif re.match(r"(docs|src|spec|tests|web|fuzz)/", name):
            found = (ROOT / name).exists()
        else:
            found = True
        if not found:
            missing.append(name)
    assert not missing
