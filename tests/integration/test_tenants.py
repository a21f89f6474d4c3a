"""
Two tenants in one service: every route, asked with the credentials of one about the other.

A new route fails here until `ASKED` has a question for it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import PASSWORD, Reply, RunningService, run_command
from tests.integration.two_tenants import SCIM_GROUP, SCIM_USER, SHARED_ID, WHEN, Side, start_pair

from indelible.server.web.table import all_routes

pytestmark = pytest.mark.timeout(300)

Pair = tuple[Side, Side]
NONE = frozenset[int]()
GONE = frozenset({404})


@dataclass(frozen=True)
class Ask:
    """
    Paths with ids of the tenant asked about. `foreign`: what the other one is answered; nothing
    stands for a route that names nothing and so tells everybody of its own. `tells` is whether the
    tenant's own admin sees its marker there.
    """

    paths: tuple[str, ...]
    foreign: frozenset[int] = NONE
    tells: bool = False
    body: Any = None
    slow: bool = False


def _own(*paths: str, **more: Any) -> Ask:
    return Ask(paths, tells=True, **more)


def _its(*paths: str, **more: Any) -> Ask:
    return Ask(paths, foreign=GONE, **more)


def _told(*paths: str) -> Ask:
    return Ask(paths, foreign=GONE, tells=True)


def _home(*paths: str, **more: Any) -> Ask:
    """What administrators of the first tenant alone may ask, and no key."""
    return Ask(paths, foreign=frozenset({403}), **more)


_REASON = {"reason": "because"}
_LOOK = {"identifiers": [{"kind": "id", "value": "{ref}"}], "parts": ["person"]}
_VIEW = {"name": "x", "address": "?q=ip"}
_WISH = {"categories": ["sharing"]}
_EVENT = {"operation": "Poke", "targets": [{"type": "group", "id": "{ref}"}]}
_SCIM = {"schemas": [SCIM_USER], "userName": "new@example.com"}
_SEARCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 100}
_PATCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
          "Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}  # fmt: skip
ASKED: dict[tuple[str, str], Ask] = {
    ("POST", "/v1/events"): Ask(("/v1/events",), body={**_EVENT, "id": SHARED_ID}),
    ("POST", "/v1/otlp/logs"): Ask(("/v1/otlp/logs",), body={"resourceLogs": []}),
    ("POST", "/v1/cloudevents"): Ask(("/v1/cloudevents",), body={}),
    ("POST", "/v1/imports"): Ask(
        ("/v1/imports",), body={"id": "0193a5a0", "format": "csv", "state": "started", "files": 1}),
    ("GET", "/v1/events"): _own(
        "/v1/events?limit=1000", "/v1/events?q=target.id:{ref}", "/v1/events?cursor={cursor}",
        "/v1/events?q=request:{ref}&own=show&tenant={tenant}", "/v1/events?stream=task"),
    ("GET", "/v1/events/{id}"): _told("/v1/events/{id}"),
    ("GET", "/v1/entries/{index}"): _own("/v1/entries/{index}"),
    ("GET", "/v1/stats"): _own(
        *(f"/v1/stats?group={group}" for group in
          ("time", "operation", "actor", "source", "target", "category")),
        "/v1/stats?q=target.id:{ref}&group=operation"),
    ("GET", "/v1/query"): Ask(("/v1/query?q=target.id:{ref}",)),
    ("GET", "/v1/facets"): _own("/v1/facets?fields=actor,operation,target,category,source,worker"),
    ("GET", "/v1/complete"): _own(
        "/v1/complete?field=operation", "/v1/complete?field=worker", "/v1/complete?q=o"),
    ("GET", "/v1/feed"): _own("/v1/feed", "/v1/feed?after=0&q=target.id:{ref}"),
    ("GET", "/v1/export"): _own(
        *(f"/v1/export?format={name}" for name in
          ("jsonl", "xlsx", "evidence")), "/v1/export?format=csv&columns=all"),
    ("GET", "/v1/export/limits"): Ask(("/v1/export/limits",)),
    ("POST", "/v1/exports"): Ask(("/v1/exports",), body={"format": "csv", "q": "target.id:{ref}"}),
    ("GET", "/v1/exports"): Ask(("/v1/exports",)),
    ("GET", "/v1/exports/{id}"): _its("/v1/exports/{job}"),
    ("GET", "/v1/exports/{id}/file"): _told("/v1/exports/{job}/file"),
    ("GET", "/v1/exports/{id}/manifest"): _told("/v1/exports/{job}/manifest"),
    ("DELETE", "/v1/exports/{id}"): _its("/v1/exports/{job}"),
    ("GET", "/v1/runs"): _own(f"/v1/runs?{WHEN}", f"/v1/runs?{WHEN}&q=job:{{ref}}"),
    ("GET", "/v1/runs/{id}"): _told("/v1/runs/{ref}"),
    ("GET", "/v1/steps"): _own("/v1/steps?request={ref}", "/v1/steps?session={ref}"),
    ("GET", "/v1/steps/copy"): _own(
        *(f"/v1/steps/copy?request={{ref}}&format={name}" for name in ("markdown", "har"))),
    ("GET", "/v1/events/{id}/why"): _told("/v1/events/{id}/why"),
    ("GET", "/v1/gaps"): Ask((f"/v1/gaps?{WHEN}",)),
    ("GET", "/v1/summary"): _own(f"/v1/summary?{WHEN}&by=operation"),
    ("GET", "/v1/changes"): _own(f"/v1/changes?{WHEN}"),
    ("GET", "/v1/views"): _own("/v1/views"),
    ("POST", "/v1/views"): Ask(("/v1/views",), body=_VIEW),
    ("PUT", "/v1/views/{id}"): _its("/v1/views/{view}", body=_VIEW),
    ("DELETE", "/v1/views/{id}"): _its("/v1/views/{view}"),
    ("POST", "/v1/embed/tokens"): Ask(("/v1/embed/tokens",), body={}),
    ("GET", "/v1/embed/tokens"): _own("/v1/embed/tokens"),
    ("DELETE", "/v1/embed/tokens/{id}"): _its("/v1/embed/tokens/{token}"),
    ("GET", "/v1/embed/session"): Ask(("/v1/embed/session?origin=https://host.example.com",)),
    ("GET", "/v1/profile"): _own("/v1/profile?of=target&type=group&value={ref}"),
    ("GET", "/v1/targets/history"): _own("/v1/targets/history?type=group&id={ref}"),
    ("GET", "/v1/live"): _own("/v1/live?after=0&seconds=1", slow=True),
    ("GET", "/v1/log/checkpoint"): _own("/v1/log/checkpoint"),
    ("GET", "/v1/log/{tenant}/checkpoint"): _told("/v1/log/{tenant}/checkpoint"),
    ("GET", "/v1/log/tile/entries/{n:path}"): Ask(("/v1/log/tile/entries/000.p/4",)),
    ("GET", "/v1/log/{tenant}/tile/entries/{n:path}"): _its(
        "/v1/log/{tenant}/tile/entries/000.p/4"),
    ("GET", "/v1/log/tile/{level:int}/{n:path}"): Ask(("/v1/log/tile/0/000.p/4",)),
    ("GET", "/v1/log/{tenant}/tile/{level:int}/{n:path}"): _its(
        "/v1/log/{tenant}/tile/0/000.p/4"),
    ("GET", "/v1/log/key"): _own("/v1/log/key"),
    ("GET", "/v1/log/{tenant}/key"): _told("/v1/log/{tenant}/key"),
    ("GET", "/v1/log/min-index"): Ask(("/v1/log/min-index",)),
    ("GET", "/v1/log/{tenant}/min-index"): _its("/v1/log/{tenant}/min-index"),
    ("GET", "/v1/log/consistency"): _own("/v1/log/consistency?old=2"),
    ("GET", "/v1/log/{tenant}/consistency"): _told("/v1/log/{tenant}/consistency?old=2"),
    ("GET", "/v1/events/{id}/proof"): _told("/v1/events/{id}/proof"),
    ("GET", "/v1/entries/{index:int}/proof"): _own("/v1/entries/{index}/proof"),
    ("GET", "/v1/session/activity"): Ask(("/v1/session/activity",)),
    ("GET", "/v1/session/factors"): Ask(("/v1/session/factors",)),
    ("POST", "/v1/session/factors/totp"): Ask(("/v1/session/factors/totp",)),
    ("POST", "/v1/session/factors/totp/confirm"): Ask(
        ("/v1/session/factors/totp/confirm",), body={"code": "000000"}),
    ("DELETE", "/v1/session/factors/totp"): Ask(("/v1/session/factors/totp",)),
    ("POST", "/v1/session/factors/recovery"): Ask(("/v1/session/factors/recovery",)),
    ("POST", "/v1/session/confirm"): Ask(("/v1/session/confirm",), body={"password": PASSWORD}),
    ("GET", "/v1/session/preferences"): Ask(("/v1/session/preferences",)),
    ("PATCH", "/v1/session/preferences"): Ask(("/v1/session/preferences",), body={}),
    ("POST", "/v1/session/password"): Ask(("/v1/session/password",), body={}),
    ("GET", "/v1/session/passkeys"): Ask(("/v1/session/passkeys",)),
    ("POST", "/v1/session/passkeys/options"): Ask(("/v1/session/passkeys/options",)),
    ("POST", "/v1/session/passkeys"): Ask(
        ("/v1/session/passkeys",), body={"step": "x", "name": "x", "credential": {}}),
    ("DELETE", "/v1/session/passkeys/{id}"): _its("/v1/session/passkeys/{user}"),
    ("POST", "/v1/session/passkey/confirm"): Ask(
        ("/v1/session/passkey/confirm",), body={"step": "x", "credential": {}}),
    ("GET", "/v1/session/logins"): Ask(("/v1/session/logins",)),
    ("DELETE", "/v1/session/logins"): Ask(("/v1/session/logins",)),
    ("DELETE", "/v1/session/logins/{id}"): _its("/v1/session/logins/{login}"),
    ("GET", "/v1/users/{id}/logins"): _its("/v1/users/{user}/logins"),
    ("DELETE", "/v1/users/{id}/logins"): _its("/v1/users/{user}/logins"),
    ("GET", "/v1/settings"): Ask(("/v1/settings",)),
    ("PATCH", "/v1/settings"): Ask(("/v1/settings",), body={"week_start": "sunday"}),
    ("GET", "/v1/redaction"): Ask(("/v1/redaction",)),
    ("POST", "/v1/redaction/test"): Ask(("/v1/redaction/test",), body={"event": _EVENT}),
    ("GET", "/v1/categories"): _own("/v1/categories"),
    ("POST", "/v1/categories"): Ask(
        ("/v1/categories",), body={"base_version": 0, "name": "cat-{ref}"}),
    ("PATCH", "/v1/categories/{name}"): _its(
        "/v1/categories/cat-{ref}", body={"base_version": 0, "label": "taken"}),
    ("POST", "/v1/categories/test"): Ask(
        ("/v1/categories/test",), body={"operation": "x", "category": "cat-{ref}"}),
    ("GET", "/v1/retention"): Ask(("/v1/retention",)),
    ("PUT", "/v1/retention"): Ask(("/v1/retention",), body={"base_version": 0, "categories": [
        {"name": "cat-{ref}", "enabled": False}], "reason": "x"}),
    ("POST", "/v1/retention/preview"): Ask(
        ("/v1/retention/preview",), body={"base_version": 0, "categories": []}),
    ("POST", "/v1/retention/withdraw"): Ask(
        ("/v1/retention/withdraw",), body={"base_version": 0, "reason": "x"}),
    ("GET", "/v1/retention/presets"): Ask(("/v1/retention/presets",)),
    ("GET", "/v1/retention/expiries"): Ask(("/v1/retention/expiries",)),
    ("POST", "/v1/retention/clock"): Ask(("/v1/retention/clock",), body=_REASON),
    ("GET", "/v1/retention/history"): Ask(("/v1/retention/history",)),
    ("GET", "/v1/keys"): _own("/v1/keys"),
    ("POST", "/v1/keys"): Ask(("/v1/keys",), body={"name": "more", "kind": "w"}),
    ("POST", "/v1/keys/{id}/rotate"): _its("/v1/keys/{key}/rotate", body={}),
    ("DELETE", "/v1/keys/{id}"): _its("/v1/keys/{key}"),
    ("GET", "/v1/users"): _own("/v1/users"),
    ("POST", "/v1/users"): Ask(
        ("/v1/users",), body={"email": "both@example.com", "role": "viewer"}),
    ("DELETE", "/v1/users/invitations/{id}"): _its("/v1/users/invitations/{invite}"),
    ("PATCH", "/v1/users/{id}"): _its("/v1/users/{user}", body={"role": "admin"}),
    ("DELETE", "/v1/users/{id}"): _its("/v1/users/{user}"),
    ("DELETE", "/v1/users/{id}/factors"): _its("/v1/users/{user}/factors"),
    ("POST", "/v1/users/{id}/link"): _its("/v1/users/{user}/link"),
    ("GET", "/v1/approvals"): _own("/v1/approvals"),
    ("GET", "/v1/approvals/waiting"): Ask(("/v1/approvals/waiting",)),
    ("GET", "/v1/approvals/{id}"): _told("/v1/approvals/{approval}"),
    ("POST", "/v1/approvals/{id}/decision"): _its(
        "/v1/approvals/{approval}/decision", body={"decision": "approve", **_REASON}),
    ("POST", "/v1/approvals/{id}/withdraw"): _its("/v1/approvals/{approval}/withdraw"),
    ("PUT", "/v1/four-eyes/{kind}"): Ask(
        ("/v1/four-eyes/key_export",), body={"on": True, **_REASON}),
    ("GET", "/v1/holds"): _own("/v1/holds"),
    ("POST", "/v1/holds/preview"): Ask(("/v1/holds/preview",), body={"wish": _WISH}),
    ("POST", "/v1/holds"): Ask(
        ("/v1/holds",), body={"name": "mine", **_REASON, "wish": _WISH}),
    ("POST", "/v1/holds/{id}/release"): Ask(("/v1/holds/99{hold}/release",), GONE, body=_REASON),
    ("GET", "/v1/erasures"): _own("/v1/erasures"),
    ("POST", "/v1/erasures/preview"): Ask(("/v1/erasures/preview",), body=_LOOK),
    ("POST", "/v1/erasures"): Ask(("/v1/erasures",), body={
        **_LOOK, "reason": "data-subject", "case": "1", "note": "by letter"}),
    ("GET", "/v1/erasures/{id}"): _told("/v1/erasures/{erasure}"),
    ("GET", "/v1/erasures/{id}/certificate"): _its("/v1/erasures/{erasure}/certificate"),
    ("POST", "/v1/subjects/export"): Ask(("/v1/subjects/export",), body={
        "identifiers": _LOOK["identifiers"]}),
    ("GET", "/v1/tenants"): _home("/v1/tenants"),
    ("GET", "/v1/tenants/{name}/deletion"): _home("/v1/tenants/{tenant}/deletion"),
    ("POST", "/v1/tenants/{name}/deletion"): _home(
        "/v1/tenants/{tenant}/deletion", body={"name": "{tenant}", **_REASON}),
    ("POST", "/v1/tenants/{name}/deletion/withdraw"): _home(
        "/v1/tenants/{tenant}/deletion/withdraw", body=_REASON),
    ("GET", "/v1/tenants/{name}/certificate"): _home("/v1/tenants/{tenant}/certificate"),
    ("GET", "/v1/access-review"): _own("/v1/access-review"),
    ("GET", "/v1/status"): _own("/v1/status"),
    ("GET", "/v1/status/full"): _own("/v1/status/full"),
    ("GET", "/metrics"): Ask(("/metrics",)),
    ("GET", "/scim/v2/ServiceProviderConfig"): Ask(("/scim/v2/ServiceProviderConfig",)),
    ("GET", "/scim/v2/ResourceTypes"): Ask(("/scim/v2/ResourceTypes",)),
    ("GET", "/scim/v2/ResourceTypes/{name}"): Ask(("/scim/v2/ResourceTypes/User",)),
    ("GET", "/scim/v2/Schemas"): Ask(("/scim/v2/Schemas",)),
    ("GET", "/scim/v2/Schemas/{name}"): Ask((f"/scim/v2/Schemas/{SCIM_USER}",)),
    ("POST", "/scim/v2/.search"): Ask(("/scim/v2/.search",), body=_SEARCH),
    ("GET", "/scim/v2/Users"): Ask(
        ("/scim/v2/Users", "/scim/v2/Users?filter=id%20eq%20%22{scim}%22")),
    ("POST", "/scim/v2/Users"): Ask(("/scim/v2/Users",), body=_SCIM),
    ("POST", "/scim/v2/Users/.search"): Ask(("/scim/v2/Users/.search",), body=_SEARCH),
    ("GET", "/scim/v2/Users/{id}"): _its("/scim/v2/Users/{scim}"),
    ("PUT", "/scim/v2/Users/{id}"): _its("/scim/v2/Users/{scim}", body=_SCIM),
    ("PATCH", "/scim/v2/Users/{id}"): _its("/scim/v2/Users/{scim}", body=_PATCH),
    ("DELETE", "/scim/v2/Users/{id}"): _its("/scim/v2/Users/{scim}"),
    ("GET", "/scim/v2/Groups"): Ask(("/scim/v2/Groups",)),
    ("POST", "/scim/v2/Groups"): Ask(("/scim/v2/Groups",), body={
        "schemas": [SCIM_GROUP], "displayName": "x", "members": [{"value": "{scim}"}]}),
    ("POST", "/scim/v2/Groups/.search"): Ask(("/scim/v2/Groups/.search",), body=_SEARCH),
    ("GET", "/scim/v2/Groups/{id}"): _its("/scim/v2/Groups/{group}"),
    ("PUT", "/scim/v2/Groups/{id}"): _its(
        "/scim/v2/Groups/{group}", body={"schemas": [SCIM_GROUP], "displayName": "x"}),
    ("PATCH", "/scim/v2/Groups/{id}"): _its("/scim/v2/Groups/{group}", body=_PATCH),
    ("DELETE", "/scim/v2/Groups/{id}"): _its("/scim/v2/Groups/{group}"),
    **{(method, "/scim/v2/{rest:path}"): _its("/scim/v2/Nothing") for method in (
        "GET", "POST", "PUT", "PATCH", "DELETE")},
}  # fmt: skip
# Nobody is known there: what stands for a tenant comes in the body, and is no credential of it.
OPEN: dict[tuple[str, str], Any] = {
    ("POST", "/v1/session"): {"email": "admin@{marker}.example", "password": "not the password"},
    ("POST", "/v1/webhooks/{source}"): {},
    ("POST", "/v1/oidc/backchannel-logout"): {},
    ("POST", "/v1/session/tenant"): {"step": "x", "tenant": "{tenant}"},
    ("POST", "/v1/session/factor"): {"step": "x", "code": "000000"},
    ("POST", "/v1/session/passkey"): {"step": "x", "credential": {"id": "{user}"}},
    ("POST", "/v1/session/passkey/options"): None,
    ("POST", "/v1/setup/check"): {"token": "{invite}"},
    ("POST", "/v1/setup"): {
        "token": "{invite}", "email": "a@b.example", "name": "x", "password": PASSWORD},
    **{("GET", path): None for path in (
        "/v1/session", "/v1/session/ways", "/v1/oidc/login", "/v1/oidc/callback", "/healthz",
        "/readyz", "/openapi.json", "/docs", "/docs/style.css")},
    ("DELETE", "/v1/session"): None,
}  # fmt: skip
CREDENTIALS = ("w", "r", "a", "s", "admin", "auditor", "viewer", "token")


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, start_service: Callable[..., RunningService]
) -> Pair:
    return start_pair(tmp_path_factory.mktemp("tenants"), start_service)


def _filled(value: Any, about: Side) -> Any:
    """Paths and bodies with what names the other tenant's things."""
    text = value if isinstance(value, str) else json.dumps(value)
    names = {**about.ids, "ref": about.ref, "tenant": about.name, "marker": about.marker}
    for name, one in names.items():
        text = text.replace(f"{{{name}}}", one)
    return text if isinstance(value, str) else json.loads(text)


