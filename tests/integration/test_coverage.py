"""`indelible coverage` against a running service."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.integration.conftest import ROOT, RunningService, run_command

pytestmark = pytest.mark.timeout(120)
PRODUCT = """
from celery import Celery
from fastapi import FastAPI

app = FastAPI(openapi_url=None)

@app.post("/groups/{group_id}/rename")
def rename(group_id: int): ...

@app.post("/exports")
def export(): ...

@app.delete("/groups/{group_id}")
def delete(group_id: int): ...

def work(): ...

jobs = Celery("fleet")
for name in ("fleet.sync", "fleet.mail", "fleet.clean"):
    jobs.task(name=name)(work)
"""


def test_coverage_of_what_is_stored(service: RunningService, tmp_path: Path) -> None:
    (tmp_path / "fleet_product.py").write_text(PRODUCT)
    long_ago = "2026-01-05T10:00:00Z"
    service.send(
        {"operation": "RenameGroup", "method": "POST", "endpoint": "/groups/{group_id}/rename"},
        {"operation": "Export", "endpoint": "/exports", "occurred_at": long_ago},
        {"operation": "Sync", "endpoint": "fleet.sync", "stream": "task"},
        {"operation": "Clean", "endpoint": "fleet.clean", "stream": "user"},
        {"operation": "Mail", "endpoint": "fleet.mail", "stream": "task", "occurred_at": long_ago},
    )
    service.settle()
    env = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(tmp_path)]),
           "INDELIBLE_URL": service.url, "INDELIBLE_KEY": service.key("r")}  # fmt: skip
    named = ("fleet_product:app", "fleet_product:jobs")
    done = run_command("coverage", *named, "--days", "100", "--json", env=env)
    said = json.loads(done.stdout)
    assert said["percent"] == 33
    assert said["surfaces"] == {
        "audited": ["POST /groups/{group_id}/rename", "job fleet.sync"],
        "silent": [],
        "quiet": ["POST /exports", "job fleet.mail"],
        "untouched": ["DELETE /groups/{group_id}", "job fleet.clean"],
    }
    below = run_command("coverage", "fleet_product:app", "--fail-under", "50", env=env, check=False)
    assert below.returncode == 1
    assert "untouched  DELETE /groups/{group_id}" in below.stdout
