"""
The plain scan: what a search must find, worked out event by event from spec/query.md.

Knows nothing of columns, values tables or SQL. Only the folding of text is shared with the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import translate
from re import DOTALL
from re import compile as compile_pattern
from typing import Any

import msgspec

from indelible.event import Event, event_to_json
from indelible.server.index import fold


def shape(event: Event) -> dict[str, Any]:
    """The event as the API shows it."""
    return event_to_json(event, index=0, leaf_hash=bytes(32))


def nested(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from nested(item)
    elif isinstance(value, list):
        for item in value:
            yield from nested(item)
    elif isinstance(value, str):
        yield value
    elif value is not None:
        yield msgspec.json.encode(value).decode()


def fields(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """The texts of an event under the names of the query language; `""` for those without one."""
    actor, origin = event["actor"], event["origin"] or {}
    context, job = event["context"] or {}, event["job"] or {}
    behalf = actor["on_behalf_of"] or {}
    found: dict[str, list[Any]] = {
        "actor": [actor[name] for name in ("id", "email", "name")]
        + [behalf.get(name) for name in ("id", "email", "name")],
        "ip": [origin.get("ip")],
        "device": [origin.get("device_id")],
        "method": [event["method"]],
        "endpoint": [event["endpoint"]],
        "status": [event["status"]],
        "operation": [event["operation"]],
        "outcome": [event["outcome"]],
        "category": [event["category"]],
        "kind": [actor["kind"]],
        "source": [context.get("source")],
        "request": [context.get("request_id")],
        "session": [context.get("session_id")],
        "job": [job.get(name) for name in ("id", "root_id", "parent_id")],
        "id": [event["id"]],
        "target": [t[name] for t in event["targets"] for name in ("type", "id", "name")],
        "change": [
            text
            for change in event["changes"]
            for text in (change["path"], *nested(change["before"]), *nested(change["after"]))
        ],
        "": [
            event["severity"],
            event["reason"],
            origin.get("peer_ip"),
            origin.get("user_agent"),
            context.get("trace_id"),
            context.get("source_version"),
            context.get("source_instance"),
            job.get("state"),
            job.get("queue"),
            job.get("worker"),
            *nested(event["metadata"]),
        ],
    }
    return {
        name: [str(value) for value in values if value not in (None, "")]
        for name, values in found.items()
    }


def contains(event: Mapping[str, Any], needle: str) -> bool:
    """Whether a word or phrase stands in any field."""
    sought = fold(needle)
    return any(sought in fold(text) for texts in fields(event).values() for text in texts)


def has(event: Mapping[str, Any], field: str, value: str, how: str) -> bool:
    """Whether a field has a value: `part`, `whole` or `wild`."""
    sought = fold(value)
    texts = [fold(text) for text in fields(event)[field]]
    if how == "part":
        return any(sought in text for text in texts)
    if how == "whole":
        return sought in texts
    plain = "".join(
        "[[]" if letter == "[" else "[?]" if letter == "?" else letter for letter in sought
    )
    pattern = compile_pattern(translate(plain), DOTALL)
    return any(pattern.match(text) for text in texts)
