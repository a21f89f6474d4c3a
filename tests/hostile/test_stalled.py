"""
A body that stops coming is given up.

Alone in its file, so that others run while it waits for the service to lose its patience.
"""

from __future__ import annotations

import pytest
from tests.hostile.test_connections import connect, read_all
from tests.integration.conftest import RunningService

pytestmark = pytest.mark.timeout(240)


def test_a_body_that_stands_still_is_given_up(service: RunningService) -> None:
    key = service.key("w").encode()
    with connect(service) as line:
        line.settimeout(60)
        line.sendall(
            b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"content-length: 100\r\nauthorization: Bearer " + key + b'\r\n\r\n{"operation":"Half"'
        )
        reply = read_all(line)
    assert reply.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request-timeout"' in reply
    assert not [event for event in service.events() if event["operation"] == "Half"]
