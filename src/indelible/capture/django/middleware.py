"""
Django's middleware, for sync and async request handling without a thread hop.

Put it first. The event is recorded when the response is done; one that is streamed is recorded when
Django closes it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async

from indelible.capture.django.conf import get_client, http_settings
from indelible.capture.exchange import Exchange, Route
from indelible.capture.people import actor_of
from indelible.client.context import hold, release, said_of

_GROUP = re.compile(r"\(\?P<(\w+)>")
_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")
_EXCHANGE = "_indelible_exchange"


class AuditMiddleware:
    """Records requests; see the module for what and when."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response
        self._settings: Any = None
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        if self._is_async:
            return self._answer(request)
        exchange = self._begin(request)
        token = hold(exchange.holder)
        try:
            try:
                response = self._get_response(request)
            except BaseException as error:
                exchange.fail(error)
                self._end(request, exchange)
                raise
            if getattr(response, "streaming", False):
                self._watch(request, response, exchange)
            else:
                exchange.status = response.status_code
                self._end(request, exchange)
            return response
        finally:
            release(token)

    async def _answer(self, request: Any) -> Any:
        exchange = self._begin(request)
        token = hold(exchange.holder)
        try:
            try:
                response = await self._get_response(request)
            except BaseException as error:
                # Django cancels a request whose client has gone away.
                if type(error).__name__ == "CancelledError":
                    exchange.gone = True
                else:
                    exchange.fail(error)
                self._name(request, exchange)
                exchange.record()
                raise
            if getattr(response, "streaming", False):
                self._watch(request, response, exchange)
                return response
            exchange.status = response.status_code
            await self._end_async(request, exchange)
            return response
        finally:
            release(token)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        """Called by Django when the view is known, before it runs."""
        del args, kwargs
        exchange = getattr(request, _EXCHANGE, None)
        if exchange is not None:
            exchange.route = _route(request, view)

    def process_exception(self, request: Any, exception: BaseException) -> None:
        """Called by Django when the view has raised; its answer is then an error page."""
        exchange = getattr(request, _EXCHANGE, None)
        # Denied, not found and suspicious requests are answers, not failures of the view.
        if exchange is not None and type(exception).__name__ not in _ANSWERS:
            exchange.fail(exception)

    def _begin(self, request: Any) -> Exchange:
        if self._settings is None or self._settings.client is not get_client():
            self._settings = http_settings()
        headers = request.headers

        def header(name: str) -> list[str]:
            value = headers.get(name)
            return [] if value is None else [value]

        exchange: Exchange = self._settings.begin(
            request.method, request.path, header, request.META.get("REMOTE_ADDR") or None
        )
        if exchange.body is not None:
            exchange.body.add(_body_of(request))
        # What was read already, at no cost: a change inside the view must not load the user.
        exchange.holder.find_actor = lambda: _known_user(request)
        setattr(request, _EXCHANGE, exchange)
        return exchange

    def _end(self, request: Any, exchange: Exchange) -> None:
        if exchange.wanted():
            try:
                if exchange.holder.actor is None:
                    exchange.holder.actor = actor_of(getattr(request, "user", None))
            except Exception as error:  # noqa: BLE001 - the SDK guard
                get_client().swallow(error, "could not read the request's user")
            self._name(request, exchange)
            exchange.record()
        else:
            exchange.pass_by()

    async def _end_async(self, request: Any, exchange: Exchange) -> None:
        if not exchange.wanted():
            exchange.pass_by()
            return
        try:
            if exchange.holder.actor is None and hasattr(request, "auser"):
                exchange.holder.actor = actor_of(await request.auser())
        except Exception as error:  # noqa: BLE001 - the SDK guard
            get_client().swallow(error, "could not read the request's user")
        self._name(request, exchange)
        if exchange.may_wait:
            await sync_to_async(exchange.record)()
        else:
            exchange.record()

    @staticmethod
    def _name(request: Any, exchange: Exchange) -> None:
        """A request that an inner middleware refuses has a route, but no `process_view` call."""
        match = getattr(request, "resolver_match", None)
        if exchange.route.name is None and match is not None:
            exchange.route = _route(request, match.func)
        if exchange.holder.session_id is None:
            exchange.holder.session_id = _session_of(request)

    def _watch(self, request: Any, response: Any, exchange: Exchange) -> None:
        exchange.status = response.status_code

        def pieces(inner: Any) -> Iterator[bytes]:
            token = hold(exchange.holder)
            try:
                yield from inner
            except Exception as error:
                exchange.fail(error)
                raise
            finally:
                self._end(request, exchange)
                release(token)

        async def awaited(inner: Any) -> AsyncIterator[bytes]:
            token = hold(exchange.holder)
            try:
                async for piece in inner:
                    yield piece
            except BaseException as error:
                if type(error).__name__ in ("CancelledError", "GeneratorExit"):
                    exchange.gone = True
                else:
                    exchange.fail(error)
                raise
            finally:
                self._name(request, exchange)
                exchange.record()
                release(token)

        inner = response.streaming_content
        if getattr(response, "file_to_stream", None) is not None:
            # The server may send the file itself, without reading it here: leave it alone.
            self._end(request, exchange)
        elif getattr(response, "is_async", False):
            response.streaming_content = awaited(inner)
        else:
            response.streaming_content = pieces(inner)


