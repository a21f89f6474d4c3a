"""Erasures over HTTP: look, ask, follow, certificate. Who it is about is told to nobody else."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.codec import encode_json
from indelible.errors import InvalidRequest
from indelible.server.access.approvals import Wanted, read_reason
from indelible.server.access.token import random_id
from indelible.server.export.forget import exports_with
from indelible.server.ingest.own_event import of_act
from indelible.server.query.entry import entry_to_json
from indelible.server.retention.certificate import REASONS
from indelible.server.retention.erasure_table import Asked, Erasure, insert
from indelible.server.retention.outcome import left_of, numbers_of
from indelible.server.retention.places import Place, backups, views_and_accounts
from indelible.server.retention.plan import Plan
from indelible.server.retention.scan import PART_NAMES
from indelible.server.retention.subject import (
    MAX_IDENTIFIERS,
    Identifier,
    Matcher,
    read_identifier,
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

Part = Literal["fact", "person", "content"]
Reason = Literal["data-subject", "authority", "error", "contract", "other"]
_BITS = {name: part for part, name in PART_NAMES.items()}
_CODES = {name: code for code, name in REASONS.items()}
MAX_ENTRIES = 1000
_KNOWN = 20
_ID = Param(name="id", description="The erasure's id", required=True)


class IdentifierBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By what a person is known: `email`, `id`, `address` (of the network) or `name`."""

    kind: Literal["email", "id", "address", "name"]
    value: str


class LookBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person, or single entries; and the parts that shall go."""

    identifiers: list[IdentifierBody] = []
    entries: list[int] = []
    parts: list[Part]
    whole_events: bool = False


class ErasureBody(LookBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for, why, and under which case number; none of it may name the person."""

    reason: Reason
    case: str
    note: str
    at_once: bool = False


class LeftReply(msgspec.Struct, frozen=True, kw_only=True):
    """Parts that stay: `not-chosen`, `reserved` (facts of audit), `floor` or `hold`."""

    why: str
    part: str
    category: str
    events: int
    until: str | None
    holds: list[str]
    indices: list[int]
    paths: list[str] = []


class KnownReply(msgspec.Struct, frozen=True):
    """By what else the events of the person name them."""

    kind: str
    value: str
    events: int


class PlaceReply(msgspec.Struct, frozen=True, kw_only=True):
    """Where else the person stands, outside the events."""

    kind: str
    name: str
    at: str | None
    goes: bool


class CategoryCount(msgspec.Struct, frozen=True):
    """Events of one category."""

    category: str
    events: int


class LookReply(msgspec.Struct, frozen=True, kw_only=True):
    """`found` events have the person; `events` of them lose `parts`; `left` is what stays."""

    found: int
    events: int
    parts: dict[str, int]
    categories: list[CategoryCount]
    left: list[LeftReply]
    known: list[KnownReply]
    sample: list[dict[str, Any]]
    places: list[PlaceReply]
    needs_approval: bool
    deciders: int


class ErasureReply(msgspec.Struct, frozen=True, kw_only=True):
    """A request. `due_at` is when it will be done; `entries` are those of the log that declare."""

    id: str
    state: str
    case: str
    reason: str
    parts: list[str]
    note: str
    asked_by: PersonReply
    asked_at: str
    approved_by: PersonReply | None
    due_at: str | None
    ended_at: str | None
    found: int
    events: int
    erased: dict[str, int]
    left: list[LeftReply]
    entries: list[int]
    exports: list[str]
    has_certificate: bool
    approval: ApprovalReply | None = None


class ErasuresReply(msgspec.Struct, frozen=True):
    """Open ones first, then the newest."""

    erasures: list[ErasureReply]


