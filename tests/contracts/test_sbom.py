"""The bill of materials: true to the lock, well formed, and in what a user installs."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SBOM = ROOT / "sbom" / "indelible.cdx.json"

pytestmark = pytest.mark.timeout(300)


def build(folder: Path, kind: str) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = folder.iterdir()
    return made


def test_it_is_that_of_the_lock() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/make_sbom.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_it_is_valid_cyclonedx() -> None:
    validation = pytest.importorskip("cyclonedx.validation.json")
    schema = pytest.importorskip("cyclonedx.schema")
    validator = validation.JsonStrictValidator(schema.SchemaVersion.V1_6)
    assert validator.validate_str(SBOM.read_text(encoding="utf-8")) is None


def test_every_reference_leads_somewhere() -> None:
    document = json.loads(SBOM.read_text(encoding="utf-8"))
    known = {one["bom-ref"] for one in document["components"]}
    known.add(document["metadata"]["component"]["bom-ref"])
    used = {ref for one in document["dependencies"] for ref in (one["ref"], *one["dependsOn"])}
    assert used == known
    names = {one["name"] for one in document["components"]}
    assert {"msgspec", "starlette", "uvicorn", "cryptography", "chdb-core"} <= names
    assert not names & {"pytest", "mypy", "schemathesis"}


def test_wheel_and_sdist_carry_it(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "s").mkdir()
    wheel = zipfile.ZipFile(build(tmp_path / "w", "wheel"))
    [inside] = [name for name in wheel.namelist() if ".dist-info/sboms/" in name]
    assert wheel.read(inside) == SBOM.read_bytes()
    with tarfile.open(build(tmp_path / "s", "sdist")) as sdist:
        assert [name for name in sdist.getnames() if name.endswith("/sbom/indelible.cdx.json")]
