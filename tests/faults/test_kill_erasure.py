"""kill -9 while an erasure is carried out: it is taken up again, whole, and the log verifies."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from tests.integration.conftest import init_folder, run_command, start
from tests.integration.test_approvals import second_administrator
from tests.integration.test_erasures import left_on_disk, wait_for

pytestmark = pytest.mark.timeout(400)

SUBJECT = "kit.moss@example.net"


def test_an_erasure_survives_kills(tmp_path: Path) -> None:
    data = tmp_path / "data"
    service = start(data, setup_token=init_folder(data)["token"])
    try:
        ana = service.set_up()
        bea = second_administrator(service, ana, "bea@example.com")
        person = {
            "kind": "user",
            "id": "u_km",
            "email": SUBJECT,
            "name": "Kit Moss",
        }
        service.send(
            *(
                {"operation": "Act", "category": "data", "reason": f"note {n}",
                 "actor": person if n % 3 else {"id": f"u_{n}", "email": f"p{n}@example.com"}}
                for n in range(3000)
            )
        )  # fmt: skip
        service.settle()
        asked = ana.request(
            "POST", "/v1/erasures",
            json={"identifiers": [{"kind": "email", "value": SUBJECT}], "parts": ["person"],
                  "reason": "error", "case": "C-1", "note": "x"},
        ).json  # fmt: skip
        path = f"/v1/approvals/{asked['approval']['id']}/decision"
        bea.request("POST", path, json={"decision": "approve", "reason": "ok"})
        for delay_s in (0.15, 0.6):
            time.sleep(delay_s)  # somewhere in the middle; wherever it is, the end is the same
            service.stop(signal.SIGKILL)
            service = start(data)
        ana = service.log_in()
        done = wait_for(ana, asked["id"], "done")
        assert done["erased"]["person"] == 2000
        certificate = ana.request("GET", f"/v1/erasures/{asked['id']}/certificate").json
        covered = [
            index
            for entry in certificate["entries"]
            for index in range(entry["first"], entry["first"] + entry["count"])
        ]
        assert len(covered) == len(set(covered)) == 2000, "nothing is declared twice"
    finally:
        service.stop()
    verified = run_command("verify", "--data", str(data), check=False)
    assert verified.returncode == 0, verified.stdout
    assert left_on_disk(data, (SUBJECT, "Kit Moss")) == {}
