"""Prefect: flows and tasks with its own engine and its own temporary server; the how-to page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.capture.test_how_to import diffs, program
from tests.frameworks.conftest import Product

pytestmark = pytest.mark.timeout(900)
DRIVE = """

if __name__ == "__main__":
    from indelible.client import audit_context
    with audit_context(actor={"kind": "user", "id": "u_1", "email": "ana@meridian.example"}):
        assert nightly_sync() == "loaded"
    try:
        weekly_digest()
    except ValueError:
        pass
    audit.close()
"""


def steps(told: list[dict[str, Any]], name: str) -> list[tuple[int, str]]:
    mine = [event for event in told if event["endpoint"] == name]
    return [(event["job"]["attempt"], event["job"]["state"]) for event in mine]


def test_prefect(product: Callable[..., Product]) -> None:
    prefect = product("prefect", newest="3.13")
    page = program(dict(diffs())["prefect-0"])
    page = page.replace('"https://audit.example"', repr(prefect.service.url))
    page = page.replace('"ind_w_…"', repr(prefect.service.key("w"))).replace('"shop"', '"prefect"')
    (prefect.folder / "flows.py").write_text(page + DRIVE)
    home = str(prefect.folder / "home")
    prefect.run(
        "flows.py", PREFECT_HOME=home, PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_LOGGING_LEVEL="ERROR", DO_NOT_TRACK="1",
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="150",
    )  # fmt: skip
    told = prefect.events("WeeklyDigest", "SendDigest", "NightlySync", "LoadDepots")
    assert steps(told, "nightly-sync") == [(1, "started"), (1, "succeeded")]
    assert steps(told, "load_depots") == [
        (1, "started"), (1, "retried"), (2, "started"), (2, "succeeded"),
    ]  # fmt: skip
    assert steps(told, "send_digest") == [(1, "started"), (1, "failed")]
    assert steps(told, "weekly-digest") == [(1, "started"), (1, "failed")]
    assert {event["category"] for event in told} == {"job"}
    flow = next(event for event in told if event["endpoint"] == "nightly-sync")
    for event in told:
        if event["endpoint"] in ("nightly-sync", "load_depots"):
            assert event["actor"]["kind"] == "task"
            assert event["actor"]["on_behalf_of"]["email"] == "ana@meridian.example"
            assert event["job"]["root_id"] == flow["job"]["id"]
        if event["endpoint"] == "load_depots":
            assert event["job"]["parent_id"] == flow["job"]["id"]
    failed = next(
        e for e in told if (e["endpoint"], e["job"]["state"]) == ("send_digest", "failed")
    )
    assert "no mail server" in failed["reason"]
    assert "hunter2" not in str(told)
