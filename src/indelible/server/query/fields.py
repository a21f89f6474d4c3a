"""
What events can be counted by: the column of each field, and the query term of each of its values.

Facets, `GET /v1/stats` and completion read the same table, so a count always has a term that
selects what it counted.
"""

from __future__ import annotations

from typing import Final

import msgspec

from indelible.server.index.rollup import ACTOR
from indelible.server.query.printer import field_term


class Counted(msgspec.Struct, frozen=True):
    """
    A field by which events are counted.

    `value` is an expression over a row; "" stands for no value. With `each` the expression is a
    list, and an event counts once for each of its items. `term` is the field of the query
    language, `has` the name under which `has:` knows it.
    """

    value: str
    term: str | None = None
    has: str | None = None
    each: bool = False
    number: str | None = None  # a number to group by instead, and how its text is made of it

    def include(self, value: str | None, *, negated: bool = False) -> str | None:
        """The query term of a value, None stands for events without one."""
        if value is None:
            # Not having it is the thing itself here, so the signs change places.
            return None if self.has is None else f"{'' if negated else '-'}has:{self.has}"
        if self.term == "status":
            return f"{'-' if negated else ''}status:{value}"
        return None if self.term is None else field_term(self.term, value, negated=negated)


_ROOT: Final = "if(job_root = '', job_id, job_root)"

COUNTED: Final = {
    "stream": Counted("stream"),
    "category": Counted("category", "category", "category"),
    "operation": Counted("operation", "operation"),
    "outcome": Counted("outcome", "outcome"),
    "method": Counted("method", "method", "method"),
    "endpoint": Counted("endpoint", "route", "endpoint"),
    "status": Counted("if(status < 0, '', toString(status))", "status", "status", number="status"),
    "status_class": Counted(
        "if(status < 0, '', concat(toString(intDiv(status, 100)), 'xx'))",
        "status",
        "status",
        number="if(status < 0, -1, intDiv(status, 100) * 100)",
    ),
    "severity": Counted("severity", "severity", "severity"),
    "source": Counted("source", "source", "source"),
    "kind": Counted("kind", "kind"),
    "actor": Counted(ACTOR, "by", "actor"),
    "ip": Counted("ip", "ip", "ip"),
    "device": Counted("device_id", "device", "device"),
    "agent": Counted("user_agent", "agent", "agent"),
    "behalf": Counted("behalf", "behalf", "behalf"),
    "target_type": Counted("target_types", "target.type", "target", each=True),
    "change": Counted("change_paths", "change.path", "changes", each=True),
    "state": Counted("job_state", "state", "state"),
    "queue": Counted("queue", "queue", "queue"),
    "worker": Counted("worker", "worker", "worker"),
    "request": Counted("request_id", "request", "request"),
    "session": Counted("session_id", "session", "session"),
    "trace": Counted("trace_id", "trace", "trace"),
    "job": Counted(_ROOT, "job", "job"),
}
TARGET: Final = "target"
"""Counted by type and id together, and told apart by them: no single column holds it."""

# Names with dots, as events write them.
ALIASES: Final = {
    "actor.kind": "kind",
    "origin.ip": "ip",
    "origin.device_id": "device",
    "context.source": "source",
}

ABOUT: Final = {
    "actor": "Who did it: e-mail, name or id",
    "by": "Exactly this actor, as the list shows it",
    "first": "New for the actor in this period: ip, device, agent, operation",
    "operation": "What was done",
    "outcome": "success, failure, denied or unknown",
    "status": "404, 4xx, >=400, 400..499 or none",
    "ip": "From which address: 203.0.113.7, 10.0.0.0/8, 10.0.*",
    "target": "What it was done to: type, id or name",
    "kind": "Person, service, API key, external system …",
    "category": "Authentication, access, configuration …",
    "method": "Request verb or type of event",
    "endpoint": "Address or feature called, as sent",
    "route": "Endpoint with its ids left out: /groups/{id}",
    "change": "What was changed: field or value",
    "before": "Value before the change",
    "after": "Value after the change",
    "has": "Whether there is any: changes, reason, error …",
    "behalf": "On whose behalf",
    "session": "Session id",
    "request": "Request id",
    "job": "Run, or the run that started it",
    "source": "Product that sent it",
    "device": "Device id",
    "severity": "info, notice, warning or critical",
    "reason": "Reason given",
    "state": "State of a job",
    "queue": "Queue of a job",
    "worker": "Worker of a job",
    "duration": "How long a job took: >=5s, 1m..5m",
    "attempt": "Attempt of a job",
    "target.type": "Type of a target",
    "target.id": "Id of a target",
    "target.name": "Name of a target",
    "change.path": "Name of a changed field",
    "agent": "Browser or program",
    "trace": "Trace id",
    "index": "Entry in the ledger: 812, >=800, 10..20",
    "id": "Event id",
}
