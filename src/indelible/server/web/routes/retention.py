"""Retention over HTTP: what is kept how long, previews, saving, withdrawing, history."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import InvalidRequest
from indelible.server.access.approvals import Wanted
from indelible.server.ingest.own_event import of_act
from indelible.server.retention.edit import (
    Change,
    Edit,
    Next,
    day_text,
    edited,
    refuse_faults,
)
from indelible.server.retention.history import past_policies
from indelible.server.retention.policies import MakeEvent, read_reason
from indelible.server.retention.presets import PRESETS
from indelible.server.retention.preview import CategoryPreview, Totals, preview
from indelible.server.web.answer import json_response
from indelible.server.web.body import read_json
from indelible.server.web.problem import PolicyFaultReply
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.approvals import approval_reply, ask
from indelible.server.web.routes.read import read_parameters
from indelible.server.web.routes.retention_forms import (
    ExpiriesReply,
    HistoryReply,
    RetentionReply,
    changes_told,
    expiry_reply,
    policy_reply,
    retention_reply,
)
from indelible.server.web.service import Service, service_of

_LIMIT: Final = 200


class ViewTouched(msgspec.Struct, frozen=True):
    """A saved view that names a category which changes."""

    id: str
    name: str


class PreviewReply(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit would come to. With `faults` it would be refused."""

    base_version: int
    version: int
    effective_day: str
    needs_reason: bool
    needs_approval: bool
    faults: list[PolicyFaultReply]
    changes: list[Change]
    categories: list[CategoryPreview]
    totals: Totals
    views: list[ViewTouched]
    alerts: list[ViewTouched]


class WithdrawBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takes back what was announced and does not hold yet."""

    base_version: int
    reason: str


class ClockBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the clock can be trusted."""

    reason: str


class PresetReply(msgspec.Struct, frozen=True, kw_only=True):
    """A preset, for the categories that there are."""

    name: str
    title: str
    description: str
    categories: list[dict[str, Any]]
    floors: list[dict[str, Any]]


class PresetsReply(msgspec.Struct, frozen=True):
    """All presets."""

    presets: list[PresetReply]


async def get_retention(request: Request) -> Response:
    """The policy, and what of it holds today."""
    caller: Caller = request.state.caller
    return json_response(await asyncio.to_thread(retention_reply, service_of(request), caller))


async def put_retention(request: Request) -> Response:
    """Saves the next policy, or asks for a second person where that is set."""
    service = service_of(request)
    caller: Caller = request.state.caller
    edit = await read_json(request, Edit)
    policies = service.retention.policies
    wanted = await asyncio.to_thread(policies.build, caller.tenant_id, edit)
    if wanted.is_reduction and service.access.approvals.needed(caller.tenant_id, "retention_cut"):
        policies.check_base(caller.tenant_id, edit.base_version)
        refuse_faults(wanted)
        reason = read_reason(edit.reason, is_needed=True) or ""
        approval = await ask(request, _cut(wanted, edit, reason))
        reply = await asyncio.to_thread(retention_reply, service, caller)
        waiting = approval_reply(approval, service, caller)
        return json_response(msgspec.structs.replace(reply, approval=waiting), 202)
    await asyncio.to_thread(
        policies.save,
        caller.tenant_id,
        caller,
        lambda standing, day: edited(standing, edit, day),
        event_maker(request, "UpdateRetention", 200, edit.reason),
        base_version=edit.base_version,
        reason=edit.reason,
    )
    await service.own.drain()
    return await get_retention(request)


def _cut(wanted: Next, edit: Edit, reason: str) -> Wanted:
    shown = {
        "version": wanted.policy.version,
        "changes": msgspec.to_builtins(wanted.changes),
        "effective_day": day_text(wanted.policy.effective_day),
    }
    labels = sorted({change.label for change in wanted.changes})
    return Wanted(
        kind="retention_cut",
        title=f"Keep less: {', '.join(labels)[:200]}",
        reason=reason,
        target_type="policy",
        target=str(wanted.policy.version),
        act=msgspec.to_builtins(edit),
        shown=shown,
    )


