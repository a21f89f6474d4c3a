"""Foreign forms as events: OpenTelemetry logs, CloudEvents, syslog."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from indelible.errors import InvalidRequest, UnsupportedMedia
from indelible.event import parse_event
from indelible.server.ingest.doors import Framer, read_cloudevents, read_otlp, read_syslog
from indelible.server.ingest.doors.cloudevents import BATCH, ONE
from indelible.server.ingest.doors.otlp import JSON, PROTOBUF
from indelible.server.ingest.doors.syslog import NotFramed


def attribute(key: str, value: Any) -> dict[str, Any]:
    kind = "intValue" if isinstance(value, int) else "stringValue"
    return {"key": key, "value": {kind: value}}


RECORD = {
    "timeUnixNano": "1764061200123456789",
    "severityNumber": 13,
    "eventName": "AssignRole",
    "body": {"stringValue": "role assigned"},
    "traceId": "0af7651916cd43dd8448eb211c80319c",
    "attributes": [
        attribute("enduser.id", "u_8841"),
        attribute("user.email", "ana@example.com"),
        attribute("client.address", "203.0.113.7"),
        attribute("http.request.method", "POST"),
        attribute("http.route", "/roles/{id}"),
        attribute("url.path", "/roles/7"),
        attribute("http.response.status_code", 200),
        attribute("indelible.target.id", "r_7"),
        attribute("indelible.category", "access"),
        attribute("indelible.password", "x"),
        attribute("depot", "north"),
    ],
}


def otlp(*records: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": [attribute("service.name", "fleet")]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": list(records)}]}]}


def events_of(bodies: list[bytes]) -> list[dict[str, Any]]:
    for body in bodies:
        sent = parse_event(body)
        assert sent.context is None or sent.context.altered is None
    return [json.loads(body) for body in bodies]


def test_a_log_record_becomes_an_event() -> None:
    body = json.dumps(otlp(RECORD)).encode()
    (event,) = events_of(read_otlp(body, JSON).events)
    assert event | {"id": ""} == {
        "id": "",
        "operation": "AssignRole",
        "actor": {"id": "u_8841", "email": "ana@example.com"},
        "origin": {"ip": "203.0.113.7"},
        "method": "POST",
        "endpoint": "/roles/{id}",
        "status": 200,
        "category": "access",
        "targets": [{"id": "r_7"}],
        "context": {"source": "fleet", "trace_id": event["context"]["trace_id"]},
        "occurred_at": "2025-11-25T09:00:00.123456Z",
        "severity": "warning",
        "metadata": {
            "url.path": "/roles/7",
            "indelible.password": "x",
            "depot": "north",
            "body": "role assigned",
        },
    }


def test_protobuf_says_the_same_and_a_repeated_export_has_the_same_ids() -> None:
    request = ExportLogsServiceRequest()
    from google.protobuf.json_format import ParseDict

    ParseDict(otlp(RECORD, {**RECORD, "timeUnixNano": "1764061200123456790"}), request)
    first = read_otlp(request.SerializeToString(), PROTOBUF)
    again = read_otlp(request.SerializeToString(), PROTOBUF)
    assert first == again
    ids = [event["id"] for event in events_of(first.events)]
    assert len(set(ids)) == 2


def test_an_attribute_of_the_wrong_type_is_kept_beside_the_event() -> None:
    odd = {"key": "http.response.status_code", "value": {"boolValue": True}}
    body = json.dumps(otlp({"eventName": "X", "attributes": [odd]})).encode()
    (event,) = events_of(read_otlp(body, JSON).events)
    assert "status" not in event
    assert event["metadata"] == {"http.response.status_code": True}


def test_records_without_a_name_are_refused_one_by_one() -> None:
    plain = {"body": {"stringValue": "started"}}
    named = {"attributes": [attribute("event.name", "Login")]}
    found = read_otlp(json.dumps(otlp(plain, named)).encode(), JSON)
    assert len(found.refused) == 1
    assert [event["operation"] for event in events_of(found.events)] == ["Login"]


@pytest.mark.parametrize("media", [JSON, PROTOBUF])
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(media: str, body: bytes) -> None:
    try:
        for event in read_otlp(body, media).events:
            parse_event(event)
    except InvalidRequest:
        pass


CLOUD = {
    "specversion": "1.0",
    "id": "A-17",
    "source": "/fleet/depots",
    "type": "com.example.depot.renamed",
    "subject": "depot/7",
    "time": "2026-11-20T10:15:04Z",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "partition": "eu",
    "data": {"from": "North", "to": "South"},
}


def test_a_cloudevent_becomes_an_event() -> None:
    (event,) = events_of(read_cloudevents(json.dumps(CLOUD).encode(), ONE, {}))
    assert event | {"id": ""} == {
        "id": "",
        "operation": "com.example.depot.renamed",
        "occurred_at": "2026-11-20T10:15:04Z",
        "targets": [{"id": "depot/7"}],
        "context": {
            "source": "/fleet/depots",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        },
        "metadata": {
            "data": {"from": "North", "to": "South"},
            "cloudevents": {"partition": "eu"},
        },
    }
    batch = json.dumps([CLOUD, {**CLOUD, "source": "/other"}]).encode()
    first, other = events_of(read_cloudevents(batch, BATCH, {}))
    assert first["id"] == event["id"]
    assert other["id"] != event["id"]


def test_data_in_our_shape_is_an_event_of_ours() -> None:
    data = {"operation": "RenameDepot", "actor": {"email": "ana@example.com"}, "status": 200}
    packed = base64.b64encode(json.dumps(data).encode()).decode()
    forms = [
        {**CLOUD, "data": data},
        {**{k: v for k, v in CLOUD.items() if k != "data"}, "data_base64": packed,
         "datacontenttype": "application/json"},
    ]  # fmt: skip
    for form in forms:
        (event,) = events_of(read_cloudevents(json.dumps(form).encode(), ONE, {}))
        assert event["operation"] == "RenameDepot"
        assert event["actor"] == {"email": "ana@example.com"}
    headers = {f"ce-{name}": CLOUD[name] for name in ("specversion", "id", "source", "type")}
    (event,) = events_of(read_cloudevents(json.dumps(data).encode(), "application/json", headers))
    assert event["operation"] == "RenameDepot"
    (event,) = events_of(read_cloudevents(b"hello", "text/plain", headers))
    assert event["metadata"] == {"data": "hello"}


@pytest.mark.parametrize(
    ("body", "media", "told"),
    [
        (b"{", ONE, "not JSON"),
        (b"{}", BATCH, "a batch is a list"),
        (b"[1]", BATCH, "event 0: expected an object"),
        (json.dumps([CLOUD, {**CLOUD, "id": ""}]).encode(), BATCH, "event 1: id is missing"),
        (json.dumps({**CLOUD, "specversion": "2.0"}).encode(), ONE, "is not read here"),
        (json.dumps({**CLOUD, "data_base64": "?"}).encode(), ONE, "is not base64"),
    ],
)
def test_what_is_no_cloudevent_is_said(body: bytes, media: str, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        read_cloudevents(body, media, {})


def test_other_media_are_refused() -> None:
    with pytest.raises(UnsupportedMedia):
        read_cloudevents(b"{}", "application/json", {})


LINE = (
    b"<84>1 2026-11-20T10:15:04.003Z gate7 fleetd 311 AssignRole "
    b'[audit@32473 user="ana@example.com" ip="203.0.113.7" status="403" outcome="denied"'
    b' note="a \\"b\\" \\]"][origin ip="10.0.0.1"] \xef\xbb\xbfnot allowed'
)


def test_a_syslog_message_becomes_an_event() -> None:
    (event,) = events_of([read_syslog(LINE, "10.0.0.9")])
    assert event == {
        "operation": "AssignRole",
        "stream": "user",
        "actor": {"email": "ana@example.com"},
        "origin": {"ip": "203.0.113.7", "peer_ip": "10.0.0.9"},
        "status": 403,
        "outcome": "denied",
        "severity": "warning",
        "occurred_at": "2026-11-20T10:15:04.003Z",
        "context": {"source": "fleetd", "source_instance": "gate7"},
        "metadata": {
            "message": "not allowed",
            "facility": 10,
            "process": "311",
            "audit@32473": {"note": 'a "b" ]'},
            "origin": {"ip": "10.0.0.1"},
        },
    }


@pytest.mark.parametrize(
    "message", [b"<13>Oct 11 22:14:15 host su: old form", b"hello", b"<999>1 - - - - - -", b"\xff"]
)
def test_what_is_no_rfc_5424_is_kept_as_it_came(message: bytes) -> None:
    (event,) = events_of([read_syslog(message, "::1")])
    assert event["operation"] == "SyslogMessage"
    assert event["metadata"]["message"] == message.decode("utf-8", "replace")


@given(message=st.binary(max_size=400))
def test_any_message_is_an_event(message: bytes) -> None:
    events_of([read_syslog(message, "10.0.0.9")])


@given(st.lists(st.binary(min_size=1, max_size=60).filter(bytes.strip)), st.integers(1, 7))
def test_frames_come_out_however_they_are_cut(messages: list[bytes], step: int) -> None:
    stream = b"".join(b"%d %b" % (len(one), one) for one in messages)
    framer, found = Framer(), []
    for at in range(0, len(stream), step):
        found += framer.feed(stream[at : at + step])
    assert found == messages
    assert framer.rest() == b""


def test_lines_are_frames_too_and_a_cut_off_one_is_left() -> None:
    framer = Framer()
    assert framer.feed(b"<13>1 a\n<13>1 b\n\n<13>1 c") == [b"<13>1 a", b"<13>1 b"]
    assert framer.rest() == b"<13>1 c"


@pytest.mark.parametrize("stream", [b"12345678901 x", b"999999 <13>", b"<" + b"x" * 200_000])
def test_what_is_not_framed_ends_the_connection(stream: bytes) -> None:
    with pytest.raises(NotFramed):
        Framer().feed(stream)
