#!/usr/bin/env python3
"""
Compiles requirements.lock from pyproject.toml, for uv and for pip.

Where a package asks another with extras (`pydantic[email]`), pip's hash mode wants that spelling
pinned beside the plain one, which others ask for. So such a package has two rows.

    scripts/lock.py         needs `uv`; versions that are locked and still fit stay
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
_ROW = re.compile(r"\n(?=[A-Za-z0-9])")
_EXTRAS = re.compile(r"^([A-Za-z0-9._-]+)\[[^\]]*\]")


def main() -> None:
    """Writes the lock."""
    subprocess.run(
        ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
         "--no-strip-extras", "--generate-hashes", "--no-annotate", "--no-emit-index-url",
         "--no-header", "pyproject.toml", "--extra", "server", "--group", "dev", "-o", LOCK.name],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    rows = []
    for row in _ROW.split(LOCK.read_text(encoding="utf-8").strip()):
        plain = _EXTRAS.sub(r"\1", row)
        rows += [row] if plain == row else [plain, row]
    LOCK.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