async def preview_retention(request: Request) -> Response:
    """What an edit would come to, in numbers; saves nothing."""
    service = service_of(request)
    caller: Caller = request.state.caller
    edit = await read_json(request, Edit)
    retention = service.retention
    standing = service.ledger.standing(caller.tenant_id)
    wanted = await asyncio.to_thread(retention.policies.build, caller.tenant_id, edit)
    shown, totals = await preview(
        service.index,
        caller.tenant_id,
        standing,
        wanted,
        retention.policies.today(),
        retention.holding,
    )
    touched = {change.category for change in wanted.changes}
    views = [
        ViewTouched(view.id, view.name)
        for view in service.access.views.all(caller.tenant_id, caller.id)
        if _names_category(view.address, touched)
    ]
    reply = PreviewReply(
        base_version=standing.policies.newest.policy.version,
        version=wanted.policy.version,
        effective_day=day_text(wanted.policy.effective_day),
        needs_reason=wanted.is_reduction,
        needs_approval=wanted.is_reduction
        and service.access.approvals.needed(caller.tenant_id, "retention_cut"),
        faults=[PolicyFaultReply(**fault._asdict()) for fault in wanted.faults],
        changes=list(wanted.changes),
        categories=shown,
        totals=totals,
        views=views,
        alerts=[],
    )
    return json_response(reply)


def _names_category(address: str, names: set[str]) -> bool:
    """Whether a view searches for one of these categories."""
    text = unquote_plus(address).replace('"', "")
    return any(
        re.search(rf"\bcategory:\(?(?:[^)\s]*\s)*{re.escape(name)}\b", text) for name in names
    )


