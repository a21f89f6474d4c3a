"""
OpenTelemetry logs (OTLP/HTTP): requests of `ExportLogsServiceRequest`, protobuf or JSON.

A log record is an event of ours when it has an event name; other records are refused one by one,
so that an exporter learns of it. Attributes follow the semantic conventions (spec/doors.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from indelible.codec import encode_json
from indelible.errors import InvalidRequest
from indelible.importers.fields import present, uuid_of, words

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DEPTH: Final = 50
_WARNING, _CRITICAL = 13, 17  # severity numbers of WARN and ERROR

# Attribute → path in the event. Several may mean one field: the first that is there counts.
_FIELDS: Final = {
    "enduser.id": "actor.id",
    "user.id": "actor.id",
    "user.email": "actor.email",
    "user.full_name": "actor.name",
    "user.name": "actor.name",
    "client.address": "origin.ip",
    "network.peer.address": "origin.peer_ip",
    "device.id": "origin.device_id",
    "user_agent.original": "origin.user_agent",
    "http.request.method": "method",
    "http.route": "endpoint",
    "url.path": "endpoint",
    "http.response.status_code": "status",
    "session.id": "context.session_id",
    "http.request.header.x-request-id": "context.request_id",
    "service.name": "context.source",
    "service.version": "context.source_version",
    "service.instance.id": "context.source_instance",
}
# `indelible.actor.kind` and so on: any field of ours by its own name.
_OWN: Final = "indelible."
_OWN_FIELDS: Final = frozenset(
    {"id", "stream", "category", "operation", "method", "endpoint", "status", "outcome", "severity",
     "reason", "actor.kind", "actor.id", "actor.email", "actor.name", "origin.ip",
     "origin.device_id", "target.type", "target.id", "target.name", "context.request_id",
     "context.session_id", "job.id", "job.root_id", "job.parent_id", "job.attempt", "job.state",
     "job.queue", "job.worker"}
)  # fmt: skip


class OtlpLogs(msgspec.Struct, frozen=True):
    """Events in the order of the records, and why records are none of them."""

    events: list[bytes]
    refused: list[str]


def read_otlp(body: bytes, media: str) -> OtlpLogs:
    """The events of an export request. Raises InvalidRequest when the body is none."""
    request = ExportLogsServiceRequest()
    try:
        if media == JSON:
            Parse(body, request, ignore_unknown_fields=True)
        else:
            request.ParseFromString(body)
    except (ParseError, DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidRequest(f"the body is no OTLP export of logs: {error}") from error
    events: list[bytes] = []
    refused: list[str] = []
    for resource in request.resource_logs:
        shared = _attributes(resource.resource.attributes)
        for scope in resource.scope_logs:
            for record in scope.log_records:
                event = _event(record, shared)
                if isinstance(event, str):
                    refused.append(event)
                else:
                    events.append(encode_json(event))
    return OtlpLogs(events, refused)


def _event(record: LogRecord, shared: dict[str, Any]) -> dict[str, Any] | str:
    """The record as an event, or why it is none."""
    own = _attributes(record.attributes)
    name = record.event_name or words(own.pop("event.name", None))
    if not name:
        return "a log record without an event name is no audit event"
    event: dict[str, Any] = {"operation": name}
    rest: dict[str, Any] = {}
    for key, value in (*own.items(), *shared.items()):
        path = _path(key)
        if path is None or not _put(event, path, value):
            rest.setdefault(key, value)
    if "target" in event:
        event["targets"] = [event.pop("target")]
    at_ns = record.time_unix_nano or record.observed_time_unix_nano
    if at_ns:
        event["occurred_at"] = _time(at_ns)
    if record.trace_id:
        event.setdefault("context", {})["trace_id"] = record.trace_id.hex()
    if record.severity_number >= _WARNING:
        is_critical = record.severity_number >= _CRITICAL
        event.setdefault("severity", "critical" if is_critical else "warning")
    # A repeated export has the same records: they are stored once.
    found_id = words(own.get("log.record.uid"))
    event.setdefault("id", uuid_of("otlp", found_id, {"r": record.SerializeToString().hex()}))
    event["metadata"] = (
        present({**rest, "body": _value(record.body) if record.HasField("body") else None}) or None
    )
    return present(event)


def _path(key: str) -> str | None:
    if key.startswith(_OWN):
        name = key[len(_OWN) :]
        return name if name in _OWN_FIELDS else None
    return _FIELDS.get(key)


def _put(event: dict[str, Any], path: str, value: Any) -> bool:
    """Sets a field once; whether it was taken."""
    *parents, name = path.split(".")
    if name in ("status", "attempt"):
        if not isinstance(value, int) or isinstance(value, bool):
            return False
    elif words(value) is None:
        return False
    else:
        value = words(value)
    for parent in parents:
        event = event.setdefault(parent, {})
    if name in event:
        return False
    event[name] = value
    return True


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue, depth: int = 0) -> Any:
    """A value as JSON; bytes in hexadecimal."""
    kind = value.WhichOneof("value")
    if depth > _MAX_DEPTH or kind is None:
        return None
    if kind == "array_value":
        return [_value(item, depth + 1) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _value(pair.value, depth + 1) for pair in value.kvlist_value.values}
    if kind == "bytes_value":
        return value.bytes_value.hex()
    return getattr(value, kind)


def _time(ns: int) -> str | None:
    try:
        at = _EPOCH + timedelta(microseconds=ns // 1000)
    except OverflowError:
        return None
    return at.isoformat().replace("+00:00", "Z")
