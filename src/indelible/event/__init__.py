"""
The event model: what is sent, its limits and defaults, and its three parts.

Pure: no clock, no storage. Specified in spec/event.md.
"""

from indelible.event.fill import complete, split_sent
from indelible.event.model import (
    MAX_EVENT_BYTES,
    Actor,
    ActorKind,
    Change,
    Context,
    Event,
    Job,
    Origin,
    Outcome,
    Principal,
    ReportedBy,
    SentEvent,
    Severity,
    Stream,
    Target,
    is_late,
)
from indelible.event.parse import parse_batch, parse_event, parse_value
from indelible.event.parts import (
    EventParts,
    decode_content,
    decode_fact,
    decode_person,
    join,
    split,
)
from indelible.event.read import event_to_json, same_as_sent

__all__ = [
    "MAX_EVENT_BYTES",
    "Actor",
    "ActorKind",
    "Change",
    "Context",
    "Event",
    "EventParts",
    "Job",
    "Origin",
    "Outcome",
    "Principal",
    "ReportedBy",
    "SentEvent",
    "Severity",
    "Stream",
    "Target",
    "complete",
    "decode_content",
    "decode_fact",
    "decode_person",
    "event_to_json",
    "is_late",
    "join",
    "parse_batch",
    "parse_event",
    "parse_value",
    "same_as_sent",
    "split",
    "split_sent",
]