async def withdraw_retention(request: Request) -> Response:
    """Takes back what was announced."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, WithdrawBody)
    await asyncio.to_thread(
        service.retention.policies.withdraw,
        caller.tenant_id,
        caller,
        event_maker(request, "WithdrawRetention", 200, body.reason),
        base_version=body.base_version,
        reason=body.reason,
    )
    await service.own.drain()
    return await get_retention(request)


async def list_presets(request: Request) -> Response:
    """The presets."""
    caller: Caller = request.state.caller
    policy = service_of(request).ledger.policies(caller.tenant_id).newest.policy
    reply = PresetsReply(
        [
            PresetReply(
                name=preset.name,
                title=preset.title,
                description=preset.description,
                categories=msgspec.to_builtins(preset.categories(policy)),
                floors=msgspec.to_builtins(preset.floors(policy)),
            )
            for preset in PRESETS
        ]
    )
    return json_response(reply)


async def list_history(request: Request) -> Response:
    """All policies, newest first."""
    service = service_of(request)
    caller: Caller = request.state.caller
    parameters = read_parameters(request, frozenset({"limit", "before"}))
    found, more = await asyncio.to_thread(
        lambda: past_policies(
            service.ledger.standing(caller.tenant_id),
            service.retention.policies.notes.saved(caller.tenant_id),
            below=_number(parameters, "before", None),
            limit=_number(parameters, "limit", 50) or 50,
        )
    )
    return json_response(HistoryReply([policy_reply(one) for one in found], more))


async def list_expiries(request: Request) -> Response:
    """What was dropped because its time was over, newest first."""
    service = service_of(request)
    caller: Caller = request.state.caller
    parameters = read_parameters(request, frozenset({"limit", "before"}))
    limit = _number(parameters, "limit", 50) or 50
    below = _number(parameters, "before", None)
    notes = service.retention.sweeper.notes.of_tenant(caller.tenant_id, limit + 1, below)
    shown = await asyncio.to_thread(
        lambda: [expiry_reply(service, caller.tenant_id, note) for note in notes[:limit]]
    )
    return json_response(ExpiriesReply(shown, len(notes) > limit))


async def confirm_clock(request: Request) -> Response:
    """Asks a second person to say too that the clock is right."""
    service = service_of(request)
    caller: Caller = request.state.caller
    body = await read_json(request, ClockBody)
    reason = read_reason(body.reason, is_needed=True) or ""
    wanted = service.retention.sweeper.wanted_clock(caller.tenant_id, reason)
    approval = await ask(request, wanted)
    reply = await asyncio.to_thread(retention_reply, service, caller)
    waiting = approval_reply(approval, service, caller)
    return json_response(msgspec.structs.replace(reply, approval=waiting), 202)


def _number(parameters: dict[str, str], name: str, default: int | None) -> int | None:
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 9 or int(text) < 1:
        raise InvalidRequest(f"{name} is a number from 1 on", parameter=name)
    return min(int(text), _LIMIT) if name == "limit" else int(text)


def event_maker(
    request: Request, operation: str, status: int, reason: str | None, endpoint: str | None = None
) -> MakeEvent:
    """The own event of a save; its id stays the same however often it is made."""
    service: Service = service_of(request)
    caller: Caller = request.state.caller
    event_id = service.own.new_id()

    def make(wanted: Next, index: int) -> dict[str, Any]:
        version = wanted.policy.version
        names = list(dict.fromkeys(change.category for change in wanted.changes))
        event = of_act(
            caller,
            event_id=event_id,
            operation=operation,
            method=request.method,
            endpoint=endpoint or request.url.path,
            status=status,
            targets=[
                {"type": "policy", "id": str(version), "name": f"Policy {version}"},
                *({"type": "category", "id": name} for name in names[:50]),
            ],
            changes=changes_told(wanted.changes),
            metadata={
                "version": version,
                "effective_day": day_text(wanted.policy.effective_day),
                "index": index,
            },
        )
        if reason:
            event["reason"] = reason
        return event

    return make


_BAD: Final = (400, 401, 403, 409, 413, 415, 503)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/retention",
        handler=get_retention,
        permit="read",
        summary="What is recorded and how long it is kept",
        tag="Govern",
        reply=RetentionReply,
        errors=(401, 403),
    ),
    Api(
        method="PUT",
        path="/v1/retention",
        handler=put_retention,
        permit="admin",
        summary="Change what is recorded and how long it is kept",
        tag="Govern",
        description=(
            "Longer holds at once, for what is there too; shorter and off hold after seven days,"
            " for what comes from then on. Replies 202 with an `approval` where a second person"
            " is needed."
        ),
        body=Edit,
        reply=RetentionReply,
        errors=_BAD,
    ),
    Api(
        method="POST",
        path="/v1/retention/preview",
        handler=preview_retention,
        permit="admin",
        summary="What a change would come to",
        tag="Govern",
        body=Edit,
        reply=PreviewReply,
        errors=(400, 401, 403, 413, 415, 503),
    ),
    Api(
        method="POST",
        path="/v1/retention/withdraw",
        handler=withdraw_retention,
        permit="admin",
        summary="Take back what was announced and does not hold yet",
        tag="Govern",
        body=WithdrawBody,
        reply=RetentionReply,
        errors=_BAD,
    ),
    Api(
        method="GET",
        path="/v1/retention/presets",
        handler=list_presets,
        permit="read",
        summary="Presets of retention",
        tag="Govern",
        reply=PresetsReply,
        errors=(401, 403),
    ),
    Api(
        method="GET",
        path="/v1/retention/expiries",
        handler=list_expiries,
        permit="read",
        summary="What was dropped because its time was over",
        tag="Govern",
        params=(
            Param(name="limit", description="Expiries to list, 200 at most.", type=int),
            Param(name="before", description="Only entries below this one.", type=int),
        ),
        reply=ExpiriesReply,
        errors=(400, 401, 403, 503),
    ),
    Api(
        method="POST",
        path="/v1/retention/clock",
        handler=confirm_clock,
        permit="admin",
        summary="Confirm the clock after a doubt stopped expiry",
        tag="Govern",
        description=(
            "Always an act for two: replies 202 with the `approval` that another administrator"
            " has to decide on."
        ),
        body=ClockBody,
        reply=RetentionReply,
        errors=_BAD,
    ),
    Api(
        method="GET",
        path="/v1/retention/history",
        handler=list_history,
        permit="read",
        summary="All policies, newest first",
        tag="Govern",
        params=(
            Param(name="limit", description="Policies to list, 200 at most.", type=int),
            Param(name="before", description="Only versions below this one.", type=int),
        ),
        reply=HistoryReply,
        errors=(400, 401, 403),
    ),
)
