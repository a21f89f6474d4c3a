"""A tenant is deleted: asked for, agreed to, withdrawn, done; and nothing of it is left."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import PASSWORD, Login, Reply, RunningService, run_command
from tests.integration.test_approvals import second_administrator
from tests.integration.two_tenants import Side, start_pair

pytestmark = pytest.mark.timeout(300)

WISH = {"name": "second", "reason": "the contract has ended"}


def wait_for_end(admin: Login, limit_s: float = 90.0) -> dict[str, Any]:
    """Waits until the tenant is among the deleted ones; returns what stays of it."""
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        reply = admin.request("GET", "/v1/tenants")
        assert reply.status == 200, reply.body
        found: list[dict[str, Any]] = reply.json["deleted"]
        if found and found[0]["deletion"]["state"] == "deleted":
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"it is not deleted: {reply.body!r}")


def left_of(data: Path, values: list[bytes]) -> dict[str, list[bytes]]:
    """Which files of the folder still hold which of the values, in any case of letters."""
    found: dict[str, list[bytes]] = {}
    for path in data.rglob("*"):
        if path.is_file():
            raw = path.read_bytes().lower()
            for value in values:
                if value.lower() in raw:
                    found.setdefault(str(path.relative_to(data)), []).append(value)
    return found


def make_due(data: Path) -> None:
    """Lets the days go by."""
    control = sqlite3.connect(data / "control.sqlite3", timeout=20)
    with control:
        changed = control.execute(
            "UPDATE tenant_deletion SET due_us = 0 WHERE state = 'announced'"
        ).rowcount
    control.close()
    assert changed == 1


def approve(by: Login, asked: Reply) -> Reply:
    path = f"/v1/approvals/{asked.json['id']}/decision"
    return by.request("POST", path, json={"decision": "approve", "reason": "agreed"})


def ask(admin: Login, **changes: str) -> Reply:
    return admin.request("POST", "/v1/tenants/second/deletion", json={**WISH, **changes})


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, start_service: Callable[..., RunningService]
) -> tuple[Side, Side]:
    return start_pair(tmp_path_factory.mktemp("deletion"), start_service)


def test_from_the_first_look_to_the_certificate(pair: tuple[Side, Side], tmp_path: Path) -> None:
    home, leaving = pair
    service = home.service
    ana = home.people["admin"]
    bea = second_administrator(service, ana, "bea@kestrel.example")

    # Only administrators of the first tenant, who are people, see to tenants.
    for who in ("a", "admin", "r"):
        reply = leaving.ask(who, "GET", "/v1/tenants")
        assert reply.status == 403, (who, reply.body)
        assert not home.has(reply)
    assert home.ask("a", "GET", "/v1/tenants").code == "person-needed"
    assert leaving.ask("admin", "POST", "/v1/tenants/main/deletion", json=WISH).status == 403

    # A hold stands in its way; the refusal is on record. The first tenant never goes.
    looked = ana.request("GET", "/v1/tenants/second/deletion").json
    assert looked["numbers"]["events"] >= 3
    assert (looked["numbers"]["people"], looked["numbers"]["keys"]) == (4, 4)
    assert [one["code"] for one in looked["obstacles"]] == ["held"]
    refused = ask(ana)
    assert (refused.status, refused.code) == (409, "held")
    own = ana.request("POST", "/v1/tenants/main/deletion", json={**WISH, "name": "main"})
    assert (own.status, own.code) == (409, "home-tenant")
    leaving.must(
        "admin", "POST", f"/v1/holds/{leaving.ids['hold']}/release", json={"reason": "over"}
    )
    assert (ask(ana, name="Second").status, ask(ana, reason=" ").status) == (400, 400)

    # Asked for, agreed to by another: announced, and everything goes on.
    asked = ask(ana)
    assert asked.status == 202, asked.body
    assert asked.json["numbers"]["events"] >= 3
    assert approve(ana, asked).status == 403
    assert approve(bea, asked).status == 200
    told = ana.request("GET", "/v1/tenants").json
    (shown,) = [one for one in told["tenants"] if one["name"] == "second"]
    assert shown["deletion"]["state"] == "announced"
    assert shown["deletion"]["due_at"] > shown["deletion"]["approved_at"]
    assert ask(ana).code == "already-announced"
    assert leaving.must("w", "POST", "/v1/events", json={"operation": "Late"})["stored"] == 1
    assert ana.request("GET", "/v1/tenants/second/certificate").code == "not-deleted"

    # Withdrawn, by either of the two.
    back = bea.request(
        "POST", "/v1/tenants/second/deletion/withdraw", json={"reason": "they stay a while"}
    )
    assert (back.status, back.json["deletion"]["state"]) == (200, "withdrawn")
    again = bea.request("POST", "/v1/tenants/second/deletion/withdraw", json={"reason": "x"})
    assert (again.status, again.code) == (409, "decided")

    # Agreed to again, and this time its day comes. What is its own is collected before.
    vkeys = leaving.ask("r", "GET", "/v1/log/key").body
    assert approve(bea, ask(ana)).status == 200
    make_due(service.data)
    gone = wait_for_end(ana)
    assert gone["deletion"]["has_certificate"]

    # No credential of it opens anything.
    for who in leaving.keys:
        for method, path in (("GET", "/v1/events"), ("POST", "/v1/events"), ("GET", "/v1/keys")):
            reply = leaving.ask(who, method, path)
            assert reply.status in (401, 403), (who, path, reply.body)
    for who in leaving.people:
        assert leaving.ask(who, "GET", "/v1/events").status == 401
    login = {"email": "admin@osprey.example", "password": PASSWORD}
    assert service.request("POST", "/v1/session", json=login).status == 401
    assert home.must("w", "POST", "/v1/events", json={"operation": "Still"})["stored"] == 1

    # Never again: neither name nor origin.
    for name, origin in (("second", "new.example/log"), ("new", "osprey.example/log")):
        made = run_command(
            "tenants", "add", name, "--data", str(service.data), "--origin", origin, check=False
        )
        assert made.returncode != 0
        assert "never used again" in made.stderr

    # The certificate, checked without the service, by keys that were kept.
    certificate = ana.request("GET", "/v1/tenants/second/certificate")
    assert certificate.json["approved_by"]["name"] == "Ana"
    pdf = ana.request("GET", "/v1/tenants/second/certificate", params={"format": "pdf"})
    assert pdf.body.startswith(b"%PDF-")
    file = tmp_path / "second.deletion.json"
    file.write_bytes(certificate.body)
    kept = tmp_path / "keys.txt"
    kept.write_bytes(vkeys)
    for given in ((), ("--log-key", str(kept))):
        checked = run_command("verify", str(file), *given, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    changed = {**certificate.json, "events": certificate.json["events"] + 1}
    file.write_text(json.dumps(changed))
    assert run_command("verify", str(file), check=False).returncode == 1

    # The acts are in the first tenant's log, with what changed.
    service.settle()
    params = {"q": "target.type:tenant", "own": "show", "limit": "100"}
    events = home.service.request("GET", "/v1/events", key=home.keys["r"], params=params).json
    operations = [event["operation"] for event in events["events"]]
    for operation in (
        "RefuseTenantDeletion", "RequestApproval", "ApproveRequest", "AnnounceTenantDeletion",
        "WithdrawTenantDeletion", "DeleteTenant",
    ):  # fmt: skip
        assert operation in operations, operations

    service.stop()
    verified = run_command("verify", "--data", str(service.data), check=False)
    assert verified.returncode == 0, verified.stdout
    # Nothing of it anywhere, free pages and write-ahead logs included: only what is meant to stay.
    values = [
        b"ana@osprey", b"auditor@osprey", b"ospreyLogin", b"osprey view", b"osprey case",
        b"osprey guest", b"ref7002", leaving.ids["job"].encode(), leaving.ids["user"].encode(),
        leaving.ids["key"].encode(), leaving.ids["token"].encode(), b"Asia/Tokyo",
    ]  # fmt: skip
    assert left_of(service.data, values) == {}
    names = {path.name for path in service.data.rglob("*")}
    assert not names & {"2.key", "2.json", "2.erased", "progress-2.json", leaving.ids["job"]}
