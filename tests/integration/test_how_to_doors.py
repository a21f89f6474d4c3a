"""The page on events from elsewhere: its settings are used, its commands run, as they stand."""

from __future__ import annotations

import base64
import hmac
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.conftest import ROOT, RunningService, command_environment, init_folder
from tests.unit.importers.test_json_logs import SAMPLES

PAGE = ROOT / "docs" / "how-to" / "doors.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SYSLOG = b"<110>1 2026-11-20T10:00:00Z fw sshd 7 LoginRefused - wrong password"
SECRET = b"s" * 24


@pytest.mark.timeout(120)
def test_each_block_of_the_page(
    start_service: Callable[..., RunningService], tmp_path: Path
) -> None:
    blocks = _BLOCK.findall(PAGE.read_text())
    settings, column_map = (text for kind, text in blocks if kind == "toml")
    secret = tmp_path / "billing.secret"
    secret.write_text(f"whsec_{base64.b64encode(SECRET).decode()}\n")
    (tmp_path / "legacy.toml").write_text(column_map)
    (tmp_path / "legacy.csv").write_text("When;Who;What\n2026-11-20 10:15;ana@example.com;Edit\n")
    for name, ending in (("github", "jsonl"), ("okta", "json"), ("django-auditlog", "jsonl")):
        at = tmp_path / f"{name.removeprefix('django-')}.{ending}"
        at.write_text(json.dumps(SAMPLES[name]) + "\n")
    data = tmp_path / "data"
    init_folder(data)
    (data / "indelible.toml").write_text(
        settings.replace("/etc/indelible/billing.secret", str(secret)).replace("6514", "0")
    )
    service = start_service(data)
    commands = [text for kind, text in blocks if kind == "sh"]
    indelible = f'indelible() {{ {sys.executable} -m indelible.cli "$@"; }}'
    done = subprocess.run(
        ["bash", "-ec", "\n".join([indelible, *commands])],
        cwd=tmp_path,
        env={**command_environment(), "INDELIBLE_URL": service.url,
             "INDELIBLE_KEY": service.key("a")},
        check=False, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert post_webhook(service) == 200
    found = re.search(r"syslog listens on \S+?:(\d+)", service.log.read_text())
    assert found is not None
    with socket.create_connection(("127.0.0.1", int(found[1])), timeout=20) as line:
        line.sendall(b"%d %b" % (len(_SYSLOG), _SYSLOG))
    wanted = {
        "com.example.depot.renamed", "AssignRole", "Edit", "repo.add_member", "user.session.start",
        "invoice.paid", "LoginRefused",
    }  # fmt: skip
    anytime = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    deadline = time.monotonic() + 30
    told: set[str] = set()
    while not wanted <= told:
        assert time.monotonic() < deadline, told
        events = service.events(stream="all", own="hide", **anytime)
        told = {event["operation"] for event in events}
    assert "Depot north" in json.dumps(events)  # django-auditlog's row


def post_webhook(service: RunningService) -> int:
    body = b'{"type": "invoice.paid", "data": {"n": 1}}'
    now_s = str(int(time.time()))
    signed = hmac.digest(SECRET, f"msg_1.{now_s}.".encode() + body, "sha256")
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": now_s,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
    return service.request("POST", "/v1/webhooks/billing", body=body, headers=headers).status
