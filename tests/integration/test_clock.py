"""A clock set ahead while the service was stopped: nothing expires until two confirm it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import Login, RunningService, init_folder
from tests.integration.people import invite

from indelible.clock import US_PER_DAY, SystemClock, uptime
from indelible.server.access.control import ControlDatabase
from indelible.server.access.removals import RemovalNotes, SweepNote

pytestmark = pytest.mark.timeout(120)


def expiry(person: Login, state: str) -> dict[str, Any]:
    """What the sweeper is about, once it is in this state."""
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        told: dict[str, Any] = person.request("GET", "/v1/status/full").json["expiry"]
        if told["state"] == state:
            return told
        time.sleep(0.1)
    raise AssertionError(f"not {state}: {told}")


def test_two_administrators_confirm_the_clock(
    tmp_path: Path, start_service: Callable[..., RunningService]
) -> None:
    data = tmp_path / "data"
    token = init_folder(data)["token"]
    # What a sweep of ten days ago would have left, on a machine that did not start anew.
    boot, up_us = uptime()
    then_us = SystemClock().now_us() - 10 * US_PER_DAY
    control = ControlDatabase(data / "control.sqlite3")
    note = SweepNote(swept_us=then_us, clock_us=then_us, boot=boot, offset_us=then_us - up_us)
    RemovalNotes(control).put_sweep(1, note)
    control.close()
    service = start_service(data)
    service.setup_token = token
    ana = service.set_up()
    told = expiry(ana, "stopped")
    assert (told["waits_for"], told["clock"]["doubt"]) == ("clock", "jump")
    assert abs(told["clock"]["seconds"] - 10 * 86_400) < 3600
    assert told["clock"]["approval"] is None

    right = {"reason": "compared with the radio"}
    by_key = service.request("POST", "/v1/retention/clock", key=service.key("a"), json=right)
    assert (by_key.status, by_key.code) == (403, "person-needed")
    asked = ana.request("POST", "/v1/retention/clock", json=right)
    assert (asked.status, asked.json["sweeper"]["state"]) == (202, "stopped")
    approval = asked.json["approval"]
    assert approval["deciders"] == 0
    assert "invite another administrator" in approval["hint"]
    decision = f"/v1/approvals/{approval['id']}/decision"
    approve = {"decision": "approve", "reason": "so says NTP"}
    assert ana.request("POST", decision, json=approve).code == "own-request"
    assert ana.request("POST", "/v1/retention/clock", json=right).code == "already-waiting"
    assert expiry(ana, "stopped")["clock"]["approval"]["id"] == approval["id"]

    bea = invite(service, ana, "bea@example.com", "admin")
    done = bea.request("POST", decision, json=approve)
    assert (done.status, done.json["numbers"]["doubt"]) == (200, "jump"), done.body
    assert expiry(bea, "idle")["clock"] is None
    late = ana.request("POST", "/v1/retention/clock", json=right)
    assert (late.status, late.code) == (409, "clock-not-doubted")
    told = {event["operation"]: event["metadata"] for event in service.events(stream="system")}
    assert "minutes" in told["StopExpiry"]["why"]
    assert told["ConfirmClock"]["approval"] == approval["id"]
    assert told["ConfirmClock"]["asked_by"] != told["ConfirmClock"]["approved_by"]
