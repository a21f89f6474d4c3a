"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path


def describe() -> list[tuple[str, str]]:
    """Facts about this machine and this tree, as (name, value)."""
    return [
        ("Processor", f"{processor()}, {os.cpu_count()} cores"),
        ("Memory", f"{memory_bytes() / 2**30:.0f} GiB"),
        ("System", f"{platform.system()} {platform.release()}, {distribution()}"),
        ("Load before", f"{os.getloadavg()[0]:.1f} processes wanted to run, in the last minute"),
        ("Python", platform.python_version()),
        ("Commit", commit()),
    ]


def processor() -> str:
    return _found(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo")) or platform.machine()


def distribution() -> str:
    return _found(r'^PRETTY_NAME="?([^"\n]+)', Path("/etc/os-release")) or "unknown"


def memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def commit() -> str:
    """The commit, with a mark when the tree has changes on top."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty=, with changes", "--abbrev=12"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"


def _found(pattern: str, path: Path) -> str | None:
    try:
        found = re.search(pattern, path.read_text(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1).strip() if found else None
