"""
The event: what a product says happened. Frozen values, shaped as in api.md ("Write").

`SentEvent` is what a sender may write; `Event` is the same with every default filled in. Limits
stand in the types, so that the decoder checks them at no extra cost; `mend` reads the same table.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from indelible.clock import to_us

Stream = Literal["user", "system", "task"]
Outcome = Literal["success", "failure", "denied", "unknown"]
ActorKind = Literal["user", "service", "api_key", "external", "system", "task", "anonymous"]
JobState = Literal["queued", "started", "succeeded", "failed", "retried", "cancelled"]
Severity = Literal["info", "notice", "warning", "critical"]
ReportedBy = Literal["client", "service", "import"]

MAX_EVENT_BYTES = 256 * 1024  # one event as sent; also bounds what one index row can weigh
MAX_TARGETS = 100
MAX_CHANGES = 500

Code = Annotated[str, Meta(max_length=200)]  # operation, method, category, queue …
Id = Annotated[str, Meta(max_length=256)]
Email = Annotated[str, Meta(max_length=320)]  # RFC 5321: 64 + 1 + 255
Name = Annotated[str, Meta(max_length=500)]
Address = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=4000)]  # endpoint, user agent, reason
Moment = Annotated[datetime, Meta(tz=True)]
Status = Annotated[int, Meta(ge=0, le=999)]
Count = Annotated[int, Meta(ge=0, le=2**53)]


class _Value(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """Shared by all wire values: unknown keys are refused, defaults are left out when written."""


class Principal(_Value, frozen=True):
    """A person or thing that acts: what is known of it at the time of the event."""

    kind: ActorKind | None = None
    id: Id | None = None
    email: Email | None = None
    name: Name | None = None


class Actor(_Value, frozen=True):
    """Who did it; `on_behalf_of` is the one whose rights were used (impersonation, delegation)."""

    kind: ActorKind | None = None
    id: Id | None = None
    email: Email | None = None
    name: Name | None = None
    on_behalf_of: Principal | None = None


class Origin(_Value, frozen=True):
    """Where from. `ip` is resolved through trusted proxies, `peer_ip` is the socket's."""

    ip: Address | None = None
    peer_ip: Address | None = None
    device_id: Id | None = None
    user_agent: Text | None = None


class Target(_Value, frozen=True):
    """What it was done to."""

    type: Code | None = None
    id: Id | None = None
    name: Name | None = None


class Change(_Value, frozen=True):
    """One field of a target that changed; `before` and `after` are any JSON."""

    path: Name
    before: Any = None
    after: Any = None


class Context(_Value, frozen=True):
    """What ties events together, and which product sent them."""

    request_id: Id | None = None
    session_id: Id | None = None
    trace_id: Id | None = None
    source: Code | None = None
    source_version: Code | None = None
    source_instance: Id | None = None
    source_seq: Count | None = None
    altered: list[str] | None = None


class Job(_Value, frozen=True):
    """A background run and its attempt."""

    id: Id | None = None
    root_id: Id | None = None
    parent_id: Id | None = None
    attempt: Count | None = None
    state: JobState | None = None
    queue: Code | None = None
    worker: Code | None = None
    scheduled_for: Moment | None = None
    duration_ms: Count | None = None


class SentEvent(_Value, frozen=True):
    """An event as a sender writes it; only `operation` is required (api.md, Write)."""

    operation: Annotated[str, Meta(min_length=1, max_length=200)]
    id: Annotated[str, Meta(min_length=32, max_length=45)] | None = None
    stream: Stream | None = None
    category: Code | None = None
    method: Code | None = None
    endpoint: Text | None = None
    status: Status | None = None
    outcome: Outcome | None = None
    occurred_at: Moment | None = None
    actor: Actor | None = None
    origin: Origin | None = None
    targets: Annotated[list[Target], Meta(max_length=MAX_TARGETS)] | None = None
    changes: Annotated[list[Change], Meta(max_length=MAX_CHANGES)] | None = None
    context: Context | None = None
    job: Job | None = None
    severity: Severity | None = None
    reason: Text | None = None
    metadata: dict[str, Any] | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event with every default filled in, as the ledger keeps it. Times are aware UTC."""

    id: str
    stream: Stream
    category: str
    operation: str
    outcome: Outcome
    occurred_at: datetime
    received_at: datetime
    reported_by: ReportedBy
    actor: Actor
    method: str | None = None
    endpoint: str | None = None
    status: int | None = None
    origin: Origin | None = None
    targets: list[Target] | None = None
    changes: list[Change] | None = None
    context: Context | None = None
    job: Job | None = None
    severity: Severity | None = None
    reason: str | None = None
    metadata: dict[str, Any] | None = None
    conflict_of: str | None = None

    @property
    def occurred_us(self) -> int:
        """Microseconds since the epoch."""
        return to_us(self.occurred_at)

    @property
    def received_us(self) -> int:
        """Microseconds since the epoch."""
        return to_us(self.received_at)

    @property
    def late(self) -> bool:
        """Whether it arrived more than five minutes after it happened (imports, outages)."""
        return is_late(self.occurred_us, self.received_us)


LATE_AFTER_US = 5 * 60 * 1_000_000


def is_late(occurred_us: int, received_us: int) -> bool:
    """The one rule for the `late` mark of an event."""
    return received_us - occurred_us > LATE_AFTER_US
