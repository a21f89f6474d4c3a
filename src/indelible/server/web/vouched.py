"""
People whom somebody else vouches for: an identity provider, or a proxy in front.

Their accounts are made at the first login, tied to the name that the other has for them; roles by
group are set at each login. Every one of these steps is an event.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from indelible.errors import Conflict
from indelible.server.access.let_in import NotLetIn
from indelible.server.access.people import Known, Person
from indelible.server.ingest.own_event import of_vouched
from indelible.server.web.address import Entry

if TYPE_CHECKING:
    from indelible.server.web.service import Service

PROXY = "proxy"


async def account_of(
    service: Service, entry: Entry, who: Known, role: str | None, *, by: str, sets_role: bool
) -> Person:
    """
    The account of somebody, made or tied when needed. `role` None: only who has an account gets in.

    Raises NotLetIn.
    """
    people = service.access.people
    wanted = service.settings.proxy_login if by == PROXY else service.settings.oidc
    tenant_id = service.tenant_for(wanted.tenant)
    person = people.by_subject(who.issuer, who.subject)

    def event(operation: str, one: Person, **more: Any) -> dict[str, Any]:
        event_id = service.own.new_id()
        return of_vouched(operation, one, entry, event_id=event_id, by=by, **more)

    if person is None:
        person = people.by_email(tenant_id, who.email)
        if person is not None:
            if role is None and sets_role:
                raise _out(who)
            tied = event("TieAccount", person)
            await asyncio.to_thread(people.tie, person, who, tied)
    if person is None:
        if role is None:
            raise _out(who)
        person_id = people.new_id()
        draft = Person(id=person_id, tenant_id=tenant_id, email=who.email, name=who.name,
                       role=role, password="")  # fmt: skip
        made = event("CreateAccount", draft)
        person = await asyncio.to_thread(
            people.add_known, tenant_id, who, role, made, person_id=person_id
        )
    if not person.active or (sets_role and role is None):
        raise _out(who)
    if sets_role and role is not None and role != person.role:
        person = await _set_role(service, person, role, event)
    return person


async def _set_role(service: Service, person: Person, role: str, event: Any) -> Person:
    accounts = service.access.accounts
    account = accounts.one(person.tenant_id, person.id)
    changes = [{"path": "role", "before": person.role, "after": role}]
    told = event("ChangeUserRole", person, changes=changes)
    scope = None if role == "admin" else account.scope
    try:
        await asyncio.to_thread(accounts.change, person.tenant_id, account, role, scope, told)
    except Conflict:
        # The last administrator stays one, whatever the provider says of the groups.
        return person
    return service.access.people.by_id(person.id) or person


def _out(who: Known) -> NotLetIn:
    return NotLetIn(
        f"{who.email} has no access here",
        hint="an administrator can invite this address, or map one of its groups to a role",
    )


def named_by_proxy(request: Request, service: Service) -> str | None:
    """The e-mail address in the header of a proxy, if the socket's peer is one that is believed."""
    settings = service.settings.proxy_login
    if settings.header is None:
        return None
    values = request.headers.getlist(settings.header)
    entry: Entry = request.state.entry
    if len(values) != 1 or not values[0].strip() or entry.peer_ip is None:
        return None
    peer = ipaddress.ip_address(entry.peer_ip)
    if not any(peer in ipaddress.ip_network(network) for network in settings.networks):
        return None
    return values[0].strip()[:320]


async def person_of_proxy(request: Request, service: Service) -> Person | None:
    """The account of whom a proxy names; None where it names nobody. Raises NotLetIn."""
    email = named_by_proxy(request, service)
    if email is None:
        return None
    default = service.settings.proxy_login.default_role
    who = Known(issuer=PROXY, subject=email.casefold(), email=email, name=email)
    tenant_id = service.tenant_for(service.settings.proxy_login.tenant)
    known = service.access.people.by_email(tenant_id, email)
    if known is not None:  # an account of whatever making: the proxy vouches for the address
        if not known.active:
            raise _out(who)
        return known
    role = None if default == "none" else default
    entry: Entry = request.state.entry
    return await account_of(service, entry, who, role, by=PROXY, sets_role=False)
