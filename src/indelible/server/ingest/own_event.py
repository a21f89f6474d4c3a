"""
Events of Indelible about itself, as values: who did what, in the shape that senders use.

Acts of people are in the User stream, start, stop and self-checks in System, imports, exports and
rebuilds in Tasks. All have source `indelible` and category `audit`, which cannot be turned off.
"""

from __future__ import annotations

from typing import Any, Protocol

from indelible.server.access.outbox import OwnEvent
from indelible.server.access.people import Person
from indelible.server.access.sessions import Session
from indelible.server.version import version

SOURCE = "indelible"
CATEGORY = "audit"


class Arriving(Protocol):
    """A request, before anybody is known to be behind it."""

    @property
    def request_id(self) -> str: ...
    @property
    def ip(self) -> str | None: ...
    @property
    def peer_ip(self) -> str | None: ...
    @property
    def user_agent(self) -> str | None: ...


class Acting(Arriving, Protocol):
    """A caller who is known."""

    @property
    def tenant_id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def session_id(self) -> str | None: ...


def _event(event_id: str, **fields: Any) -> OwnEvent:
    event = {"id": event_id, "category": CATEGORY, **fields}
    context = {"source": SOURCE, "source_version": version()}
    event["context"] = {**context, **_present(event.get("context", {}))}
    return _present(event)


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


# A viewer is known to a host product only, which says who it is.
_KINDS = {"person": "user", "key": "api_key", "viewer": "external"}


def of_act(
    caller: Acting,
    *,
    event_id: str,
    operation: str,
    method: str,
    endpoint: str,
    status: int | None,
    stream: str = "user",
    targets: list[dict[str, Any]] | None = None,
    changes: list[dict[str, Any]] | None = None,
    metadata: dict[str, Any] | None = None,
    job: dict[str, Any] | None = None,
    outcome: str | None = None,
) -> OwnEvent:
    """Something that a person or a key did in Indelible."""
    return _event(
        event_id,
        stream=stream,
        operation=operation,
        method=method,
        endpoint=endpoint,
        status=status,
        outcome=outcome,
        actor=_present(
            {
                "kind": _KINDS.get(caller.kind, "api_key"),
                "id": caller.id,
                "email": caller.email,
                "name": caller.name,
            }
        ),
        origin=_origin(caller.ip, caller.peer_ip, caller.user_agent),
        context={"request_id": caller.request_id or None, "session_id": caller.session_id},
        targets=targets,
        changes=changes,
        metadata=metadata,
        job=job,
    )


def of_session(caller: Acting, *, event_id: str, operation: str, method: str) -> OwnEvent:
    """The end of a login by the person's own wish."""
    return of_act(
        caller,
        event_id=event_id,
        operation=operation,
        method=method,
        endpoint="/v1/session",
        status=204,
    )


def of_login(
    person: Person | None,
    entry: Arriving,
    *,
    event_id: str,
    right: bool,
    session_id: str | None = None,
    way: str = "password",
) -> OwnEvent:
    """
    A login or a failed one.

    What was typed for an account that does not exist is not kept: it may be a password.
    """
    return _event(
        event_id,
        stream="user",
        operation="LogIn",
        method="UserLogin" if right else "LoginFailed",
        endpoint="/v1/session",
        status=200 if right else 401,
        outcome="success" if right else "failure",
        actor=_person(person) if person else {"kind": "anonymous"},
        origin=_origin(entry.ip, entry.peer_ip, entry.user_agent),
        context={"request_id": entry.request_id, "session_id": session_id},
        metadata={"way": way},
    )


def of_setup(person: Person, entry: Arriving, *, event_id: str, is_new: bool) -> OwnEvent:
    """A one-time link was used."""
    return _event(
        event_id,
        stream="user",
        operation="CreateAccount" if is_new else "SetPassword",
        method="POST",
        endpoint="/v1/setup",
        status=200,
        actor=_person(person),
        origin=_origin(entry.ip, entry.peer_ip, entry.user_agent),
        context={"request_id": entry.request_id},
        targets=[{"type": "account", "id": person.id, "name": person.name}],
        metadata={"role": person.role, "by": "one-time link"},
    )


def of_vouched(
    operation: str,
    person: Person,
    entry: Arriving,
    *,
    event_id: str,
    by: str,
    changes: list[dict[str, Any]] | None = None,
) -> OwnEvent:
    """Something that became of an account because somebody else vouches for the person."""
    return _event(
        event_id,
        stream="user",
        operation=operation,
        method="Login",
        endpoint="/v1/session",
        status=200,
        actor=_person(person),
        origin=_origin(entry.ip, entry.peer_ip, entry.user_agent),
        context={"request_id": entry.request_id},
        targets=[{"type": "account", "id": person.id, "name": person.name}],
        changes=changes,
        metadata={"role": person.role, "by": by},
    )


def of_ended_by_provider(session: Session, entry: Arriving, *, event_id: str, by: str) -> OwnEvent:
    """A login that the identity provider ended."""
    return _event(
        event_id,
        stream="user",
        operation="EndLogin",
        method="BackChannelLogout",
        endpoint="/v1/oidc/backchannel-logout",
        status=200,
        actor=_person(session.person),
        origin=_origin(entry.ip, entry.peer_ip, entry.user_agent),
        context={"request_id": entry.request_id, "session_id": session.id},
        targets=[{"type": "login", "id": session.id}],
        metadata={"by": by},
    )


def of_expired_session(session: Session, *, event_id: str) -> OwnEvent:
    """A login whose time was over."""
    return _event(
        event_id,
        stream="user",
        operation="EndSession",
        method="SessionExpired",
        endpoint="/v1/session",
        outcome="success",
        actor=_person(session.person),
        origin=_origin(session.ip, None, session.user_agent),
        context={"session_id": session.id},
    )


def of_service(
    operation: str,
    *,
    event_id: str,
    occurred_at: str,
    metadata: dict[str, Any] | None = None,
    outcome: str = "success",
) -> OwnEvent:
    """Something that the service did by itself: start, stop, self-check."""
    return _event(
        event_id,
        stream="system",
        operation=operation,
        method="Service",
        endpoint="indelible serve",
        outcome=outcome,
        occurred_at=occurred_at,
        actor={"kind": "system", "id": SOURCE, "name": "Indelible"},
        metadata=metadata,
    )


def of_command(
    operation: str,
    *,
    event_id: str,
    occurred_at: str,
    account: str,
    command: str,
    stream: str = "user",
    targets: list[dict[str, Any]] | None = None,
    metadata: dict[str, Any] | None = None,
    job: dict[str, Any] | None = None,
    outcome: str = "success",
) -> OwnEvent:
    """Something done with the command line on the server, by an account of the machine."""
    return _event(
        event_id,
        stream=stream,
        operation=operation,
        method="Command",
        endpoint=command,
        outcome=outcome,
        occurred_at=occurred_at,
        actor={"kind": "user", "id": f"os:{account}", "name": account},
        targets=targets,
        metadata=metadata,
        job=job,
    )


def _person(person: Person) -> dict[str, Any]:
    return {"kind": "user", "id": person.id, "email": person.email, "name": person.name}


def _origin(ip: str | None, peer_ip: str | None, user_agent: str | None) -> dict[str, Any] | None:
    return _present({"ip": ip, "peer_ip": peer_ip, "user_agent": user_agent}) or None
