"""The rules of redaction over HTTP: what holds, and what would be masked in an event."""

from __future__ import annotations

import pytest
from tests.integration.conftest import RunningService, init_folder, start

pytestmark = pytest.mark.timeout(120)


def test_the_rules_in_force_and_a_try(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("redact") / "data"
    token = init_folder(data)["token"]
    (data / "indelible.toml").write_text('[redact]\nkeys = ["salary"]\n', encoding="utf-8")
    service = start(data, setup_token=token)
    try:
        key = service.key("r")
        rules = service.request("GET", "/v1/redaction", key=key).json
        assert rules["enabled"] is True
        assert {"password", "api key"} <= set(rules["names"])
        assert rules["own"] == {"keys": ["salary"], "paths": [], "patterns": [], "keep": []}
        assert len(rules["hash"]) == 64

        event = {
            "operation": "RaisePay",
            "metadata": {"salary": "90000", "ticket": "OPS-12"},
            "changes": [{"path": "password", "before": "a", "after": "b"}],
        }
        tried = service.request("POST", "/v1/redaction/test", key=key, json={"event": event})
        assert tried.status == 200, tried.body
        assert sorted(tried.json["masked"]) == ["changes.password", "metadata.salary"]
        assert tried.json["event"]["metadata"] == {"salary": rules["mask"], "ticket": "OPS-12"}
        # The try stores nothing; the same event sent is stored as the try said.
        service.send(event)
        (stored,) = [e for e in service.events() if e["operation"] == "RaisePay"]
        assert stored["metadata"] == tried.json["event"]["metadata"]
    finally:
        service.stop()


@pytest.mark.parametrize("event", [{}, {"operation": 3}, {"operation": "X", "nothing": 1}])
def test_what_is_no_event_is_refused(service: RunningService, event: object) -> None:
    reply = service.request(
        "POST", "/v1/redaction/test", key=service.key("r"), json={"event": event}
    )
    assert (reply.status, reply.code) == (400, "invalid-request")
    assert service.request("GET", "/v1/redaction", key=service.key("w")).status == 403
