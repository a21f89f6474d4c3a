"""
Who can see what: the accounts, open invitations and keys of the tenant, for an access review.

For auditors and administrators. Looking at it is a read of the log's own affairs and recorded as
one; taking it away as a file is an act, recorded before the first byte leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.errors import Denied, InvalidRequest
from indelible.server.access.accounts import Account, Invitation
from indelible.server.access.keys import ApiKey
from indelible.server.access.scope import Scope, scope_text
from indelible.server.export.disarm import safe_csv
from indelible.server.ingest.own_event import of_act
from indelible.server.web.answer import json_response
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.read import read_parameters
from indelible.server.web.service import Service, service_of

_REVIEWERS: Final = frozenset({"auditor", "admin"})
_HEAD: Final = (
    "What", "Id", "Name", "E-mail", "Role or kind", "Sees", "Second factor", "Vouched for by",
    "Provisioned", "Groups", "Since", "Last used", "Until", "From networks", "State",
)  # fmt: skip


class PersonAccess(msgspec.Struct, frozen=True, kw_only=True):
    """
    An account. `last_seen_at` is the last use of a login that it still has; `scope` the part of the
    log that it sees, null for all of it; `issuer` who vouches for it, null: its own password;
    `provisioned`: a directory keeps it (SCIM), with its `groups` there.
    """

    id: str
    email: str
    name: str
    role: str
    active: bool
    scope: Scope | None
    factors: tuple[str, ...]
    issuer: str | None
    provisioned: bool
    groups: tuple[str, ...]
    created_at: str
    last_seen_at: str | None
    logins: int


class InvitedAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may make an account until the invitation ends."""

    id: str
    email: str
    role: str
    created_at: str
    expires_at: str
    scope: Scope | None


class KeyAccess(msgspec.Struct, frozen=True, kw_only=True):
    """A key; revoked ones too, since they had access before."""

    id: str
    name: str
    kind: Literal["w", "r", "a", "s"]
    scope: Scope | None
    networks: tuple[str, ...]
    expires_at: str | None
    created_at: str
    last_used_at: str | None
    revoked_at: str | None


class AccessReview(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody and everything that can reach this log, at this moment."""

    at: str
    people: list[PersonAccess]
    invitations: list[InvitedAccess]
    keys: list[KeyAccess]


async def review_access(request: Request) -> Response:
    """The review, as JSON or as a table."""
    service = service_of(request)
    caller: Caller = request.state.caller
    if caller.role not in _REVIEWERS and "admin" not in caller.permissions:
        raise Denied(
            "who can see what is for auditors and administrators",
            hint="an administrator can give another role",
        )
    form = read_parameters(request, frozenset({"format"})).get("format", "json")
    if form not in ("json", "csv"):
        raise InvalidRequest("format is json or csv", parameter="format")
    review = _review(service, caller)
    if form == "json":
        await service.own.read(
            caller, "ReviewAccess", method="GET", endpoint="/v1/access-review", query={}
        )
        return json_response(review)
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="ExportAccessReview",
        method="GET",
        endpoint="/v1/access-review",
        status=200,
        targets=[{"type": "access-review", "id": caller.tenant}],
        metadata={
            "people": len(review.people),
            "invitations": len(review.invitations),
            "keys": len(review.keys),
        },
    )
    await service.own.record(caller.tenant_id, event)
    name = f"access-review-{review.at[:10]}.csv"
    return Response(
        safe_csv(_HEAD, _rows(review)),
        media_type="text/csv",
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        },
    )


def _review(service: Service, caller: Caller) -> AccessReview:
    access = service.access
    return AccessReview(
        at=format_us(service.clock.now_us()),
        people=[_person(one) for one in access.accounts.all(caller.tenant_id)],
        invitations=[_invited(one) for one in access.accounts.invitations(caller.tenant_id)],
        keys=[_key(one) for one in access.keys.all(caller.tenant_id)],
    )


def _rows(review: AccessReview) -> Iterator[tuple[str, ...]]:
    for one in review.people:
        yield (
            "person", one.id, one.name, one.email, one.role, _sees(one.scope),
            " ".join(one.factors) or "none", one.issuer or "password",
            "SCIM" if one.provisioned else "", ", ".join(one.groups), one.created_at,
            one.last_seen_at or "", "", "",
            f"{one.logins} open logins" if one.active else "closed",
        )  # fmt: skip
    for invited in review.invitations:
        yield (
            "invitation", invited.id, "", invited.email, invited.role, _sees(invited.scope), "",
            "", "", "", invited.created_at, "", invited.expires_at, "", "invited",
        )  # fmt: skip
    for key in review.keys:
        yield (
            "key", key.id, key.name, "", _KINDS[key.kind], _sees(key.scope), "", "", "", "",
            key.created_at, key.last_used_at or "", key.expires_at or "", " ".join(key.networks),
            f"revoked {key.revoked_at}" if key.revoked_at else "active",
        )  # fmt: skip


def _sees(scope: Scope | None) -> str:
    return scope_text(scope) or "everything"


_KINDS: Final = {"w": "writes events", "r": "reads", "a": "administers", "s": "provisions accounts"}


def _person(one: Account) -> PersonAccess:
    return PersonAccess(
        id=one.id,
        email=one.email,
        name=one.name,
        role=one.role,
        active=one.active,
        scope=one.scope,
        factors=one.factors,
        issuer=one.issuer,
        provisioned=one.provisioned,
        groups=one.groups,
        created_at=format_us(one.created_us),
        last_seen_at=_when(one.seen_us),
        logins=one.logins,
    )


def _invited(one: Invitation) -> InvitedAccess:
    return InvitedAccess(
        id=one.id,
        email=one.email,
        role=one.role,
        created_at=format_us(one.created_us),
        expires_at=format_us(one.expires_us),
        scope=one.scope,
    )


def _key(one: ApiKey) -> KeyAccess:
    return KeyAccess(
        id=one.id,
        name=one.name,
        kind=one.kind,
        scope=one.bounds.scope,
        networks=one.bounds.networks,
        expires_at=_when(one.bounds.expires_us),
        created_at=format_us(one.created_us),
        last_used_at=_when(one.last_used_us),
        revoked_at=_when(one.revoked_us),
    )


def _when(at_us: int | None) -> str | None:
    return None if at_us is None else format_us(at_us)


ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/access-review",
        handler=review_access,
        permit="read",
        summary="Who can see what",
        tag="Govern",
        description="For auditors and administrators. `format=csv` gives a table and is an event.",
        params=(Param(name="format", description="`json` (default) or `csv`."),),
        reply=AccessReview,
        errors=(400, 401, 403),
    ),
)
