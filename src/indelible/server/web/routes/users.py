"""People with an account: list, invite, change a role, make a new one-time link, remove."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.errors import InvalidRequest, NotFound
from indelible.server.access.accounts import Account, Invitation
from indelible.server.access.people import read_email
from indelible.server.access.scope import Scope, check_scope
from indelible.server.ingest.own_event import of_act
from indelible.server.web.answer import asked_by, json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import Service, service_of

Role = Literal["viewer", "auditor", "admin"]
_ID = Param(name="id", description="The account's id", required=True)


class UserReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    An account. `last_seen_at` is the last use of a login that it still has; `scope` the part of
    the log that it sees, null for all of it; `factors` its second factors; `issuer` who vouches
    for it, null: its own password;
    `provisioned`: a directory keeps it (SCIM), with its `groups` there.
    """

    id: str
    email: str
    name: str
    role: str
    created_at: str
    last_seen_at: str | None
    logins: int
    is_you: bool
    scope: Scope | None
    active: bool
    issuer: str | None
    provisioned: bool
    groups: tuple[str, ...]
    factors: tuple[str, ...]


class InvitationReply(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that was not used yet."""

    id: str
    email: str
    role: str
    created_at: str
    expires_at: str
    scope: Scope | None


class UsersReply(msgspec.Struct, frozen=True):
    """All accounts by name, and all open invitations."""

    users: list[UserReply]
    invitations: list[InvitationReply]


class InviteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Viewers read with personal data masked; auditors read, export and verify; administrators can do
    that and set things. `scope` is the part of the log that a viewer or auditor is bound to.
    """

    email: str
    role: Role
    scope: Scope | None = None


class RoleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    The new role; and the part of the log that a viewer or auditor is bound to: left out it stays,
    null takes it away. Administrators see all of the log.
    """

    role: Role
    scope: Scope | msgspec.UnsetType | None = msgspec.UNSET


class LinkReply(msgspec.Struct, frozen=True):
    """
    A one-time link: `path` behind the address of the service. It is shown in this reply only, and
    goes to the person by a way of your own.
    """

    email: str
    path: str
    valid_hours: int


async def list_users(request: Request) -> Response:
    """The accounts and the open invitations."""
    caller: Caller = request.state.caller
    accounts = service_of(request).access.accounts
    reply = UsersReply(
        [_user(one, caller) for one in accounts.all(caller.tenant_id)],
        [_invitation(one) for one in accounts.invitations(caller.tenant_id)],
    )
    return json_response(reply)


async def invite_user(request: Request) -> Response:
    """Makes a one-time link by which somebody makes an account."""
    service, caller = asked_by(request)
    body = await read_json(request, InviteBody)
    email = read_email(body.email)
    scope = check_scope(body.scope)
    if scope is not None and body.role == "admin":
        raise InvalidRequest("administrators see all of the log", parameter="scope")
    target = {"type": "account", "id": email}
    event = _event(request, "InviteUser", 201, [target], role=body.role, **_scope_told(scope))
    token = await asyncio.to_thread(
        service.access.accounts.invite, caller.tenant_id, email, body.role, event, scope
    )
    await service.own.drain()
    return json_response(_link(service, email, token), 201)


async def withdraw_invitation(request: Request) -> Response:
    """Ends an invitation: its link can be used no more."""
    service, caller = asked_by(request)
    wanted = request.path_params["id"]
    accounts = service.access.accounts
    found = [one for one in accounts.invitations(caller.tenant_id) if one.id == wanted]
    if not found:
        raise NotFound("there is no such invitation")
    target = {"type": "account", "id": found[0].email}
    event = _event(request, "WithdrawInvitation", 204, [target], role=found[0].role)
    await asyncio.to_thread(accounts.withdraw, caller.tenant_id, found[0], event)
    await service.own.drain()
    return Response(status_code=204)


async def change_role(request: Request) -> Response:
    """Gives an account another role or scope; it holds at once."""
    service, caller = asked_by(request)
    body = await read_json(request, RoleBody)
    account = service.access.accounts.one(caller.tenant_id, request.path_params["id"])
    scope = account.scope if body.scope is msgspec.UNSET else check_scope(body.scope)
    if body.role == "admin":
        if isinstance(body.scope, Scope):
            raise InvalidRequest("administrators see all of the log", parameter="scope")
        scope = None
    changes = [
        {"path": path, "before": before, "after": after}
        for path, before, after in (
            ("role", account.role, body.role),
            ("scope", msgspec.to_builtins(account.scope), msgspec.to_builtins(scope)),
        )
        if before != after
    ]
    if changes:
        event = _event(request, "ChangeUserRole", 200, [_target(account)], changes)
        await asyncio.to_thread(
            service.access.accounts.change, caller.tenant_id, account, body.role, scope, event
        )
        await service.own.drain()
    return json_response(_user(service.access.accounts.one(caller.tenant_id, account.id), caller))


async def remove_user(request: Request) -> Response:
    """Removes an account and ends its logins. What it did stays in the log."""
    service, caller = asked_by(request)
    account = service.access.accounts.one(caller.tenant_id, request.path_params["id"])
    event = _event(request, "DeleteUser", 204, [_target(account)], role=account.role)
    await asyncio.to_thread(service.access.accounts.remove, caller.tenant_id, account, event)
    await service.own.drain()
    return Response(status_code=204)


async def make_link(request: Request) -> Response:
    """Makes a one-time link by which the person sets a new password."""
    service, caller = asked_by(request)
    account = service.access.accounts.one(caller.tenant_id, request.path_params["id"])
    event = _event(request, "CreateOneTimeLink", 201, [_target(account)])
    token = await asyncio.to_thread(
        service.access.people.new_link, caller.tenant_id, account.email, event
    )
    await service.own.drain()
    return json_response(_link(service, account.email, token), 201)


async def reset_factors(request: Request) -> Response:
    """Takes the second factors of an account away, and ends its logins."""
    service, caller = asked_by(request)
    account = service.access.accounts.one(caller.tenant_id, request.path_params["id"])
    event = _event(request, "ResetSecondFactors", 204, [_target(account)])
    await asyncio.to_thread(
        service.access.factors.remove, caller.tenant_id, account.id, event, passkeys=True
    )
    for session in service.access.sessions.of_person(account.id):
        ended = _event(request, "EndLogin", 204, [{"type": "login", "id": session.id}])
        await asyncio.to_thread(service.access.sessions.end, session, ended)
    await service.own.drain()
    return Response(status_code=204)


def _event(
    request: Request,
    operation: str,
    status: int,
    targets: list[dict[str, Any]],
    changes: list[dict[str, Any]] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    service, caller = asked_by(request)
    return of_act(
        caller,
        event_id=service.own.new_id(),
        operation=operation,
        method=request.method,
        endpoint=request.url.path if "id" not in request.path_params else _endpoint(request),
        status=status,
        targets=targets,
        changes=changes,
        metadata=dict(metadata) or None,
    )


def _scope_told(scope: Scope | None) -> dict[str, Any]:
    return {} if scope is None else {"scope": msgspec.to_builtins(scope)}


def _endpoint(request: Request) -> str:
    return request.url.path.replace(request.path_params["id"], "{id}")


def _target(account: Account) -> dict[str, Any]:
    return {"type": "account", "id": account.id, "name": account.name}


def _user(account: Account, caller: Caller) -> UserReply:
    return UserReply(
        id=account.id,
        email=account.email,
        name=account.name,
        role=account.role,
        created_at=format_us(account.created_us),
        last_seen_at=None if account.seen_us is None else format_us(account.seen_us),
        logins=account.logins,
        is_you=account.id == caller.id,
        scope=account.scope,
        active=account.active,
        issuer=account.issuer,
        provisioned=account.provisioned,
        groups=account.groups,
        factors=account.factors,
    )


def _invitation(one: Invitation) -> InvitationReply:
    return InvitationReply(
        id=one.id,
        email=one.email,
        role=one.role,
        created_at=format_us(one.created_us),
        expires_at=format_us(one.expires_us),
        scope=one.scope,
    )


def _link(service: Service, email: str, token: str) -> LinkReply:
    return LinkReply(email, f"/setup#token={token}", service.settings.link.valid_hours)


_ERRORS = (401, 403)

ROUTES = (
    Api(
        method="GET",
        path="/v1/users",
        handler=list_users,
        permit="admin",
        summary="List accounts and invitations",
        tag="Govern",
        reply=UsersReply,
        errors=_ERRORS,
    ),
    Api(
        method="POST",
        path="/v1/users",
        handler=invite_user,
        permit="admin",
        summary="Invite somebody",
        tag="Govern",
        description="Makes a one-time link; an earlier invitation of the same address ends.",
        body=InviteBody,
        reply=LinkReply,
        status=201,
        errors=(400, *_ERRORS, 409, 415),
    ),
    Api(
        method="DELETE",
        path="/v1/users/invitations/{id}",
        handler=withdraw_invitation,
        permit="admin",
        summary="Withdraw an invitation",
        tag="Govern",
        params=(Param(name="id", description="The invitation's id", required=True),),
        status=204,
        errors=(*_ERRORS, 404),
    ),
    Api(
        method="PATCH",
        path="/v1/users/{id}",
        handler=change_role,
        permit="admin",
        summary="Change a role or scope",
        tag="Govern",
        description="The last administrator stays one.",
        params=(_ID,),
        body=RoleBody,
        reply=UserReply,
        errors=(400, *_ERRORS, 404, 409, 415),
    ),
    Api(
        method="DELETE",
        path="/v1/users/{id}",
        handler=remove_user,
        permit="admin",
        summary="Remove an account",
        tag="Govern",
        params=(_ID,),
        status=204,
        errors=(*_ERRORS, 404, 409),
    ),
    Api(
        method="DELETE",
        path="/v1/users/{id}/factors",
        handler=reset_factors,
        permit="admin",
        summary="Take the second factors of an account away",
        tag="Govern",
        description="For somebody who has lost them. Its logins end.",
        params=(_ID,),
        status=204,
        errors=(*_ERRORS, 404),
    ),
    Api(
        method="POST",
        path="/v1/users/{id}/link",
        handler=make_link,
        permit="admin",
        summary="Make a one-time link for an account",
        tag="Govern",
        description="Using it sets a new password and ends the account's logins.",
        params=(_ID,),
        reply=LinkReply,
        status=201,
        errors=(*_ERRORS, 404),
    ),
)