def _ask(me: Side, who: str, method: str, path: str, about: Side, body: Any = None) -> Reply:
    headers = dict.fromkeys(("x-tenant", "x-indelible-tenant", "x-scope-orgid"), about.name)
    more = {} if body is None else {"json": _filled(body, about)}
    return me.ask(who, method, _filled(path, about), headers=headers, **more)


PERMITS = {(api.method, api.path): api.permit for api in all_routes()}
# Whom it is worth asking as: those who may, and one who may not.
ASKERS = {
    "write": ("w", "a", "viewer"),
    "read": ("r", "a", "admin", "auditor", "viewer", "token"),
    "admin": ("a", "admin", "r"),
    "scim": ("s", "a"),
}


def _paths(name: tuple[str, str], who: str) -> tuple[str, ...]:
    ask, permit = ASKED[name], PERMITS[name]
    if permit is None or who not in ASKERS[permit] or (ask.slow and who not in ("a", "token")):
        return ()
    if ask.foreign or who in ("a", "s"):
        return ask.paths
    return () if who == "auditor" else ask.paths[:1]


def _unpacked(reply: Reply) -> Reply:
    """With the members of a ZIP beside it: compressed, nothing would be found in it."""
    if not reply.body.startswith(b"PK"):
        return reply
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        members = b"".join(archive.read(name) for name in archive.namelist())
    return Reply(reply.status, reply.headers, reply.body + members)


