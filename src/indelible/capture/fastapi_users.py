"""
fastapi-users: logins, failed logins, logouts, and what people and administrators do to accounts.

    fastapi_users = FastAPIUsers(get_user_manager, [backend])
    capture_fastapi_users(fastapi_users, UserManager, audit)

Call it before the routers are made. The manager's hooks are wrapped in its class, so a manager that
overrides them loses nothing; and whoever a token names is the actor of the request from there on,
also of one that is then refused.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from indelible.capture.logins import (
    tell_login,
    tell_login_failed,
    tell_logout,
    tell_password_change,
    tell_role_change,
)
from indelible.capture.people import actor_of
from indelible.client import Indelible, current

_ORIGINAL = "__indelible_original__"
_CATEGORY = "access"
_ROLES = ("role", "roles", "groups")
_ACCOUNT = ("email", "is_active", "is_verified")
_SECRETS = ("password", "hashed_password")


def capture_fastapi_users(fastapi_users: Any, manager: type, client: Indelible) -> None:
    """Wraps the manager's class and the authenticator; called again it exchanges the client."""
    hooks = _Hooks(client)
    for name in (
        "authenticate",
        "reset_password",
        "update",
        "on_after_login",
        "on_after_register",
        "on_after_forgot_password",
        "on_after_reset_password",
        "on_after_request_verify",
        "on_after_verify",
        "delete",
    ):
        _wrap(manager, name, getattr(hooks, name))
    authenticator = fastapi_users.authenticator
    _wrap(authenticator, "_authenticate", hooks.find_caller)
    for backend in authenticator.backends:
        _wrap(backend, "logout", hooks.logout)


class _Hooks:
    """Each is given the original as its first argument. Immutable."""

    def __init__(self, client: Indelible) -> None:
        self._client = client

    # --- who comes --------------------------------------------------------------------------------

    async def find_caller(self, original: Any, *args: Any, **given: Any) -> Any:
        """The strategies among the dependencies of the request note whom a token names."""
        noted = {
            name: _Strategy(one) if hasattr(one, "read_token") else one
            for name, one in given.items()
        }
        user, token = await original(*args, **noted)
        return user, token

    async def authenticate(self, original: Any, manager: Any, credentials: Any) -> Any:
        """A password was typed."""
        user = await original(manager, credentials)
        if user is None:
            tell_login_failed(self._client, credentials.username, how="password")
        elif not getattr(user, "is_active", True):
            tell_login_failed(self._client, credentials.username, why="inactive", how="password")
        return user

    async def on_after_login(self, original: Any, manager: Any, user: Any, *more: Any) -> Any:
        """Somebody is in, by whatever way."""
        tell_login(self._client, _actor(user))
        return await original(manager, user, *more)

    async def logout(self, original: Any, strategy: Any, user: Any, token: str) -> Any:
        """A session's end."""
        reply = await original(strategy, user, token)
        tell_logout(self._client, _actor(user))
        return reply

    # --- what is done to an account ---------------------------------------------------------------

    async def on_after_register(self, original: Any, manager: Any, user: Any, *more: Any) -> Any:
        """A new account, also one that a first login made."""
        new = {name: (None, _value(user, name)) for name in _ACCOUNT}
        self._tell("RegisterUser", "UserRegistered", _target(user), changes=new)
        if roles := _roles(user):
            tell_role_change(self._client, _target(user), (), roles)
        return await original(manager, user, *more)

    async def on_after_forgot_password(
        self, original: Any, manager: Any, user: Any, token: str, *more: Any
    ) -> Any:
        """A link was asked for; the token is a secret and is not told."""
        self._tell("RequestPasswordReset", "PasswordResetRequested", _target(user))
        return await original(manager, user, token, *more)

    async def reset_password(self, original: Any, manager: Any, *given: Any, **more: Any) -> Any:
        """A link was followed; one that is wrong or too old is told too."""
        try:
            return await original(manager, *given, **more)
        except Exception as error:
            self._tell(
                "ResetPassword",
                "PasswordChanged",
                None,
                outcome="failure",
                # Only its type: the texts of these errors name the token's parts.
                reason=type(error).__name__,
            )
            raise

    async def on_after_reset_password(
        self, original: Any, manager: Any, user: Any, *more: Any
    ) -> Any:
        """The password is another one."""
        tell_password_change(self._client, _target(user), reset=True)
        return await original(manager, user, *more)

    async def on_after_request_verify(
        self, original: Any, manager: Any, user: Any, token: str, *more: Any
    ) -> Any:
        """A link to prove the address was asked for."""
        self._tell("RequestVerification", "VerificationRequested", _target(user))
        return await original(manager, user, token, *more)

    async def on_after_verify(self, original: Any, manager: Any, user: Any, *more: Any) -> Any:
        """The address is proved."""
        self._tell(
            "VerifyUser", "UserVerified", _target(user), changes={"is_verified": (False, True)}
        )
        return await original(manager, user, *more)

    async def update(
        self, original: Any, manager: Any, user_update: Any, user: Any, *more: Any, **named: Any
    ) -> Any:
        """Fields, password and roles of an account, by its owner or by an administrator."""
        said = user_update.model_dump(exclude_unset=True)
        names = [name for name in said if name not in (*_SECRETS, "is_superuser", *_ROLES, "id")]
        before = {name: _value(user, name) for name in names}
        roles = _roles(user)
        changed = await original(manager, user_update, user, *more, **named)
        now = {name: _value(changed, name) for name in names}
        changes = {n: (before[n], now[n]) for n in names if before[n] != now[n]}
        if changes:
            self._tell("UpdateUser", "UserUpdated", _target(changed), changes=changes)
        if said.get("password"):
            tell_password_change(self._client, _target(changed))
        if (new := _roles(changed)) != roles:
            tell_role_change(self._client, _target(changed), roles, new)
        return changed

    async def delete(self, original: Any, manager: Any, user: Any, *more: Any, **named: Any) -> Any:
        """An account is gone, and what it was with it: so it is read before."""
        old = {name: (_value(user, name), None) for name in _ACCOUNT}
        target = _target(user)
        done = await original(manager, user, *more, **named)
        self._tell("DeleteUser", "UserDeleted", target, changes=old)
        return done

    def _tell(
        self,
        operation: str,
        method: str,
        about: Any,
        *,
        changes: Mapping[str, Any] | None = None,
        outcome: Any = "success",
        reason: str | None = None,
    ) -> None:
        holder = current()
        nobody = holder is None or holder.who() is None
        self._client.record(
            operation,
            method=method,
            category=_CATEGORY,
            outcome=outcome,
            reason=reason,
            # Who asks for a link, or follows one, has not logged in.
            actor={"kind": "anonymous"} if nobody else None,
            targets=None if about is None else [about],
            changes=changes,
        )


