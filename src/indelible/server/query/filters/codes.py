"""Fields of one code each: method, operation, outcome … The whole value, `*` allowed."""

from __future__ import annotations

import msgspec

from indelible.server.query.filters.base import Clause, Context, Lookup, any_of, refuse, says
from indelible.server.query.pattern import whole
from indelible.server.query.tree import Field


class CodeField(msgspec.Struct, frozen=True):
    """A column of the values table. `allowed` is the closed set of its values, if it has one."""

    noun: str
    column: str
    allowed: tuple[str, ...] = ()

    def check(self, field: Field) -> None:
        """Refuses what can never match, so that a typing error is not an empty result."""
        if self.allowed and "*" not in field.value and field.value.lower() not in self.allowed:
            raise refuse(
                field,
                f"{field.name} cannot be {field.value}",
                "one of " + ", ".join(self.allowed),
                mistake="unknown-value",
                allowed=", ".join(self.allowed),
            )

    def lookups(self, field: Field) -> list[Lookup]:
        """The column's values."""
        return [Lookup(whole(field.value, quoted=field.quoted), (self.column,))]

    def condition(self, field: Field, context: Context) -> str:
        """The column has such a value."""
        return any_of(context.columns(self.lookups(field)[0]))

    def explain(self, field: Field) -> Clause:
        """In English."""
        return says(self.noun, "is", field.value)


CODES = {
    "device": CodeField("device", "device_id"),
    "method": CodeField("method", "method"),
    "operation": CodeField("operation", "operation"),
    "outcome": CodeField("outcome", "outcome", ("success", "failure", "denied", "unknown")),
    "category": CodeField("category", "category"),
    "kind": CodeField(
        "actor kind",
        "kind",
        ("user", "service", "api_key", "external", "system", "task", "anonymous"),
    ),
    "severity": CodeField("severity", "severity", ("info", "notice", "warning", "critical")),
    "source": CodeField("source", "source"),
    "state": CodeField(
        "job state",
        "job_state",
        ("queued", "started", "succeeded", "failed", "retried", "cancelled"),
    ),
    "queue": CodeField("queue", "queue"),
    "worker": CodeField("worker", "worker"),
    "target.type": CodeField("target type", "target_types"),
    "change.path": CodeField("changed field", "change_paths"),
}