def _is_apart(reply: Reply, other: Side, ask: Ask, who: str) -> bool:
    """Whether an answer shows nothing of the other tenant, and finds nothing where it is named."""
    if other.has(reply) or f'"{other.name}"'.encode() in reply.body or reply.status >= 500:
        return False
    # Who may do everything there finds nothing to do it to; others may be told that they may not.
    may_all = who == "s" or (who == "admin" and not ask.paths[0].startswith("/scim/"))
    allowed = ask.foreign if may_all else ask.foreign | {403}
    return not ask.foreign or reply.status in allowed


# What somebody else could have changed, and what does not change by itself meanwhile.
_LASTING = {"id", "name", "label", "role", "email", "revoked_at", "zone", "week_start", "total"}


def _lasting(value: Any) -> Any:
    if isinstance(value, list):
        return [_lasting(one) for one in value]
    if not isinstance(value, dict):
        return None
    kept = {name: one for name, one in value.items() if name in _LASTING}
    return kept, [_lasting(one) for one in value.values() if isinstance(one, (dict, list))]


def _state(side: Side) -> dict[str, Any]:
    paths = ("settings", "views", "categories", "holds", "approvals", "erasures", "embed/tokens",
             "exports", "users", "keys", "stats?group=operation&own=hide")  # fmt: skip
    found = {path: _lasting(side.must("admin", "GET", f"/v1/{path}")) for path in paths}
    found["policy"] = side.must("admin", "GET", "/v1/retention")["version"]
    approval = side.must("admin", "GET", f"/v1/approvals/{side.ids['approval']}")
    return {**found, "approval": approval["state"]}


