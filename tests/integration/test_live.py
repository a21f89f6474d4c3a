"""The log live: what is new comes once, until the reader may no longer read or all stops."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from tests.integration.conftest import RunningService, init_folder

from indelible.server.web.seats import MOST_EACH

pytestmark = pytest.mark.timeout(180)

Start = Callable[..., RunningService]


class Stream:
    """An open stream of server-sent events."""

    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self.reply = reply
        self.last_id = ""

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next message: its name and data. Heartbeats are passed over."""
        name, data = "", ""
        for raw in self.reply:
            line = raw.decode().rstrip("\r\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = line[6:]
            elif line.startswith("id: "):
                self.last_id = line[4:]
            elif not line and name:
                return name, json.loads(data)
        return "closed", {}

    def operations(self, count: int) -> list[str]:
        """The operations of the next events."""
        found: list[str] = []
        while len(found) < count:
            name, body = self.next()
            assert name == "events", (name, body)
            found += [event["operation"] for event in body["events"]]
        return found


@contextmanager
def live(service: RunningService, headers: dict[str, str], **params: Any) -> Iterator[Stream]:
    """An open stream, with its greeting read. Only once the index has started."""
    service.settle()
    parts = urlsplit(service.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("GET", "/v1/live?" + urlencode(params), headers=headers)
    reply = connection.getresponse()
    try:
        assert reply.status == 200, reply.read()
        assert reply.headers["content-type"].startswith("text/event-stream")
        stream = Stream(reply)
        assert stream.next()[0] == "hello"
        yield stream
    finally:
        reply.close()
        connection.close()


def bearer(service: RunningService, kind: str = "r") -> dict[str, str]:
    return {"authorization": f"Bearer {service.key(kind)}"}


def test_new_events_of_the_search_come_once_in_order(service: RunningService) -> None:
    service.send({"operation": "Before"})
    service.settle()
    with live(service, bearer(service), q="operation:Live*") as stream:
        service.send({"operation": "LiveOne"}, {"operation": "Other"}, {"operation": "LiveTwo"})
        service.send({"operation": "LiveThree"})
        assert stream.operations(3) == ["LiveOne", "LiveTwo", "LiveThree"]
        cursor = stream.last_id
    service.send({"operation": "LiveAway"})
    headers = {**bearer(service), "last-event-id": cursor}
    with live(service, headers, q="operation:Live*", after=0) as stream:
        assert stream.operations(1) == ["LiveAway"]


def test_a_stream_ends_when_its_time_is_over(service: RunningService) -> None:
    with live(service, bearer(service), seconds=0) as stream:
        assert stream.next() == ("end", {"reason": "time"})
        assert stream.next()[0] == "closed"


def test_what_came_too_fast_is_counted(service: RunningService) -> None:
    through = service.settle()
    service.send(*({"operation": f"Burst{number}"} for number in range(450)))
    service.settle()
    with live(service, bearer(service), q="operation:Burst*", after=through) as stream:
        name, body = stream.next()
    assert name == "events"
    assert body["skipped"] == 250
    assert [event["operation"] for event in body["events"]] == [
        f"Burst{number}" for number in range(250, 450)
    ]


def test_wrong_parameters_are_refused(service: RunningService) -> None:
    for params in ({"q": "nofield:x"}, {"after": "x"}, {"seconds": "3601"}, {"limit": "1"}):
        reply = service.request("GET", "/v1/live", key=service.key("r"), params=params)
        assert reply.status == 400, params
    reply = service.request(
        "GET", "/v1/live", key=service.key("r"), headers={"last-event-id": "of another"}
    )
    assert reply.status == 400
    assert service.request("GET", "/v1/live").status == 401
    assert service.request("GET", "/v1/live", key=service.key("w")).status == 403
    assert service.request("HEAD", "/v1/live", key=service.key("r")).status == 200


def test_seats_of_one_reader_are_few_and_given_back(service: RunningService) -> None:
    key = bearer(service)
    with live(service, key), live(service, key), live(service, key), live(service, key):
        assert MOST_EACH == 4
        reply = service.request("GET", "/v1/live", headers=key)
        assert (reply.status, reply.code) == (429, "too-many-live")
        assert int(reply.headers["retry-after"]) > 0
        with live(service, bearer(service, "a")):
            pass
    end_s = time.monotonic() + 30
    while service.request("GET", "/v1/live", headers=key, params={"seconds": 0}).status != 200:
        assert time.monotonic() < end_s, "the seats are not given back"
        time.sleep(0.05)


def test_a_revoked_key_and_an_ended_login_end_their_streams(start_service: Start) -> None:
    service = start_service()
    login = service.set_up()
    made = login.request("POST", "/v1/keys", json={"name": "watcher", "kind": "r"}).json
    key = {"authorization": f"Bearer {made['key']}"}
    with live(service, key) as stream:
        login.request("DELETE", f"/v1/keys/{made['id']}")
        assert stream.next() == ("end", {"reason": "access"})
    with live(service, {"cookie": login.cookie}, q="operation:Never") as stream:
        login.request("DELETE", "/v1/session")
        assert stream.next() == ("end", {"reason": "access"})


def test_a_stream_ends_with_what_let_its_reader_in(tmp_path: Path, start_service: Start) -> None:
    """A role that needs a second factor, and a proxy's account that is there no more."""
    data = tmp_path / "data"
    token = init_folder(data)["token"]
    (data / "indelible.toml").write_text(
        '[access]\nsecond_factor = "admins"\n'
        '[proxy_login]\nheader = "x-forwarded-email"\nnetworks = ["127.0.0.1"]\n'
        'default_role = "auditor"\n'
    )
    service = start_service(data)
    service.setup_token = token
    service.set_up()
    admin = service.key("a")
    made = service.request(
        "POST", "/v1/users", key=admin, json={"email": "bo@example.com", "role": "auditor"}
    )
    service.setup_token = made.json["path"].removeprefix("/setup#token=")
    bo = service.set_up("bo@example.com")
    user = f"/v1/users/{bo.session['person']['id']}"
    with live(service, {"cookie": bo.cookie}, q="operation:Never") as stream:
        assert service.request("PATCH", user, key=admin, json={"role": "admin"}).status == 200
        assert stream.next() == ("end", {"reason": "access"})

    named = {"x-forwarded-email": "di@example.com"}
    let_in = service.request("GET", "/v1/session", headers=named)
    cookie = {"cookie": let_in.headers["set-cookie"].split(";", 1)[0]}
    assert service.request("GET", "/v1/live", headers=cookie).status == 401
    with live(service, {**cookie, **named}, q="operation:Never") as stream:
        gone = service.request("DELETE", f"/v1/users/{let_in.json['person']['id']}", key=admin)
        assert gone.status == 204
        assert stream.next() == ("end", {"reason": "access"})


def test_reading_live_is_one_event_and_a_stop_does_not_hang(start_service: Start) -> None:
    service = start_service()
    login = service.set_up()
    with live(service, {"cookie": login.cookie}, q="operation:Seen*") as stream:
        for number in range(3):
            service.send({"operation": f"Seen{number}"})
            stream.operations(1)
        with live(service, {"cookie": login.cookie}, q="operation:Seen*"):
            pass
        service.process.terminate()
        assert stream.next() == ("end", {"reason": "stopping"})
        assert service.stop() == 0
    told = service.log.read_text()
    assert "Traceback" not in told
    assert "timeout graceful shutdown" not in told.lower(), "the stream was not waited for in vain"
    again = start_service(service.data)
    searches = again.events(q="operation:SearchAuditLog", stream="user", limit=1000)
    of_ana = [event for event in searches if event["actor"]["kind"] == "user"]
    assert len(of_ana) == 1
    assert of_ana[0]["endpoint"] == "/v1/live"
