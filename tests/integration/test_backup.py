"""Backups of a loaded service, and what may be made of them: the same log, or a new one."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import RunningService, init_folder, run_command

from indelible.verify import verify_folder

pytestmark = pytest.mark.timeout(180)

Start = Callable[..., RunningService]


def backup(data: Path, target: Path, *arguments: str) -> dict[str, Any]:
    done = run_command("backup", str(target), "--data", str(data), "--json", *arguments)
    assert "signing keys" in done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def restore(source: Path, data: Path, *arguments: str) -> dict[str, Any]:
    done = run_command("restore", str(source), "--data", str(data), "--json", *arguments)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def refusal(*arguments: str) -> str:
    done = run_command(*arguments, check=False)
    assert done.returncode == 1, (done.stdout, done.stderr)
    return done.stderr


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def stopped(start_service: Start, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a few events whose service was stopped in order. Never changed."""
    service = start_service()
    service.key("r")
    for number in range(5):
        service.send(
            *(
                {"operation": f"Round{number}", "actor": {"id": "ana@example.com"}}
                for _ in range(60)
            )
        )
    service.stop()
    return service.data


@pytest.fixture
def data(stopped: Path, tmp_path: Path) -> Path:
    """A copy of it, so that what was signed on it is its own affair."""
    return Path(shutil.copytree(stopped, tmp_path / "data"))


@pytest.mark.parametrize("name", ["copy", "copy.tar.zst"])
def test_under_load_everything_acknowledged_before_is_there(
    start_service: Start, tmp_path: Path, name: str
) -> None:
    service = start_service()
    acknowledged: list[int] = []
    stop = threading.Event()
    service.key("w")

    def write() -> None:
        while not stop.is_set():
            answer = service.send(*({"operation": "UnderLoad"} for _ in range(20)))
            acknowledged.append(answer["tree_size"])

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        while len(acknowledged) < 10:
            stop.wait(0.05)
        before = max(acknowledged)
        made = backup(service.data, tmp_path / name)
        after = max(acknowledged)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    (log,) = made["logs"]
    assert before <= log["size"]
    assert after > before, "nothing was written meanwhile: the test shows nothing"
    assert made["verified"] is True

    restored = restore(tmp_path / name, tmp_path / "restored")
    assert restored["logs"] == made["logs"]
    report = verify_folder(tmp_path / "restored")
    assert report.exit_code == 0
    # The original goes on, so its name is taken.
    assert restored["continues"] is False
    assert "service is running" in restored["reason"]
    text = refusal("serve", "--data", str(tmp_path / "restored"), "--port", "0")
    assert "--as-new-origin" in text
    service.stop(signal.SIGKILL)


def test_files_are_exact_private_and_listed(data: Path, tmp_path: Path) -> None:
    backup(data, tmp_path / "copy")
    listed = json.loads((tmp_path / "copy" / "backup.json").read_text())
    found = hashes(tmp_path / "copy")
    assert {file["name"]: file["sha256"] for file in listed["files"]} == {
        name: digest for name, digest in found.items() if name != "backup.json"
    }
    assert {"ledger.sqlite3", "control.sqlite3", "format.json", "keys/1.key", "guard/1.json"} == {
        file["name"] for file in listed["files"]
    }
    for path in (tmp_path / "copy").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (tmp_path / "copy" / "keys" / "1.key").read_bytes() == (
        data / "keys" / "1.key"
    ).read_bytes()

    shutil.rmtree(data)
    restore(tmp_path / "copy", tmp_path / "restored")
    again = hashes(tmp_path / "restored")
    del again["restored.json"]
    assert again == {name: digest for name, digest in found.items() if name != "backup.json"}
    assert (tmp_path / "restored").stat().st_mode & 0o077 == 0


def test_a_backup_is_not_served_and_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    backup(data, tmp_path / "copy")
    assert "indelible restore" in refusal("serve", "--data", str(tmp_path / "copy"), "--port", "0")
    assert "there already" in refusal("backup", str(tmp_path / "copy"), "--data", str(data))
    assert "in the data folder" in refusal("backup", str(data / "copy"), "--data", str(data))
    before = hashes(data)
    text = refusal("restore", str(tmp_path / "copy"), "--data", str(data))
    assert "is not empty" in text
    assert hashes(data) == before


