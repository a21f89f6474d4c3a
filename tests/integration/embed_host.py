"""A service that a host product may frame, with events inside and outside of a lock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.conftest import Reply, RunningService, init_folder

HOST = "https://host.example.com"
# Each event outside of the lock says this somewhere, and none inside does.
SECRET = b"outside"
DAY = "2026-11-20"


def _event(minute: int, operation: str, *targets: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "operation": operation,
        "occurred_at": f"{DAY}T10:{minute:02}:00Z",
        "targets": [{"type": kind, "id": id_} for kind, id_ in targets],
        "context": {"source": "fleet", "request_id": "r1", "session_id": "s1"},
        **more,
    }


EVENTS = [
    _event(1, "OutsideLogin", ("user", "outside"), actor={"email": "outside@example.com"}),
    _event(2, "CreateGroup", ("group", "7"), actor={"email": "ana@example.com"}),
    _event(3, "DeleteGroup", ("dashboard", "7"), ("group", "outside"), reason="outside"),
    _event(
        4, "RenameGroup", ("group", "7"), ("user", "u1"), actor={"email": "ana@example.com"},
        changes=[{"path": "name", "before": "North", "after": "South"}],
    ),
    _event(5, "SyncGroup", ("group", "7"), stream="task",
           job={"id": "j1", "root_id": "j1", "state": "started"}),
    _event(6, "OutsideSync", ("group", "outside"), stream="task",
           job={"id": "j2", "root_id": "j1", "state": "succeeded", "worker": "outside"}),
]  # fmt: skip
MINE = (1, 3, 4)


class Host:
    """A service with events inside and outside of a lock, and tokens for it."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        stored = service.send(*EVENTS)
        self.ids = [receipt["id"] for receipt in stored["receipts"]]
        self.indices = [receipt["index"] for receipt in stored["receipts"]]
        service.settle()
        self.token = self.ask(export=True)["token"]

    def ask(self, *, key: str | None = None, status: int = 201, **body: Any) -> dict[str, Any]:
        asked = {
            "subject": {"id": "u_1", "name": "Ana"},
            "origins": [HOST],
            **({} if "q" in body or "everything" in body else {
                "target": {"type": "group", "id": "7"}}),
            **body,
        }  # fmt: skip
        reply = self.service.request(
            "POST", "/v1/embed/tokens", key=key or self.service.key("r"), json=asked
        )
        assert reply.status == status, reply.body
        found: dict[str, Any] = reply.json
        return found

    def get(self, path: str, *, token: str | None = None, **params: Any) -> Reply:
        return self.service.request("GET", path, key=token or self.token, params=params)


def start_host(folder: Path, start: Callable[..., RunningService]) -> Host:
    """Starts a service whose settings let hosts frame it."""
    data = folder / "data"
    token = init_folder(data)["token"]
    (data / "indelible.toml").write_text(f'[embed]\norigins = ["{HOST}", "http://localhost:9"]\n')
    service = start(data)
    service.setup_token = token
    return Host(service)
