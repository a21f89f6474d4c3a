"""Viewer tokens over HTTP: asked for, used, ended; and the page and script that hosts load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import RunningService, init_folder
from tests.integration.embed_host import HOST, MINE, Host, start_host

pytestmark = pytest.mark.timeout(120)

OTHER = "http://localhost:9"


@pytest.fixture(scope="module")
def host(
    tmp_path_factory: pytest.TempPathFactory, start_service: Callable[..., RunningService]
) -> Host:
    return start_host(tmp_path_factory.mktemp("embed"), start_service)


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"origins": []}, "origins"),
        ({"origins": ["https://evil.example.com"]}, "origins"),
        ({"origins": ["https://host.example.com.evil.example"]}, "origins"),
        ({"origins": ["https://host.example.com@evil.example"]}, "origins"),
        ({"origins": ["*"]}, "origins"),
        ({"origins": [f"{HOST} 'unsafe-inline'; script-src *"]}, "origins"),
        ({"target": None}, "target"),
        ({"everything": True, "q": "group"}, "everything"),
        ({"targets": [], "target": None}, "targets"),
        ({"streams": []}, "streams"),
        ({"target": {"type": "", "id": "7"}}, "target.type"),
        ({"target": {"type": "group", "id": ""}}, "target.id"),
        ({"subject": {"id": ""}}, "subject.id"),
        ({"subject": {"id": "u\n1"}}, "subject.id"),
        ({"lifetime_s": 0}, "lifetime_s"),
        ({"lifetime_s": 3601}, "lifetime_s"),
        ({"zone": "Mars/Olympus"}, "tz"),
        ({"q": "group OR"}, "q"),
        ({"q": "-actor:ana", "hide": ["person"]}, "q"),
        ({"hide": ["fact"]}, None),
        ({"locale": "xx"}, None),
        ({"filter": "group"}, None),
    ],
)
def test_what_cannot_be_asked_for(host: Host, wrong: dict[str, Any], parameter: str | None) -> None:
    problem = host.ask(status=400, **wrong)
    assert problem.get("parameter") == parameter


def test_who_may_ask(host: Host) -> None:
    assert host.ask(key=host.service.key("w"), status=403)["code"] == "denied"
    assert host.ask(key=host.token, status=403)["code"] == "beyond-reach"
    assert host.ask(key="ind_r_nothing", status=401)["code"] == "unauthenticated"
    assert host.ask(key=host.service.key("a"))["token"].startswith("ind_v_")
    login = host.service.set_up()
    body = {"subject": {"id": "u"}, "origins": [HOST], "everything": True}
    assert login.request("POST", "/v1/embed/tokens", json=body).status == 403


def test_a_token_shows_its_part_under_the_subjects_name(host: Host) -> None:
    made = host.ask(
        subject={"id": "u_9", "name": "Bo", "email": "bo@host.example.com"},
        zone="Asia/Tokyo", locale="de", theme="dark", title="Depot north", streams=["user"],
        lifetime_s=60,
    )  # fmt: skip
    token = made["token"]
    session = host.get("/v1/embed/session", token=token, origin=HOST).json
    assert session["settings"]["zone"] == "Asia/Tokyo"
    assert (session["locale"], session["theme"], session["title"]) == ("de", "dark", "Depot north")
    assert session["streams"] == ["user"]
    assert session["expires_at"] == made["expires_at"]
    found = host.get("/v1/events", token=token, q="operation:RenameGroup").json["events"]
    assert len(found) == 1
    listed = host.service.request("GET", "/v1/embed/tokens", key=host.service.key("a")).json
    mine = next(one for one in listed["tokens"] if one["id"] == made["id"])
    assert "token" not in mine
    assert mine["within"] == {"streams": ["user"], "targets": [{"type": "group", "id": "7"}]}
    # The read and the token are events; the subject is somebody outside, not an account of ours.
    _held_reads_are_written(host)
    events = host.service.events(q="source:indelible actor:u_9", limit=100)
    assert {event["operation"] for event in events} == {"SearchAuditLog"}
    actor = events[0]["actor"]
    assert (actor["kind"], actor["id"], actor["name"]) == ("external", "u_9", "Bo")
    assert events[0]["context"]["session_id"] == made["id"]
    (created,) = host.service.events(q=f"operation:CreateViewerToken target.id:{made['id']}")
    assert created["metadata"]["within"] == mine["within"]
    assert created["metadata"]["subject"]["email"] == "bo@host.example.com"
    assert made["token"] not in str(created)


def _held_reads_are_written(host: Host) -> None:
    """A read of a person is held for a moment; the next search is told after it."""
    while not host.service.events(q="source:indelible actor:u_9"):
        pass


def test_what_ends_a_token(host: Host) -> None:
    made = host.ask()
    token = made["token"]
    assert host.get("/v1/events", token=token).status == 200
    # Tampered: each part of it.
    changed = [
        "ind_r_" + token[6:],
        "ind_a_" + token[6:],
        token[:-1] + ("0" if token[-1] != "0" else "1"),
    ]
    other = host.ask()["token"]
    changed.append(other[:17] + token[17:])
    changed += [token + "0", token[:-1], token.upper(), "ind_v_"]
    for text in changed:
        assert host.get("/v1/events", token=text).status == 401, text
    # Revoked, by the key that asked or an administrator's, and by nobody else.
    stranger = host.ask(key=host.service.key("a"))
    path = f"/v1/embed/tokens/{stranger['id']}"
    assert host.service.request("DELETE", path, key=host.service.key("r")).status == 403
    assert host.service.request("DELETE", path, key=host.token).status == 403
    path = f"/v1/embed/tokens/{made['id']}"
    assert host.service.request("DELETE", path, key=host.service.key("r")).status == 204
    ended = host.get("/v1/events", token=token)
    assert (ended.status, ended.code) == (401, "viewer-token-ended")
    assert host.service.request("DELETE", path, key=host.service.key("r")).status == 204
    assert host.service.request("DELETE", path + "0", key=host.service.key("a")).status == 404
    # Expired.
    brief = host.ask(lifetime_s=1)["token"]
    while (reply := host.get("/v1/events", token=brief)).status == 200:
        pass
    assert (reply.status, reply.code) == (401, "viewer-token-ended")
    # The key that asked for it is revoked.
    admin = host.service.key("a")
    key = host.service.request("POST", "/v1/keys", key=admin, json={"name": "h", "kind": "r"}).json
    of_key = host.ask(key=key["key"])["token"]
    assert host.get("/v1/stats", token=of_key).json["total"] == len(MINE)
    host.service.request("DELETE", f"/v1/keys/{key['id']}", key=admin)
    assert host.get("/v1/stats", token=of_key).status == 401


def test_a_live_stream_ends_with_its_token(host: Host) -> None:
    made = host.ask(lifetime_s=2)
    body = host.get("/v1/live", token=made["token"], after=0, seconds=60).body
    assert b'"reason":"access"' in body


def test_a_token_of_another_service_is_nothing_here(
    host: Host, start_service: Callable[..., RunningService]
) -> None:
    other = start_service()
    assert other.request("GET", "/v1/events", key=host.token).status == 401
    body = {"subject": {"id": "u"}, "origins": [HOST], "everything": True}
    refused = other.request("POST", "/v1/embed/tokens", key=other.key("r"), json=body)
    assert (refused.status, refused.code) == (409, "embed-off")
    page = other.request("GET", f"/embed?origin={HOST}")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_the_origin_around_the_frame(host: Host) -> None:
    token = host.ask(origins=[HOST])["token"]
    for origin in (OTHER, "https://evil.example.com", "", f"{HOST}/", HOST.upper()):
        reply = host.get("/v1/embed/session", token=token, origin=origin)
        assert (reply.status, reply.code) == (403, "wrong-origin")
    assert host.get("/v1/embed/session", token=token).status == 403
    assert host.get("/v1/embed/session", token=host.service.key("a"), origin=HOST).status == 403


def test_the_page_says_who_may_frame_it(host: Host) -> None:
    def policy(path: str) -> tuple[str, dict[str, str]]:
        reply = host.service.request("GET", path)
        assert reply.status == 200
        found = [part for part in reply.headers["content-security-policy"].split("; ")
                 if part.startswith("frame-ancestors")]  # fmt: skip
        return found[0], reply.headers

    for path in ("/embed", "/embed/steps"):
        ancestors, headers = policy(f"{path}?origin={HOST}")
        assert ancestors == f"frame-ancestors {HOST}"
        assert "x-frame-options" not in headers
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        assert "set-cookie" not in headers
    for origin in ("", "https://evil.example.com", "*", f"{HOST}%20https://evil.example.com",
                   f"{HOST};script-src%20*", f"{HOST}%0d%0ax:y"):  # fmt: skip
        ancestors, headers = policy(f"/embed?origin={origin}")
        assert ancestors == "frame-ancestors 'none'"
        assert "x" not in headers
    for path in ("/", "/keys", "/login", "/embedded", "/docs"):
        ancestors, headers = policy(path)
        assert ancestors == "frame-ancestors 'none'"
        assert headers["x-frame-options"] == "DENY"


def test_the_script_may_be_loaded_from_anywhere(host: Host) -> None:
    for path in ("/embed/audit-log.js", "/embed/v1/audit-log.js"):
        reply = host.service.request("GET", path)
        assert reply.status == 200
        assert reply.headers["content-type"].startswith("text/javascript")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
        assert b"customElements" in reply.body
        assert len(reply.body) < 12_000
    for path in ("/embed/other.js", "/embed/v2/audit-log.js", "/embed/../index.html.js"):
        assert host.service.request("GET", path).status == 404


def test_a_token_for_everything_reads_events_alone(host: Host) -> None:
    ana = host.service.set_up()
    made = ana.request("POST", "/v1/views", json={"name": "Ana's own", "address": "?q=x"})
    view = f"/v1/views/{made.json['id']}"
    # The host says who looks: somebody with the id of an account is not that account.
    subject = {"id": ana.session["person"]["id"], "name": "Somebody"}
    for more in ({}, {"hide": ["person"]}):
        token = host.ask(everything=True, subject=subject, **more)["token"]
        assert host.get("/v1/events", token=token).status == 200
        for path in ("/v1/views", "/v1/holds", "/v1/erasures", "/v1/retention", "/metrics"):
            assert host.get(path, token=token).code == "beyond-reach", path
        body = {"name": "planted", "address": "?q=x", "shared": True}
        planted = host.service.request("POST", "/v1/views", key=token, json=body)
        assert planted.code == "beyond-reach"
        assert host.service.request("DELETE", view, key=token).code == "beyond-reach"
    assert [one["name"] for one in ana.request("GET", "/v1/views").json["views"]] == ["Ana's own"]


def test_a_key_that_may_not_export_makes_no_token_that_does(
    tmp_path: Path, start_service: Callable[..., RunningService]
) -> None:
    data = tmp_path / "data"
    token = init_folder(data)["token"]
    (data / "indelible.toml").write_text(
        f'[embed]\norigins = ["{HOST}"]\n[export]\nallowed = ["viewer", "auditor", "admin"]\n'
    )
    service = start_service(data)
    service.setup_token = token
    body = {"subject": {"id": "u_1", "name": "Ana"}, "origins": [HOST], "everything": True}
    for export, status in ((True, 403), (False, 201)):
        asked = {**body, "export": export}
        made = service.request("POST", "/v1/embed/tokens", key=service.key("r"), json=asked)
        assert made.status == status, made.body
        assert export is False or made.code == "export-denied"
