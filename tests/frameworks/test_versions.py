"""The capture tests of this repository on other interpreters, with oldest and newest frameworks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from tests.frameworks.conftest import HERE
from tests.frameworks.environments import (
    ROOT,
    VERSIONS,
    environment,
    interpreter,
    plain_environment,
    version_of,
)

pytestmark = pytest.mark.timeout(1800)
SETS = [("newest", version) for version in VERSIONS] + [("oldest", "3.11")]
NAMED = ("django", "flask", "fastapi", "litestar", "sqlalchemy", "celery", "rq", "dramatiq", "huey",
         "taskiq", "arq", "apscheduler", "structlog")  # fmt: skip


@pytest.mark.parametrize(("chosen", "version"), SETS)
def test_versions(
    chosen: str, version: str, record_property: Callable[[str, object], None], tmp_path: object
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    program = environment(chosen, HERE / "versions" / f"{chosen}.lock", python)
    record_property("python", version)
    record_property("product", f"{chosen} frameworks")
    record_property("versions", ", ".join(f"{n} {version_of(program, n)}" for n in NAMED))
    report = f"{tmp_path}/report.xml"
    done = subprocess.run(
        [str(program), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "timeout=120",
         "-W", "default", f"--junitxml={report}", "tests/capture", "tests/unit/capture"],
        cwd=ROOT, env=plain_environment(INDELIBLE_VERSIONS=chosen), check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    cases = list(ET.parse(report).getroot().iter("testcase"))
    skips = [case for case in cases if case.find("skipped") is not None]
    record_property("passed", f"{len(cases) - len(skips)} tests, {len(skips)} skipped")
    assert done.returncode == 0, done.stdout[-6000:]
    assert cases
