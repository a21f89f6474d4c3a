"""Airflow: a DAG with its own task runner, and our listener as a plugin; the how-to page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.capture.test_how_to import diffs, program
from tests.frameworks.conftest import Product, only
from tests.frameworks.test_prefect import steps

pytestmark = pytest.mark.timeout(900)
DAGS = """
from datetime import datetime, timedelta, timezone
from airflow.sdk import dag, task
from airflow.exceptions import AirflowSkipException

tries = []

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False)
def nightly():
    @task(retries=1, retry_delay=timedelta(0))
    def load_depots():
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("depot-api token=hunter2hunter2")

    @task
    def skipped():
        raise AirflowSkipException("nothing to do")

    @task
    def breaks():
        raise ValueError("no mail server")

    load_depots() >> skipped()
    breaks()

made = nightly()
"""


def test_airflow(product: Callable[..., Product]) -> None:
    airflow = product("airflow", "apache-airflow", newest="3.13")
    (airflow.folder / "plugins").mkdir()
    page = program(dict(diffs())["airflow-0"]).replace(
        '"https://audit.example"', repr(airflow.service.url)
    )
    page = page.replace('"ind_w_…"', repr(airflow.service.key("w"))).replace('"shop"', '"airflow"')
    page = page.replace('"/tmp/spool"', repr(str(airflow.folder / "spool")))
    (airflow.folder / "plugins" / "audit.py").write_text(page)
    (airflow.folder / "dags").mkdir()
    (airflow.folder / "dags" / "nightly.py").write_text(DAGS)
    more = {
        "AIRFLOW_HOME": str(airflow.folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__DAGS_FOLDER": str(airflow.folder / "dags"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    airflow.run("-m", "airflow", "db", "migrate", **more)
    airflow.run("-m", "airflow", "dags", "reserialize", **more)
    # A run that fails, as this one must, ends the command with status 1.
    call = "import subprocess as s, sys; s.run([sys.executable, '-m', 'airflow', *sys.argv[1:]])"
    airflow.run("-c", call, "dags", "test", "nightly", **more)
    told = airflow.events("LoadDepots", "Skipped", "Breaks", "Nightly")
    assert steps(told, "nightly.load_depots") == [
        (1, "started"), (1, "retried"), (2, "started"), (2, "succeeded"),
    ]  # fmt: skip
    assert steps(told, "nightly.skipped") == [(1, "started"), (1, "cancelled")]
    assert steps(told, "nightly.breaks") == [(1, "started"), (1, "failed")]
    assert steps(told, "nightly")[-1] == (1, "failed")
    run = only([e for e in told if e["job"]["state"] == "failed"], endpoint="nightly")
    root = run["job"]["id"]
    assert root.startswith("nightly/")
    for event in told:
        assert event["job"]["root_id"] == root
        assert event["actor"]["kind"] == "task"
        if event["endpoint"] != "nightly":
            assert event["job"]["parent_id"] == root
    failed = only([e for e in told if e["job"]["state"] == "failed"], endpoint="nightly.breaks")
    assert failed["reason"] == "ValueError: no mail server"
    assert "hunter2" not in str(told)