def test_every_route_has_its_question() -> None:
    routes = {(api.method, api.path): api.permit for api in all_routes()}
    closed = {name for name, permit in routes.items() if permit is not None}
    assert closed == set(ASKED)
    assert set(routes) - closed == set(OPEN)


def test_no_credential_of_one_tenant_reaches_the_other(pair: Pair) -> None:
    first, second = pair
    for side in pair:
        job = f"/v1/exports/{side.ids['job']}"
        while side.must("a", "GET", job)["state"] in ("waiting", "running"):
            pass
    faults: list[Any] = []
    for me, other, credentials in ((second, first, CREDENTIALS), (first, second, ("a", "s"))):
        other.settle()  # what it was asked in the round before is counted, too
        before = _state(other)
        for name, ask in ASKED.items():
            for who in credentials:
                for path in _paths(name, who) if me is second or ask.foreign else ():
                    reply = _unpacked(_ask(me, who, name[0], path, other, ask.body))
                    if not _is_apart(reply, other, ask, who):
                        faults.append((who, name[0], path, reply.status, reply.body[:500]))
        assert _state(other) == before
    assert not faults
    for (method, path), body in OPEN.items():
        content = None if body is None else _filled(body, first)
        reply = second.service.request(method, path, json=content)
        assert reply.status < 500, path
        assert not first.has(reply), (path, reply.body)
        assert not second.has(reply), (path, reply.body)


