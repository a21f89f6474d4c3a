"""One service with two tenants, each with people, keys, events and everything that has an id."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.conftest import (
    PASSWORD,
    Login,
    Reply,
    RunningService,
    init_folder,
    run_command,
)

HOST = "https://host.example.com"
SCIM_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
SCIM_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
SHARED_ID = "0193a5a0-0000-7000-8000-00000000beef"
WHEN = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"


@dataclass
class Side:
    """
    A tenant. `marker` stands in all of its texts and in none of the other's; `ref` names its run,
    request, session and target, so that a question can name them without saying the marker.
    """

    service: RunningService
    name: str
    marker: str
    ref: str
    keys: dict[str, str] = field(default_factory=dict)
    people: dict[str, Login] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str, method: str, path: str, **options: Any) -> Reply:
        """Asks as one of this tenant: a kind of key, a role, or `token`."""
        if who in self.people:
            return self.people[who].request(method, path, **options)
        return self.service.request(method, path, key=self.keys[who], **options)

    def must(self, who: str, method: str, path: str, **options: Any) -> Any:
        """As `ask`; it has to succeed."""
        reply = self.ask(who, method, path, **options)
        assert reply.status < 300, (path, reply.body)
        return reply.json

    def has(self, reply: Reply) -> bool:
        """Whether something of this tenant stands in a reply, its headers included."""
        told = json.dumps(reply.headers).encode() + reply.body
        return self.marker.encode() in told.lower()

    def settle(self) -> None:
        """Waits until the index has all of this tenant."""
        end_s = time.monotonic() + 60
        wanted = None
        while time.monotonic() < end_s:
            status = self.must("r", "GET", "/v1/status")
            wanted = wanted or status["ledger"]["size"]
            if status["index"]["indexed_through"] >= wanted:
                return
            time.sleep(0.1)
        raise AssertionError(f"the index does not get there: {status}")


def start_pair(folder: Path, start: Callable[..., RunningService]) -> tuple[Side, Side]:
    """A service with one tenant, to which another is added while it runs."""
    data = folder / "data"
    made = init_folder(data, "--origin", "kestrel.example/main")
    (data / "indelible.toml").write_text(f'[embed]\norigins = ["{HOST}"]\n')
    service = start(data)
    added = run_command(
        "tenants", "add", "second", "--data", str(data), "--origin", "osprey.example/log", "--json"
    )
    first = Side(service, "main", "kestrel", "ref7001")
    second = Side(service, "second", "osprey", "ref7002")
    _fill(first, made["token"])
    _fill(second, json.loads(added.stdout)["token"])
    return first, second


def _fill(side: Side, link: str) -> None:
    service, mark = side.service, side.marker
    service.setup_token = link
    side.people["admin"] = _set_up(side, link, "admin")
    for kind in ("w", "r", "a", "s"):
        made = side.must("admin", "POST", "/v1/keys", json={"name": f"{mark} {kind}", "kind": kind})
        side.keys[kind] = made["key"]
        side.ids["key"] = made["id"]
    stored = side.must("w", "POST", "/v1/events", json=_events(side))
    assert (stored["stored"], stored["duplicates"]) == (3, 0)
    side.ids |= {"id": stored["receipts"][1]["id"], "index": str(stored["receipts"][1]["index"])}
    for role in ("auditor", "viewer"):
        email = f"{role}@{mark}.example"
        made = side.must("admin", "POST", "/v1/users", json={"email": email, "role": role})
        side.people[role] = _set_up(side, made["path"].removeprefix("/setup#token="), role)
    invited = {"email": f"later@{mark}.example", "role": "viewer"}
    side.must("admin", "POST", "/v1/users", json=invited)
    users = side.must("admin", "GET", "/v1/users")
    side.ids["invite"] = users["invitations"][0]["id"]
    side.ids["user"] = next(u["id"] for u in users["users"] if u["role"] == "auditor")
    side.ids["login"] = side.must("auditor", "GET", "/v1/session/logins")["logins"][0]["id"]
    account = {"schemas": [SCIM_USER], "userName": f"scim@{mark}.example", "displayName": mark}
    side.ids["scim"] = side.must("s", "POST", "/scim/v2/Users", json=account)["id"]
    group = {"schemas": [SCIM_GROUP], "displayName": mark, "members": [{"value": side.ids["scim"]}]}
    side.ids["group"] = side.must("s", "POST", "/scim/v2/Groups", json=group)["id"]
    view = {"name": f"{mark} view", "address": "?q=ip", "shared": True}
    side.ids["view"] = side.must("admin", "POST", "/v1/views", json=view)["id"]
    token = {"subject": {"id": f"{mark}-guest"}, "origins": [HOST], "everything": True,
             "export": True}  # fmt: skip
    embed = side.must("r", "POST", "/v1/embed/tokens", json=token)
    side.ids["token"], side.keys["token"] = embed["id"], embed["token"]
    side.settle()
    side.ids["cursor"] = side.must("a", "GET", "/v1/events?limit=1")["next_cursor"]
    side.ids["job"] = side.must("a", "POST", "/v1/exports", json={"format": "jsonl"})["id"]
    version = side.must("admin", "GET", "/v1/retention")["version"]
    category = {"base_version": version, "name": f"cat-{side.ref}", "label": mark}
    side.must("admin", "POST", "/v1/categories", json=category)
    hold = {"name": f"{mark} case", "reason": mark, "wish": {"categories": ["sharing"]}}
    side.ids["hold"] = str(side.must("admin", "POST", "/v1/holds", json=hold)["id"])
    erasure = {"identifiers": [{"kind": "email", "value": f"ana@{mark}.example"}],
               "parts": ["person"], "reason": "data-subject", "case": f"{mark}-1",
               "note": "by letter"}  # fmt: skip
    asked = side.must("admin", "POST", "/v1/erasures", json=erasure)
    side.ids |= {"erasure": asked["id"], "approval": asked["approval"]["id"]}
    zone = {"main": "Europe/Berlin"}.get(side.name, "Asia/Tokyo")
    side.must("admin", "PATCH", "/v1/settings", json={"zone": zone, "date_format": "iso"})


def _set_up(side: Side, link: str, role: str) -> Login:
    email = f"{role}@{side.marker}.example"
    body = {"token": link, "email": email, "name": f"{side.marker} {role}", "password": PASSWORD}
    reply = side.service.request("POST", "/v1/setup", json=body)
    assert reply.status == 200, reply.body
    assert reply.json["tenant"]["name"] == side.name
    return Login(side.service, reply.headers["set-cookie"].split(";", 1)[0], reply.json)


def _events(side: Side) -> list[dict[str, Any]]:
    mark, ref = side.marker, side.ref
    common = {
        "occurred_at": "2026-11-20T10:00:00Z",
        "actor": {"kind": "user", "id": ref, "email": f"ana@{mark}.example", "name": mark},
        "origin": {"ip": "203.0.113.7", "device_id": mark, "user_agent": mark},
        "targets": [{"type": "group", "id": ref, "name": mark}],
        "changes": [{"path": "name", "before": mark, "after": f"{mark} 2"}],
        "context": {"source": f"{mark}-app", "request_id": ref, "session_id": ref},
        "reason": mark,
        "metadata": {mark: mark},
    }
    job = {"id": ref, "root_id": ref, "state": "succeeded", "worker": mark, "queue": mark}
    return [
        # The same id at both: neither stands in the other's way.
        {"id": SHARED_ID, "operation": f"{mark}Login", **common},
        {"operation": f"{mark}Edit", "method": "PUT", "endpoint": f"/{mark}/things", **common},
        {"operation": f"{mark}Sync", "stream": "task", "job": job, **common},
    ]
