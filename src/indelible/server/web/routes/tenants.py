"""The tenants of a folder and their deletion, for administrators of the first tenant alone."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.errors import Conflict, Denied, InvalidRequest, NotFound
from indelible.server.access.approvals import Approval, read_reason
from indelible.server.access.deletions import Deletion
from indelible.server.ingest.own_event import of_act
from indelible.server.ledger import Tenant
from indelible.server.retention.deletion import changed, told_of
from indelible.server.retention.deletion_numbers import (
    Numbers,
    Obstacle,
    refusal,
    wanted,
)
from indelible.server.web.answer import asked_by, json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.approvals import (
    ApprovalReply,
    PersonReply,
    approval_reply,
    ask,
    person_of,
)
from indelible.server.web.service import Service

_NAME = Param(name="name", description="The tenant's name", required=True)


class DeletionReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    A deletion that a second person agreed to: `announced` until `due_at`, and until then it can be
    withdrawn; then `closing`, `removing`, `deleted`. `note` says why one was refused.
    """

    id: str
    state: str
    reason: str
    asked_by: PersonReply
    asked_at: str
    approved_by: PersonReply
    approved_at: str
    due_at: str
    ended_at: str | None
    note: str | None
    numbers: Numbers
    has_certificate: bool


class TenantReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    A tenant that is there. `approval` is a request for its deletion that waits, `deletion` the
    newest one that was agreed to.
    """

    name: str
    origin: str
    entries: int
    is_home: bool
    approval: ApprovalReply | None
    deletion: DeletionReply | None


class DeletedTenantReply(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant that was deleted: its name and origin are never used again."""

    name: str
    origin: str
    deletion: DeletionReply


class TenantsReply(msgspec.Struct, frozen=True, kw_only=True):
    """All tenants, oldest first, and those that were deleted, the newest first."""

    tenants: list[TenantReply]
    deleted: list[DeletedTenantReply]
    deletion_days: int


class ConsequenceReply(msgspec.Struct, frozen=True, kw_only=True):
    """What a deletion would come to now, and what stands in its way; with nothing it can be asked
    for. `deciders` is how many people could agree.
    """

    tenant: TenantReply
    numbers: Numbers
    obstacles: list[Obstacle]
    deletion_days: int
    deciders: int


class DeletionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tenant's name once more, as typed by who asks, and why it shall go."""

    name: str
    reason: str


class WithdrawalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the deletion is taken back."""

    reason: str


def _at_home(request: Request) -> tuple[Service, Caller]:
    """Raises Denied for keys, and for everybody whose tenant is not the first."""
    service, caller = asked_by(request)
    person_of(caller)
    if caller.tenant_id != service.home_tenant():
        raise Denied(
            "only administrators of the first tenant see to tenants", code="not-home-tenant"
        )
    return service, caller


def _named(request: Request, service: Service) -> Tenant:
    name = request.path_params["name"]
    for tenant in service.tenants.values():
        if tenant.name == name:
            return tenant
    raise NotFound(f"there is no tenant {name[:40]!r}")


async def list_tenants(request: Request) -> Response:
    """All tenants with their deletions, and what stays of deleted ones."""
    service, caller = _at_home(request)
    tenants = [
        _tenant_reply(service.tenants[number], service, caller)
        for number in sorted(service.tenants)
    ]
    reply = TenantsReply(
        tenants=tenants,
        deleted=[
            DeletedTenantReply(name=one.name, origin=one.origin, deletion=_deletion_reply(one))
            for one in service.deletions.table.all()
            if one.leaving in service.closed and one.state in ("closing", "removing", "deleted")
        ],
        deletion_days=service.deletions.notice_days,
    )
    return json_response(reply)


async def preview_deletion(request: Request) -> Response:
    """The consequence in numbers, before anything is asked for."""
    service, caller = _at_home(request)
    tenant = _named(request, service)
    reply = ConsequenceReply(
        tenant=_tenant_reply(tenant, service, caller),
        numbers=await asyncio.to_thread(service.deletions.numbers.count, tenant),
        obstacles=await service.deletions.obstacles(tenant, caller.tenant_id),
        deletion_days=service.deletions.notice_days,
        deciders=service.access.approvals.deciders(caller.tenant_id, caller.id),
    )
    return json_response(reply)


async def ask_deletion(request: Request) -> Response:
    """Asks a second person to agree to a deletion."""
    service, caller = _at_home(request)
    body = await read_json(request, DeletionBody)
    tenant = _named(request, service)
    reason = read_reason(body.reason)
    if body.name != tenant.name:
        raise InvalidRequest(
            "this is not the name of the tenant", parameter="name", hint="type it as it is shown"
        )
    _refuse_second(service.deletions.table.of_tenant(tenant.id))
    obstacles = await service.deletions.obstacles(tenant, caller.tenant_id)
    if obstacles:
        await _tell_refused(request, tenant, reason, obstacles)
        raise refusal(obstacles)
    numbers = await asyncio.to_thread(service.deletions.numbers.count, tenant)
    approval = await ask(request, wanted(tenant, reason, numbers, service.deletions.notice_days))
    return json_response(approval_reply(approval, service, caller), 202)


def _refuse_second(before: Deletion | None) -> None:
    if before is not None and before.state not in ("withdrawn", "refused"):
        raise Conflict(
            f"its deletion is {before.state} already", code="already-announced",
            hint="withdraw it first",
        )  # fmt: skip


async def _tell_refused(
    request: Request, tenant: Tenant, reason: str, obstacles: list[Obstacle]
) -> None:
    service, caller = asked_by(request)
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="RefuseTenantDeletion",
        method="POST",
        endpoint="/v1/tenants/{name}/deletion",
        status=409,
        outcome="denied",
        targets=[{"type": "tenant", "id": tenant.name, "name": tenant.origin}],
        metadata={"obstacles": msgspec.to_builtins(obstacles)},
    )
    event["reason"] = reason
    await asyncio.to_thread(service.access.put_own_event, caller.tenant_id, event)
    await service.own.drain()


async def withdraw_deletion(request: Request) -> Response:
    """Takes an announced deletion back; any administrator of the first tenant may."""
    service, caller = _at_home(request)
    body = await read_json(request, WithdrawalBody)
    reason = read_reason(body.reason)
    tenant = _named(request, service)
    deletion = service.deletions.table.of_tenant(tenant.id)
    if deletion is None:
        raise Conflict("no deletion of this tenant is announced", code="not-announced")
    event_id = service.own.new_id()

    def make(before: Deletion, after: Deletion) -> dict[str, Any]:
        told = {**changed(before, after), "reason": reason}
        return {
            **of_act(
                caller,
                event_id=event_id,
                operation="WithdrawTenantDeletion",
                method="POST",
                endpoint="/v1/tenants/{name}/deletion/withdraw",
                status=200,
                targets=told.pop("targets"),
                changes=told.pop("changes"),
                metadata=told_of(after),
            ),
            **told,
        }

    await service.deletions.withdraw(deletion, make)
    return json_response(_tenant_reply(tenant, service, caller))


async def get_certificate(request: Request) -> Response:
    """The certificate of a deletion: JSON, which `indelible verify` checks, or PDF."""
    service, _ = _at_home(request)
    name = request.path_params["name"]
    found = next((one for one in service.deletions.table.all() if one.name == name), None)
    if found is None:
        raise NotFound(f"no tenant {name[:40]!r} was deleted")
    data = service.deletions.table.certificate(found.id)
    form = request.query_params.get("format", "json")
    if form == "json":
        data, media = msgspec.json.format(data, indent=1) + b"\n", "application/json"
    elif form == "pdf":
        from indelible.server.export.deletion_pdf import deletion_pdf

        data = await asyncio.to_thread(deletion_pdf, msgspec.json.decode(data))
        media = "application/pdf"
    else:
        raise InvalidRequest(f"there is no format {form[:20]!r}", parameter="format",
                             expected="json or pdf")  # fmt: skip
    return Response(
        data,
        media_type=media,
        headers={"content-disposition": f'attachment; filename="{found.name}.deletion.{form}"'},
    )


def _tenant_reply(tenant: Tenant, service: Service, caller: Caller) -> TenantReply:
    approval: Approval | None = service.access.approvals.of_target(
        caller.tenant_id, "tenant", tenant.name
    )
    waits = approval is not None and approval.state == "waiting"
    deletion = service.deletions.table.of_tenant(tenant.id)
    return TenantReply(
        name=tenant.name,
        origin=tenant.origin,
        entries=service.reader.size(tenant.id),
        is_home=tenant.id == service.home_tenant(),
        approval=approval_reply(approval, service, caller)
        if approval is not None and waits
        else None,
        deletion=None if deletion is None else _deletion_reply(deletion),
    )


def _deletion_reply(deletion: Deletion) -> DeletionReply:
    return DeletionReply(
        id=deletion.id,
        state=deletion.state,
        reason=deletion.reason,
        asked_by=PersonReply(deletion.asker.id, deletion.asker.name),
        asked_at=format_us(deletion.asked_us),
        approved_by=PersonReply(deletion.approver.id, deletion.approver.name),
        approved_at=format_us(deletion.approved_us),
        due_at=format_us(deletion.due_us),
        ended_at=None if deletion.ended_us is None else format_us(deletion.ended_us),
        note=deletion.note,
        numbers=msgspec.convert(deletion.numbers, Numbers),
        has_certificate=deletion.state == "deleted",
    )


_ERRORS = (401, 403)

ROUTES = (
    Api(
        method="GET",
        path="/v1/tenants",
        handler=list_tenants,
        permit="admin",
        summary="List tenants",
        tag="Govern",
        description="For administrators of the first tenant: what was deleted is listed too.",
        reply=TenantsReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/tenants/{name}/deletion",
        handler=preview_deletion,
        permit="admin",
        summary="What deleting a tenant would come to",
        tag="Govern",
        params=(_NAME,),
        reply=ConsequenceReply,
        errors=(*_ERRORS, 404),
    ),
    Api(
        method="POST",
        path="/v1/tenants/{name}/deletion",
        handler=ask_deletion,
        permit="admin",
        summary="Ask for the deletion of a tenant",
        tag="Govern",
        description="A second administrator of the first tenant agrees under `/v1/approvals`; then "
        "it is announced, and done after `tenants.deletion_days`. Refused while a hold stands "
        "(`held`), a floor with a date has not passed (`locked`) or a setting names the tenant.",
        params=(_NAME,),
        body=DeletionBody,
        reply=ApprovalReply,
        status=202,
        errors=(400, *_ERRORS, 404, 409, 415),
    ),
    Api(
        method="POST",
        path="/v1/tenants/{name}/deletion/withdraw",
        handler=withdraw_deletion,
        permit="admin",
        summary="Withdraw an announced deletion",
        tag="Govern",
        params=(_NAME,),
        body=WithdrawalBody,
        reply=TenantReply,
        errors=(400, *_ERRORS, 404, 409, 415),
    ),
    Api(
        method="GET",
        path="/v1/tenants/{name}/certificate",
        handler=get_certificate,
        permit="admin",
        summary="The certificate of a deletion",
        tag="Govern",
        params=(_NAME, Param(name="format", description="`json` or `pdf`", example="json")),
        reply=dict,
        errors=(400, *_ERRORS, 404, 409),
    ),
)
