"""
CloudEvents 1.0 over HTTP: structured, batched and binary (spec/doors.md).

`data` that has an `operation` is an event of ours; any other data is kept as metadata.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from indelible.codec import DecodeError, decode_json, encode_json
from indelible.errors import InvalidRequest, UnsupportedMedia
from indelible.importers.fields import present, uuid_of, words

ONE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
_HEADER: Final = "ce-"
_REQUIRED: Final = ("specversion", "id", "source", "type")
_USED: Final = frozenset({*_REQUIRED, "subject", "time", "datacontenttype", "data", "data_base64"})


def read_cloudevents(body: bytes, media: str, headers: Mapping[str, str]) -> list[bytes]:
    """
    The events of a request, each as a body of ours.

    Raises InvalidRequest that names the event and the attribute; UnsupportedMedia.
    """
    if media == BATCH:
        batch = _decode(body)
        if not isinstance(batch, list):
            raise InvalidRequest("a batch is a list of events")
        found = batch
    elif media == ONE:
        found = [_decode(body)]
    elif _HEADER + "specversion" in headers:
        found = [_binary(body, media, headers)]
    else:
        raise UnsupportedMedia(
            f"content type {media or 'none'} is no CloudEvent",
            hint=f"send {ONE}, {BATCH}, or the attributes as ce- headers",
        )
    return [encode_json(_event(item, position)) for position, item in enumerate(found)]


def event_of(item: dict[str, Any]) -> bytes:
    """One CloudEvent that is decoded already, as a body of ours."""
    return encode_json(_event(item, 0))


def _binary(body: bytes, media: str, headers: Mapping[str, str]) -> dict[str, Any]:
    event: dict[str, Any] = {
        name[len(_HEADER) :]: unquote(value)
        for name, value in headers.items()
        if name.startswith(_HEADER)
    }
    if media:
        event["datacontenttype"] = media
    if body:
        event["data"] = _decode(body) if _is_json(media) else body.decode("utf-8", "replace")
    return event


def _event(item: Any, position: int) -> dict[str, Any]:
    where = f"event {position}"
    if not isinstance(item, dict):
        raise InvalidRequest(f"{where}: expected an object")
    for name in _REQUIRED:
        if not isinstance(item.get(name), str) or not item[name]:
            raise InvalidRequest(f"{where}: {name} is missing", parameter=name)
    if item["specversion"] != "1.0":
        raise InvalidRequest(
            f"{where}: specversion {item['specversion'][:20]!r} is not read here",
            parameter="specversion",
            expected="1.0",
        )
    data = _data(item, where)
    extensions = {name: value for name, value in item.items() if name not in _USED}
    if isinstance(data, dict) and isinstance(data.get("operation"), str):
        event = dict(data)
    else:
        event = {"operation": item["type"], "metadata": present({"data": data})}
    # An id is unique for its source; both together name the event.
    event.setdefault("id", uuid_of("cloudevents", f"{item['source']} {item['id']}", {}))
    if words(item.get("time")) is not None:
        event.setdefault("occurred_at", item["time"])
    if words(item.get("subject")) is not None:
        event.setdefault("targets", [{"id": words(item["subject"])}])
    context = event.get("context")
    context = dict(context) if isinstance(context, dict) else {}
    context.setdefault("source", item["source"])
    trace = words(extensions.pop("traceparent", None))
    if trace is not None and trace.count("-") == 3:
        context.setdefault("trace_id", trace.split("-")[1])
    event["context"] = context
    if extensions:
        metadata = event.get("metadata")
        metadata = dict(metadata) if isinstance(metadata, dict) else {}
        event["metadata"] = {**metadata, "cloudevents": extensions}
    return event


def _data(item: dict[str, Any], where: str) -> Any:
    if "data_base64" not in item:
        return item.get("data")
    try:
        plain = base64.b64decode(str(item["data_base64"]), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(
            f"{where}: data_base64 is not base64", parameter="data_base64"
        ) from None
    if _is_json(words(item.get("datacontenttype")) or ""):
        return _decode(plain)
    return plain.decode("utf-8", "replace")


def _is_json(media: str) -> bool:
    name = media.split(";", 1)[0].strip().lower()
    return name == "application/json" or name.endswith("+json")


def _decode(body: bytes) -> Any:
    try:
        return decode_json(body)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"not JSON: {error}") from error
