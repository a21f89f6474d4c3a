"""The SDK client: `Indelible` writes events, `bind` and `describe` say who and what."""

from indelible.client.buffer import Policy, QueueFull
from indelible.client.client import Health, Indelible, NotStored
from indelible.client.context import audit_context, audited, bind, current, describe, wrap
from indelible.client.run import Run
from indelible.client.sender import Pace, Problem
from indelible.client.transport import Receipt
from indelible.client.viewer import NoViewerToken, Viewers, ViewerToken
from indelible.event.model import Actor, Change, Job, Origin, Principal, Target
from indelible.event.redact import Redaction

__all__ = [
    "Actor",
    "Change",
    "Health",
    "Indelible",
    "Job",
    "NoViewerToken",
    "NotStored",
    "Origin",
    "Pace",
    "Policy",
    "Principal",
    "Problem",
    "QueueFull",
    "Receipt",
    "Redaction",
    "Run",
    "Target",
    "ViewerToken",
    "Viewers",
    "audit_context",
    "audited",
    "bind",
    "current",
    "describe",
    "wrap",
]
