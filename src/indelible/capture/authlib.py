"""
Authlib: logins by OAuth and OpenID Connect.

    oauth.register("corp", ...)
    audited_oauth(oauth.corp, audit)

Authlib has no signal, so the one method that every login passes is wrapped: the client's
`authorize_access_token`, sync (Flask, Django) or async (Starlette).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from indelible.capture.logins import tell_login, tell_login_failed
from indelible.client import Indelible


def audited_oauth(oauth_client: Any, client: Indelible, *, how: str = "oidc") -> Any:
    """Tells this client's logins, and its failed ones with the error's code; returns it."""
    original = oauth_client.authorize_access_token

    def succeeded(token: Any) -> None:
        tell_login(client, _actor(token), how=how)

    def failed(error: Exception) -> None:
        # The code of RFC 6749, not the description: that one is the other side's free text.
        why = getattr(error, "error", None) or type(error).__name__
        tell_login_failed(client, None, why=str(why), how=how)

    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            try:
                token = await original(*args, **kwargs)
            except Exception as error:
                failed(error)
                raise
            succeeded(token)
            return token

        oauth_client.authorize_access_token = awaited
        return oauth_client

    @functools.wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            token = original(*args, **kwargs)
        except Exception as error:
            failed(error)
            raise
        succeeded(token)
        return token

    oauth_client.authorize_access_token = called
    return oauth_client


def _actor(token: Any) -> dict[str, Any]:
    claims = token.get("userinfo") if isinstance(token, Mapping) else None
    said = claims if isinstance(claims, Mapping) else {}
    known = {
        "id": said.get("sub"),
        "email": said.get("email"),
        "name": said.get("name") or said.get("preferred_username"),
    }
    return {"kind": "user"} | {name: str(value) for name, value in known.items() if value}
