"""
Litestar 2: one event per request that matters, named by its handler.

    app = Litestar(..., plugins=[AuditPlugin(audit, trusted_proxies=["10.0.0.0/8"])])

The plugin puts the ASGI middleware in front of all others. `request.user` is the actor where an
authentication middleware sets it; elsewhere `bind(actor=…)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from litestar.config.app import AppConfig
from litestar.middleware import DefineMiddleware
from litestar.plugins import InitPlugin

from indelible.capture.asgi import App, AuditMiddleware, Receive, Scope, Send
from indelible.capture.bodies import Bodies
from indelible.capture.people import actor_of
from indelible.capture.request import ForwardedHeader, Rule, writes_and_denied
from indelible.client import Indelible, current


class AuditPlugin(InitPlugin):
    """Records the application's requests; the arguments are those of the ASGI middleware."""

    def __init__(
        self,
        client: Indelible,
        *,
        rule: Rule = writes_and_denied,
        trusted_proxies: Iterable[str] = (),
        forwarded_header: ForwardedHeader = "x-forwarded-for",
        bodies: Bodies | None = None,
    ) -> None:
        self._arguments: dict[str, Any] = {
            "client": client,
            "rule": rule,
            "trusted_proxies": tuple(trusted_proxies),
            "forwarded_header": forwarded_header,
            "bodies": bodies,
        }

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Called by Litestar while the application is made."""
        outermost: list[Any] = [DefineMiddleware(cast("Any", _with_user), **self._arguments)]
        app_config.middleware = [*outermost, *app_config.middleware]
        return app_config


def _with_user(app: App, **arguments: Any) -> App:
    async def ask_for_user(scope: Scope, receive: Receive, send: Send) -> None:
        holder = current()
        if holder is not None:
            # Inner middleware sets it later: it is looked for when an event needs it.
            holder.find_actor = lambda: actor_of(scope.get("user"))
        await app(scope, receive, send)

    return AuditMiddleware(ask_for_user, **arguments)
