"""Acts that wait for a second person: list them, decide, withdraw, and set which kinds do."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.errors import Denied, NotFound
from indelible.server.access.approvals import (
    DEFAULTS,
    FIXED,
    Also,
    Approval,
    MakeEvent,
    Somebody,
    Wanted,
    read_reason,
)
from indelible.server.ingest.own_event import of_act
from indelible.server.retention.acts import told
from indelible.server.web.answer import asked_by, json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.service import Service, service_of

_ID = Param(name="id", description="The approval's id", required=True)


class PersonReply(msgspec.Struct, frozen=True):
    """Somebody with an account, as they were called then."""

    id: str
    name: str


class ApprovalReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    A request for a second person. `may_decide` tells whether the caller is one, `why_not` why they
    are not; `deciders` how many there are; `numbers` what the act comes to.
    """

    id: str
    kind: str
    state: str
    title: str
    reason: str
    target: dict[str, str]
    numbers: dict[str, Any]
    asked_by: PersonReply
    asked_at: str
    expires_at: str
    decided_by: PersonReply | None
    decided_at: str | None
    decision: str | None
    done_at: str | None
    mine: bool
    may_decide: bool
    why_not: str | None
    deciders: int
    hint: str | None


class ApprovalsReply(msgspec.Struct, frozen=True, kw_only=True):
    """What waits first, then the newest; `to_decide` is how many the caller can decide on."""

    approvals: list[ApprovalReply]
    waiting: int
    to_decide: int
    four_eyes: dict[str, bool]


class WaitingReply(msgspec.Struct, frozen=True):
    """How many wait, and how many of them for the caller."""

    waiting: int
    to_decide: int


class DecisionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was decided, and why."""

    decision: Literal["approve", "refuse"]
    reason: str


class FourEyesBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether this kind of act waits for a second person, and why it is changed."""

    on: bool
    reason: str


class FourEyesReply(msgspec.Struct, frozen=True):
    """What holds now; `approval` is the request that was made where a second person is needed."""

    four_eyes: dict[str, bool]
    approval: ApprovalReply | None = None


def person_of(caller: Caller) -> Somebody:
    """Who decides and asks is a person: a key belongs to nobody. Raises Denied."""
    if caller.kind != "person":
        raise Denied(
            "a key cannot ask for this or decide on it",
            hint="log in: four eyes are those of two people",
            code="person-needed",
        )
    return Somebody(caller.id, caller.name)


def approval_reply(approval: Approval, service: Service, caller: Caller) -> ApprovalReply:
    """An approval as this caller may see it."""
    mine = approval.asker.id == caller.id
    waits = approval.state == "waiting"
    deciders = service.access.approvals.deciders(approval.tenant_id, approval.asker.id)
    why_not = None
    if not waits:
        why_not = "it is decided"
    elif mine:
        why_not = "nobody decides on their own request"
    elif caller.kind != "person":
        why_not = "a key cannot decide"
    elif "admin" not in caller.permissions:
        why_not = "administrators decide"
    return ApprovalReply(
        id=approval.id,
        kind=approval.kind,
        state=approval.state,
        title=approval.title,
        reason=approval.reason,
        target={"type": approval.target_type, "id": approval.target},
        numbers=approval.shown,
        asked_by=PersonReply(approval.asker.id, approval.asker.name),
        asked_at=format_us(approval.asked_us),
        expires_at=format_us(approval.expires_us),
        decided_by=None
        if approval.decider is None
        else PersonReply(approval.decider.id, approval.decider.name),
        decided_at=_moment(approval.decided_us),
        decision=approval.decision,
        done_at=_moment(approval.done_us),
        mine=mine,
        may_decide=why_not is None,
        why_not=why_not,
        deciders=deciders,
        hint="waiting for a second approver: invite another administrator under Users"
        if waits and not deciders
        else None,
    )


def _moment(us: int | None) -> str | None:
    return None if us is None else format_us(us)


async def ask(
    request: Request, wanted: Wanted, status: int = 202, also: Also | None = None
) -> Approval:
    """
    Makes a request for a second person, with its event and what `also` writes down. Raises
    Conflict.
    """
    service = service_of(request)
    caller: Caller = request.state.caller
    approval = await asyncio.to_thread(
        service.access.approvals.ask,
        caller.tenant_id,
        person_of(caller),
        wanted,
        _events(request, "RequestApproval", status),
        also,
    )
    await service.own.drain()
    return approval


def _events(request: Request, operation: str, status: int) -> MakeEvent:
    service = service_of(request)
    caller: Caller = request.state.caller
    event_id = service.own.new_id()
    endpoint = request.url.path
    for name, value in request.path_params.items():
        endpoint = endpoint.replace(value, f"{{{name}}}")

    def make(before: Approval, after: Approval) -> dict[str, Any]:
        parts = told(before, after)
        reason = parts.pop("reason")
        event = of_act(
            caller,
            event_id=event_id,
            operation=operation,
            method=request.method,
            endpoint=endpoint,
            status=status,
            **parts,
        )
        return {**event, "reason": reason}

    return make


async def list_approvals(request: Request) -> Response:
    """What waits, and what was decided."""
    service, caller = asked_by(request)
    found = service.access.approvals.all(caller.tenant_id)
    shown = [approval_reply(one, service, caller) for one in found]
    reply = ApprovalsReply(
        approvals=shown,
        waiting=sum(one.state == "waiting" for one in shown),
        to_decide=sum(one.may_decide for one in shown),
        four_eyes=service.access.approvals.four_eyes(caller.tenant_id),
    )
    return json_response(reply)


