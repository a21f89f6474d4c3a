"""The command line from outside: what it prints where, and how it fails."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import ROOT, RunningService, init_folder, run_command

from indelible.cli.init import PRESET_NAMES
from indelible.seal import PolicyLeaf, parse_leaf
from indelible.server.ledger import LedgerReader
from indelible.server.ledger.categories import first_policy
from indelible.server.ledger.policy_rules import faults_of
from indelible.server.retention.presets import PRESETS, Preset

pytestmark = pytest.mark.timeout(240)  # processes start and stop; two cores are shared

Start = Callable[..., RunningService]


def test_init_is_the_only_way_to_make_a_log(tmp_path: Path) -> None:
    data = tmp_path / "data"
    missing = run_command("serve", "--data", str(data), "--port", "0", check=False)
    assert missing.returncode == 1
    assert "is not a data folder" in missing.stderr
    assert f"indelible init --data {data}" in missing.stderr
    made = init_folder(data, "--admin-email", "ana@example.com")
    assert made["link"].startswith("http://127.0.0.1:8080/setup#token=")
    assert made["origin"] == "test/main"
    assert data.stat().st_mode & 0o777 == 0o700
    for name in ("control.sqlite3", "keys/1.key"):
        assert (data / name).stat().st_mode & 0o777 == 0o600, name
    again = run_command("init", "--data", str(data), check=False)
    assert again.returncode == 1
    assert "already" in again.stderr
    stranger = tmp_path / "photos"
    stranger.mkdir()
    (stranger / "cat.jpg").touch()
    assert run_command("init", "--data", str(stranger), check=False).returncode == 1
    assert [path.name for path in stranger.iterdir()] == ["cat.jpg"]


@pytest.mark.parametrize("origin", ["two words", "/x", "x//y", "x\n/y", "é/main", "x" * 300])
def test_origins_that_are_refused(tmp_path: Path, origin: str) -> None:
    done = run_command("init", "--data", str(tmp_path / "d"), "--origin", origin, check=False)
    assert done.returncode == 1
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_retention_from_the_first_event_on(tmp_path: Path, preset: Preset) -> None:
    """Each preset keeps the rules of a first policy, by the service and by the verifier."""
    policy = preset.applied(first_policy(20_000))
    assert faults_of(policy, 20_000, None) == []
    spans = {c.name: (c.fact_days, c.person_days, c.content_days) for c in policy.categories}
    assert spans["data"] == preset.keep
    assert all(None not in one for one in spans.values())
    assert len(policy.floors) == 3 + (len(policy.categories) if preset.floor_days else 0)


def test_init_with_a_preset(tmp_path: Path) -> None:
    assert tuple(preset.name for preset in PRESETS) == PRESET_NAMES
    data = tmp_path / "data"
    made = init_folder(data, "--retention", "gdpr-minimal")
    assert made["retention"] == "gdpr-minimal"
    reader = LedgerReader(data / "ledger.sqlite3")
    leaf = parse_leaf(reader.entry(1, 1).leaf or b"")
    reader.close()
    assert isinstance(leaf, PolicyLeaf)
    kept = {c.name: c.person_days for c in leaf.policy.categories}
    assert (kept["data"], kept["job"], kept["audit"]) == (90, 30, 365)
    assert run_command("verify", "--data", str(data)).returncode == 0
    unknown = run_command("init", "--data", str(tmp_path / "x"), "--retention", "no", check=False)
    assert (unknown.returncode, (tmp_path / "x").exists()) == (2, False)
    assert "gdpr-minimal" in unknown.stderr


def test_results_on_stdout_messages_on_stderr(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    init_folder(Path(data))
    made = run_command("keys", "create", "--kind", "w", "--data", data)
    assert made.stdout.startswith("ind_w_")
    assert made.stdout.count("\n") == 1
    assert "shown this once" in made.stderr
    by_variable = run_command("keys", "list", "--json", env={"INDELIBLE_DATA": data})
    assert len(json.loads(by_variable.stdout)["keys"]) == 1
    unknown = run_command("keys", "revoke", "nothing", "--data", data, check=False)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "error: there is no key nothing\n"
    first = run_command("users", "reset-link", "typo@example.com", "--data", data)
    assert "/setup#token=" in first.stdout
    assert "makes typo@example.com the first administrator" in first.stderr
    wrong = run_command("keys", "create", "--kind", "x", "--data", data, check=False)
    assert wrong.returncode == 2


def test_settings_show_and_check(tmp_path: Path) -> None:
    data = tmp_path / "data"
    init_folder(data)
    (data / "indelible.toml").write_text("[service]\nport = 9000\n")
    shown = json.loads(run_command("settings", "show", "--json", "--data", str(data)).stdout)
    port = next(row for row in shown["settings"] if row["key"] == "service.port")
    assert port["value"] == 9000
    assert port["source"].endswith("indelible.toml")
    assert run_command("settings", "check", "--json", "--data", str(data)).stdout == '{"ok":true}\n'
    (data / "indelible.toml").write_text("[service]\nport = 9000\ncolour = 'red'\n")
    for command in (("settings", "check"), ("serve", "--port", "0")):
        wrong = run_command(*command, "--data", str(data), check=False)
        assert wrong.returncode == 1
        assert "unknown setting service.colour" in wrong.stderr


def test_settings_are_documented() -> None:
    from indelible.server.settings import TABLE

    text = (ROOT / "docs" / "operations.md").read_text()
    for row in TABLE:
        assert f"`{row.key}`" in text, row.key


def test_help_names_every_command() -> None:
    text = run_command("--help").stdout
    for name in ("init", "serve", "import", "export", "verify", "index", "keys", "users"):
        assert f"  {name}" in text
        assert run_command(name, "--help").stdout.startswith("Usage: indelible")


def test_without_its_packages_one_line_says_what_to_install(tmp_path: Path) -> None:
    """The base install has msgspec only."""
    for package, extra in (("click", "indelible[verify]"), ("starlette", "indelible[server]")):
        folder = tmp_path / package
        folder.mkdir()
        blocker = f"import sys\nsys.modules[{package!r}] = None\n"
        (folder / "sitecustomize.py").write_text(blocker)
        done = subprocess.run(
            [sys.executable, "-m", "indelible.cli", "serve", "--data", str(tmp_path / "data")],
            env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT / 'src'}"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert extra in done.stderr


def test_export_from_a_service_and_from_a_folder_are_the_same(
    start_service: Start, tmp_path: Path
) -> None:
    service = start_service()
    service.send(
        *(
            {"operation": "Exported", "occurred_at": f"2024-05-01T10:00:{n:02d}Z"}
            for n in range(30)
        ),
        {"operation": "=cmd|' /C calc'!A0", "occurred_at": "2024-05-01T11:00:00Z"},
    )
    service.settle()
    wanted = ("--period", "day", "--date", "2024-05-01", "--tz", "Europe/Paris")
    where = ("--url", service.url, "--key", service.key("r"))
    live = run_command("export", *wanted, *where)
    assert live.stderr == "31 events\n"
    raw = run_command("export", *wanted, *where, "--csv", "raw")
    rows = list(csv.DictReader(io.StringIO(raw.stdout)))
    assert len(rows) == 31
    assert rows[0]["Operation"] == "=cmd|' /C calc'!A0"
    assert rows[0]["Date"] == "01/05/2024 13:00:00"
    assert "=cmd" in live.stdout
    assert not any(
        row["Operation"].startswith("=") for row in csv.DictReader(io.StringIO(live.stdout))
    )
    refused = run_command("export", *where, "--tz", "Nowhere", check=False)
    assert refused.returncode == 1
    assert "the service refused (400)" in refused.stderr
    locked = run_command("export", "--data", str(service.data), check=False)
    assert "in use by `indelible serve`" in locked.stderr
    service.stop()
    target = tmp_path / "events.csv"
    done = run_command(
        "export", *wanted, "--data", str(service.data), "--output", str(target), "--json"
    )
    assert json.loads(done.stdout)["events"] == 31
    assert target.read_text() == live.stdout.replace("\r\n", "\n") or (
        target.read_bytes().replace(b"\r\n", b"\n") == live.stdout.encode().replace(b"\r\n", b"\n")
    )
    assert run_command("verify", "--data", str(service.data)).returncode == 0


def test_index_status_and_rebuild(start_service: Start) -> None:
    service = start_service()
    service.send({"operation": "Kept"})
    service.settle()
    data = ("--data", str(service.data))
    assert json.loads(run_command("index", "status", "--json", *data).stdout)["state"] == "ready"
    run_command("index", "rebuild", *data)
    request = service.data / "index" / "rebuild.request"
    while request.exists():
        time.sleep(0.1)
    service.settle()
    assert [e["operation"] for e in service.events(q="Kept")] == ["Kept"]
    deadline = time.monotonic() + 30
    while not (queued := service.events(stream="task", q="RebuildIndex")):
        # Acts by the command line come into the log within a second.
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [event["job"]["state"] for event in queued] == ["queued"]
