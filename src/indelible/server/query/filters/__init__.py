"""The fields of the query language, one file per family."""

from __future__ import annotations

from typing import Final

from indelible.server.query.filters.address import Address
from indelible.server.query.filters.base import Clause, Context, Family, Found, Lookup
from indelible.server.query.filters.codes import CODES
from indelible.server.query.filters.ids import IDS, EventId
from indelible.server.query.filters.numbers import NUMBERS
from indelible.server.query.filters.presence import Presence
from indelible.server.query.filters.route import Route
from indelible.server.query.filters.status import Status
from indelible.server.query.filters.texts import TEXTS
from indelible.server.query.filters.who import FirstTime, ShownActor

FAMILIES: Final[dict[str, Family]] = {
    **TEXTS,
    **CODES,
    **IDS,
    **NUMBERS,
    "ip": Address(),
    "status": Status(),
    "id": EventId(),
    "has": Presence(),
    "route": Route(),
    "by": ShownActor(),
    "first": FirstTime(),
}

# What people type for a field that has another name.
LIKELY: Final = {
    "user": "actor", "email": "actor", "who": "actor", "username": "actor", "name": "actor",
    "address": "ip", "addr": "ip", "origin": "ip", "path": "endpoint", "url": "endpoint",
    "uri": "endpoint", "code": "status", "action": "operation",
    "event": "operation", "op": "operation", "verb": "method", "type": "kind", "result": "outcome",
    "object": "target", "resource": "target", "field": "change", "old": "before", "new": "after",
    "request_id": "request", "session_id": "session", "trace_id": "trace", "run": "job",
    "job_id": "job", "device_id": "device", "user_agent": "agent", "useragent": "agent",
    "app": "source", "product": "source", "on_behalf_of": "behalf", "as": "behalf",
    "level": "severity", "took": "duration",
}  # fmt: skip

__all__ = ["FAMILIES", "LIKELY", "Clause", "Context", "Family", "Found", "Lookup"]