def test_the_same_questions_show_a_tenant_its_own(pair: Pair) -> None:
    """So that the test before would notice."""
    side, other = pair
    for (method, route), ask in ASKED.items():
        if method != "GET" or route == "/v1/session/passkeys/{id}":
            continue
        if route.startswith("/v1/tenants"):  # the first tenant is told of all, and what it may do
            continue
        replies = [_unpacked(_ask(side, "admin", "GET", path, side)) for path in ask.paths]
        assert any(side.has(reply) for reply in replies) or not ask.tells, route
        assert not any(other.has(reply) for reply in replies), route


def test_the_credential_alone_says_the_tenant(pair: Pair) -> None:
    first, second = pair
    cookie = {"cookie": first.people["admin"].cookie}
    reply = first.service.request("GET", "/v1/keys", key=second.keys["a"], headers=cookie)
    assert second.has(reply)
    assert not first.has(reply)
    events = [side.must("a", "GET", f"/v1/events/{SHARED_ID}") for side in pair]
    assert [event["operation"] for event in events] == ["kestrelLogin", "ospreyLogin"]
    zones = [side.must("r", "GET", "/v1/settings")["zone"] for side in pair]
    assert zones == ["Europe/Berlin", "Asia/Tokyo"]


def test_metrics_of_a_tenant_are_its_own(pair: Pair) -> None:
    first, second = pair
    text = second.ask("r", "GET", "/metrics").body.decode()
    assert 'indelible_tenant_entries{tenant="second"}' in text
    assert "main" not in text
    assert "indelible_ledger_entries" not in text
    assert "indelible_request_seconds" not in text
    assert first.service.request("GET", "/metrics").status == 401


