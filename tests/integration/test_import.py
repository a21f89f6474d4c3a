"""`indelible import` end to end: a folder, a service, twice, broken off, wrong records."""

from __future__ import annotations

import csv
import gzip
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import (
    RunningService,
    command_environment,
    init_folder,
    run_command,
)

pytestmark = pytest.mark.timeout(300)  # processes start and stop; two cores are shared

Start = Callable[..., RunningService]
WHOLE_DAY = {"from": "2025-03-30T00:00:00Z", "to": "2025-03-31T00:00:00Z"}


@pytest.fixture
def made_up(root: Path) -> Path:
    return root / "tests" / "data" / "cloudtrail" / "made-up.json"


def run_import(*arguments: object, check: bool = True) -> dict[str, Any]:
    done = run_command("import", *map(str, arguments), "--json", check=check)
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts


def total(service: RunningService, **params: Any) -> dict[str, int]:
    service.settle()
    reply = service.request(
        "GET", "/v1/stats", key=service.key("r"), params={"group": "stream", **params}
    )
    assert reply.status == 200, reply.body
    return {group["key"]: group["count"] for group in reply.json["groups"]}


def searches_agree(
    service: RunningService, files: list[Path], needles: tuple[str, ...], **day: str
) -> None:
    """The count, the list, the CSV read back and a plain scan of the files find the same events."""
    records = [record for path in files for record in json.loads(path.read_text())["Records"]]
    for needle in needles:
        scanned = {
            record["eventID"]
            for record in records
            if needle.lower() in json.dumps(record, ensure_ascii=False).lower()
        }
        assert 0 < len(scanned) < len(records), needle
        params = {"stream": "all", "own": "hide", "q": needle, **day}
        assert sum(total(service, **params).values()) == len(scanned), needle
        key = service.key("r")
        listed, cursor = set(), {}
        while True:
            page = service.request(
                "GET", "/v1/events", key=key, params={**params, "limit": 1000, **cursor}
            ).json
            listed |= {event["id"] for event in page["events"]}
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        params |= {"format": "csv", "csv": "raw"}
        reply = service.request("GET", "/v1/export", key=key, params=params)
        rows = list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"), newline="")))
        assert len(rows) == len(scanned), needle
        assert listed == {row["Event Id"] for row in rows} == scanned, needle


def test_into_a_folder_and_again(tmp_path: Path, start_service: Start, made_up: Path) -> None:
    data = tmp_path / "data"
    init_folder(data)
    first = run_import("cloudtrail", made_up, "--data", data)
    assert first | {"import": ""} == {
        "import": "", "files": 1, "read": 50, "stored": 50, "duplicates": 0, "rejected": 0,
        "skipped": 0, "user": 44, "system": 6, "task": 0,
    }  # fmt: skip
    packed = tmp_path / "logs" / "a" / "trail.json.gz"
    packed.parent.mkdir(parents=True)
    packed.write_bytes(gzip.compress(made_up.read_bytes()))
    again = run_import("cloudtrail", tmp_path / "logs", "--data", data)
    assert (again["stored"], again["duplicates"]) == (0, 50)
    verified = run_command("verify", "--data", str(data))
    assert "VALID" in verified.stdout

    service = start_service(data)
    assert total(service, **WHOLE_DAY) == {"user": 44, "system": 6}
    # Clocks go forward in Berlin: the day has 23 hours, and two hours of it are the day before.
    berlin = total(service, period="day", date="2025-03-30", tz="Europe/Berlin")
    assert sum(berlin.values()) == 46
    events = service.events(stream="all", limit=1000, **WHOLE_DAY)
    assert {event["reported_by"] for event in events} == {"import"}
    assert all(event["late"] for event in events)
    runs = service.events(stream="task", q="ImportEvents")
    assert [run["job"]["state"] for run in runs] == ["succeeded", "started"] * 2
    assert runs[0]["metadata"]["duplicates"] == 50
    assert runs[0]["context"]["source"] == "indelible"


