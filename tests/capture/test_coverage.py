"""Coverage: what of a product is audited, by its tests and by what a service holds."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from flask import Flask
from litestar import Litestar, post
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from indelible.capture.coverage import Stored, watching
from indelible.capture.fastapi import capture_fastapi
from indelible.capture.inventory import Surface, inventory_of
from indelible.client import describe
from indelible.errors import SettingsError
from indelible.testing import MemoryAudit, assert_golden

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = """
import asyncio, httpx
from fastapi import FastAPI
from indelible.capture.fastapi import capture_fastapi
from indelible.client import describe
from indelible.testing import MemoryAudit

app = FastAPI(openapi_url=None)
capture_fastapi(app, client=MemoryAudit())

@app.post("/groups/{group_id}/rename")
def rename_group(group_id: int): return "ok"

@app.post("/quiet")
def quiet(): describe(record=False)

@app.delete("/groups/{group_id}")
def delete_group(group_id: int): return "ok"

@app.get("/groups")
def groups(): return []

def test_routes():
    async def drive():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a") as b:
            await b.post("/groups/7/rename")
            await b.post("/quiet")
            await b.get("/groups")
    asyncio.run(drive())
"""

DJANGO = """
from tests.capture.shop.project import configure
configure()
from indelible.cli import main
main(["coverage", "django"])
"""


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_product.py").write_text(PRODUCT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:indelible",
               "-p", "indelible.capture.pytest_plugin", "-c", os.devnull, "--rootdir", str(folder),
               *options, str(folder / "test_product.py")]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{folder}"}
    return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)


@pytest.mark.timeout(180)
def test_a_run_of_pytest_tells_what_its_tests_showed(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "--audit-coverage=test_product:app", "--audit-fail-under=50")
    assert "silent     POST /quiet" in done.stdout
    assert "untouched  DELETE /groups/{group_id}" in done.stdout
    assert "33% audited: 1 of 3" in done.stdout
    assert (done.returncode, "1 passed" in done.stdout) == (1, True)
    plain = run_pytest(tmp_path)
    assert (plain.returncode, "audited" in plain.stdout) == (0, False)


def test_watching_a_block(audit: MemoryAudit) -> None:
    app = FastAPI()
    capture_fastapi(app, client=audit)

    @app.post("/groups/{group_id}")
    def save(group_id: int) -> None:
        describe(targets=[{"type": "group", "id": "1"}], changes={"name": ("a", "b")})

    async def drive() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as browser:
            await browser.post("/groups/1")
            await browser.post("/nowhere")

    with watching() as seen:
        asyncio.run(drive())
    asyncio.run(drive())  # not watched any more
    report = seen.report([*inventory_of(app), Surface("model", "group"), Surface("model", "gate")])
    assert (report.audited, report.silent, report.untouched) == (
        ["POST /groups/{group_id}", "model group"],
        [],
        ["model gate"],
    )
    assert sum(seen.routes.values()) == 2


def test_what_a_service_has_stored() -> None:
    surfaces = [Surface("route", f"/{name}", "POST") for name in "abc"]
    lately = Stored(frozenset({"/a"}), frozenset())
    report = lately.report(surfaces, Stored(frozenset({"/a", "/b"}), frozenset()))
    assert list(report.lines()) == [
        "quiet      POST /b",
        "untouched  POST /c",
        "33% audited: 1 of 3",
    ]


def test_jobs_count_where_a_system_keeps_no_list(audit: MemoryAudit) -> None:
    @audit.job("NightlySync")
    def sync() -> None:
        return None

    @audit.job("Cleanup")
    async def clean() -> None:
        return None

    def rebuild() -> None:
        return None

    surfaces = inventory_of([sync, clean, rebuild])
    with watching() as seen:
        sync()
        audit.record("Rebuild", endpoint=f"{__name__}.{rebuild.__qualname__}")  # not as a job
    report = seen.report(surfaces)
    assert report.audited == ["job NightlySync"]
    assert report.untouched == ["job Cleanup", f"job {__name__}.{rebuild.__qualname__}"]
    assert report.percent == 33
    stored = Stored(frozenset(), frozenset(), frozenset({"NightlySync"}))
    before = Stored(frozenset({"Cleanup"}), frozenset(), frozenset({"NightlySync", "Cleanup"}))
    assert stored.report(surfaces, before).quiet == ["job Cleanup"]


def test_inventories() -> None:
    flask = Flask("shop")
    flask.add_url_rule("/groups/<int:group_id>", "save", lambda group_id: "", methods=["PUT"])
    flask.add_url_rule("/groups", "groups", lambda: "")
    assert [str(one) for one in inventory_of(flask)] == ["PUT /groups/{group_id}"]
    assert "GET /groups" in [str(one) for one in inventory_of(flask, reads=True)]

    @post("/groups/{group_id:int}")
    async def save() -> None: ...

    litestar = Litestar([save], openapi_config=None)
    assert [str(one) for one in inventory_of(litestar)] == ["POST /groups/{group_id}"]

    inner = FastAPI(openapi_url=None)
    inner.add_api_route("/keys/{key_id}", lambda key_id: "", methods=["DELETE"])
    outer = FastAPI(openapi_url=None)
    outer.mount("/admin", inner)
    assert [str(one) for one in inventory_of(outer)] == ["DELETE /admin/keys/{key_id}"]

    class Base(DeclarativeBase):
        pass

    class Group(Base):
        __tablename__ = "groups"
        __audit_type__ = "team"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Cache(Base):
        __tablename__ = "cache"
        __audit__ = False
        id: Mapped[int] = mapped_column(primary_key=True)

    assert inventory_of(Base) == [Surface("model", "team")]
    with pytest.raises(SettingsError):
        inventory_of(object())


@pytest.mark.timeout(180)
def test_the_inventory_of_a_django_project_and_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DJANGO],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": "src"}, check=False, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert {"model depot", "model gate", "model user", "* /depots/{pk}/rename"} <= set(lines)
    assert not [line for line in lines if "session" in line or "outbox" in line]


def test_golden_events(audit: MemoryAudit, tmp_path: Path) -> None:
    golden = tmp_path / "share.json"
    audit.record("Share", targets=[{"type": "profile", "id": "p_1"}], changes={"public": (0, 1)})
    with pytest.raises(AssertionError, match="written"):
        assert_golden(audit, golden)
    assert_golden(audit, golden)  # from now on it is compared
    (kept,) = json.loads(golden.read_text())
    assert kept["operation"] == "Share"
    assert not {"id", "occurred_at"} & kept.keys()
    assert kept["context"] == {"source": "test"}
    audit.take()
    audit.record("Share", targets=[{"type": "profile", "id": "p_1"}], changes={"public": (0, 2)})
    with pytest.raises(AssertionError, match='"after": 2'):
        assert_golden(audit, golden)
    assert_golden(audit, golden, update=True)
    assert json.loads(golden.read_text())[0]["changes"][0]["after"] == 2
