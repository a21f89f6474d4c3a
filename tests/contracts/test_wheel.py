"""What a user installs: the wheel and the sdist, opened."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCREEN = "indelible/server/web/screen"

pytestmark = pytest.mark.timeout(300)


def build(folder: Path, kind: str, source: Path = ROOT, path: str | None = None) -> Path:
    """Builds one distribution with the locked backend, as `python -m build --no-isolation`."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    env = {**os.environ, **({"PATH": path} if path else {})}
    done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build(tmp_path_factory.mktemp("wheel"), "wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sdist"), "sdist")


def test_the_wheel_carries_the_built_screen(wheel: zipfile.ZipFile) -> None:
    """index.html and each file that it asks for, so that a user needs no Node."""
    names = set(wheel.namelist())
    assert f"{SCREEN}/index.html" in names
    page = wheel.read(f"{SCREEN}/index.html").decode()
    wanted = re.findall(r'(?:src|href)="\.?/?(assets/[^"]+)"', page)
    assert any(name.endswith(".js") for name in wanted)
    assert any(name.endswith(".css") for name in wanted)
    assert not [name for name in wanted if f"{SCREEN}/{name}" not in names]


def test_the_wheel_has_types_licence_and_the_command(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert "indelible/py.typed" in names
    [entry_points] = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
    assert "indelible = indelible.cli:main" in wheel.read(entry_points).decode()
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert not [name for name in names if not re.match(r"indelible(-[^/]+\.dist-info)?/", name)]
    junk = re.compile(r"\.map$|\.tsx?$|node_modules|__pycache__|/tests?/|\.sqlite3|\.key$")
    assert not [name for name in names if junk.search(name)]


def test_the_base_install_needs_msgspec_only(wheel: zipfile.ZipFile) -> None:
    [metadata] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    head = email.message_from_bytes(wheel.read(metadata))
    required = head.get_all("Requires-Dist") or []
    base = [line for line in required if "extra ==" not in line]
    assert [re.match(r"[\w-]+", line).group() for line in base] == ["msgspec"]  # type: ignore[union-attr]
    assert head["License-Expression"] == "Apache-2.0"


def test_a_wheel_from_the_sdist_is_the_same_and_needs_no_node(
    sdist: Path, wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    with tarfile.open(sdist) as archive:
        # Debian's 3.11.2 has no filters yet; newer Pythons warn without one.
        safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path / "source", **safely)
    [source] = (tmp_path / "source").iterdir()
    assert not (source / "web" / "node_modules").exists()
    assert not (source / "var").exists()
    bare = tmp_path / "bin"
    bare.mkdir()
    assert shutil.which("npm", path=str(bare)) is None
    again = zipfile.ZipFile(build(tmp_path / "made", "wheel", source=source, path=str(bare)))
    assert sorted(again.namelist()) == sorted(wheel.namelist())


def test_the_wheel_imports_without_the_extras(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """The SDK's modules load from the wheel with msgspec alone beside them."""
    wheel.extractall(tmp_path / "site")
    import msgspec

    package = Path(msgspec.__file__).parent
    shutil.copytree(package, tmp_path / "site" / "msgspec")
    code = "import indelible.client, indelible.event, sys; print('starlette' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"
