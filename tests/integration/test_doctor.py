"""`indelible doctor` on folders that run, are stopped, or are broken in a known way."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import RunningService, init_folder, run_command

from indelible.clock import US_PER_DAY, FixedClock, SystemClock
from indelible.server.ops.doctor import CHECKS, examine

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., RunningService]


def doctor(
    data: Path, *arguments: str, env: dict[str, str] | None = None
) -> tuple[int, dict[str, dict[str, Any]]]:
    done = run_command("doctor", "--data", str(data), "--json", *arguments, check=False, env=env)
    told = json.loads(done.stdout)
    assert told["ok"] is (done.returncode == 0)
    return done.returncode, {check["check"]: check for check in told["checks"]}


def find(data: Path, name: str, **environment: str) -> tuple[str, str]:
    """One check, in this process: its state and what it says."""
    results = {result.name: result.finding for result in examine(data, environment, SystemClock())}
    return results[name].state, f"{results[name].text} / {results[name].advice}"


@pytest.fixture(scope="module")
def stopped(start_service: Start) -> Path:
    """A folder with a few events, its service stopped. Never changed."""
    service = start_service()
    service.send({"operation": "First"})
    service.settle()
    service.stop()
    return service.data


@pytest.fixture
def data(stopped: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stopped, tmp_path / "data"))


def test_a_sound_folder(data: Path) -> None:
    before = sorted(path.name for path in data.iterdir())
    status, found = doctor(data, env={"INDELIBLE_SERVICE_PORT": "0"})
    assert status == 0, found
    assert list(found) == [name for name, _ in CHECKS]
    assert {check["state"] for check in found.values()} <= {"ok", "warning"}
    assert "SQLite 3." in found["versions"]["detail"]
    assert "signed up to" in found["guard"]["detail"]
    assert "test/main" in found["guard"]["detail"]
    # Only SQLite's own files beside a database that was opened may be new.
    after = {path.name for path in data.iterdir()} - set(before)
    assert all(name.endswith(("-wal", "-shm")) for name in after)
    text = run_command("doctor", "--data", str(data), check=False).stdout
    assert "write-ahead log" in text


def test_beside_a_running_service(start_service: Start) -> None:
    service = start_service()
    service.settle()
    port = service.url.rsplit(":", 1)[1]
    status, found = doctor(service.data, env={"INDELIBLE_SERVICE_PORT": port})
    assert status == 0, found
    assert "in use by `indelible serve`" in found["port"]["detail"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        other = str(taken.getsockname()[1])
        status, found = doctor(service.data, env={"INDELIBLE_SERVICE_PORT": other})
    assert status == 0
    assert found["port"]["state"] == "warning"
    assert "--port" in found["port"]["advice"]


def test_no_folder_at_all(tmp_path: Path) -> None:
    status, found = doctor(tmp_path / "none")
    assert status == 1
    assert "indelible init" in found["data folder"]["advice"]
    assert found["versions"]["state"] == "ok"


def test_format_and_restored_folders(data: Path) -> None:
    (data / "restored.json").write_text('{"made_at": "2026-01-01T00:00:00Z", "reason": "x"}')
    state, text = find(data, "data folder")
    assert state == "problem"
    assert "--as-new-origin" in text
    (data / "restored.json").unlink()
    (data / "format.json").write_text('{"format": 9}')
    assert find(data, "data folder")[0] == "problem"


def test_settings_and_a_taken_port(data: Path) -> None:
    state, text = find(data, "settings", INDELIBLE_SERVICE_PORTT="1")
    assert (state, "service_port" in text.lower()) == ("problem", True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert find(data, "port", INDELIBLE_SERVICE_PORT=port)[0] == "problem"


def test_open_permissions_are_named(data: Path) -> None:
    (data / "keys" / "1.key").chmod(0o644)
    state, text = find(data, "permissions")
    assert state == "problem"
    assert f"chmod 600 {data / 'keys' / '1.key'}" in text
    (data / "keys" / "1.key").chmod(0o600)
    data.chmod(0o755)
    assert f"chmod 700 {data}" in find(data, "permissions")[1]


def test_a_missing_or_foreign_key(data: Path, tmp_path: Path) -> None:
    init_folder(tmp_path / "other", "--origin", "other/log")
    key = data / "keys" / "1.key"
    shutil.copyfile(tmp_path / "other" / "keys" / "1.key", key)
    state, text = find(data, "signing keys")
    assert (state, "not of origin" in text) == ("problem", True)
    key.unlink()
    assert "without it the log cannot go on" in find(data, "signing keys")[1]


def test_a_rolled_back_ledger(data: Path) -> None:
    guard = json.loads((data / "guard" / "1.json").read_text())
    (data / "guard" / "1.json").write_text(json.dumps(guard | {"size": guard["size"] + 5}))
    assert "were signed" in find(data, "guard")[1]
    (data / "guard" / "1.json").write_text(json.dumps(guard | {"root": "0" * 64}))
    assert "another root" in find(data, "guard")[1]


@pytest.mark.parametrize(
    ("name", "check"), [("ledger.sqlite3", "ledger"), ("control.sqlite3", "control database")]
)
def test_a_damaged_database(data: Path, name: str, check: str) -> None:
    path = data / name
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    state, text = find(data, check)
    assert state == "problem", text


def test_a_control_database_of_a_later_version(data: Path) -> None:
    connection = sqlite3.connect(data / "control.sqlite3")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    assert find(data, "control database")[0] == "problem"


def test_a_clock_behind_the_log(data: Path) -> None:
    yesterday = FixedClock(SystemClock().now_us() - US_PER_DAY)
    found = {result.name: result.finding for result in examine(data, {}, yesterday)}
    assert found["clock"].state == "problem"
    assert "NTP" in str(found["clock"].advice)


def test_the_state_of_the_index(data: Path) -> None:
    status = data / "index" / "status.json"
    told = json.loads(status.read_text())
    status.write_text(json.dumps(told | {"state": "failed", "detail": "it broke"}))
    state, text = find(data, "search index")
    assert (state, "index rebuild" in text) == ("problem", True)
    status.unlink()
    assert find(data, "search index")[0] == "ok"
