"""Two tenants on one service: nothing of one is readable, countable or provable by the other."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from tests.hostile.conftest import assert_clear
from tests.integration.conftest import Reply, RunningService

pytestmark = pytest.mark.timeout(240)

Two = tuple[RunningService, dict[str, str]]
SECRET = "only-of-the-first-tenant"


@pytest.fixture(scope="module")
def secrets(two_tenants: Two) -> dict[str, Any]:
    """Events of the first tenant, and everything that names them."""
    service, stranger = two_tenants
    answer = service.send(*({"operation": "Secret", "reason": f"{SECRET} {n}"} for n in range(30)))
    mine = service.request(
        "POST", "/v1/events", key=stranger["w"], json=[{"operation": "Mine"}] * 30
    )
    assert mine.status == 200
    service.settle()
    page = service.request("GET", "/v1/events", key=service.key("r"), params={"limit": 5}).json
    key = service.request(
        "POST", "/v1/keys", key=service.key("a"), json={"name": "victim", "kind": "r"}
    ).json
    return {
        "ids": [receipt["id"] for receipt in answer["receipts"]],
        "indices": [receipt["index"] for receipt in answer["receipts"]],
        "leaves": [receipt["leaf_hash"] for receipt in answer["receipts"]],
        "cursor": page["next_cursor"],
        "key": key,
    }


def ask(two_tenants: Two, method: str, path: str, **options: Any) -> Reply:
    service, stranger = two_tenants
    reply = service.request(method, path, key=stranger["a"], **options)
    assert_clear(reply)
    return reply


def test_ids_of_another_tenant_do_not_exist(two_tenants: Two, secrets: dict[str, Any]) -> None:
    for event_id in secrets["ids"]:
        unknown = "0193aaaa-0000-7000-8000-00000000abcd"
        for path in ("/v1/events/{}", "/v1/events/{}/proof"):
            foreign = ask(two_tenants, "GET", path.format(event_id))
            nothing = ask(two_tenants, "GET", path.format(unknown))
            assert (foreign.status, foreign.code) == (404, "not-found") == (
                nothing.status, nothing.code,
            )  # fmt: skip
            # Not even the words tell the two apart.
            assert foreign.json["detail"] == nothing.json["detail"].replace(unknown, event_id)


def test_lists_counts_and_exports_hold_only_ones_own(
    two_tenants: Two, secrets: dict[str, Any]
) -> None:
    """Whatever the query says: the tenant never comes from it."""
    wide = {"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    queries = [
        "", SECRET, f'"{SECRET}"', "operation:Secret", "-operation:Mine", "tenant:1",
        "' OR 1=1 --", "') OR tenant=1 OR ('", "operation:x' OR tenant='1", "%", "_", "*", "\\",
        *(f"id:{event_id}" for event_id in secrets["ids"][:3]),
    ]  # fmt: skip
    for query in queries:
        for path, extra in (
            ("/v1/events", {"limit": "1000"}),
            ("/v1/stats", {"group": "operation"}),
            ("/v1/export", {"format": "csv"}),
            ("/v1/export", {"format": "jsonl"}),
        ):
            reply = ask(two_tenants, "GET", path, params={**wide, **extra, "q": query})
            if reply.status == 200:
                # The search itself is recorded, so its text may come back; the event may not.
                assert b'"Secret"' not in reply.body, (path, query)
                assert f"{SECRET} 1".encode() not in reply.body, (path, query)
            else:
                assert reply.status == 400


def test_a_cursor_of_another_tenant_is_refused(two_tenants: Two, secrets: dict[str, Any]) -> None:
    reply = ask(two_tenants, "GET", "/v1/events", params={"cursor": secrets["cursor"], "limit": 5})
    assert (reply.status, reply.code) == (400, "bad-cursor")


def tampered(cursor: str) -> list[str]:
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    way, occurred_us, index, digest = msgspec.msgpack.decode(bytes(raw))
    made = [[way, occurred_us, index, b"\0" * len(digest)], [way, 2**63 - 1, index, b""],
            [way, occurred_us, -1, digest], ["up", occurred_us, index, digest],
            [way, None, index, digest], [way, occurred_us, index, digest, 1], [], {}, 5, None,
            [[[]]] * 4, [way, 1e300, index, digest],
            [way, occurred_us, 2**64 - 1, digest]]  # fmt: skip
    texts = [
        base64.urlsafe_b64encode(msgspec.msgpack.encode(one)).rstrip(b"=").decode() for one in made
    ]
    for position in range(len(raw)):
        flipped = bytearray(raw)
        flipped[position] ^= 1 << position % 8
        texts.append(base64.urlsafe_b64encode(flipped).rstrip(b"=").decode())
    return [*texts, cursor[:-1], cursor + "A", cursor + "=", " " + cursor, "", "é", "\0",
            "A" * 9000, "../../x", "' OR 1=1", "null", "-1"]  # fmt: skip


def test_tampered_cursors_are_refused_or_stay_inside(
    two_tenants: Two, secrets: dict[str, Any]
) -> None:
    """A cursor is no right: whatever stands in it, tenant and filter stay the caller's."""
    page = ask(two_tenants, "GET", "/v1/events", params={"limit": 5}).json
    for text in tampered(page["next_cursor"]):
        reply = ask(two_tenants, "GET", "/v1/events", params={"limit": 5, "cursor": text})
        if reply.status == 200:
            assert SECRET not in reply.body.decode()
        else:
            assert (reply.status, reply.code) == (400, "bad-cursor"), text