def read_asked(body: LookBody, note: str = "", *, at_once: bool = False) -> tuple[Asked, int]:
    """What a body asks for, and the bits of the parts. Raises InvalidRequest."""
    if bool(body.identifiers) == bool(body.entries):
        raise InvalidRequest("name either a person or single entries", parameter="identifiers")
    if len(body.identifiers) > MAX_IDENTIFIERS:
        raise InvalidRequest(f"at most {MAX_IDENTIFIERS} values", parameter="identifiers")
    if len(body.entries) > MAX_ENTRIES or any(not 0 <= n < 1 << 62 for n in body.entries):
        raise InvalidRequest(f"at most {MAX_ENTRIES} entries of the log", parameter="entries")
    if not body.parts:
        raise InvalidRequest("choose at least one part", parameter="parts")
    wanted = tuple(dict.fromkeys(read_identifier(one.kind, one.value) for one in body.identifiers))
    parts = sum({_BITS[name] for name in body.parts})
    return (
        Asked(
            identifiers=wanted,
            entries=tuple(sorted(set(body.entries))),
            whole_events=body.whole_events,
            at_once=at_once,
            note=note,
        ),
        parts,
    )


def draft(service: Service, caller: Caller, asked: Asked, parts: int, **more: Any) -> Erasure:
    """A request that is not stored yet."""
    person = person_of(caller)
    values = {"case": "", "reason": 1, "id": "", **more}
    return Erasure(
        tenant_id=caller.tenant_id,
        state="waiting",
        asked=asked,
        parts=parts,
        asker=person,
        asked_us=service.clock.now_us(),
        **values,
    )


async def look(request: Request) -> Response:
    """Looks through every part of every event, and says what would go and what would stay."""
    service, caller = asked_by(request)
    body = await read_json(request, LookBody)
    asked, parts = read_asked(body)
    await _record_look(request, "SearchSubject", asked)
    plan, _ = await service.erasures.plan(draft(service, caller, asked, parts))
    policy = service.ledger.policies(caller.tenant_id).newest.policy
    names = {category.id: category.name for category in policy.categories}
    given = set(asked.identifiers)
    reply = LookReply(
        **numbers_of(plan),
        categories=[
            CategoryCount(names.get(number, str(number)), count)
            for number, count in plan.by_category.most_common()
        ],
        left=msgspec.convert(left_of(plan, policy, with_paths=True), list[LeftReply]),
        known=[
            KnownReply(one.kind, one.value, count)
            for one, count in plan.known.most_common(_KNOWN + len(given))
            if one not in given
        ][:_KNOWN],
        sample=await asyncio.to_thread(_sample, service, caller, plan),
        places=[_place(one) for one in await _places(service, caller, asked)],
        needs_approval=service.access.approvals.needed(caller.tenant_id, "erasure"),
        deciders=service.access.approvals.deciders(caller.tenant_id, caller.id),
    )
    return json_response(reply)


async def _record_look(request: Request, operation: str, asked: Asked) -> None:
    service, caller = asked_by(request)
    await service.own.read(
        caller,
        operation,
        method=request.method,
        endpoint=request.url.path,
        query={
            "identifiers": [f"{one.kind}:{one.value}" for one in asked.identifiers],
            "entries": list(asked.entries)[:20],
        },
    )


def _sample(service: Service, caller: Caller, plan: Plan) -> list[dict[str, Any]]:
    shown = []
    for index in plan.first:
        entry = entry_to_json(service.reader.entry(caller.tenant_id, index))
        event = entry["event"] or {}
        shown.append(
            {
                "index": index,
                "id": event.get("id"),
                "occurred_at": event.get("occurred_at"),
                "stream": event.get("stream"),
                "category": event.get("category"),
                "operation": event.get("operation"),
                "goes": [
                    name for part, name in PART_NAMES.items() if plan.goes.get(index, 0) & part
                ],
            }
        )
    return shown


async def _places(service: Service, caller: Caller, asked: Asked) -> list[Place]:
    tenant_id = caller.tenant_id
    matcher = Matcher(asked.identifiers) if asked.identifiers else None
    places = [
        Place(kind="export", name=job.asked.file_name, at=job.created_us, goes=True)
        for job in await exports_with(service.exports, tenant_id, matcher)
    ]
    if matcher is not None:
        control = service.access.control
        places += await asyncio.to_thread(views_and_accounts, control, tenant_id, matcher)
    return [*places, *await backups(service.index, tenant_id)]


