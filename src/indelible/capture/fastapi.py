"""
FastAPI and Starlette: one event per request that matters, named by its route.

    capture_fastapi(app, client=audit, trusted_proxies=["10.0.0.0/8"])

Call it last, so that it stands outside of all other middleware. `request.user` of Starlette's
authentication is the actor; elsewhere `bind(actor=…)` where the caller becomes known, for example
in the dependency that checks the token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from starlette.applications import Starlette

from indelible.capture.asgi import App, AuditMiddleware, Receive, Scope, Send
from indelible.capture.bodies import Bodies
from indelible.capture.people import actor_of
from indelible.capture.request import ForwardedHeader, Rule, writes_and_denied
from indelible.client import Indelible, current, describe


def capture_fastapi(
    app: Starlette,
    client: Indelible,
    *,
    rule: Rule = writes_and_denied,
    trusted_proxies: Iterable[str] = (),
    forwarded_header: ForwardedHeader = "x-forwarded-for",
    bodies: Bodies | None = None,
) -> None:
    """Records the application's requests; the arguments are those of the ASGI middleware."""
    app.add_middleware(
        cast("Any", _WithUser),
        client=client,
        rule=rule,
        trusted_proxies=tuple(trusted_proxies),
        forwarded_header=forwarded_header,
        bodies=bodies,
    )


class _WithUser(AuditMiddleware):
    """The middleware, and `scope["user"]` where an authentication middleware sets it."""

    def __init__(self, app: App, **arguments: Any) -> None:
        async def ask_for_user(scope: Scope, receive: Receive, send: Send) -> None:
            holder = current()
            if holder is not None:
                # Inner middleware sets it later: it is looked for when an event needs it.
                holder.find_actor = lambda: actor_of(scope.get("user"))
            await app(scope, receive, send)

        super().__init__(ask_for_user, **arguments)


def audit_action(operation: str, **content: Any) -> Callable[[], None]:
    """
    A dependency that names the operation of a route.

        @app.post("/share", dependencies=[Depends(audit_action("ShareProfile"))])

    A request refused by an earlier dependency keeps the route's own name; `@audited` on the
    endpoint holds for those too.
    """

    def say() -> None:
        describe(operation=operation, **content)

    return say