def test_an_address_in_both_chooses_after_the_password(pair: Pair) -> None:
    first, second = pair
    service = first.service
    email = "Both@example.com"
    passwords = {"main": PASSWORD, "second": PASSWORD}

    def invite(side: Side) -> None:
        made = side.must("admin", "POST", "/v1/users", json={"email": email, "role": "viewer"})
        link = made["path"].removeprefix("/setup#token=")
        body = {"token": link, "email": email, "name": "Both", "password": passwords[side.name]}
        reply = service.request("POST", "/v1/setup", json=body)
        assert (reply.status, reply.json["tenant"]["name"]) == (200, side.name), reply.body

    def log_in(password: str) -> Reply:
        return service.request(
            "POST", "/v1/session", json={"email": "both@EXAMPLE.com", "password": password}
        )

    invite(first)
    alone = log_in(PASSWORD)
    assert (alone.status, alone.json["tenant"]["name"]) == (200, "main")
    invite(second)
    assert log_in("not the password").code == "invalid-credentials"
    asked = log_in(PASSWORD)
    assert asked.status == 202, asked.body
    assert asked.json["tenants"] == ["main", "second"]
    assert asked.json["ways"] == ["tenant"]
    step = asked.json["step"]
    wrong = service.request("POST", "/v1/session/tenant", json={"step": step, "tenant": "third"})
    assert (wrong.status, wrong.code) == (403, "login-step-ended")
    choice = {"step": step, "tenant": "second"}
    chosen = service.request("POST", "/v1/session/tenant", json=choice)
    assert (chosen.status, chosen.json["tenant"]["name"]) == (200, "second")
    again = service.request("POST", "/v1/session/tenant", json=choice)
    assert again.code == "login-step-ended"
    # The failed login stands in both logs, each with its own account alone.
    for side in pair:
        side.settle()
        failed = side.must("a", "GET", "/v1/events?own=show&q=outcome:failure")["events"]
        assert "Both" in [event["actor"]["name"] for event in failed]


