"""`has:`: whether an event says something at all."""

from __future__ import annotations

from typing import Final

from indelible.server.index import folding
from indelible.server.index import schema as table
from indelible.server.query.filters.base import Clause, Context, Lookup, refuse
from indelible.server.query.tree import Field

# What can be asked for → condition, and how a sentence says it.
PRESENT: Final = {
    "changes": ("notEmpty(change_paths)", "changes"),
    "target": ("notEmpty(target_types)", "a target"),
    "actor": ("(actor_email != '' OR actor_name != '' OR actor_id != '')", "a named actor"),
    "behalf": ("behalf != ''", "somebody represented"),
    "ip": ("ip != ''", "an IP address"),
    "device": ("device_id != ''", "a device"),
    "agent": ("user_agent != ''", "a user agent"),
    "method": ("method != ''", "a method"),
    "endpoint": ("endpoint != ''", "an endpoint"),
    "category": ("category != ''", "a category"),
    "severity": ("severity != ''", "a severity"),
    "status": (f"status != {table.NO_STATUS}", "a status"),
    "request": ("request_id != ''", "a request"),
    "session": ("session_id != ''", "a session"),
    "trace": ("trace_id != ''", "a trace"),
    "source": ("source != ''", "a source"),
    "job": (f"bitAnd(flags, {table.HAS_JOB}) != 0", "a job"),
    "state": ("job_state != ''", "a job state"),
    "queue": ("queue != ''", "a queue"),
    "worker": ("worker != ''", "a worker"),
    "reason": (f"position(text, '{folding.BREAK}{folding.REASON}') > 0", "a reason"),
    "metadata": ("JSONLength(content, 'metadata') > 0", "metadata"),
    "error": ("outcome IN ('failure', 'denied')", "failed"),
}


class Presence:
    """`has:changes` and the like."""

    def check(self, field: Field) -> None:
        """Refuses what is no such thing."""
        if field.value.lower() not in PRESENT:
            raise refuse(
                field,
                f"has: does not know {field.value}",
                "one of " + ", ".join(sorted(PRESENT)),
                mistake="unknown-value",
                allowed=", ".join(sorted(PRESENT)),
            )

    def lookups(self, _field: Field) -> list[Lookup]:
        """None."""
        return []

    def condition(self, field: Field, _context: Context) -> str:
        """It is there."""
        return PRESENT[field.value.lower()][0]

    def explain(self, field: Field) -> Clause:
        """In English."""
        name = field.value.lower()
        if name == "error":
            return Clause(subject="that", verb="have", negative="have not", value="failed")
        return Clause(subject="that", verb="have", negative="do not have", value=PRESENT[name][1])
