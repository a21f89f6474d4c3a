"""kill -9 while a tenant is deleted: it is taken up again, and in the end nothing of it is left."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import init_folder, run_command, start
from tests.integration.test_approvals import second_administrator
from tests.integration.test_tenant_deletion import left_of, make_due, wait_for_end

pytestmark = pytest.mark.timeout(300)

SECRET = "ospreyLogin"


def test_a_deletion_survives_kills(tmp_path: Path) -> None:
    data = tmp_path / "data"
    service = start(data, setup_token=init_folder(data)["token"])

    def command(name: str, *more: str) -> Any:
        made = run_command("tenants", name, "second", "--data", str(data), "--json", *more)
        return json.loads(made.stdout)

    try:
        ana = service.set_up()
        bea = second_administrator(service, ana, "bea@example.com")
        service.setup_token = command("add", "--admin-email", "eve@osprey.example")["token"]
        eve = service.set_up("eve@osprey.example")
        made = eve.request("POST", "/v1/keys", json={"name": "app", "kind": "w"})
        events = [
            {"operation": SECRET, "actor": {"id": f"u_{n}", "email": f"u{n}@osprey.example"}}
            for n in range(2000)
        ]
        stored = service.request("POST", "/v1/events", key=made.json["key"], json=events)
        assert stored.json["stored"] == 2000

        # Asked for on the command line: a wrong name, once withdrawn, then in earnest.
        looked = command("deletion")
        assert (looked["state"], looked["obstacles"]) == (None, [])
        assert (looked["numbers"]["people"], looked["numbers"]["keys"]) == (1, 1)
        assert looked["numbers"]["events"] >= 2000
        wrong = run_command(
            "tenants", "delete", "second", "--data", str(data), "--reason", "ended",
            "--confirm", "main", check=False,
        )  # fmt: skip
        assert "not the name" in wrong.stderr
        wish = ("--reason", "ended", "--confirm", "second")
        command("delete", *wish)
        assert command("withdraw", "--reason", "too early")["withdrawn"]
        approval = command("delete", *wish)["approval"]
        decision = {"decision": "approve", "reason": "agreed"}
        agreed = bea.request("POST", f"/v1/approvals/{approval}/decision", json=decision)
        assert agreed.status == 200, agreed.body
        make_due(data)
        for pause_s in (2.0, 0.1):
            time.sleep(pause_s)  # somewhere in the middle; wherever it is, the end is the same
            service.stop(signal.SIGKILL)
            service = start(data)
            ana.service = service
        wait_for_end(ana)
    finally:
        service.stop()
    assert left_of(data, [SECRET.encode(), b"u7@osprey", b"eve@osprey"]) == {}
    assert run_command("verify", "--data", str(data), check=False).returncode == 0
    file = tmp_path / "second.deletion.json"
    run_command("tenants", "certificate", "second", "--data", str(data), "--out", str(file))
    checked = run_command("verify", str(file), check=False)
    assert checked.returncode == 0, checked.stdout
    assert "(command line), approved by Ana" in checked.stdout
