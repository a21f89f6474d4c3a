"""
What a SCIM request does, once who asks is known: read, apply, write, tell.

Runs in a worker thread. The errors of `scim2-models` become ours, with the keyword of the standard
as their code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec
from pydantic import ValidationError
from scim2_models import Error as ScimError
from scim2_models import SCIMException

from indelible.errors import Conflict, InvalidRequest
from indelible.server.access.door import Access
from indelible.server.access.roles import Tell
from indelible.server.web.scim.resources import (
    Group,
    User,
    group_of,
    patched,
    read_group,
    read_user,
    replaced,
    user_of,
    wanted_group_of,
    wanted_of,
)
from indelible.server.web.scim.search import (
    page_of,
    read_choice,
    read_search,
    read_search_body,
    shown,
)

T = TypeVar("T")
Kind = Literal["Users", "Groups", "All"]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request: of which tenant, at which address, with which conditions."""

    kind: Kind
    tenant_id: int
    base: str
    query: dict[str, str]
    id: str = ""
    body: bytes = b""
    if_match: str | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as it is sent: its bytes, version and address."""

    body: bytes
    version: str
    location: str


class Outdated(Conflict):
    """The resource is another one by now than the one that was to be changed."""

    code = "invalidVers"
    status = 412

    def __init__(self) -> None:
        super().__init__("somebody else changed this meanwhile", hint="read it again")


def run(work: Callable[..., T], *arguments: Any) -> T:
    """Does it; raises nothing but errors of the family."""
    try:
        return work(*arguments)
    except ValidationError as error:
        said = ScimError.from_validation_errors(error)[0]
    except SCIMException as error:
        said = error.to_error()
    except RecursionError:
        raise InvalidRequest("this is nested too deeply", code="invalidSyntax") from None
    raise InvalidRequest((said.detail or "this is wrong")[:500], code=said.scim_type or None)


def search(access: Access, ask: Ask) -> bytes:
    """A list by the address."""
    return page_of(read_search(_model(ask), ask.query), _model(ask), _all(access, ask))


def search_body(access: Access, ask: Ask) -> bytes:
    """A list by the body."""
    return page_of(read_search_body(_model(ask), ask.body), _model(ask), _all(access, ask))


def read(access: Access, ask: Ask) -> Done:
    """One resource. Raises NotFound."""
    return _done(access, ask, ask.id)


def create(access: Access, ask: Ask, tell: Tell) -> Done:
    """Makes one."""
    read_choice(_model(ask), ask.query)  # a wrong choice must be refused before anything is made
    if ask.kind == "Users":
        made = access.provisioning.add(ask.tenant_id, wanted_of(read_user(ask.body)), tell)
    else:
        made = access.groups.add(ask.tenant_id, wanted_group_of(read_group(ask.body)), tell)
    return _done(access, ask, made)


def replace(access: Access, ask: Ask, tell: Tell) -> Done:
    """Makes it what was sent."""
    return _change(access, ask, replaced, tell)


def patch(access: Access, ask: Ask, tell: Tell) -> Done:
    """Changes parts of it."""
    return _change(access, ask, patched, tell)


def remove(access: Access, ask: Ask, tell: Tell) -> None:
    """Removes it."""
    if ask.kind == "Users":
        account = access.provisioning.one(ask.tenant_id, ask.id)
        _check_version(ask, user_of(account, ask.base))
        access.provisioning.remove(ask.tenant_id, account, tell)
    else:
        group = access.groups.one(ask.tenant_id, ask.id)
        _check_version(ask, group_of(group, ask.base))
        access.groups.remove(ask.tenant_id, group, tell)


def _change(access: Access, ask: Ask, make: Callable[[Any, bytes], Any], tell: Tell) -> Done:
    read_choice(_model(ask), ask.query)
    if ask.kind == "Users":
        account = access.provisioning.one(ask.tenant_id, ask.id)
        user = user_of(account, ask.base)
        _check_version(ask, user)
        wanted = wanted_of(make(user, ask.body))
        access.provisioning.change(ask.tenant_id, account, wanted, tell)
    else:
        record = access.groups.one(ask.tenant_id, ask.id)
        group = group_of(record, ask.base)
        _check_version(ask, group)
        after = wanted_group_of(make(group, ask.body))
        access.groups.change(ask.tenant_id, record, after, tell)
    return _done(access, ask, ask.id)


def _check_version(ask: Ask, resource: Any) -> None:
    """Raises Outdated when the sender knows another version."""
    if ask.if_match is None or ask.if_match.strip() == "*":
        return
    known = [one.strip() for one in ask.if_match.split(",")]
    if resource.meta.version not in known:
        raise Outdated


def _model(ask: Ask) -> Any:
    return {"Users": User, "Groups": Group, "All": User | Group}[ask.kind]


def _all(access: Access, ask: Ask) -> list[Any]:
    found: list[Any] = []
    if ask.kind != "Groups":
        found += [user_of(one, ask.base) for one in access.provisioning.all(ask.tenant_id)]
    if ask.kind != "Users":
        found += [group_of(one, ask.base) for one in access.groups.all(ask.tenant_id)]
    return found


def _done(access: Access, ask: Ask, id_: str) -> Done:
    resource: Any = (
        user_of(access.provisioning.one(ask.tenant_id, id_), ask.base)
        if ask.kind == "Users"
        else group_of(access.groups.one(ask.tenant_id, id_), ask.base)
    )
    return Done(
        body=shown(resource, read_choice(_model(ask), ask.query)),
        version=resource.meta.version,
        location=resource.meta.location,
    )
