"""
One HTTP request from its first header to its event; shared by all HTTP hooks.

A hook makes an `Exchange` when the request begins, puts its holder into the context, tells what it
learns on the way (route, status, errors), and records the event when the response is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec

from indelible.capture.bodies import Bodies, BodyCopy
from indelible.capture.request import (
    ForwardedHeader,
    Rule,
    Seen,
    TrustedProxies,
    operation_of,
    request_id_of,
    template_of,
    trace_id_of,
    writes_and_denied,
)
from indelible.client import Indelible
from indelible.client.context import Description, Holder
from indelible.client.fields import EventFields
from indelible.client.watch import watchers

HEADERS = ("x-forwarded-for", "forwarded", "user-agent", "x-request-id", "traceparent",
           "content-type")  # fmt: skip
"""All headers that `begin` asks for."""
CLIENT_CLOSED = 499  # nginx's word for "the client went away before the answer"


class Route(msgspec.Struct, frozen=True):
    """What the framework's router found: known after routing only."""

    template: str | None = None
    params: Mapping[str, object] = {}
    name: str | None = None
    said: Description = {}


_NO_ROUTE = Route()
_METHOD_NOT_ALLOWED = 405


class HttpSettings:
    """The settings of an HTTP hook, the same for every framework; immutable."""

    def __init__(
        self,
        client: Indelible,
        *,
        rule: Rule = writes_and_denied,
        trusted_proxies: Iterable[str] = (),
        forwarded_header: ForwardedHeader = "x-forwarded-for",
        bodies: Bodies | None = None,
    ) -> None:
        self.client = client
        self.rule = rule
        self.bodies = bodies
        self.proxies = TrustedProxies(tuple(trusted_proxies), forwarded_header)

    def begin(
        self,
        method: str,
        path: str,
        header: Callable[[str], list[str] | None],
        peer_ip: str | None,
    ) -> Exchange:
        """`header` gives all values of a header by its name in lower case."""

        def first(name: str) -> str | None:
            values = header(name)
            return values[0] if values else None

        origin: dict[str, str] = {}
        if ip := self.proxies.resolve(peer_ip, header(self.proxies.header) or ()):
            origin["ip"] = ip
        if peer_ip:
            origin["peer_ip"] = peer_ip
        if user_agent := first("user-agent"):
            origin["user_agent"] = user_agent
        holder = Holder()
        holder.collects = True
        holder.origin = origin
        holder.request_id = request_id_of(first("x-request-id"), self.client.new_request_id)
        holder.trace_id = trace_id_of(first("traceparent"))
        body = None
        if self.bodies is not None:
            body = self.bodies.copy_of(path, first("content-type"))
        return Exchange(self, holder, method, path, body)


class Exchange:
    """One request. Owned by its hook; fields are set as they become known."""

    def __init__(
        self,
        settings: HttpSettings,
        holder: Holder,
        method: str,
        path: str,
        body: BodyCopy | None,
    ) -> None:
        self.holder = holder
        self.method = method
        self.path = path
        self.body = body
        self.status: int | None = None
        self.route = _NO_ROUTE
        self.gone = False
        """The client went away before it had the whole answer."""
        self.error: str | None = None
        """Type of the exception that ended the request; never its text, it may hold secrets."""
        self._settings = settings
        self.over = False

    @property
    def may_wait(self) -> bool:
        """Whether `record` can block its thread."""
        return self._settings.client.may_wait

    def fail(self, error: BaseException) -> None:
        """The request ended with this exception."""
        self.error = type(error).__qualname__

    def wanted(self) -> bool:
        """Whether this request leaves an event; asked before anything is read for it."""
        return self._decide(dict(self.holder.content), self._endpoint())

    def record(self) -> None:
        """Records the event, once, if the rule or the application wants one. Never raises."""
        if self.over:
            return
        self.over = True
        self.holder.collects = False  # what is committed later is told by itself
        client = self._settings.client
        try:
            told = self._event()
            if told is not None:
                client.record(told[0], **told[1])
            else:
                self.pass_by()
        except Exception as failure:  # noqa: BLE001 - the SDK guard
            client.swallow(failure, "could not record a request")

    def pass_by(self) -> None:
        """The request leaves no event; only who watches coverage is told."""
        for watcher in watchers:
            watcher.on_request(self.method, self._endpoint(), self._shown_status())

    def _shown_status(self) -> int:
        if self.status is None:
            return CLIENT_CLOSED if self.gone else 500
        return self.status

    def _endpoint(self) -> str:
        return template_of(self.path, self.route.template, self.route.params)

    def _decide(self, content: Mapping[str, Any], endpoint: str) -> bool:
        record = self.holder.record
        if record is None:
            record = content.get("record", self.route.said.get("record"))
        if record is None:
            seen = Seen(self.method, self.path, endpoint, self._shown_status())
            record = self._settings.rule(seen)
        return bool(record)

    def _event(self) -> tuple[str, EventFields] | None:
        holder, route = self.holder, self.route
        status, endpoint = self._shown_status(), self._endpoint()
        if status == _METHOD_NOT_ALLOWED:
            route = _NO_ROUTE  # a router leaves one there that has the path and another method
        content: dict[str, Any] = {**route.said, **holder.content}
        if not self._decide(content, endpoint):
            return None
        targets, changes = holder.collected()
        metadata: dict[str, Any] = {}
        if content:
            content.pop("record", None)
            metadata |= content.pop("metadata", None) or {}
        if self.error is not None:
            metadata["error"] = self.error
        if self.gone and status != CLIENT_CLOSED:
            metadata["client_disconnected"] = True
        if self.body is not None and (body := self.body.read()) is not None:
            metadata["request_body"] = body
        operation = content.pop("operation", None) or operation_of(route.name)
        event: dict[str, Any] = {
            "method": self.method,
            "endpoint": endpoint,
            "status": status,
            "targets": targets or None,
            "changes": changes or None,
            **content,
            "metadata": metadata or None,
        }
        return str(operation), cast("EventFields", event)
