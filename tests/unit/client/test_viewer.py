"""The SDK's call for viewer tokens: what it sends, and what it says when there is none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from indelible.client import NoViewerToken, Viewers
from indelible.client.transport import inside
from indelible.errors import SettingsError

REPLY = {
    "id": "t1", "token": "ind_v_x", "expires_at": "2026-11-25T10:00:00Z", "more": 1,
    "script": "https://audit.example/embed/audit-log.js", "page": "https://audit.example/embed",
}  # fmt: skip


class Answer:
    """A service that answers as it is told."""

    def __init__(self) -> None:
        self.status, self.body = 201, json.dumps(REPLY).encode()
        self.calls: list[tuple[str, str, str, Any]] = []
        answer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                said = json.loads(body) if body else None
                key = self.headers.get("authorization", "")
                answer.calls.append((self.command, self.path, key, said))
                self.send_response(answer.status)
                self.end_headers()
                self.wfile.write(answer.body)

            do_DELETE = do_POST  # noqa: N815 - its name in the library

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/audit"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def answer() -> Iterator[Answer]:
    made = Answer()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_token_is_asked_for_as_the_contract_says(answer: Answer) -> None:
    viewers = Viewers(answer.url + "/", "ind_r_k", origins=["https://app.example.com"])
    made = viewers.token(
        "u_1", name="Ana", target=("group", "7"), streams=("user",), export=True, lifetime_s=60
    )
    assert (made.id, made.token) == ("t1", "ind_v_x")
    assert answer.calls == [
        (
            "POST", "/audit/v1/embed/tokens", "Bearer ind_r_k",
            {
                "subject": {"id": "u_1", "name": "Ana", "email": None},
                "origins": ["https://app.example.com"],
                "target": {"type": "group", "id": "7"},
                "streams": ["user"],
                "everything": False, "export": True, "title": "", "lifetime_s": 60,
            },
        )
    ]  # fmt: skip
    viewers.token("u_2", targets=[("group", "7"), ("group", "8")], origins=["http://localhost:1"])
    asked = answer.calls[-1][3]
    assert asked["targets"] == [{"type": "group", "id": "7"}, {"type": "group", "id": "8"}]
    assert asked["origins"] == ["http://localhost:1"]
    assert inside.depth == 0


def test_a_token_is_revoked_by_its_id(answer: Answer) -> None:
    answer.status, answer.body = 204, b""
    Viewers(answer.url, "ind_r_k").revoke("a/b")
    assert answer.calls[0][:2] == ("DELETE", "/audit/v1/embed/tokens/a%2Fb")
    answer.status = 404
    with pytest.raises(NoViewerToken):
        Viewers(answer.url, "ind_r_k").revoke("t1")


def test_what_went_wrong_is_said(answer: Answer) -> None:
    viewers = Viewers(answer.url, "ind_r_k")
    answer.status = 409
    answer.body = b'{"detail": "no host product may show the log in a frame", "hint": "set it"}'
    with pytest.raises(NoViewerToken) as refused:
        viewers.token("u_1", everything=True)
    assert "409: no host product" in refused.value.message
    assert refused.value.hint == "set it"
    answer.status, answer.body = 201, b"<html>"
    with pytest.raises(NoViewerToken, match="not one of an Indelible"):
        viewers.token("u_1", everything=True)
    answer.server.shutdown()
    answer.server.server_close()
    with pytest.raises(NoViewerToken, match="no reply"):
        viewers.token("u_1", everything=True)
    assert inside.depth == 0


@pytest.mark.parametrize(
    ("url", "key"), [("audit.example", "k"), ("https://x", ""), ("https://x", "é")]
)
def test_a_wrong_start_says_why(url: str, key: str) -> None:
    with pytest.raises(SettingsError):
        Viewers(url, key)
