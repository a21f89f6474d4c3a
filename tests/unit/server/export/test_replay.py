"""Steps as code: it runs, it asks for what the log holds, and hostile text stays text."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from indelible.server.export.replay import FORMATS, Head, replay
from indelible.server.query.steps import Step

pytestmark = pytest.mark.timeout(180)  # it starts programs of its own; two cores are shared

HEAD = Head(whose="ana@example.com", from_=None, to=None, total=3, version="1")
HOSTILE = (
    "'; touch pwned; '",
    '"; touch pwned; "',
    "$(touch pwned)",
    "`touch pwned`",
    "a\ntouch pwned\n",
    "a\r\nimport os; os.system('touch pwned')",
    '"""\nimport os; os.system("touch pwned")\n"""',
    "'''\\",
    "\\",
    "\\'; touch pwned #",
    "${IFS}touch${IFS}pwned",
    "!touch pwned",
    "%s%n{0}{x}{{",
    "\u202egpj.exe\u2066",
    "\u2028touch pwned\u2029",
    "\x00\x1b[31m\x7f\x85",
    "@/etc/hosts",
    "--output pwned",
    "~/*?[a-z]{a,b}",
    "=cmd|'/c calc'!A1",
    "\U0001f600\ud83d\ude00é".encode("utf-16", "surrogatepass").decode("utf-16"),
    "|x|<script>alert(1)</script>[a](javascript:1)",
)


def step(number: int, **event: Any) -> Step:
    whole = {
        "occurred_at": f"2026-11-22T09:1{number}:00Z",
        "operation": "UpdateGroup",
        "method": "POST",
        "endpoint": "/groups/v2/g_1",
        "status": 200,
        "outcome": "success",
        "targets": [],
        "changes": [],
        "context": {"request_id": f"r_{number}"},
        **event,
    }
    failed = whole["outcome"] in ("failure", "denied")
    return Step(
        number=number, event=whole, gap_s=None if number == 1 else 240.0, failed=failed,
        new_session=number == 1, new_request=True,
    )  # fmt: skip


class Seen(BaseHTTPRequestHandler):
    """Answers with the status that the path begins with, and remembers what was asked."""

    asked: list[tuple[str, str, str, str]]

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        self.asked.append((self.command, self.path, body, self.headers.get("authorization") or ""))
        self.send_response(500 if self.path.startswith("/reports") else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, str, str, str]]]]:
    asked: list[tuple[str, str, str, str]] = []
    handler = type("Handler", (Seen,), {"asked": asked})
    made = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{made.server_address[1]}", asked
    made.shutdown()
    thread.join()
    made.server_close()


STORY = [
    step(1, method="UserLogin", endpoint="/auth/v3/login", operation="LoginUser"),
    step(2, endpoint="/groups/v2/{group_id}", targets=[{"type": "group", "id": "g 7/x"}],
         changes=[{"path": "assets", "before": 1, "after": 2},
                  {"path": "api_token", "before": None, "after": "hunter2hunter2"}]),
    step(3, method="GET", endpoint="/reports/v1/r_1?token=hunter3&page=2", status=500,
         outcome="failure", reason="storage is away"),
]  # fmt: skip
ENVIRONMENT = {"TOKEN": "t0ken", "VALUE_API_TOKEN": "one", "VALUE_TOKEN": "two"}
ASKED = [
    ("POST", "/groups/v2/g%207%2Fx", '{"assets": 2, "api_token": "one"}', "Bearer t0ken"),
    ("GET", "/reports/v1/r_1?token=two&page=2", "", "Bearer t0ken"),
]


Done = subprocess.CompletedProcess[str]


def run_pytest(text: str, folder: Path, url: str, **values: str) -> Done:
    file = folder / "test_steps.py"
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull,
         "--rootdir", str(folder), str(file)],
        cwd=folder, env={"PATH": os.environ["PATH"], "BASE_URL": url, **values},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def run_shell(text: str, folder: Path, url: str, **values: str) -> Done:
    file = folder / "steps.sh"
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        ["sh", str(file)], cwd=folder, env={"PATH": os.environ["PATH"], "BASE_URL": url, **values},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_pytest_file_runs(
    server: tuple[str, list[tuple[str, str, str, str]]], tmp_path: Path
) -> None:
    url, asked = server
    done = run_pytest(replay("pytest", HEAD, STORY), tmp_path, url, **ENVIRONMENT)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert asked == ASKED


def test_the_pytest_file_finds_a_change_of_behaviour(
    server: tuple[str, list[tuple[str, str, str, str]]], tmp_path: Path
) -> None:
    url, _ = server
    done = run_pytest(replay("pytest", HEAD, [step(2, status=503)]), tmp_path, url)
    assert "1 failed" in done.stdout
    assert "assert 200 == 503" in done.stdout


def test_the_shell_script_runs(
    server: tuple[str, list[tuple[str, str, str, str]]], tmp_path: Path
) -> None:
    url, asked = server
    done = run_shell(replay("curl", HEAD, STORY), tmp_path, url, **ENVIRONMENT)
    assert (done.returncode, done.stdout) == (0, "step 2: 200\nstep 3: 500\n"), done.stderr
    assert asked == ASKED
    wrong = run_shell(replay("curl", HEAD, [step(1, status=503)]), tmp_path, url)
    assert wrong.returncode == 1
    assert "200, the log has 503" in wrong.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_no_secret_comes_out(form: Any) -> None:
    steps = [
        *STORY,
        step(4, endpoint="/x?Password=hunter4&a=b"),
        step(5, endpoint="/verify/eyJhbGciOiJIUzI1.hunter5hunter5/x"),
        step(6, changes=[{"path": "note", "after": "Bearer hunter6hunter6"},
                         {"path": "pass", "after": "[redacted]"}],
             reason="Authorization: Bearer hunter7 refused", outcome="failure"),
    ]  # fmt: skip
    text = replay(form, HEAD, steps)
    for number in range(2, 8):
        assert f"hunter{number}" not in text
    assert "redacted" not in text


def hostile_steps() -> list[Step]:
    return [
        step(
            number + 1,
            operation=text,
            endpoint=f"/p/{text}?q={text}",
            reason=text,
            outcome="failure",
            targets=[{"type": text, "id": text, "name": text}],
            changes=[{"path": text, "before": text, "after": text}],
            context={"request_id": text, "session_id": text},
        )
        for number, text in enumerate(HOSTILE)
    ]


def test_hostile_text_stays_text_when_the_code_runs(
    server: tuple[str, list[tuple[str, str, str, str]]], tmp_path: Path
) -> None:
    url, asked = server
    head = Head(whose=" ".join(HOSTILE), from_=None, to=None, total=9, version="1")
    script = replay("curl", head, hostile_steps())
    module = replay("pytest", head, hostile_steps())
    assert script.isascii()
    assert module.isascii()
    assert "\r" not in script + module
    # What stands in braces is taken for a parameter of the path.
    holes = {"VALUE_IFS": "1", "VALUE_0": "2", "VALUE_X": "3"}
    done = run_shell(script, tmp_path, url, **holes)
    assert done.stdout.count("step ") == len(HOSTILE), done.stderr
    by_shell = list(asked)
    asked.clear()
    done = run_pytest(module, tmp_path, url, **holes)
    assert f"{len(HOSTILE)} passed" in done.stdout, done.stdout + done.stderr
    assert asked == by_shell
    assert [json.loads(body) for _, _, body, _ in asked] == [{text: text} for text in HOSTILE]
    assert not (tmp_path / "pwned").exists()
    assert {type(node) for node in ast.parse(module).body} == {
        ast.Expr, ast.Import, ast.Assign, ast.FunctionDef
    }  # fmt: skip


def test_a_target_never_leads_to_another_host(
    server: tuple[str, list[tuple[str, str, str, str]]], tmp_path: Path
) -> None:
    url, asked = server
    steps = [
        step(number, endpoint=endpoint)
        for number, endpoint in enumerate(
            ("//evil.example/x", "/@evil.example/", "/\\evil.example"), 1
        )
    ] + [step(9, endpoint="http://evil.example/x"), step(8, endpoint="@evil.example")]
    assert run_shell(replay("curl", HEAD, steps), tmp_path, url).returncode == 0
    assert "3 passed" in run_pytest(replay("pytest", HEAD, steps), tmp_path, url).stdout
    assert len(asked) == 6


def test_har_is_a_har() -> None:
    log = json.loads(replay("har", HEAD, STORY))["log"]
    assert log["version"] == "1.2"
    first, second = log["entries"]
    assert first["request"]["postData"]["text"] == '{"assets": 2, "api_token": "$VALUE_API_TOKEN"}'
    assert second["request"]["url"].endswith("/reports/v1/r_1?token=$VALUE_TOKEN&page=2")
    assert second["response"]["status"] == 500
    assert second["comment"].startswith("FAILED: ")
    assert replay("har", HEAD, hostile_steps()).isascii()


def test_tables_hold_every_step_in_a_row() -> None:
    steps = hostile_steps()
    rows = list(csv.reader(io.StringIO(replay("csv", HEAD, steps), newline="")))
    assert len(rows) == len(steps) + 1
    assert {len(row) for row in rows} == {11}
    assert not [
        cell for row in rows for cell in row if cell[:1] in ("=", "+", "@", "\t", "\r", "\n")
    ]
    lines = replay("markdown", HEAD, steps).split("\n")
    table = [line for line in lines if line.startswith("| ") and "---" not in line]
    assert len(table) == len(steps) + 1
    assert "<script>" not in "".join(table)
    assert "](" not in "".join(table)
    assert "\u202e" not in "".join(table)
    assert "4 min later" in table[2]
