"""kill -9 while a tenant is deleted: it is taken up again, and in the end nothing of it is left."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import RunningService, run_command
from tests.integration.test_approvals import second_administrator
from tests.integration.test_tenant_deletion import left_of, wait_for_end
from tests.integration.two_tenants import start_pair

pytestmark = pytest.mark.timeout(300)


def test_a_deletion_survives_kills(
    tmp_path: Path, start_service: Callable[..., RunningService]
) -> None:
    home, leaving = start_pair(tmp_path, start_service)
    service = home.service
    bea = second_administrator(service, home.people["admin"], "bea@kestrel.example")
    release = f"/v1/holds/{leaving.ids['hold']}/release"
    leaving.must("admin", "POST", release, json={"reason": "over"})

    def command(name: str, *more: str, check: bool = True) -> Any:
        made = run_command(
            "tenants", name, "second", "--data", str(service.data), *more, check=check
        )
        return made if not check else json.loads(made.stdout)

    # This time it is asked for on the command line, once for nothing.
    looked = command("deletion", "--json")
    assert (looked["state"], looked["obstacles"]) == (None, [])
    assert looked["numbers"]["people"] == 4
    wish = ("--reason", "ended", "--json", "--confirm")
    assert "not the name" in command("delete", *wish, "main", check=False).stderr
    command("delete", *wish, "second")
    assert command("withdraw", "--reason", "too early", "--json")["withdrawn"]
    approval = command("delete", *wish, "second")["approval"]
    service.stop()
    settings = service.data / "indelible.toml"
    settings.write_text(settings.read_text() + "[tenants]\ndeletion_days = 0\n")
    service = start_service(service.data)
    bea.service = home.people["admin"].service = service
    decision = {"decision": "approve", "reason": "agreed"}
    agreed = bea.request("POST", f"/v1/approvals/{approval}/decision", json=decision)
    assert agreed.status == 200, agreed.body
    for pause_s in (0.1, 0.4):
        time.sleep(pause_s)  # somewhere in the middle; wherever it is, the end is the same
        service.stop(signal.SIGKILL)
        service = start_service(service.data)
        home.people["admin"].service = service
    wait_for_end(home.people["admin"])
    service.stop()
    assert left_of(service.data, [b"ospreyLogin", b"ana@osprey", b"ref7002"]) == {}
    assert run_command("verify", "--data", str(service.data), check=False).returncode == 0
    file = tmp_path / "second.deletion.json"
    command("certificate", "--out", str(file), check=False)
    checked = run_command("verify", str(file), check=False)
    assert checked.returncode == 0, checked.stdout
    assert "(command line), approved by Ana" in checked.stdout
