"""Categories over HTTP: list, add, describe, give rules, and try which one an event gets."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from indelible.errors import Conflict, InvalidRequest, NotFound
from indelible.event import Stream
from indelible.server.ingest.categorise import Chosen, OwnRules
from indelible.server.ledger.catalogue import Catalogue, CategoryText, Criticality, Rule
from indelible.server.ledger.categories import LAST_RESERVED
from indelible.server.ledger.policy_rules import PARTS, days_of
from indelible.server.retention.edit import (
    MOST_RULES,
    Keep,
    NewCategory,
    check_name,
    check_text,
    with_category,
    with_text,
)
from indelible.server.web.answer import json_response
from indelible.server.web.body import read_json
from indelible.server.web.route import Api, Caller, Param
from indelible.server.web.routes.retention import event_maker
from indelible.server.web.routes.retention_forms import (
    CategoryReply,
    KeepReply,
    category_replies,
)
from indelible.server.web.service import Service, service_of

_MOST: Final = 400
_MAX_TEXT: Final = 4096


class LimitsReply(msgspec.Struct, frozen=True):
    """How many categories fit in a policy, and rules in a category."""

    most: int
    rules: int


class CategoriesReply(msgspec.Struct, frozen=True):
    """All categories, under one policy version."""

    version: int
    categories: list[CategoryReply]
    limits: LimitsReply


class CategoryBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A new category. Its name stays for ever; it is kept as `data` is where nothing is said."""

    base_version: int
    name: str
    label: str = ""
    description: str = ""
    criticality: Criticality = "normal"
    keep: Keep = Keep()
    rules: list[Rule] = []
    reason: str | None = None


class CategoryPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to change of a category's texts and rules. What is left out stays."""

    base_version: int
    label: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    criticality: Criticality | msgspec.UnsetType = msgspec.UNSET
    rules: tuple[Rule, ...] | msgspec.UnsetType = msgspec.UNSET
    reason: str | None = None


class TrialBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    An event to try; `rules` are tried instead of the saved ones of those categories, which need not
    be there yet.
    """

    operation: str
    stream: Stream = "user"
    method: str | None = None
    endpoint: str | None = None
    category: str | None = None
    rules: dict[str, tuple[Rule, ...]] = {}


class OtherReply(msgspec.Struct, frozen=True):
    """Another category that the event would get, if none before it did."""

    category: str
    label: str
    by: Literal["rule", "built-in", "default"]
    position: int | None


class TrialReply(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which category such an event gets, what chose it, and whether it would be recorded. `others`:
    what else would have it, in the order in which rules are tried (the category that was described
    first comes first, the built-in ones last).
    """

    category: str
    label: str
    by: Literal["sender", "rule", "built-in", "default"]
    rule: Rule | None
    position: int | None
    recorded: bool
    keep: KeepReply
    others: list[OtherReply]


async def list_categories(request: Request) -> Response:
    """All categories."""
    service, caller = service_of(request), _caller(request)
    return json_response(await asyncio.to_thread(_all, service, caller.tenant_id))


def _all(service: Service, tenant_id: int) -> CategoriesReply:
    standing = service.ledger.standing(tenant_id)
    day = service.retention.policies.today()
    return CategoriesReply(
        standing.policies.newest.policy.version,
        category_replies(service, tenant_id, standing, day),
        LimitsReply(_MOST, MOST_RULES),
    )


async def create_category(request: Request) -> Response:
    """Adds a category."""
    service, caller = service_of(request), _caller(request)
    body = await read_json(request, CategoryBody)
    text = check_text(
        CategoryText(
            name=check_name(body.name),
            label=body.label or body.name,
            description=body.description,
            criticality=body.criticality,
            rules=tuple(body.rules),
        )
    )
    known = service.ledger.category_ids(caller.tenant_id)
    if body.name in known:
        raise Conflict(f"there is a category {body.name} already", code="category-exists")
    if len(known) >= _MOST:
        raise Conflict(f"there are {_MOST} categories, more do not fit", code="too-many")
    await asyncio.to_thread(
        service.retention.policies.save,
        caller.tenant_id,
        caller,
        lambda standing, day: with_category(standing, NewCategory(text=text, keep=body.keep), day),
        event_maker(request, "CreateCategory", 201, body.reason),
        base_version=body.base_version,
        reason=body.reason,
    )
    await service.own.drain()
    return json_response(await asyncio.to_thread(_one, service, caller.tenant_id, body.name), 201)