def test_the_log_of_another_tenant_cannot_be_read_by_name(
    two_tenants: Two, secrets: dict[str, Any]
) -> None:
    own = ask(two_tenants, "GET", "/v1/log/checkpoint")
    assert own.status == 200
    assert own.body.startswith(b"test/stranger\n")
    for tenant in ("main", "1", "..", "stranger%2F..%2Fmain", "MAIN", "main%00", "test/main"):
        for path in ("checkpoint", "tile/0/000", "tile/entries/000", "key", "min-index"):
            reply = ask(two_tenants, "GET", f"/v1/log/{tenant}/{path}")
            assert reply.status in (400, 403, 404), (tenant, path, reply.body[:200])


def test_entries_are_counted_from_ones_own_log(two_tenants: Two, secrets: dict[str, Any]) -> None:
    for index, leaf in zip(secrets["indices"], secrets["leaves"], strict=True):
        reply = ask(two_tenants, "GET", f"/v1/entries/{index}")
        if reply.status == 200:
            assert reply.json["leaf_hash"] != leaf
            assert SECRET not in reply.body.decode()
    for index in ("-1", "99999999999999999999", "1e3", "0x1", "%D9%A3", "%00", "1;2"):
        assert ask(two_tenants, "GET", f"/v1/entries/{index}").status in (400, 404), index


def test_keys_of_another_tenant_are_out_of_reach(two_tenants: Two, secrets: dict[str, Any]) -> None:
    service, _ = two_tenants
    victim = secrets["key"]
    listed = ask(two_tenants, "GET", "/v1/keys").json["keys"]
    assert victim["id"] not in json.dumps(listed)
    assert ask(two_tenants, "DELETE", f"/v1/keys/{victim['id']}").status == 404
    assert service.request("GET", "/v1/status", key=victim["key"]).status == 200


def test_settings_and_status_are_ones_own(two_tenants: Two, secrets: dict[str, Any]) -> None:
    service, _ = two_tenants
    assert ask(two_tenants, "PATCH", "/v1/settings", json={"zone": "Asia/Tokyo"}).status == 200
    assert service.request("GET", "/v1/settings", key=service.key("r")).json["zone"] == "UTC"
    status = ask(two_tenants, "GET", "/v1/status").json
    assert status["tenant"]["name"] == "stranger"
    assert "test/main" not in json.dumps(status)


def test_the_same_id_in_two_tenants_is_two_events(two_tenants: Two) -> None:
    service, stranger = two_tenants
    event = {"operation": "Twin", "id": "0193bbbb-0000-7000-8000-00000000abcd"}
    for key in (service.key("w"), stranger["w"]):
        reply = service.request("POST", "/v1/events", key=key, json=event).json
        assert (reply["stored"], reply["duplicates"]) == (1, 0)
