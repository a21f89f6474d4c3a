"""Holds over HTTP: what they would cover, place, release. Every step is an event and an entry."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.clock import format_us
from indelible.errors import Conflict, InvalidRequest, NotFound
from indelible.server.access.approvals import Wanted, read_reason
from indelible.server.ingest.own_event import of_act
from indelible.server.retention.hold_table import Hold, MakeEvent
from indelible.server.retention.hold_wish import Wish, read_wish
from indelible.server.web.answer import asked_by, json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Param
from indelible.server.web.routes.approvals import (
    ApprovalReply,
    PersonReply,
    approval_reply,
    ask,
    person_of,
)
from indelible.server.web.service import Service

_MAX_NAME = 100
_ID = Param(name="id", description="The hold's id", required=True)


class HoldReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    A hold. `form` is `clear` where categories and days of receipt stand in the log as they are,
    `list` where the log has a list of entries only; `through` is how far that list goes.
    """

    id: str
    state: str
    name: str
    reason: str
    wish: Wish
    form: str
    owner: PersonReply
    placed_at: str
    entry: int | None
    events: int
    through: int | None
    released_by: PersonReply | None
    released_at: str | None
    release_reason: str | None
    release_entry: int | None
    approval: str | None


class HoldsReply(msgspec.Struct, frozen=True):
    """Open ones first, then the newest."""

    holds: list[HoldReply]


class HoldBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hold to be placed."""

    name: str
    reason: str
    wish: Wish


class PreviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a hold would ask for."""

    wish: Wish


class ErasureInTheWay(msgspec.Struct, frozen=True):
    """A request to erase that is not done yet: where both meet, the hold wins."""

    id: str
    case: str
    state: str


class HoldPreviewReply(msgspec.Struct, frozen=True):
    """How many events it would cover now, and what it would run into."""

    events: int
    form: str
    erasures: list[ErasureInTheWay]


class ReleaseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is released."""

    reason: str


class ReleaseReply(msgspec.Struct, frozen=True):
    """The hold; and the request that was made where a second person is needed."""

    hold: HoldReply
    approval: ApprovalReply | None = None


def hold_reply(hold: Hold, service: Service) -> HoldReply:
    """What is shown of a hold."""
    waiting = None
    if hold.state == "open":
        asked = service.access.approvals.of_target(hold.tenant_id, "hold", str(hold.id))
        if asked is not None and asked.state == "waiting":
            waiting = asked.id
    return HoldReply(
        id=str(hold.id),
        state=hold.state,
        name=hold.name,
        reason=hold.reason,
        wish=hold.wish,
        form="list" if hold.wish.is_listed else "clear",
        owner=PersonReply(hold.owner.id, hold.owner.name),
        placed_at=format_us(hold.placed_us),
        entry=hold.entry,
        events=hold.matched,
        through=hold.through if hold.wish.is_listed else None,
        released_by=None
        if hold.releaser is None
        else PersonReply(hold.releaser.id, hold.releaser.name),
        released_at=None if hold.released_us is None else format_us(hold.released_us),
        release_reason=hold.release_reason,
        release_entry=hold.release_entry,
        approval=waiting,
    )


async def list_holds(request: Request) -> Response:
    """All holds."""
    service, caller = asked_by(request)
    holds = service.holds.table.all(caller.tenant_id)
    return json_response(HoldsReply([hold_reply(hold, service) for hold in holds]))


async def preview_hold(request: Request) -> Response:
    """Counts what a hold would cover."""
    service, caller = asked_by(request)
    body = await read_json(request, PreviewBody)
    wish = read_wish(body.wish, service.ledger.policies(caller.tenant_id).newest.policy)
    count = await service.holds.matches(caller.tenant_id, wish)
    open_ones = service.erasures.table.open(caller.tenant_id)
    reply = HoldPreviewReply(
        count,
        "list" if wish.is_listed else "clear",
        [ErasureInTheWay(one.id, one.case, one.state) for one in open_ones],
    )
    await service.own.read(
        caller,
        "PreviewHold",
        method="POST",
        endpoint="/v1/holds/preview",
        query={"wish": _told(wish)},
        count=count,
    )
    return json_response(reply)


async def place_hold(request: Request) -> Response:
    """Places a hold; it stops expiry and erasure from its entry on."""
    service, caller = asked_by(request)
    body = await read_json(request, HoldBody)
    owner = person_of(caller)
    name = body.name.strip()
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise InvalidRequest(
            f"the name of a hold has 1 to {_MAX_NAME} printable characters", parameter="name"
        )
    wish = read_wish(body.wish, service.ledger.policies(caller.tenant_id).newest.policy)
    hold = await service.holds.place(
        caller.tenant_id,
        name=name,
        reason=read_reason(body.reason),
        wish=wish,
        owner=owner,
        event=_events(request, "PlaceHold", 201),
    )
    return json_response(hold_reply(hold, service), 201)


async def release_hold(request: Request) -> Response:
    """Releases a hold for good, or asks a second person to agree."""
    service, caller = asked_by(request)
    releaser = person_of(caller)
    body = await read_json(request, ReleaseBody)
    reason = read_reason(body.reason)
    hold = _hold(request)
    if not hold.is_open:
        raise Conflict("this hold is released already", code="released")
    if service.access.approvals.needed(caller.tenant_id, "hold_release"):
        approval = await ask(
            request,
            Wanted(
                kind="hold_release",
                title=f"Release the hold {hold.name}",
                reason=reason,
                target_type="hold",
                target=str(hold.id),
                act={"hold": hold.id, "releaser": [releaser.id, releaser.name], "reason": reason},
                shown={"events": hold.matched},
            ),
        )
        reply = ReleaseReply(hold_reply(hold, service), approval_reply(approval, service, caller))
        return json_response(reply, 202)
    released = await service.holds.release(
        hold, releaser, reason, _events(request, "ReleaseHold", 200)
    )
    return json_response(ReleaseReply(hold_reply(released, service)))


def _hold(request: Request) -> Hold:
    service, caller = asked_by(request)
    text = request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound(f"there is no hold {text[:40]!r}")
    return service.holds.table.one(caller.tenant_id, int(text))


def _told(wish: Wish) -> dict[str, Any]:
    """A wish as an event tells it: what it names and no more."""
    built: dict[str, Any] = msgspec.to_builtins(wish)
    return {name: value for name, value in built.items() if value}


def _events(request: Request, operation: str, status: int) -> MakeEvent:
    service, caller = asked_by(request)
    event_id = service.own.new_id()

    def make(hold: Hold) -> dict[str, Any]:
        before = "open" if hold.state == "released" else None
        event = of_act(
            caller,
            event_id=event_id,
            operation=operation,
            method=request.method,
            endpoint=request.url.path.replace(str(hold.id), "{id}"),
            status=status,
            targets=[{"type": "hold", "id": str(hold.id), "name": hold.name}],
            changes=[{"path": "state", "before": before, "after": hold.state}],
            metadata={
                "wish": _told(hold.wish),
                "events": hold.matched,
                "entry": hold.release_entry or hold.entry,
            },
        )
        return {**event, "reason": hold.release_reason or hold.reason}

    return make


_ERRORS = (401, 403)

ROUTES = (
    Api(
        method="GET",
        path="/v1/holds",
        handler=list_holds,
        permit="read",
        summary="List holds",
        tag="Govern",
        reply=HoldsReply,
        errors=_ERRORS,
    ),
    Api(
        method="POST",
        path="/v1/holds/preview",
        handler=preview_hold,
        permit="admin",
        summary="Count what a hold would cover",
        tag="Govern",
        body=PreviewBody,
        reply=HoldPreviewReply,
        errors=(400, *_ERRORS, 415, 503),
    ),
    Api(
        method="POST",
        path="/v1/holds",
        handler=place_hold,
        permit="admin",
        summary="Place a hold",
        tag="Govern",
        description="A wish that names categories and days of receipt only stands in the log in "
        "clear; any other becomes a list of entries, to which later matches are added.",
        body=HoldBody,
        reply=HoldReply,
        status=201,
        errors=(400, *_ERRORS, 409, 415, 503),
    ),
    Api(
        method="POST",
        path="/v1/holds/{id}/release",
        handler=release_hold,
        permit="admin",
        summary="Release a hold",
        tag="Govern",
        description="Waits for a second person where that is set: then the status is 202.",
        params=(_ID,),
        body=ReleaseBody,
        reply=ReleaseReply,
        errors=(400, *_ERRORS, 404, 409, 415, 503),
    ),
)