def test_over_http(start_service: Start, made_up: Path, tmp_path: Path) -> None:
    service = start_service()
    where = ("--url", service.url, "--key", service.key("a"))
    assert run_import("cloudtrail", made_up, *where)["stored"] == 50
    assert run_import("cloudtrail", made_up, *where)["duplicates"] == 50
    assert total(service, **WHOLE_DAY) == {"user": 44, "system": 6}
    runs = service.events(stream="task", q="ImportEvents")
    assert [run["job"]["state"] for run in runs] == ["succeeded", "started"] * 2
    needles = ("2001:db8:10::5", "mira", "UpdateFunction")
    searches_agree(service, [made_up], needles, **WHOLE_DAY)
    refused = run_command(
        "import", "cloudtrail", str(made_up), "--url", service.url, "--key", service.key("w"),
        check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "may not admin" in refused.stderr
    locked = run_command(
        "import", "cloudtrail", str(made_up), "--data", str(service.data), check=False
    )
    assert locked.returncode == 1
    assert "in use by `indelible serve`" in locked.stderr

    lines = tmp_path / "events.jsonl"
    lines.write_text(
        '{"operation": "Good", "occurred_at": "2020-02-29T10:00:00Z"}\n'
        '{"operation": 7}\nnot json\n'
        '{"operation": "Good", "occurred_at": "2020-02-29T10:00:00Z"}\n'
        '{"operation": "Bad", "category": "audit"}\n'
    )
    done = run_command("import", "jsonl", str(lines), "--json", *where, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["stored"] == 2
    assert f"{lines}: record 2: invalid-event" in done.stderr
    assert f"{lines}: record 3: not JSON" in done.stderr
    assert f"{lines}: record 5: reserved-category" in done.stderr
    found = service.events(period="day", date="2020-02-29")
    assert [event["operation"] for event in found] == ["Good", "Good"]


def test_killed_and_repeated(tmp_path: Path, start_service: Start) -> None:
    """kill -9 in the middle; the same command again completes it, with nothing twice."""
    data = tmp_path / "data"
    init_folder(data)
    lines = tmp_path / "many.jsonl"
    count = 12_000
    with lines.open("w") as file:
        for number in range(count):
            moment = f"2024-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
            event = {"operation": f"Step{number}", "occurred_at": moment}
            file.write(json.dumps(event) + "\n")
    arguments = ["import", "jsonl", str(lines), "--data", str(data)]
    running = subprocess.Popen(
        [sys.executable, "-m", "indelible.cli", *arguments],
        env=command_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ledger = data / "ledger.sqlite3-wal"
    before = 0
    while running.poll() is None:
        size = ledger.stat().st_size if ledger.exists() else 0
        before = before or size
        if size > before + 200_000:
            running.send_signal(signal.SIGKILL)
    assert running.wait() in (-signal.SIGKILL, 0)
    counts = run_import(*arguments[1:])
    assert counts["read"] == count
    assert counts["stored"] + counts["duplicates"] == count
    assert counts["rejected"] == 0
    assert "VALID" in run_command("verify", "--data", str(data)).stdout
    service = start_service(data)
    assert total(service, **{"from": "2024-01-01T00:00:00Z", "to": "2024-01-02T00:00:00Z"}) == {
        "user": count
    }


def test_the_real_files(tmp_path: Path, start_service: Start, shared_dir: Path) -> None:
    data = tmp_path / "data"
    init_folder(data)
    folder = shared_dir / "data" / "cloudtrail"
    first = run_import("cloudtrail", folder, "--data", data)
    assert (first["stored"], first["user"], first["system"], first["task"]) == (2900, 2547, 353, 0)
    assert run_import("cloudtrail", folder, "--data", data)["stored"] == 0
    service = start_service(data)
    day = {"period": "day", "date": "2023-07-10"}
    assert total(service, **day) == {"user": 2547, "system": 353}
    auckland = {"tz": "Pacific/Auckland"}
    assert sum(total(service, **day, **auckland).values()) == 798
    assert sum(total(service, period="day", date="2023-07-11", **auckland).values()) == 2102
    needles = ("10.248.16.43", "bert-jan", "DescribeInst")
    searches_agree(service, sorted(folder.glob("*.json")), needles, **day)


def test_an_export_comes_back_as_it_was(
    tmp_path: Path, start_service: Start, made_up: Path
) -> None:
    """CSV of one service into another: the same ids, times, actors and addresses."""
    first = start_service()
    run_import("cloudtrail", made_up, "--url", first.url, "--key", first.key("a"))
    first.settle()
    params = {"format": "csv", "csv": "raw", "stream": "user", **WHOLE_DAY}
    reply = first.request("GET", "/v1/export", key=first.key("r"), params=params)
    assert reply.status == 200
    (tmp_path / "export.csv").write_bytes(reply.body)
    second = tmp_path / "second"
    init_folder(second)
    counts = run_import("csv", tmp_path / "export.csv", "--data", second)
    assert (counts["stored"], counts["rejected"]) == (44, 0)
    again = start_service(second)
    wanted = ("id", "occurred_at", "operation", "method", "endpoint", "outcome", "origin")
    found = [
        [
            {name: event.get(name) for name in wanted}
            for event in service.events(limit=1000, **where)
        ]
        for service, where in ((first, {"stream": "user", **WHOLE_DAY}), (again, WHOLE_DAY))
    ]
    for events in found:
        for event in events:
            event["origin"].pop("user_agent", None)
    assert found[0] == found[1]


def test_a_column_map_by_the_command_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    init_folder(data)
    (tmp_path / "legacy.csv").write_text("When;Who;What\n2026-11-20 10:15;ana@example.com;Edit\n")
    wrong, right = tmp_path / "wrong.toml", tmp_path / "right.toml"
    wrong.write_text('[columns]\n"What" = "operatoin"\n')
    right.write_text(
        'delimiter = ";"\nzone = "Europe/Berlin"\n'
        '[columns]\n"When" = "occurred_at"\n"Who" = "actor.email"\n"What" = "operation"\n'
    )
    where = (tmp_path / "legacy.csv", "--data", data)
    refused = run_command("import", "csv", *map(str, where), "--map", str(wrong), check=False)
    assert refused.returncode == 1
    assert "there is no field 'operatoin'" in refused.stderr
    assert run_import("csv", *where, "--map", right)["stored"] == 1
