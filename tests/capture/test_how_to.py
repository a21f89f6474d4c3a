"""Every page of docs/how-to is run as it stands, and asks for at most ten lines."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import types
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import params as litestar_params
from tests.unit.client.fake_service import FakeService

import indelible
from indelible.client import audit_context
from indelible.testing import MemoryAudit, assert_audited

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
MOST_LINES = 10
_DIFF = re.compile(r"^```diff\n(.*?)^```", re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(60),
]
ANA = {"kind": "user", "id": "u_1"}
Names = dict[str, Any]


def diffs() -> list[tuple[str, str]]:
    found = []
    for page in sorted(PAGES.glob("*.md")):
        for number, match in enumerate(_DIFF.finditer(page.read_text())):
            found.append((f"{page.stem}-{number}", match[1]))
    return found


def program(diff: str) -> str:
    """The file after our lines are added."""
    return "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] != "-")


def by_http(names: Names, audit: MemoryAudit, app: Any) -> None:
    async def drive() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as browser:
            await browser.post("/groups/7/rename", headers={"X-User": "u_1"})
            await browser.post("/groups/7/rename")

    asyncio.run(drive())
    assert_audited(audit, operation="RenameGroup", endpoint="/groups/{group_id}/rename", times=2)


def fastapi(names: Names, audit: MemoryAudit) -> None:
    by_http(names, audit, names["app"])
    assert_audited(audit, actor="u_1", status=200, times=1)
    assert_audited(audit, status=401, times=1)


def fastapi_users(names: Names, audit: MemoryAudit) -> None:
    tokens: list[str] = []

    class Manager(names["UserManager"]):  # type: ignore[misc]
        """As a product overrides it, without `super()`."""

        async def on_after_forgot_password(self, user: Any, token: str, request: Any) -> None:
            tokens.append(token)

    names["capture_fastapi_users"](names["fastapi_users"], Manager, audit)
    app, accounts = names["app"], names["Accounts"]
    app.dependency_overrides[names["get_user_manager"]] = lambda: Manager(accounts())
    ana = {"email": "ana@meridian.example", "password": "right"}
    form = {"username": ana["email"], "password": ana["password"]}

    async def drive() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as browser:
            made = (await browser.post("/auth/register", json=ana)).json()
            other = {**ana, "email": "bo@meridian.example"}
            bo = (await browser.post("/auth/register", json=other)).json()
            assert (await browser.post("/auth/login", data=form)).status_code == 200
            wrong = {**form, "password": "wrong"}
            assert (await browser.post("/auth/login", data=wrong)).status_code == 400
            await browser.post("/auth/forgot-password", json={"email": ana["email"]})
            for token, status in ((tokens[0], 200), ("wrong", 400)):
                given = {"token": token, "password": "new"}
                reply = await browser.post("/auth/reset-password", json=given)
                assert reply.status_code == status
            token = (await browser.post("/auth/login", data={**form, "password": "new"})).json()
            browser.headers["authorization"] = f"Bearer {token['access_token']}"
            at = f"/users/{bo['id']}"
            assert (await browser.patch(at, json={"is_superuser": True})).status_code == 403
            accounts.users[uuid.UUID(made["id"])].is_superuser = True
            given = {"is_superuser": True, "email": "b.o@meridian.example", "password": "x"}
            assert (await browser.patch(at, json=given)).status_code == 200
            assert (await browser.delete(at)).status_code == 204
            await browser.post("/auth/logout")

    asyncio.run(drive())
    person = {"type": "user"}
    assert_audited(audit, operation="RegisterUser", method="UserRegistered", times=2)
    assert_audited(audit, method="UserLogin", times=2)
    failed = assert_audited(audit, method="LoginFailed", times=1)
    assert (failed["actor"], failed["targets"]) == (
        {"kind": "anonymous"}, [{**person, "name": ana["email"]}],
    )  # fmt: skip
    assert_audited(audit, method="PasswordResetRequested", times=1)
    assert_audited(audit, operation="ResetPassword", outcome="success", times=1)
    refused = assert_audited(audit, operation="ResetPassword", outcome="failure", times=1)
    assert refused["reason"] == "InvalidResetPasswordToken"
    denied = assert_audited(audit, status=403, times=1)
    assert denied["actor"]["email"] == ana["email"]
    changed = assert_audited(
        audit,
        method="UserUpdated",
        changes={"email": ("bo@meridian.example", "b.o@meridian.example")},
        times=1,
    )
    assert changed["actor"]["email"] == ana["email"]
    roles = assert_audited(audit, method="RolesChanged", changes={"roles": ([], ["superuser"])})
    assert (roles["category"], roles["targets"][0]["name"]) == ("access", "b.o@meridian.example")
    assert_audited(audit, operation="ChangePassword", times=1)
    assert_audited(audit, method="UserDeleted", changes={"email": ("b.o@meridian.example", None)})
    assert_audited(audit, method="UserLogout", times=1)
    assert tokens[0] not in str(audit.events)


def litestar(names: Names, audit: MemoryAudit) -> None:
    by_http(names, audit, names["app"])


def flask(names: Names, audit: MemoryAudit) -> None:
    browser = names["app"].test_client()
    browser.post("/groups/7/rename")
    browser.post("/login/u_1")
    browser.post("/groups/7/rename")
    assert_audited(audit, operation="RenameGroup", status=401, times=1)
    assert_audited(audit, method="UserLogin", actor="u_1", times=1)
    assert_audited(audit, operation="RenameGroup", actor="u_1", status=200, times=1)


def sqlalchemy(names: Names, audit: MemoryAudit) -> None:
    names["Base"].metadata.create_all(names["engine"])
    with names["Session"]() as session:
        session.add(names["Group"](name="north"))
        session.commit()
        session.execute(names["update"](names["Group"]).values(name="south"))
        session.commit()
    names["engine"].dispose()
    assert_audited(audit, operation="UpdateGroup", changes={"name": ("north", "south")})


def celery(names: Names, audit: MemoryAudit) -> None:
    from celery.contrib.testing.worker import start_worker
    from celery.signals import setup_logging
    from tests.capture.test_tasks import _leave_logging_alone

    setup_logging.connect(_leave_logging_alone)
    with start_worker(names["app"], pool="solo", perform_ping_check=False):
        assert names["send_invoice"].delay(7).get(timeout=20) == "sent 7"
    ran(audit, "SendInvoice")


def dramatiq(names: Names, audit: MemoryAudit) -> None:
    names["sync_groups"].send()
    worker = names["dramatiq"].Worker(names["broker"], worker_timeout=10, worker_threads=1)
    worker.start()
    names["broker"].join("default", timeout=20_000)
    worker.join()
    worker.stop()
    ran(audit, "SyncGroups")


def huey(names: Names, audit: MemoryAudit) -> None:
    names["sync_groups"]()
    names["huey"].execute(names["huey"].dequeue())
    ran(audit, "SyncGroups")


def taskiq(names: Names, audit: MemoryAudit) -> None:
    async def drive() -> None:
        await names["sync_groups"].kiq()
        await names["broker"].wait_all()

    asyncio.run(drive())
    ran(audit, "SyncGroups")


def rq(names: Names, audit: MemoryAudit) -> None:
    from tests.capture import servers

    with servers.redis() as url:
        from redis import Redis

        connection = Redis.from_url(url)
        queue = names["Queue"](connection=connection)
        queue.enqueue("tests.capture.jobs.succeed")
        from rq import SimpleWorker

        SimpleWorker([queue], connection=connection).work(burst=True)
        connection.close()
    ran(audit, "Succeed")


def apscheduler(names: Names, audit: MemoryAudit) -> None:
    import threading

    done = threading.Event()
    names["scheduler"].add_listener(lambda event: done.set(), 4096)
    names["scheduler"].add_job(int, id="nightly")
    names["scheduler"].start()
    assert done.wait(20)
    names["scheduler"].shutdown()
    assert_audited(audit, method="TaskSucceeded")


def arq(names: Names, audit: MemoryAudit) -> None:
    from arq.connections import RedisSettings
    from arq.worker import Worker
    from tests.capture import servers

    async def drive(url: str) -> None:
        settings = RedisSettings.from_dsn(url)
        await names["press_button"](settings)
        with audit_context(actor=None):
            worker = Worker(
                names["WorkerSettings"].functions, redis_settings=settings, burst=True,
                poll_delay=0.01, handle_signals=False,
            )  # fmt: skip
            await worker.main()
            await worker.close()

    with servers.redis() as url:
        asyncio.run(drive(url))
    ran(audit, "SyncGroups")


def authlib(names: Names, audit: MemoryAudit) -> None:
    browser = names["app"].test_client()
    went = browser.get("/login").headers["location"]
    state = re.search(r"state=(\w+)", went)
    assert state is not None
    claims = {"sub": "u_1", "email": "ana@meridian.example", "name": "Ana"}
    # What the provider would answer; all before and after it is Authlib's.
    names["oauth"].corp.fetch_access_token = lambda **_: {"access_token": "t", "userinfo": claims}
    assert browser.get(f"/callback?code=abc&state={state[1]}").text == "Ana"
    assert_audited(audit, method="UserLogin", actor="ana@meridian.example", times=1)
    names["app"].testing = False
    assert browser.get("/callback?error=access_denied").status_code == 500
    assert_audited(audit, method="LoginFailed", reason="access_denied", times=1)


def own_login(names: Names, audit: MemoryAudit) -> None:
    assert not names["log_in"]("ana", "wrong")
    assert names["log_in"]("ana", "right")
    names["log_out"]("ana")
    assert [event["method"] for event in audit.events] == ["LoginFailed", "UserLogin", "UserLogout"]
    assert_audited(audit, method="UserLogin", actor="ana", times=1)
    assert "right" not in str(audit.events)


def asgi(names: Names, audit: MemoryAudit) -> None:
    by_http(names, audit, names["app"])
    assert_audited(audit, actor="u_1", status=200, times=1)
    assert_audited(audit, status=401, times=1)


def wsgi(names: Names, audit: MemoryAudit) -> None:
    transport = httpx.WSGITransport(names["application"], remote_addr="10.0.0.1")
    with httpx.Client(transport=transport, base_url="http://app") as browser:
        at = {"X-User": "u_1", "X-Forwarded-For": "203.0.113.7"}
        assert browser.post("/groups/7/rename", headers=at).status_code == 200
        browser.post("/groups/7/rename")
    operation = {"operation": "RenameGroup", "endpoint": "/groups/{group_id}/rename"}
    told = assert_audited(audit, **operation, actor="u_1", status=200, times=1)
    assert told["origin"]["ip"] == "203.0.113.7"
    assert_audited(audit, **operation, status=401, times=1)


def by_log(names: Names, audit: MemoryAudit) -> None:
    names["log"].info("an ordinary line")
    names["rename_group"](7)
    (told,) = audit.events
    assert (told["operation"], told["severity"]) == ("RenameGroup", "info")
    assert told["targets"] == [{"type": "group", "id": "7"}]


def ran(audit: MemoryAudit, operation: str) -> None:
    assert_audited(audit, operation=operation, method="TaskQueued", actor="u_1", times=1)
    ended = assert_audited(audit, operation=operation, method="TaskSucceeded", times=1)
    assert ended["actor"]["on_behalf_of"] == ANA


DRIVERS: dict[str, Callable[[Names, MemoryAudit], None]] = {
    "asgi-wsgi-0": asgi,
    "asgi-wsgi-1": wsgi,
    "celery-0": celery,
    "fastapi-0": fastapi,
    "fastapi-users-0": fastapi_users,
    "flask-0": flask,
    "jobs-0": dramatiq,
    "jobs-1": huey,
    "jobs-2": taskiq,
    "jobs-3": rq,
    "jobs-4": apscheduler,
    "jobs-5": arq,
    "litestar-0": litestar,
    "logging-0": by_log,
    "logging-1": by_log,
    "logins-0": authlib,
    "logins-1": own_login,
    "sqlalchemy-0": sqlalchemy,
}


def test_every_diff_is_run_and_has_at_most_ten_lines() -> None:
    # Airflow's and Prefect's pages are run in their own environments, by tests/frameworks.
    others = {"airflow-0", "django-0", "prefect-0"}
    assert {name for name, _ in diffs()} == DRIVERS.keys() | others
    for name, diff in diffs():
        ours = [line for line in diff.splitlines() if line[:1] in "+-" and line[1:].strip()]
        assert 0 < len(ours) <= MOST_LINES, name


@pytest.mark.parametrize("name", DRIVERS)
def test_the_program_of_the_page_leaves_its_events(
    name: str, audit: MemoryAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name.startswith("litestar") and not hasattr(litestar_params, "FromPath"):
        pytest.skip("the page is written for a newer Litestar")
    monkeypatch.setattr(indelible, "Indelible", lambda *_, **__: audit, raising=False)
    module = types.ModuleType(f"how_to_{name.replace('-', '_')}")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # frameworks look names up there
    names: Names = vars(module)
    exec(compile(program(dict(diffs())[name]), f"docs/how-to/{name}", "exec"), names)
    who = ANA if name.startswith(("celery", "jobs")) else None
    with audit_context(actor=who):
        DRIVERS[name](names, audit)


def test_the_line_for_cron(tmp_path: Path) -> None:
    table = (PAGES / "jobs.md").read_text().partition("## cron")[2].partition("```")[2]
    *settings, line = table.partition("```")[0].strip().splitlines()
    assert [one.partition("=")[0] for one in settings] == ["INDELIBLE_URL", "INDELIBLE_KEY"]
    command = line.split()[5:]  # after the five fields of the time
    assert command[:2] == ["indelible", "run"]
    script = tmp_path / "cleanup"
    script.write_text('#!/bin/sh\nset -e\ntest "$1" = --all\ntest -z "$INDELIBLE_KEY"\n')
    script.chmod(0o700)
    service = FakeService()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "indelible.cli", *command[1:-2], script, command[-1]],
            env={**os.environ, "PYTHONPATH": str(PAGES.parents[1] / "src"),
                 "INDELIBLE_URL": service.url, "INDELIBLE_KEY": "k"},
            check=False, capture_output=True, text=True, timeout=50,
        )  # fmt: skip
    finally:
        service.stop()
    assert done.returncode == 0, done.stderr
    told = [(event["endpoint"], event["method"]) for event in service.events]
    assert told == [("nightly-cleanup", "TaskStarted"), ("nightly-cleanup", "TaskSucceeded")]


DJANGO = """
import django, os, sys
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import Group
from django.test import Client
from indelible.capture.django import use_client
from indelible.testing import MemoryAudit, assert_audited
audit = MemoryAudit()
use_client(audit)
Client().post("/groups/7/rename")
Group.objects.create(name="north")
Group.objects.update(name="south")
assert_audited(audit, operation="RenameGroup", endpoint="/groups/{pk}/rename", status=200)
assert_audited(audit, operation="UpdateGroup", changes={"name": ("north", "south")})
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("groups/<int:pk>/rename", lambda r, pk: HttpResponse("x"), name="rename_group")]
"""


def test_the_django_page(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(program(dict(diffs())["django-0"]))
    (tmp_path / "urls.py").write_text(URLS)
    source = Path(__file__).resolve().parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", DJANGO],
        cwd=tmp_path,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{source}",
        },
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
