"""Makes the wire event of one `record` call: given fields over those of the context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from indelible.client.buffer import Gap
from indelible.client.context import Holder
from indelible.client.fields import (
    FIELD_NAMES,
    EventFields,
    as_list,
    as_moment,
    as_record,
    encode_event,
)
from indelible.client.ids import RandomBytes, uuid7
from indelible.client.watch import watchers
from indelible.clock import format_us
from indelible.event.model import Target
from indelible.event.redact import Redaction

_CONTEXT = ("request_id", "session_id", "trace_id")


class Composer:
    """Knows the product that records; keeps no state of single events."""

    def __init__(
        self,
        source: str,
        source_version: str | None,
        now_us: Callable[[], int],
        random_bytes: RandomBytes,
        redaction: Redaction | None = None,
    ) -> None:
        self._source = source
        self._source_version = source_version
        self._now_us = now_us
        self._random_bytes = random_bytes
        self._redaction = redaction

    def event(
        self, operation: str, fields: EventFields, holder: Holder | None, instance: str
    ) -> dict[str, Any]:
        """The event without its `source_seq`; raises TypeError for a field there is none of."""
        if not FIELD_NAMES.issuperset(fields):
            raise TypeError(f"unknown event field {min(fields.keys() - FIELD_NAMES)!r}")
        now_us = self._now_us()
        event: dict[str, Any] = {"id": uuid7(now_us, self._random_bytes), "operation": operation}
        event |= {name: value for name, value in fields.items() if value is not None}
        moment = event.get("occurred_at")
        told = None if moment is None else as_moment(moment)
        event["occurred_at"] = format_us(now_us) if told is None else told
        on_behalf_of = event.pop("on_behalf_of", None)
        about: dict[str, Any] = {}
        # One attribute after the other, not by name: this runs in every request of a product.
        if holder is not None:
            if "actor" not in event and (actor := holder.who()) is not None:
                event["actor"] = actor
            if holder.origin is not None:
                event.setdefault("origin", holder.origin)
            if holder.stream is not None:
                event.setdefault("stream", holder.stream)
            if holder.job is not None:
                event.setdefault("job", holder.job)
            if holder.request_id:
                about["request_id"] = holder.request_id
            if holder.session_id:
                about["session_id"] = holder.session_id
            if holder.trace_id:
                about["trace_id"] = holder.trace_id
            on_behalf_of = on_behalf_of or holder.on_behalf_of
        for name in _CONTEXT:
            if name in event and (said := event.pop(name)):
                about[name] = said
        if on_behalf_of is not None:
            event["actor"] = {
                **as_record(event.get("actor", {})),
                "on_behalf_of": _with_text_id(on_behalf_of),
            }
        if "actor" in event:
            event["actor"] = _with_text_id(event["actor"])
        if "targets" in event:
            targets = event["targets"]
            if isinstance(targets, Mapping | Target):
                targets = [targets]  # the one thing, given without a list
            event["targets"] = [_with_text_id(target) for target in targets]
        if "changes" in event:
            event["changes"] = as_list(event["changes"])
        if moment is not None and told is None:
            about["altered"] = [f"occurred_at: {type(moment).__name__} that is no time, replaced"]
        about["source"] = self._source
        if self._source_version is not None:
            about["source_version"] = self._source_version
        about["source_instance"] = instance
        event["context"] = about
        if "reason" in event and not isinstance(event["reason"], str):
            event["reason"] = str(event["reason"])  # an error, for one: its text is masked too
        if self._redaction is not None:
            event = self._redaction.event(event)
        for watcher in watchers:
            watcher.on_event(event)
        return event

    def gap(self, gap: Gap, seq: int, instance: str) -> bytes:
        """The event that tells how many others were lost, and when."""
        numbers = {} if gap.first_seq is None else {"first": gap.first_seq, "last": gap.last_seq}
        fields: EventFields = {
            "stream": "system",
            "category": "integration",
            "method": "GapRecorded",
            "outcome": "failure",
            "severity": "warning",
            "reason": f"{gap.count} event(s) could not be kept by the client and are lost",
            "metadata": {
                "dropped": gap.count,
                "first_at": format_us(gap.first_us),
                "last_at": format_us(gap.last_us),
                **numbers,
            },
            "actor": {"kind": "system", "name": self._source},
        }
        event = self.event("GapRecorded", fields, None, instance)
        event["context"]["source_seq"] = seq
        return encode_event(event)


def _with_text_id(thing: Any) -> Any:
    """Keys of a product are often numbers; the wire has text, and no event is lost for that."""
    key = thing.get("id") if isinstance(thing, Mapping) else getattr(thing, "id", None)
    return {**as_record(thing), "id": str(key)} if isinstance(key, int) else thing
