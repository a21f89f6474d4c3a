"""A framework's user object as an actor: what most of them have, by the names that they use."""

from __future__ import annotations

from typing import Any


def actor_of(user: Any) -> dict[str, Any] | None:
    """
    Kind, id, e-mail and name of a user; None for nobody and for anonymous users.

    Reads `pk`, `id` or `get_id()`, `email`, `get_full_name()`, `name` or `username`. A user class
    with a method `audit_actor()` answers for itself.
    """
    if user is None:
        return None
    own = getattr(user, "audit_actor", None)
    if callable(own):
        return dict(own())
    if not _flag(user, "is_authenticated", default=True):
        return None
    get_id = getattr(user, "get_id", None)
    found = _first(user, "pk", "id") or (get_id() if callable(get_id) else None)
    full_name = getattr(user, "get_full_name", None)
    name = (full_name() if callable(full_name) else None) or _first(
        user, "name", "full_name", "username"
    )
    email = _first(user, "email")
    if found is None and email is None and name is None:
        return None
    known = {"id": found, "email": email, "name": name}
    return {"kind": "user"} | {key: str(value) for key, value in known.items() if value}


def _first(user: Any, *names: str) -> Any:
    for name in names:
        value = getattr(user, name, None)
        if value is not None and not callable(value):
            return value
    return None


def _flag(user: Any, name: str, *, default: bool) -> bool:
    value = getattr(user, name, default)
    return bool(value() if callable(value) else value)
