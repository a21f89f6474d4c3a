"""
The plain scan: what a search must find, worked out event by event from spec/query.md.

Knows nothing of columns, values tables or SQL. Only the folding of text is shared with the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import translate
from ipaddress import IPv6Address, ip_address, ip_network
from re import DOTALL
from re import compile as compile_pattern
from typing import Any

import msgspec

from indelible.event import Event, event_to_json
from indelible.server.index import fold
from indelible.server.query.tree import All, Field, Node, Not, Word
from indelible.server.query.tree import Any as AnyOf


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
        "by": [actor["email"] or actor["name"] or actor["id"]],
        "behalf": [behalf.get(name) for name in ("id", "email", "name")],
        "agent": [origin.get("user_agent")],
        "reason": [event["reason"]],
        "severity": [event["severity"]],
        "trace": [context.get("trace_id")],
        "state": [job.get("state")],
        "queue": [job.get("queue")],
        "worker": [job.get("worker")],
        "target.type": [t["type"] for t in event["targets"]],
        "target.id": [t["id"] for t in event["targets"]],
        "target.name": [t["name"] for t in event["targets"]],
        "change.path": [change["path"] for change in event["changes"]],
        "before": [text for change in event["changes"] for text in nested(change["before"])],
        "after": [text for change in event["changes"] for text in nested(change["after"])],
        "": [
            origin.get("peer_ip"),
            context.get("source_version"),
            context.get("source_instance"),
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


PARTS = {"actor", "behalf", "endpoint", "target", "change", "before", "after", "reason", "agent"}
NUMBERS = {
    "status": lambda e: e["status"],
    "index": lambda e: e["index"],
    "attempt": lambda e: (e["job"] or {}).get("attempt"),
    "duration": lambda e: (e["job"] or {}).get("duration_ms"),
}
PRESENT = {
    "changes": lambda e: e["changes"],
    "target": lambda e: e["targets"],
    "job": lambda e: e["job"] is not None,
    "reason": lambda e: e["reason"],
    "metadata": lambda e: e["metadata"],
    "error": lambda e: e["outcome"] in ("failure", "denied"),
    "behalf": lambda e: any(((e["actor"]["on_behalf_of"]) or {}).get(n) for n in ("id", "name")),
    "ip": lambda e: (e["origin"] or {}).get("ip"),
    "status": lambda e: e["status"] is not None,
}


def matches(event: Mapping[str, Any], node: Node | None) -> bool:
    """Whether an event is one that a query asks for."""
    if node is None:
        return True
    if isinstance(node, Not):
        return not matches(event, node.node)
    if isinstance(node, All):
        return all(matches(event, one) for one in node.nodes)
    if isinstance(node, AnyOf):
        return any(matches(event, one) for one in node.nodes)
    return _term(event, node) != node.negated


def _term(event: Mapping[str, Any], term: Word | Field) -> bool:
    if isinstance(term, Word):
        if "*" not in term.text.strip("*") or term.quoted:
            return contains(event, term.text if term.quoted else term.text.strip("*"))
        found = fields(event)
        return any(
            has({**event}, name, f"*{term.text}*", "wild") for name, texts in found.items() if texts
        )
    if term.name == "has":
        return bool(PRESENT[term.value](event))
    if term.name in NUMBERS:
        return _number(NUMBERS[term.name](event), term.value)
    if term.name == "ip" and "*" not in term.value:
        return _address((event["origin"] or {}).get("ip") or "", term)
    wild = "*" in term.value and not term.quoted
    how = "wild" if wild else "part" if term.name in PARTS and not term.quoted else "whole"
    return has(event, term.name, term.value, how)


def _number(number: int | None, value: str) -> bool:
    if value == "none" or number is None:
        return value == "none" and number is None
    if ".." in value:
        low, high = value.split("..")
        return int(low) <= number <= int(high)
    if value.endswith("xx"):
        return number // 100 == int(value[0])
    for sign, holds in (
        (">=", lambda a, b: a >= b), ("<=", lambda a, b: a <= b),
        (">", lambda a, b: a > b), ("<", lambda a, b: a < b),
    ):  # fmt: skip
        if value.startswith(sign):
            return bool(holds(number, int(value.removeprefix(sign))))
    return number == int(value)


def _address(ip: str, term: Field) -> bool:
    try:
        found = ip_address(ip)
    except ValueError:
        return fold(ip) == fold(term.value)
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if ".." in term.value:
        low, high = (ip_address(end) for end in term.value.split(".."))
        return low.version == found.version and int(low) <= int(found) <= int(high)
    return found in ip_network(term.value, strict=False)
