"""Logins, failed logins and logouts, from Django's own signals."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from indelible.capture.django.conf import get_client
from indelible.capture.logins import tell_login, tell_login_failed, tell_logout
from indelible.capture.people import actor_of


def listen() -> None:
    """Connects the receivers; again does nothing more."""
    user_logged_in.connect(_logged_in, dispatch_uid="indelible.logged_in")
    user_logged_out.connect(_logged_out, dispatch_uid="indelible.logged_out")
    user_login_failed.connect(_login_failed, dispatch_uid="indelible.login_failed")


def _logged_in(sender: object, request: Any = None, user: Any = None, **_: object) -> None:
    del sender, request
    actor = actor_of(user)
    if actor is not None:
        tell_login(get_client(), actor)


def _logged_out(sender: object, request: Any = None, user: Any = None, **_: object) -> None:
    del sender, request
    actor = actor_of(user)
    if actor is not None:  # logging out without having been in changes nothing
        tell_logout(get_client(), actor)


def _login_failed(sender: object, credentials: dict[str, Any] | None = None, **_: object) -> None:
    del sender
    said = credentials or {}
    name = next((said[key] for key in ("username", "email", "login") if said.get(key)), None)
    tell_login_failed(get_client(), None if name is None else str(name))