def test_commands_name_the_tenant(pair: Pair, tmp_path: Path) -> None:
    first, _second = pair
    data = str(first.service.data)
    silent = run_command("keys", "list", "--data", data, check=False)
    assert silent.returncode == 1
    assert "say which by --tenant: main, second" in silent.stderr
    keys = run_command("keys", "list", "--data", data, "--tenant", "second", "--json").stdout
    assert "osprey" in keys
    assert "kestrel" not in keys
    listed = json.loads(run_command("tenants", "list", "--data", data, "--json").stdout)
    assert [one["tenant"] for one in listed["tenants"]] == ["main", "second"]
    taken = run_command("tenants", "add", "second", "--data", data, check=False)
    assert "there is a tenant second already" in taken.stderr
    backup = run_command("backup", str(tmp_path / "copy"), "--data", data, "--json")
    assert [one["tenant"] for one in json.loads(backup.stdout)["logs"]] == ["main", "second"]
    checked = run_command("verify", "--data", str(tmp_path / "copy"), "--tenant", "second")
    assert "osprey.example/log" in checked.stdout
    assert "kestrel" not in checked.stdout


def test_the_first_tenant_alone_is_told_of_the_others(pair: Pair) -> None:
    first, second = pair
    told = first.must("admin", "GET", "/v1/tenants")
    assert [one["name"] for one in told["tenants"]] == ["main", "second"]
    assert [one["is_home"] for one in told["tenants"]] == [True, False]
    for who in CREDENTIALS:
        reply = second.ask(who, "GET", "/v1/tenants")
        assert reply.status in (401, 403), who
        assert not first.has(reply)
