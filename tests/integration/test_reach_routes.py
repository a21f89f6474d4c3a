"""
Every route of the table, asked with a viewer token: what lies outside of its lock never shows.

A new route that says `keeps_reach` fails here until it has a question; one that does not say so
must refuse.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from tests.integration.conftest import RunningService
from tests.integration.embed_host import HOST, MINE, SECRET, Host, start_host

from indelible.server.web.route import Api
from indelible.server.web.table import all_routes

pytestmark = pytest.mark.timeout(300)

RANGE = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}


@pytest.fixture(scope="module")
def host(
    tmp_path_factory: pytest.TempPathFactory, start_service: Callable[..., RunningService]
) -> Host:
    return start_host(tmp_path_factory.mktemp("embed"), start_service)


def _each_id(template: str) -> Callable[[Host], list[str]]:
    return lambda host: [template.format(id=one) for one in host.ids]


def _each_index(template: str) -> Callable[[Host], list[str]]:
    return lambda host: [template.format(index=one) for one in (*host.indices, 0, 1, 9999)]


def _paths(*paths: str) -> Callable[[Host], list[str]]:
    return lambda _host: list(paths)


_WHEN = f"from={quote(RANGE['from'])}&to={quote(RANGE['to'])}"
_TEXTS = ("outside", "group OR outside", "-nothing", "target.id:outside OR has:target", "j2")
_SEARCHES = ["", *(f"&q={quote(text)}" for text in _TEXTS)]
# What is asked of each route that says that it keeps the reach of its caller.
QUESTIONS: dict[tuple[str, str], Callable[[Host], list[str]]] = {
    ("GET", "/v1/events"): _paths(*(f"/v1/events?limit=1000{more}" for more in _SEARCHES)),
    ("GET", "/v1/events/{id}"): _each_id("/v1/events/{id}"),
    ("GET", "/v1/entries/{index}"): _each_index("/v1/entries/{index}"),
    ("GET", "/v1/stats"): _paths(
        *(f"/v1/stats?group={group}{more}" for more in _SEARCHES[:3] for group in
          ("none", "time", "stream", "operation", "actor", "source", "category", "target", "ip")),
    ),
    ("GET", "/v1/query"): _paths("/v1/query?q=group"),
    ("GET", "/v1/facets"): _paths(
        "/v1/facets?fields=actor,operation,target,category,source,worker,kind,queue",
        "/v1/facets?fields=operation&contains=out",
    ),
    ("GET", "/v1/complete"): _paths(
        *(f"/v1/complete?field={name}" for name in
          ("operation", "actor", "category", "worker", "target.type", "source")),
        "/v1/complete?q=ou", "/v1/complete?q=grou",
    ),
    ("GET", "/v1/feed"): _paths("/v1/feed", "/v1/feed?q=group"),
    ("GET", "/v1/export"): _paths(
        *(f"/v1/export?format={name}" for name in ("csv", "jsonl", "ocsf", "ecs", "cef")),
        "/v1/export?format=csv&columns=all&q=group",
    ),
    ("GET", "/v1/export/limits"): _paths("/v1/export/limits"),
    ("GET", "/v1/live"): _paths("/v1/live?after=0&seconds=1"),
    ("GET", "/v1/runs"): _paths(f"/v1/runs?{_WHEN}", f"/v1/runs?{_WHEN}&q=group"),
    ("GET", "/v1/runs/{id}"): _paths("/v1/runs/j1", "/v1/runs/j2"),
    ("GET", "/v1/steps"): _paths(
        "/v1/steps?request=r1", "/v1/steps?actor=ana@example.com", "/v1/steps?session=s1"
    ),
    ("GET", "/v1/steps/copy"): _paths(
        *(f"/v1/steps/copy?request=r1&format={name}" for name in
          ("markdown", "csv", "pytest", "curl", "har")),
    ),
    ("GET", "/v1/events/{id}/why"): _each_id("/v1/events/{id}/why"),
    ("GET", "/v1/gaps"): _paths(f"/v1/gaps?{_WHEN}"),
    ("GET", "/v1/summary"): _paths(
        *(f"/v1/summary?{_WHEN}&by={by}" for by in ("operation", "actor", "ip")),
    ),
    ("GET", "/v1/changes"): _paths(f"/v1/changes?{_WHEN}"),
    ("GET", "/v1/profile"): _paths(
        "/v1/profile?of=actor&value=ana@example.com", "/v1/profile?of=operation&value=CreateGroup",
        "/v1/profile?of=target&type=group&value=7",
    ),
    ("GET", "/v1/targets/history"): _paths("/v1/targets/history?type=group&id=7"),
    ("GET", "/v1/events/{id}/proof"): _each_id("/v1/events/{id}/proof"),
    ("GET", "/v1/entries/{index:int}/proof"): _each_index("/v1/entries/{index}/proof"),
    ("GET", "/v1/embed/session"): _paths(f"/v1/embed/session?origin={quote(HOST)}"),
}  # fmt: skip
# Exports in the background are followed through their life below.
JOBS = {
    ("POST", "/v1/exports"), ("GET", "/v1/exports"), ("GET", "/v1/exports/{id}"),
    ("GET", "/v1/exports/{id}/file"), ("GET", "/v1/exports/{id}/manifest"),
    ("DELETE", "/v1/exports/{id}"),
}  # fmt: skip
# Below it is the caller's own account, which a viewer, known to a host only, does not have.
OWN = "/v1/session/"
ROUTES = [api for api in all_routes() if api.permit is not None]


@pytest.mark.parametrize("api", ROUTES, ids=lambda api: f"{api.method} {api.path}")
def test_each_route_is_closed_or_keeps_to_the_lock(host: Host, api: Api) -> None:
    name = (api.method, api.path)
    is_open = api.permit == "read" and api.keeps_reach
    if not is_open or api.path.startswith(OWN):
        assert name not in QUESTIONS
        path = api.path.replace("{index:int}", "1").replace("{level:int}", "0")
        path = path.replace("{n:path}", "000").replace("{tenant}", "main")
        path = path.replace("{id}", host.ids[0])
        body = None if api.body is None else {}
        reply = host.service.request(api.method, path, key=host.token, json=body)
        assert reply.status == 403, reply.body
        is_closed = api.permit == "read" and not is_open
        if api.path.startswith("/scim/"):  # its errors have the form of RFC 7644
            assert reply.json["status"] == "403"
        else:
            assert reply.code == ("beyond-reach" if is_closed else "denied")
        assert SECRET not in reply.body.lower()
        return
    if name in JOBS:
        return
    paths = QUESTIONS[name](host)
    answered = 0
    for path in paths:
        reply = host.get(path)
        assert reply.status in (200, 404), (path, reply.body)
        answered += reply.status == 200
        shown = reply.body
        if "outside" in path:  # the question itself comes back, as text and as a sentence
            body = reply.json
            body.pop("query", None)
            shown = json.dumps(body).encode()
        assert SECRET not in shown.lower(), path
    if api.path.startswith(("/v1/events/{id}", "/v1/entries/")):
        assert answered == len(MINE)
    else:
        assert answered >= 1


def test_the_same_questions_show_it_to_who_sees_the_whole(host: Host) -> None:
    key = host.service.key("a")
    for path in ("/v1/events", "/v1/stats", "/v1/facets", "/v1/complete", "/v1/feed", "/v1/export",
                 "/v1/live", "/v1/runs", "/v1/steps", "/v1/steps/copy", "/v1/summary",
                 "/v1/changes"):  # fmt: skip
        found = b"".join(host.get(one, token=key).body for one in QUESTIONS["GET", path](host)
                         if "outside" not in one)  # fmt: skip
        assert SECRET in found.lower(), path


def test_numbers_are_those_of_the_lock(host: Host) -> None:
    assert host.get("/v1/stats").json["total"] == len(MINE)
    assert len(host.get("/v1/events").json["events"]) == len(MINE)
    assert len(host.get("/v1/feed").json["events"]) == len(MINE)
    rows = host.get("/v1/export", format="jsonl").body.splitlines()
    assert len(rows) == len(MINE)
    found = host.get("/v1/events", q="operation:CreateGroup OR operation:OutsideLogin").json
    assert [event["operation"] for event in found["events"]] == ["CreateGroup"]
    live = host.get("/v1/live", after=0, seconds=1).body
    assert live.count(b'"operation"') == len(MINE)


def test_a_background_export_keeps_the_lock_and_its_owner(host: Host) -> None:
    service = host.service
    asked = service.request("POST", "/v1/exports", key=host.token, json={"format": "jsonl"})
    assert asked.status == 202, asked.body
    job = asked.json
    assert job["total"] == len(MINE)
    path = f"/v1/exports/{job['id']}"
    while host.get(path).json["state"] in ("waiting", "running"):
        pass
    assert SECRET not in host.get(f"{path}/file").body.lower()
    assert host.get(f"{path}/manifest").json["count"] == len(MINE)
    listed = host.get("/v1/exports", way="background").json["exports"]
    assert [one["id"] for one in listed] == [job["id"]]
    # Another person, and the same one with another lock, do not have it; nor do they see others'.
    whole = service.request("POST", "/v1/exports", key=service.key("a"), json={}).json["id"]
    others = [
        host.ask(subject={"id": "u_2"})["token"],
        host.ask(q="operation:CreateGroup")["token"],
    ]
    for token in others:
        assert host.get("/v1/exports", token=token).json["exports"] == []
        for job_id in (job["id"], whole):
            for tail in ("", "/file", "/manifest"):
                assert host.get(f"/v1/exports/{job_id}{tail}", token=token).status == 404
    assert host.get(f"/v1/exports/{whole}").status == 404
    assert service.request("DELETE", path, key=others[0]).status == 404
    assert service.request("DELETE", path, key=host.token).status == 204


def test_a_token_without_export_takes_nothing_away(host: Host) -> None:
    token = host.ask()["token"]
    assert host.get("/v1/events", token=token).status == 200
    for path in ("/v1/export", "/v1/steps/copy?request=r1"):
        assert host.get(path, token=token).code == "no-export"
    reply = host.service.request("POST", "/v1/exports", key=token, json={})
    assert reply.code == "no-export"


def test_hidden_parts_show_nowhere(host: Host) -> None:
    made = host.ask(hide=["person", "content"], export=True)
    assert made["within"]["hide"] == ["content", "person"]
    token = made["token"]
    found = host.get("/v1/events", token=token).json["events"]
    assert [event["operation"] for event in found][-1] == "CreateGroup"
    assert len(found) == len(MINE)
    for name in ("/v1/events", "/v1/events/{id}", "/v1/entries/{index}", "/v1/stats", "/v1/facets",
                 "/v1/complete", "/v1/feed", "/v1/export", "/v1/live", "/v1/events/{id}/why",
                 "/v1/summary", "/v1/changes", "/v1/targets/history"):  # fmt: skip
        for path in QUESTIONS["GET", name](host):
            body = host.get(path, token=token).body
            assert b"ana@example.com" not in body, path
            assert b"South" not in body, path
    proof = host.get(f"/v1/events/{host.ids[3]}/proof", token=token)
    assert proof.status in (200, 403)
    for text in (b"ana@example.com", b"South"):
        assert text not in proof.body
        assert b64encode(text)[:-4] not in proof.body
    for q in ("ana", "actor:ana@example.com", "South"):
        assert host.get("/v1/stats", token=token, q=q).json["total"] == 0