async def count_waiting(request: Request) -> Response:
    """What the menu shows beside its entry."""
    service, caller = asked_by(request)
    waiting = service.access.approvals.waiting(caller.tenant_id)
    to_decide = [one for one in waiting if caller.kind == "person" and one.asker.id != caller.id]
    return json_response(WaitingReply(len(waiting), len(to_decide)))


async def read_approval(request: Request) -> Response:
    """One request."""
    service, caller = asked_by(request)
    found = service.access.approvals.one(caller.tenant_id, request.path_params["id"])
    return json_response(approval_reply(found, service, caller))


async def decide(request: Request) -> Response:
    """Approves or refuses; what is approved is done at once."""
    service, caller = asked_by(request)
    body = await read_json(request, DecisionBody)
    reason = read_reason(body.reason)
    approve = body.decision == "approve"
    decided = await asyncio.to_thread(
        service.access.approvals.decide,
        caller.tenant_id,
        request.path_params["id"],
        person_of(caller),
        approve=approve,
        reason=reason,
        event=_events(request, "ApproveRequest" if approve else "RefuseRequest", 200),
    )
    await service.own.drain()
    if approve:
        await service.acts.do_approved()
    await service.acts.tell_ended(decided)
    found = service.access.approvals.one(caller.tenant_id, decided.id)
    return json_response(approval_reply(found, service, caller))


async def withdraw(request: Request) -> Response:
    """Takes the caller's own request back."""
    service, caller = asked_by(request)
    withdrawn = await asyncio.to_thread(
        service.access.approvals.withdraw,
        caller.tenant_id,
        request.path_params["id"],
        person_of(caller),
        _events(request, "WithdrawRequest", 200),
    )
    await service.own.drain()
    await service.acts.tell_ended(withdrawn)
    return json_response(approval_reply(withdrawn, service, caller))


async def set_four_eyes(request: Request) -> Response:
    """Switches on at once; switching off is itself an act for two."""
    service, caller = asked_by(request)
    kind = request.path_params["kind"]
    if kind not in DEFAULTS or kind in FIXED:
        raise NotFound(f"there is no kind of act {kind[:40]!r}")
    body = await read_json(request, FourEyesBody)
    reason = read_reason(body.reason)
    approvals = service.access.approvals
    before = approvals.four_eyes(caller.tenant_id)[kind]
    if before == body.on:
        return json_response(FourEyesReply(approvals.four_eyes(caller.tenant_id)))
    if not body.on:
        approval = await ask(
            request,
            Wanted(
                kind="four_eyes",
                title=f"Do without a second person: {kind}",
                reason=reason,
                target_type="four_eyes",
                target=kind,
                act={"kind": kind},
                shown={},
            ),
        )
        four_eyes = approvals.four_eyes(caller.tenant_id)
        reply = FourEyesReply(four_eyes, approval_reply(approval, service, caller))
        return json_response(reply, 202)
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="ChangeFourEyes",
        method="PUT",
        endpoint="/v1/four-eyes/{kind}",
        status=200,
        targets=[{"type": "four_eyes", "id": kind}],
        changes=[{"path": kind, "before": before, "after": body.on}],
    )
    event["reason"] = reason
    await asyncio.to_thread(approvals.set_four_eyes, caller.tenant_id, kind, True, event)
    await service.own.drain()
    return json_response(FourEyesReply(approvals.four_eyes(caller.tenant_id)))


_ERRORS = (401, 403)

ROUTES = (
    Api(
        method="GET",
        path="/v1/approvals",
        handler=list_approvals,
        permit="admin",
        summary="List requests for a second person",
        tag="Govern",
        reply=ApprovalsReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/approvals/waiting",
        handler=count_waiting,
        permit="admin",
        summary="How many requests wait",
        tag="Govern",
        reply=WaitingReply,
        errors=_ERRORS,
    ),
    Api(
        method="GET",
        path="/v1/approvals/{id}",
        handler=read_approval,
        permit="admin",
        summary="One request for a second person",
        tag="Govern",
        params=(_ID,),
        reply=ApprovalReply,
        errors=(*_ERRORS, 404),
    ),
    Api(
        method="POST",
        path="/v1/approvals/{id}/decision",
        handler=decide,
        permit="admin",
        summary="Approve or refuse",
        tag="Govern",
        description="Administrators decide, with a login; nobody on their own request.",
        params=(_ID,),
        body=DecisionBody,
        reply=ApprovalReply,
        errors=(400, *_ERRORS, 404, 409, 415),
    ),
    Api(
        method="POST",
        path="/v1/approvals/{id}/withdraw",
        handler=withdraw,
        permit="admin",
        summary="Withdraw your own request",
        tag="Govern",
        params=(_ID,),
        reply=ApprovalReply,
        errors=(*_ERRORS, 404, 409),
    ),
    Api(
        method="PUT",
        path="/v1/four-eyes/{kind}",
        handler=set_four_eyes,
        permit="admin",
        summary="Set whether a kind of act waits for a second person",
        tag="Govern",
        description="Switching on holds at once. Switching off waits for a second person itself: "
        "then the status is 202.",
        params=(
            Param(
                name="kind",
                description="`erasure`, `hold_release`, `retention_cut` or `key_export`",
                required=True,
            ),
        ),
        body=FourEyesBody,
        reply=FourEyesReply,
        errors=(400, *_ERRORS, 404, 409, 415),
    ),
)
