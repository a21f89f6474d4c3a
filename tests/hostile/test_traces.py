"""What is left in logs and on terminals: no secret, no event text, nothing that steers a screen."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.hostile.conftest import dumps
from tests.integration.conftest import (
    EMAIL,
    PASSWORD,
    RunningService,
    command_environment,
    run_command,
)

pytestmark = pytest.mark.timeout(240)

Start = Callable[..., RunningService]

STEERING = [
    "a\r\n2026-01-01T00:00:00Z info    forged line",
    "\x1b[2J\x1b]0;title\x07\x1b[31m",
    "\x9b31mC1",
    "\u202eesrever\u202c",
    "\u200b\u2066hidden\u2069",
    "nul\x00byte",
    "\u2028line\u2029paragraph",
    "back\b\b\bspace",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "＝１＋１",
    "quiet word " * 9000,
]


def is_still(text: str) -> bool:
    """Whether a terminal that shows it does nothing else."""
    return all(char.isprintable() or char in "\n\t" for char in text)


def busy_session(service: RunningService) -> list[str]:
    """Everything that people and programs do, also wrongly; returns what must stay secret."""
    secrets = [service.setup_token, PASSWORD, "quiet word", "a wrong password 7"]
    login = service.set_up()
    secrets += [login.cookie.split("=", 1)[1], login.session["csrf"]]
    made = login.request("POST", "/v1/keys", json={"name": "busy", "kind": "r"}).json
    keys = [service.key("w"), service.key("a"), made["key"], service.key("s")]
    secrets += [key.rsplit("_", 1)[1] for key in keys]
    for text in STEERING:
        event = {
            "operation": text[:150], "endpoint": text, "reason": text,
            "actor": {"email": text[:300], "name": text[:400]},
            "origin": {"ip": text[:60], "user_agent": text}, "metadata": {text[:40]: text},
        }  # fmt: skip
        service.send(event)
        bad = {"operation": "x", text[:60]: text}
        service.request("POST", "/v1/events", key=keys[0], json=bad)
        service.request("POST", "/v1/events", key=keys[0], body=dumps(event)[:-9])
        service.request("GET", "/v1/events", key=keys[2], params={"q": text[:3000]})
        agent = text.encode("ascii", "ignore").decode().replace("\r", "").replace("\n", "")
        agent = "".join(char for char in agent if char.isprintable())
        service.request("GET", "/v1/status", key=keys[2], headers={"user-agent": agent[:900]})
    service.request("POST", "/v1/session", json={"email": EMAIL, "password": "a wrong password 7"})
    service.request("POST", "/v1/session", body=b'{"password":"a wrong password 7"')
    service.request("GET", "/v1/status", key=keys[1] + "x")
    service.request("GET", f"/v1/status/{keys[1]}")
    service.request("GET", f"/scim/v2/Users/{keys[3]}", key=keys[3])
    service.request("GET", f"/v1/events/{keys[1]}", key=keys[2])
    service.request("GET", "/%0d%0a2026-01-01T00:00:00Z%20info%20forged%1b%5b2J%e2%80%ae")
    login.request("GET", "/v1/export", params={"format": "csv", "q": "quiet"})
    service.events(limit=1)
    login.request("DELETE", "/v1/session")
    return secrets


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_logs_hold_no_secret_and_no_event(start_service: Start, form: str) -> None:
    service = start_service(None, "--log-level", "debug", "--log-format", form)
    secrets = busy_session(service)
    service.stop()
    text = service.log.read_bytes().decode()
    assert "/v1/session" in text
    for secret in secrets:
        assert secret not in text, secret[:12]
    for written in ("quiet word", "calc", "alert(1)", EMAIL):
        assert written not in text
    assert is_still(text)
    lines = text.splitlines()
    assert not any(line.startswith("2026-01-01T00:00:00Z") for line in lines)
    if form == "json":
        assert all(isinstance(json.loads(line), dict) for line in lines)


def test_secrets_are_not_in_clear_on_disk(start_service: Start) -> None:
    """Whoever reads the folder or a backup of it gets no key, password or login that works."""
    service = start_service()
    secrets = busy_session(service)
    service.stop()
    for path in service.data.rglob("*"):
        if path.is_file():
            found = path.read_bytes()
            for secret in secrets:
                if secret != "quiet word":
                    assert secret.encode() not in found, (path.name, secret[:12])


def on_terminal(*arguments: str) -> str:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "indelible.cli", *arguments],
        env=command_environment() | {"TERM": "xterm", "COLUMNS": "200"},
        stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    found = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        found += piece
    running.wait(60)
    os.close(ours)
    return found.decode(errors="replace")


def test_what_commands_print_steers_no_terminal(start_service: Start, tmp_path: Path) -> None:
    service = start_service()
    for text in STEERING[:-1]:
        service.send({"operation": text[:150], "endpoint": text, "actor": {"name": text[:400]}})
    service.settle()
    hostile_file = tmp_path / "a\x1b[2J\u202eb.jsonl"
    hostile_file.write_bytes(dumps({"operation": "x", "\x1b[31m\u202e": 1}) + b"\n")
    reading = ("--url", service.url, "--key", service.key("r"))
    writing = ("--url", service.url, "--key", service.key("a"))
    commands = [
        ("export", "--format", "csv", "--csv", "raw", "--from", "2000-01-01T00:00:00Z", *reading),
        ("export", "--format", "jsonl", "--from", "2000-01-01T00:00:00Z", *reading),
        ("export", "--q", "\x1b[2J\u202e:", *reading),
        ("import", "jsonl", str(hostile_file), *writing),
        ("import", "jsonl", str(tmp_path / "no\x1b[2Jsuch"), *writing),
        ("keys", "create", "--kind", "r", "--name", "\x1b[2J", "--data", str(service.data)),
        ("users", "reset-link", "\x1b[2J@example.com", "--data", str(service.data)),
        ("keys", "list", "--json", "--data", str(service.data)),
        ("serve", "--data", "/no/\x1b[2Jsuch"),
    ]
    for command in commands:
        shown = on_terminal(*command).replace("\r\n", "\n").replace("\r", "")
        shown = shown.replace("\x1b[?25h", "").replace("\x1b[?25l", "")
        for steering in (
            "\x1b[2J",
            "\x1b[31m",
            "\x1b]0;",
            "\x9b",
            "\u202e",
            "\x00",
            "\b",
            "\u2028",
        ):
            assert steering not in shown, (command[:2], steering)


def test_a_pipe_gets_the_bytes_as_they_are(start_service: Start) -> None:
    service = start_service()
    service.send({"operation": "\x1b[31m\u202e"})
    service.settle()
    exported = run_command(
        "export", "--format", "jsonl", "--from", "2000-01-01T00:00:00Z",
        "--url", service.url, "--key", service.key("r"), "--q", "operation:*31m*",
    )  # fmt: skip
    assert json.loads(exported.stdout.splitlines()[0])["operation"] == "\x1b[31m\u202e"
