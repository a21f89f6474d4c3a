"""Data folders of older versions: each golden one is opened, upgraded, verified and used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import ROOT, RunningService, run_command

from indelible.verify import verify_folder

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., RunningService]
GOLDEN = sorted((ROOT / "tests" / "data" / "golden").glob("v*"))


def test_there_is_one() -> None:
    assert [path.name for path in GOLDEN][:1] == ["v1"]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.name)
def test_an_older_folder_goes_on(golden: Path, start_service: Start, tmp_path: Path) -> None:
    told = json.loads((golden / "golden.json").read_text())
    data = Path(shutil.copytree(golden, tmp_path / "data"))
    assert verify_folder(data).exit_code == 0
    for path in (data, data / "keys" / "1.key"):
        path.chmod(0o700 if path.is_dir() else 0o600)  # a clone keeps no modes
    done = run_command(
        "doctor", "--data", str(data), "--json", env={"INDELIBLE_SERVICE_PORT": "0"}, check=False
    )
    assert done.returncode == 0, done.stdout
    before = run_command("backup", str(tmp_path / "before"), "--data", str(data), "--json")
    assert json.loads(before.stdout)["verified"] is True

    service = start_service(data)
    service.keys["a"] = service.keys["r"] = service.keys["w"] = told["key"]
    service.log_in(told["email"], told["password"])
    events = service.events(limit=1000)
    assert sum(event["operation"].startswith("Golden") for event in events) == told["events"]
    again = {"id": "0193a5a0-0000-7000-8000-000000000001", "operation": "Golden1"}
    service.send(again, {"operation": "AfterTheUpgrade"})
    service.stop()
    assert verify_folder(data).exit_code == 0