async def change_category(request: Request) -> Response:
    """Changes texts or rules of a category."""
    service, caller = service_of(request), _caller(request)
    name = request.path_params["name"]
    number = service.ledger.category_ids(caller.tenant_id).get(name)
    if number is None:
        raise NotFound(f"there is no category {name[:60]!r}")
    body = await read_json(request, CategoryPatch)
    if number <= LAST_RESERVED and body.rules:
        raise InvalidRequest(
            f"{name} is written by the service only: no rule leads there", parameter="rules"
        )
    changes: dict[str, Any] = {
        field: getattr(body, field)
        for field in ("label", "description", "criticality", "rules")
        if getattr(body, field) is not msgspec.UNSET
    }
    check_text(msgspec.structs.replace(CategoryText(name=name), **changes))
    await asyncio.to_thread(
        service.retention.policies.save,
        caller.tenant_id,
        caller,
        lambda standing, day: with_text(
            standing, msgspec.structs.replace(standing.catalogue.text_of(name), **changes), day
        ),
        event_maker(request, "UpdateCategory", 200, body.reason, "/v1/categories/{name}"),
        base_version=body.base_version,
        reason=body.reason,
    )
    await service.own.drain()
    return json_response(await asyncio.to_thread(_one, service, caller.tenant_id, name))


async def try_category(request: Request) -> Response:
    """Says which category such an event gets. Stores nothing, and tells nothing of the log."""
    service, caller = service_of(request), _caller(request)
    body = await read_json(request, TrialBody)
    for text in (body.operation, body.method, body.endpoint):
        if text is not None and len(text) > _MAX_TEXT:
            raise InvalidRequest(f"a text has at most {_MAX_TEXT} characters")
    standing = service.ledger.standing(caller.tenant_id)
    categories = {
        category.name: category for category in standing.policies.newest.policy.categories
    }
    if body.category is not None and body.category not in categories:
        raise InvalidRequest(f"there is no category {body.category[:60]!r}", parameter="category")
    for name, rules in body.rules.items():
        check_name(name)  # one that is not there yet may be tried before it is made
        check_text(CategoryText(name=name, rules=rules))
    matching = _matching(standing.catalogue, body)
    chosen = matching[0]
    name = body.category or chosen.category
    day = service.retention.policies.today()
    saved = categories.get(name)
    today = saved and (standing.policies.category_on(saved.id, day) or saved)
    reply = TrialReply(
        category=name,
        label=standing.catalogue.text_of(name).label,
        by="sender" if body.category else chosen.by,
        rule=None if body.category else chosen.rule,
        position=None if body.category else chosen.position,
        recorded=today is None or today.enabled,
        keep=KeepReply(*(days_of(today, part) if today else None for part, _ in PARTS)),
        others=[
            OtherReply(
                one.category, standing.catalogue.text_of(one.category).label, one.by, one.position
            )
            for one in matching
            if one.category != name
        ],
    )
    return json_response(reply)


def _matching(catalogue: Catalogue, body: TrialBody) -> list[Chosen]:
    names = [text.name for text in catalogue.categories]
    names += [name for name in body.rules if name not in names]
    rules = [
        (name, position, rule)
        for name in names
        for position, rule in enumerate(body.rules.get(name, catalogue.text_of(name).rules))
    ]
    return OwnRules(rules).matching(body.stream, body.method, body.operation, body.endpoint)


def _one(service: Service, tenant_id: int, name: str) -> CategoryReply:
    return next(one for one in _all(service, tenant_id).categories if one.name == name)


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


_BAD: Final = (400, 401, 403, 409, 413, 415, 503)

ROUTES: Final = (
    Api(
        method="GET",
        path="/v1/categories",
        handler=list_categories,
        permit="read",
        summary="List categories",
        tag="Govern",
        reply=CategoriesReply,
        errors=(401, 403),
    ),
    Api(
        method="POST",
        path="/v1/categories",
        handler=create_category,
        permit="admin",
        summary="Add a category",
        tag="Govern",
        description="Categories are never deleted or renamed: the log names them for ever.",
        body=CategoryBody,
        reply=CategoryReply,
        status=201,
        errors=_BAD,
    ),
    Api(
        method="PATCH",
        path="/v1/categories/{name}",
        handler=change_category,
        permit="admin",
        summary="Change texts and rules of a category",
        tag="Govern",
        params=(Param(name="name", description="The category's name.", required=True),),
        body=CategoryPatch,
        reply=CategoryReply,
        errors=(*_BAD, 404),
    ),
    Api(
        method="POST",
        path="/v1/categories/test",
        handler=try_category,
        permit="read",
        summary="Which category an event would get",
        tag="Govern",
        body=TrialBody,
        reply=TrialReply,
        errors=(400, 401, 403, 413, 415),
    ),
)
