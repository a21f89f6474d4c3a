"""
Logins and what belongs to them, for hand-written ones and for the hooks of frameworks.

    tell_login(audit, actor)                       tell_password_change(audit, target)
    tell_login_failed(audit, "ana@example.com")    tell_mfa_change(audit, target, enabled=True)
    tell_logout(audit)                             tell_role_change(audit, target, before, after)
    tell_session_expired(audit, actor, session_id)

Where from and which request come from the context. A name that was typed at a failed login is told
as the target, never as who did it: nobody has proved to be that person.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from indelible.client import Indelible, Target, current
from indelible.client.fields import ActorLike, TargetLike, as_record

_CATEGORY = "authentication"


def tell_login(client: Indelible, actor: ActorLike, *, how: str | None = None) -> None:
    """
    Somebody has proved who they are; `how` names the method (`password`, `oidc`, `passkey`).

    From here on they are the actor of this request.
    """
    holder = current()
    if holder is not None:
        holder.actor = actor
    client.record(
        "OpenSession",
        method="UserLogin",
        category=_CATEGORY,
        outcome="success",
        actor=actor,
        endpoint=_endpoint(),
        metadata={"how": how} if how else None,
    )


def tell_login_failed(
    client: Indelible, name: str | None, *, why: str | None = None, how: str | None = None
) -> None:
    """Somebody has failed to log in as `name`."""
    client.record(
        "OpenSession",
        method="LoginFailed",
        category=_CATEGORY,
        outcome="failure",
        severity="notice",
        actor={"kind": "anonymous"},
        targets=[{"type": "user", "name": name[:500]}] if name else None,
        endpoint=_endpoint(),
        reason=why,
        metadata={"how": how} if how else None,
    )


def tell_logout(client: Indelible, actor: ActorLike | None = None) -> None:
    """Somebody has ended their session."""
    client.record(
        "CloseSession",
        method="UserLogout",
        category=_CATEGORY,
        outcome="success",
        actor=actor,
        endpoint=_endpoint(),
    )


def tell_session_expired(
    client: Indelible, actor: ActorLike, session_id: str | None = None
) -> None:
    """A session has run out, or was ended by the product."""
    client.record(
        "CloseSession",
        method="SessionExpired",
        category=_CATEGORY,
        outcome="success",
        actor=actor,
        session_id=session_id,
    )


def tell_password_change(client: Indelible, target: TargetLike, *, reset: bool = False) -> None:
    """A password was changed, or reset by means of a link or by somebody else."""
    operation = "ResetPassword" if reset else "ChangePassword"
    client.record(
        operation, method="PasswordChanged", category=_CATEGORY, outcome="success", targets=[target]
    )


def tell_mfa_change(
    client: Indelible, target: TargetLike, *, enabled: bool, factor: str | None = None
) -> None:
    """A second factor was added or taken away."""
    client.record(
        "EnableMfa" if enabled else "DisableMfa",
        method="MfaChanged",
        category=_CATEGORY,
        outcome="success",
        severity="info" if enabled else "notice",
        targets=[target],
        metadata={"factor": factor} if factor else None,
    )


def tell_role_change(
    client: Indelible, target: TargetLike, before: Iterable[str], after: Iterable[str]
) -> None:
    """Somebody's roles or groups were changed."""
    client.record(
        "ChangeRoles",
        method="RolesChanged",
        category="access",
        outcome="success",
        targets=[target],
        changes={"roles": (sorted(before), sorted(after))},
    )


def as_target(actor: ActorLike | None) -> Target | None:
    """A person as the target of what somebody else does to their account."""
    if actor is None:
        return None
    said: dict[str, Any] = as_record(actor)
    return Target(type="user", id=said.get("id"), name=said.get("email") or said.get("name"))


def _endpoint() -> str | None:
    holder = current()
    return None if holder is None else holder.content.get("endpoint")