class _Strategy:
    """A strategy for one request: the same, and it notes the user behind the token."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def read_token(self, token: str | None, manager: Any) -> Any:
        """Called by the authenticator."""
        user = await self._inner.read_token(token, manager)
        holder = current()
        if user is not None and holder is not None and holder.actor is None:
            holder.actor = _actor(user)
        return user


def _actor(user: Any) -> dict[str, Any]:
    return actor_of(user) or {"kind": "user"}


def _target(user: Any) -> dict[str, Any]:
    said = {"id": _value(user, "id"), "name": _value(user, "email")}
    return {"type": "user"} | {name: str(value) for name, value in said.items() if value}


def _roles(user: Any) -> list[str]:
    """What the account may: fastapi-users' own flag, and roles by their usual names."""
    found = {"superuser"} if _value(user, "is_superuser") else set()
    for name in _ROLES:
        value = _value(user, name)
        for one in value if isinstance(value, list | tuple | set | frozenset) else [value]:
            if one is not None:
                found.add(str(getattr(one, "name", None) or getattr(one, "value", None) or one))
    return sorted(found)


def _value(user: Any, name: str) -> Any:
    """A field, if it is there: one that is not loaded must not be fetched in passing."""
    try:
        return getattr(user, name, None)
    except Exception:  # noqa: BLE001 - a lazy field of an async session raises
        return None


def _wrap(owner: Any, name: str, around: Any) -> None:
    """Replaces a method of a class or of one object."""
    original = getattr(owner, name)
    original = getattr(original, _ORIGINAL, original)

    @functools.wraps(original)
    async def wrapped(*args: Any, **more: Any) -> Any:
        return await around(original, *args, **more)

    setattr(wrapped, _ORIGINAL, original)
    setattr(owner, name, wrapped)