def _place(one: Place) -> PlaceReply:
    at = None if one.at is None else format_us(one.at)
    return PlaceReply(kind=one.kind, name=one.name, at=at, goes=one.goes)


async def list_erasures(request: Request) -> Response:
    """All requests; none of them says who it is about."""
    service, caller = asked_by(request)
    found = service.erasures.table.all(caller.tenant_id)
    return json_response(ErasuresReply([_reply(one, service, caller) for one in found]))


async def read_erasure(request: Request) -> Response:
    """One request."""
    service, caller = asked_by(request)
    found = service.erasures.table.one(caller.tenant_id, request.path_params["id"])
    return json_response(_reply(found, service, caller))


async def create_erasure(request: Request) -> Response:
    """Asks to erase. With four eyes it waits for a second person, else it is done when due."""
    service, caller = asked_by(request)
    body = await read_json(request, ErasureBody)
    case, note = read_reason(body.case, "case"), read_reason(body.note, "note")
    if len(case) > 60 or "\n" in case:
        raise InvalidRequest("a case number has at most 60 characters", parameter="case")
    asked, parts = read_asked(body, note, at_once=body.at_once)
    _refuse_names(asked.identifiers, case=case, note=note)
    erasure = draft(
        service, caller, asked, parts,
        id=random_id(service.access.random_bytes, "er"), case=case, reason=_CODES[body.reason],
    )  # fmt: skip
    plan, _ = await service.erasures.plan(erasure)
    if not plan.events:
        raise InvalidRequest(
            "nothing of this is in the log", parameter="identifiers", code="nothing-found"
        )
    numbers = numbers_of(plan)
    erasure = msgspec.structs.replace(erasure, outcome=numbers)
    event = of_act(
        caller,
        event_id=service.own.new_id(),
        operation="RequestErasure",
        method="POST",
        endpoint="/v1/erasures",
        status=201,
        targets=[{"type": "erasure", "id": erasure.id}],
        changes=[{"path": "state", "before": None, "after": "waiting"}],
        metadata={
            "case": case,
            "reason": body.reason,
            "parts": body.parts,
            "by": sorted({one.kind for one in asked.identifiers}) or ["entries"],
            **numbers,
        },
    )
    event["reason"] = note
    if not service.access.approvals.needed(caller.tenant_id, "erasure"):
        await service.erasures.ask_alone(erasure, person_of(caller), event)
        await service.own.drain()
        found = service.erasures.table.one(caller.tenant_id, erasure.id)
        return json_response(_reply(found, service, caller), 201)
    await ask(
        request,
        Wanted(
            kind="erasure",
            title=f"Erase parts of {plan.events:,} events: {case}"
            if plan.events != 1
            else f"Erase parts of one event: {case}",
            reason=note,
            target_type="erasure",
            target=erasure.id,
            act={"erasure": erasure.id},
            shown={"reason": body.reason, "found": plan.events, "events": numbers["events"],
                   **numbers["parts"], "left": sum(one.events for one in plan.left)},
        ),
        201,
        # In one step: a request to erase that nobody can decide on would wait for ever.
        also=lambda transaction: insert(transaction, erasure, event),
    )  # fmt: skip
    return json_response(_reply(erasure, service, caller), 201)


def _refuse_names(identifiers: tuple[Identifier, ...], **texts: str) -> None:
    """What is kept for ever must not name the person."""
    matcher = Matcher(identifiers)
    for name, text in texts.items():
        if identifiers and matcher.matches(text):
            raise InvalidRequest(
                f"{name} names the person: it would stay in the log for ever",
                parameter=name,
                hint="use a number that your own files lead to the person",
                code="names-the-person",
            )