@pytest.mark.parametrize("how", ["flip", "cut", "extra"])
@pytest.mark.parametrize("name", ["copy", "copy.tar.zst"])
def test_a_damaged_backup_restores_nothing(data: Path, tmp_path: Path, how: str, name: str) -> None:
    backup(data, tmp_path / name)
    damaged = tmp_path / name if name.endswith("zst") else tmp_path / name / "ledger.sqlite3"
    content = bytearray(damaged.read_bytes())
    if how == "flip":
        content[len(content) // 2] ^= 1
    elif how == "cut":
        del content[-40:]
    else:
        content += b"more"
    damaged.write_bytes(content)
    text = refusal("restore", str(tmp_path / name), "--data", str(tmp_path / "restored"))
    assert "backup is damaged" in text
    assert not (tmp_path / "restored").exists()


def test_the_log_goes_on_when_nothing_newer_was_signed(
    data: Path, start_service: Start, tmp_path: Path
) -> None:
    """The original folder tells; afterwards it holds no more than the backup does."""
    made = backup(data, tmp_path / "copy.tar.zst")
    restored = restore(tmp_path / "copy.tar.zst", tmp_path / "restored")
    assert restored["continues"] is True
    assert "never serve it again" in restored["reason"]
    service = start_service(tmp_path / "restored")
    operations = [event["operation"] for event in service.events(limit=50)]
    assert "RestoreBackup" in operations
    assert "BackUpLog" in operations
    assert service.send({"operation": "GoesOn"})["tree_size"] > made["logs"][0]["size"]
    service.stop()
    assert verify_folder(tmp_path / "restored").exit_code == 0


def test_a_stale_backup_is_refused_whatever_the_operator_says(
    data: Path, start_service: Start, tmp_path: Path
) -> None:
    backup(data, tmp_path / "copy")
    service = start_service(data)
    service.send({"operation": "AfterTheBackup"})
    service.stop()
    guard = tmp_path / "kept-guard.json"
    shutil.copyfile(data / "guard" / "1.json", guard)

    for arguments in ((), ("--nothing-newer",)):
        target = tmp_path / f"restored{len(arguments)}"
        restored = restore(tmp_path / "copy", target, *arguments)
        assert restored["continues"] is False
        assert "was signed at" in restored["reason"]
        assert "was signed at" in refusal("serve", "--data", str(target), "--port", "0")
    # The folder is gone, the guard was kept elsewhere.
    shutil.rmtree(data)
    target = tmp_path / "elsewhere"
    restored = restore(tmp_path / "copy", target, "--guard", str(guard), "--nothing-newer")
    assert restored["continues"] is False
    assert "was signed at" in refusal("serve", "--data", str(target), "--port", "0")
    assert verify_folder(target).exit_code == 0


def test_a_guard_of_another_history_is_noticed(data: Path, tmp_path: Path) -> None:
    backup(data, tmp_path / "copy")
    guard = json.loads((data / "guard" / "1.json").read_text())
    shutil.rmtree(data)
    (tmp_path / "guard.json").write_text(json.dumps(guard | {"root": "0" * 64}))
    restored = restore(
        tmp_path / "copy", tmp_path / "other", "--guard", str(tmp_path / "guard.json")
    )
    assert "another root" in restored["reason"]
    # An older state of the same history is no hindrance.
    (tmp_path / "guard.json").write_text(json.dumps(guard))
    restored = restore(
        tmp_path / "copy", tmp_path / "same", "--guard", str(tmp_path / "guard.json")
    )
    assert restored["continues"] is True


def test_without_the_original_the_operator_is_asked(
    data: Path, start_service: Start, tmp_path: Path
) -> None:
    backup(data, tmp_path / "copy")
    shutil.rmtree(data)
    done = run_command("restore", str(tmp_path / "copy"), "--data", str(tmp_path / "asked"))
    assert "--nothing-newer" in done.stderr
    assert "--guard" in done.stderr
    assert "how far the log was signed" in refusal(
        "serve", "--data", str(tmp_path / "asked"), "--port", "0"
    )
    text = refusal("import", "jsonl", __file__, "--data", str(tmp_path / "asked"))
    assert "how far the log was signed" in text

    restored = restore(tmp_path / "copy", tmp_path / "stated", "--nothing-newer")
    assert restored["continues"] is True
    service = start_service(tmp_path / "stated")
    told = [e for e in service.events(limit=50) if e["operation"] == "RestoreBackup"]
    assert "stated on the command line" in told[0]["metadata"]["basis"]
    service.stop()


def test_a_new_log_has_the_same_events_under_another_name(
    data: Path, start_service: Start, tmp_path: Path
) -> None:
    made = backup(data, tmp_path / "copy")
    (old,) = made["logs"]
    shutil.rmtree(data)
    text = refusal(
        "restore", str(tmp_path / "copy"), "--data", str(tmp_path / "new"),
        "--as-new-origin", old["origin"],
    )  # fmt: skip
    assert "origin of the old log" in text
    assert not (tmp_path / "new").exists()
    restored = restore(tmp_path / "copy", tmp_path / "new", "--as-new-origin", "test/second")
    assert restored["verified"] is True
    assert restored["events"] == old["size"] - 2
    assert restored["without_fact"] == 0
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert not names & {"old", "restored.json", "backup.json"}
    assert (tmp_path / "new" / "keys" / "1.key").read_bytes() != (
        tmp_path / "copy" / "keys" / "1.key"
    ).read_bytes()

    service = start_service(tmp_path / "new")
    status = service.request("GET", "/v1/status", key=service.key("r")).json
    assert status["tenant"]["origin"] == "test/second"
    events = service.events(limit=1000)
    rounds = [event for event in events if event["operation"].startswith("Round")]
    assert len(rounds) == 300
    assert {event["actor"]["id"] for event in rounds} == {"ana@example.com"}
    told = next(event for event in events if event["operation"] == "ContinueAsNewLog")
    assert told["targets"][1]["id"] == old["origin"]
    service.stop()
    assert verify_folder(tmp_path / "new").exit_code == 0


def test_ids_stored_before_are_known_in_a_new_log(start_service: Start, tmp_path: Path) -> None:
    """A sender that repeats what it has no receipt for must not store it twice."""
    event = {"operation": "Once", "id": "0193a5a0-0000-7000-8000-000000000001"}
    service = start_service()
    key = service.key("w")
    first = service.send(event)
    service.stop()
    backup(service.data, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "new", "--as-new-origin", "test/second")
    again = start_service(tmp_path / "new")
    reply = again.request("POST", "/v1/events", key=key, json=[event]).json
    assert reply["duplicates"] == 1
    assert reply["receipts"][0]["index"] == first["receipts"][0]["index"]


def test_a_killed_backup_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    init_folder(tmp_path / "data")
    left = tmp_path / "copy.copy"
    (left / "keys").mkdir(parents=True)
    (left / "ledger.sqlite3").write_bytes(b"half")
    made = backup(tmp_path / "data", tmp_path / "copy")
    assert made["verified"] is True
    assert not left.exists()
