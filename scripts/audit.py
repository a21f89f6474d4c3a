"""
Looks for known holes in the locked packages, and checks that the SBOM is that of the lock.

Exit status 0: nothing known; 1: a hole is known, or the SBOM is old; 2: the data on holes could not
be reached, so nothing is known about them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TIMEOUT_S = 300


def holes() -> int:
    """Asks pip-audit. The lock names every package, so nothing is resolved or installed."""
    command = [
        str(BIN / "pip-audit"), "--requirement", "requirements.lock", "--require-hashes",
        "--disable-pip", "--progress-spinner", "off", "--timeout", "20", "--format", "json",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        print(f"NOT CHECKED: pip-audit did not run: {error}")
        return 2
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"NOT CHECKED: the data on known holes cannot be reached from here\n  {last[:300]}")
        return 2
    found = [(one, hole) for one in packages for hole in one.get("vulns", ())]
    for one, hole in found:
        fixed = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {hole['id']}, mended in {fixed}")
    # Where a mirror has no such data, pip-audit skips every package and calls that a success.
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    checked = len(packages) - len(skipped)
    print(f"{checked} of {len(packages)} packages checked, {len(found)} known holes")
    if skipped:
        print(f"NOT CHECKED: {len(skipped)} packages, the data on them cannot be reached from here")
    return 1 if found else 2 if skipped else 0


def main() -> int:
    sbom = subprocess.run(
        [sys.executable, "scripts/make_sbom.py", "--check"], cwd=ROOT, check=False
    ).returncode
    if sbom == 0:
        print("the SBOM is that of requirements.lock")
    return sbom or holes()


if __name__ == "__main__":
    sys.exit(main())
