"""
Flask: one event per request that matters, named by its view, with the logged-in user.

    capture_flask(app, client=audit, trusted_proxies=["10.0.0.0/8"])

With Flask-Login in the application its user is the actor, and logins and logouts are events too. It
has no signal for a failed login: call `tell_login_failed` where the password is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import flask
from flask import Flask, Response
from flask.signals import (
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)

from indelible.capture.bodies import Bodies
from indelible.capture.exchange import Exchange, Route
from indelible.capture.logins import tell_login, tell_logout
from indelible.capture.people import actor_of
from indelible.capture.request import ForwardedHeader, Rule, writes_and_denied
from indelible.capture.wsgi import EXCHANGE, AuditMiddleware
from indelible.client import Indelible
from indelible.client.context import said_of

_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


def capture_flask(
    app: Flask,
    client: Indelible,
    *,
    rule: Rule = writes_and_denied,
    trusted_proxies: Iterable[str] = (),
    forwarded_header: ForwardedHeader = "x-forwarded-for",
    bodies: Bodies | None = None,
) -> None:
    """
    Records the application's requests. Call it once, when the application is made.

    The client's address is worked out here; do not let `ProxyFix` rewrite it as well.
    """
    app.wsgi_app = AuditMiddleware(  # type: ignore[method-assign]
        app.wsgi_app,
        client,
        rule=rule,
        trusted_proxies=trusted_proxies,
        forwarded_header=forwarded_header,
        bodies=bodies,
    )
    # Signals hold their receivers weakly; these must live as long as the application.
    app.extensions["indelible"] = hooks = _Hooks(client)
    request_started.connect(hooks.on_start, app)
    got_request_exception.connect(hooks.on_exception, app)
    request_finished.connect(hooks.on_finished, app)
    request_tearing_down.connect(hooks.on_end, app)
    _listen_to_logins(app, hooks)


def _listen_to_logins(app: Flask, hooks: _Hooks) -> None:
    try:
        import flask_login
    except ModuleNotFoundError:
        return
    flask_login.user_logged_in.connect(hooks.on_login, app)
    flask_login.user_logged_out.connect(hooks.on_logout, app)


class _Hooks:
    """What Flask knows and the WSGI middleware does not: the rule, the view, the user."""

    def __init__(self, client: Indelible) -> None:
        self._client = client

    def on_start(self, app: Flask, **_: Any) -> None:
        exchange = _exchange()
        if exchange is not None:
            exchange.holder.find_actor = self._user
            exchange.route = _route(app)

    def on_exception(self, app: Flask, exception: BaseException, **_: Any) -> None:
        del app
        exchange = _exchange()
        if exchange is not None:
            exchange.fail(exception)

    def on_finished(self, app: Flask, response: Response, **_: Any) -> None:
        """A response that is whole already need not wait for the server to close it."""
        exchange = _exchange()
        # Flask makes error pages iterators, though they are whole too.
        if exchange is not None and (response.status_code >= 400 or not response.is_streamed):
            self.on_end(app)
            exchange.status = response.status_code
            exchange.record()

    def on_end(self, app: Flask, **_: Any) -> None:
        """The last moment at which the request's user can be asked for."""
        del app
        exchange = _exchange()
        if exchange is not None:
            try:
                exchange.holder.who()
            except Exception as error:  # noqa: BLE001 - the SDK guard
                self._client.swallow(error, "could not read the request's user")

    def on_login(self, app: Flask, user: Any = None, **_: Any) -> None:
        del app
        actor = actor_of(user)
        if actor is not None:
            tell_login(self._client, actor)

    def on_logout(self, app: Flask, user: Any = None, **_: Any) -> None:
        del app
        actor = actor_of(user)
        if actor is not None:
            tell_logout(self._client, actor)

    def _user(self) -> dict[str, Any] | None:
        if not flask.has_request_context() or not hasattr(flask.current_app, "login_manager"):
            return None
        import flask_login

        return actor_of(flask_login.current_user)


def _exchange() -> Exchange | None:
    found = flask.request.environ.get(EXCHANGE) if flask.has_request_context() else None
    return found if isinstance(found, Exchange) else None


def _route(app: Flask) -> Route:
    request = flask.request
    if request.url_rule is None:
        return Route()
    view: Any = app.view_functions.get(request.url_rule.endpoint)
    said = said_of(view)
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        said |= said_of(view_class)
        said |= said_of(getattr(view_class, request.method.lower(), None))
    return Route(
        template_of_rule(request.url_rule.rule),
        request.view_args or {},
        request.url_rule.endpoint.rpartition(".")[2],
        said,
    )


def template_of_rule(rule: str) -> str:
    """`/groups/<int:group_id>` → `/groups/{group_id}`."""
    return _PARAMETER.sub(r"{\1}", rule)
