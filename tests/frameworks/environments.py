"""
Interpreters of this machine, and one environment per product and per version of a framework.

An environment is made once from its lock file under var/frameworks, and again when the lock or the
interpreter changes. This source tree is on its path; nothing of ours is installed into it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "frameworks"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
INSTALL_LIMIT_S = 1200


def interpreter(version: str) -> Path | None:
    """The interpreter of this version that is here: on PATH, else one that pyenv keeps."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    for found in (shutil.which(f"python{version}"), *reversed(kept)):
        if found is not None and _is_version(Path(found), version):
            return Path(found)
    return None


def interpreters() -> dict[str, Path | None]:
    """Every version that we look for, and where it is."""
    return {version: interpreter(version) for version in VERSIONS}


def environment(name: str, lock: Path, python: Path) -> Path:
    """The interpreter of the environment of this name; raises CalledProcessError."""
    version = _says(python, "import platform; print(platform.python_version())")
    folder = FOLDER / f"{name}-{version}"
    program = folder / "bin" / "python"
    stamp = folder / ".lock"
    agreed = hashlib.sha256(lock.read_bytes() + str(ROOT).encode()).hexdigest()
    if program.exists() and stamp.exists() and stamp.read_text() == agreed:
        return program
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("uv"):
        _run("uv", "venv", "--quiet", "--python", str(python), str(folder))
        install = ["uv", "pip", "install", "--quiet", "--python", str(program)]
    else:
        _run(str(python), "-m", "venv", str(folder))
        install = [str(program), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    _run(*install, "--require-hashes", "-r", str(lock))
    packages = Path(_says(program, "import sysconfig; print(sysconfig.get_path('purelib'))"))
    (packages / "indelible-source.pth").write_text(f"{ROOT / 'src'}\n")
    stamp.write_text(agreed)
    return program


def version_of(program: Path, distribution: str) -> str:
    """Which version of a distribution an environment has."""
    return _says(program, f"import importlib.metadata as m; print(m.version({distribution!r}))")


def plain_environment(**more: str) -> dict[str, str]:
    """The environment variables of a product: none of ours but what is given."""
    ours = ("INDELIBLE_", "PYTHON", "VIRTUAL_ENV", "PYTEST", "DJANGO")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def _is_version(program: Path, version: str) -> bool:
    try:
        return _says(program, "import sys; print('%d.%d' % sys.version_info[:2])") == version
    except (OSError, subprocess.CalledProcessError):
        return False  # a shim of a version that is not chosen


def _says(program: Path, code: str) -> str:
    done = subprocess.run(
        [program, "-c", code], env=plain_environment(), check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _run(*command: str) -> None:
    done = subprocess.run(
        command, env=plain_environment(), check=False, capture_output=True, text=True,
        timeout=INSTALL_LIMIT_S,
    )  # fmt: skip
    if done.returncode != 0:
        print(done.stderr[-4000:])
        done.check_returncode()