_ANSWERS = frozenset({"PermissionDenied", "Http404", "SuspiciousOperation", "BadRequest"})


def _route(request: Any, view: Any) -> Route:
    match = getattr(request, "resolver_match", None)
    if match is None:
        return Route()
    said = said_of(view)
    view_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if view_class is not None:
        said |= said_of(view_class)
        said |= said_of(getattr(view_class, request.method.lower(), None))
    name = match.url_name or getattr(view_class or view, "__name__", None)
    if match.namespaces and match.url_name and not re.search(r"[_-]", match.url_name):
        # Inside a namespace names are as short as `edit`, which alone says nothing.
        name = f"{match.url_name}_{match.namespaces[-1]}"
    return Route(template_of_route(match.route), match.kwargs, name, said)


def template_of_route(route: str) -> str:
    """`groups/<int:pk>/` and `^groups/(?P<pk>[0-9]+)/$` → `/groups/{pk}/`."""
    text = _PARAMETER.sub(r"{\1}", route) if "(?P<" not in route else _of_pattern(route)
    return "/" + text.replace("^", "").removesuffix("$").removesuffix("\\Z").lstrip("/")


def _of_pattern(route: str) -> str:
    """Replaces each named group, with whatever is nested in it, by its name."""
    text = ""
    place = 0
    while (match := _GROUP.search(route, place)) is not None:
        text += route[place : match.start()] + "{" + match[1] + "}"
        depth, place = 1, match.end()
        while place < len(route) and depth:
            if route[place] == "\\":
                place += 1
            elif route[place] in "()":
                depth += 1 if route[place] == "(" else -1
            place += 1
    return _PARAMETER.sub(r"{\1}", text + route[place:])


def _known_user(request: Any) -> dict[str, Any] | None:
    user = getattr(request, "_cached_user", None) or getattr(request, "_acached_user", None)
    if user is None:
        # Not lazy: set by other authentication, such as Django REST framework's.
        user = request.__dict__.get("user")
        if type(user).__name__ == "SimpleLazyObject":
            return None
    return actor_of(user)


def _session_of(request: Any) -> str | None:
    """A stand-in for the session: its key is a secret, so only a hash of it is told."""
    session = getattr(request, "session", None)
    key = getattr(session, "session_key", None)
    if not key:
        return None
    from django.utils.crypto import salted_hmac

    digest: str = salted_hmac("indelible.session", key, algorithm="sha256").hexdigest()
    return f"s_{digest[:16]}"


def _body_of(request: Any) -> bytes:
    """Django keeps a body that fits into memory; a larger one stays unread."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > 64 * 1024:
            return b""
        return bytes(request.body)
    except Exception:  # noqa: BLE001 - the view reads it again and gets the same error
        return b""
