"""`indelible run` and `indelible redact check`, as commands of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.client.fake_service import FakeService


def indelible(*arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "indelible.cli", *arguments],
        env={**os.environ, "PYTHONPATH": "src", "INDELIBLE_URL": url, "INDELIBLE_KEY": "k"},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("code", "status", "end", "reason"),
    [
        ("import os; assert 'INDELIBLE_KEY' not in os.environ", 0, "TaskSucceeded", None),
        ("raise SystemExit(3)", 3, "TaskFailed", "exit status 3"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            137,
            "TaskCancelled",
            "ended by signal SIGKILL",
        ),
    ],
)
def test_a_command_is_a_job(
    service: FakeService, code: str, status: int, end: str, reason: str | None
) -> None:
    done = indelible("run", "--name", "nightly", "--", sys.executable, "-c", code, url=service.url)
    assert done.returncode == status, done.stderr
    started, ended = service.events
    assert (started["method"], ended["method"], ended.get("reason")) == ("TaskStarted", end, reason)
    assert started["operation"] == "Nightly"
    assert ended["job"]["duration_ms"] >= 0


def test_a_command_that_cannot_start_is_told(service: FakeService) -> None:
    done = indelible("run", "--", "/nowhere/at-all", url=service.url)
    assert done.returncode == 127
    assert service.events[-1]["method"] == "TaskFailed"


def test_a_file_is_tried_against_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(
        '{"operation": "X", "metadata": {"password": "hunter2", "a": [{"otp": 123456}]}}\n'
        "GET /x?token=abcdef1234 HTTP/1.1\n"
        "nothing here\n"
    )
    done = indelible("redact", "check", str(file))
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"{file}:1: metadata.password: [redacted]",
        f"{file}:1: metadata.a.0.otp: [redacted]",
        f"{file}:2: GET /x?token=[redacted] HTTP/1.1",
        "3 place(s) would be masked",
    ]
    assert indelible("redact", "check", "--found", str(file)).returncode == 1