async def get_certificate(request: Request) -> Response:
    """The certificate: JSON, which `indelible verify` checks, or PDF."""
    service, caller = asked_by(request)
    erasure_id = request.path_params["id"]
    found = service.erasures.table.certificate(caller.tenant_id, erasure_id)
    form = request.query_params.get("format", "json")
    name = f"{erasure_id}.certificate"
    if form == "json":
        data, media = msgspec.json.format(encode_json(found), indent=1) + b"\n", "application/json"
    elif form == "pdf":
        from indelible.server.export.certificate_pdf import certificate_pdf

        data = await asyncio.to_thread(
            certificate_pdf, found, service.tenant_name(caller.tenant_id)
        )
        media = "application/pdf"
    else:
        raise InvalidRequest(f"there is no format {form[:20]!r}", parameter="format",
                             expected="json or pdf")  # fmt: skip
    return Response(
        data,
        media_type=media,
        headers={"content-disposition": f'attachment; filename="{name}.{form}"'},
    )


def _reply(erasure: Erasure, service: Service, caller: Caller) -> ErasureReply:
    outcome = erasure.outcome
    approval = None
    if erasure.state == "waiting":
        found = service.access.approvals.of_target(erasure.tenant_id, "erasure", erasure.id)
        approval = None if found is None else approval_reply(found, service, caller)
    return ErasureReply(
        id=erasure.id,
        state=erasure.state,
        case=erasure.case,
        reason=REASONS[erasure.reason],
        parts=[name for part, name in PART_NAMES.items() if erasure.parts & part],
        note=erasure.asked.note,
        asked_by=PersonReply(erasure.asker.id, erasure.asker.name),
        asked_at=format_us(erasure.asked_us),
        approved_by=None
        if erasure.approver is None
        else PersonReply(erasure.approver.id, erasure.approver.name),
        due_at=None if erasure.due_us is None else format_us(erasure.due_us),
        ended_at=None if erasure.ended_us is None else format_us(erasure.ended_us),
        found=outcome.get("found", 0),
        events=outcome.get("events", 0),
        erased=outcome.get("parts", {}),
        left=msgspec.convert(outcome.get("left", []), list[LeftReply]),
        entries=outcome.get("entries", []),
        exports=outcome.get("exports", []),
        has_certificate=erasure.state == "done",
        approval=approval,
    )


_ERRORS = (401, 403)

ROUTES = (
    Api(
        method="GET",
        path="/v1/erasures",
        handler=list_erasures,
        permit="read",
        summary="List requests to erase",
        tag="Govern",
        reply=ErasuresReply,
        errors=_ERRORS,
    ),
    Api(
        method="POST",
        path="/v1/erasures/preview",
        handler=look,
        permit="admin",
        summary="Look for a person, and what an erasure would take and leave",
        tag="Govern",
        description="Reads every part of every event in the ledger. The search is recorded.",
        body=LookBody,
        reply=LookReply,
        errors=(400, *_ERRORS, 404, 415, 503),
    ),
    Api(
        method="POST",
        path="/v1/erasures",
        handler=create_erasure,
        permit="admin",
        summary="Ask to erase parts of events",
        tag="Govern",
        description="Waits for a second person where that is set, as it is at first. Requests of "
        "data subjects are done once a day, together, unless `at_once` is given.",
        body=ErasureBody,
        reply=ErasureReply,
        status=201,
        errors=(400, *_ERRORS, 404, 409, 415, 503),
    ),
    Api(
        method="GET",
        path="/v1/erasures/{id}",
        handler=read_erasure,
        permit="read",
        summary="One request to erase",
        tag="Govern",
        params=(_ID,),
        reply=ErasureReply,
        errors=(*_ERRORS, 404),
    ),
    Api(
        method="GET",
        path="/v1/erasures/{id}/certificate",
        handler=get_certificate,
        permit="read",
        summary="The certificate of an erasure",
        tag="Govern",
        params=(_ID, Param(name="format", description="`json` (the default) or `pdf`")),
        reply=dict,
        errors=(400, *_ERRORS, 404),
    ),
)
