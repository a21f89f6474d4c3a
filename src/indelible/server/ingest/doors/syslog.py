"""
Syslog: frames of RFC 6587 out of a byte stream, and messages of RFC 5424 as events (spec/doors.md).

Nothing here waits or answers: syslog has no acknowledgement. A message that cannot be read becomes
an event that holds it as it came; none is dropped.
"""

from __future__ import annotations

import re
from typing import Any, Final

from indelible.codec import encode_json
from indelible.importers.fields import present

MAX_MESSAGE_BYTES: Final = 128 * 1024
_HEADER: Final = re.compile(
    r"<(?P<pri>\d{1,3})>(?P<version>\d{1,2}) (?P<time>\S+) (?P<host>\S+) (?P<app>\S+)"
    r" (?P<proc>\S+) (?P<msg>\S+) (?P<rest>.*)",
    re.DOTALL,
)
_COUNT: Final = re.compile(rb"[1-9]\d{0,6} ")
_ELEMENT: Final = re.compile(
    r"\[(?P<id>[^\s=\]\"]{1,80})(?P<params>(?:[^\]\"]|\"(?:\\.|[^\"\\])*\")*)\]"
)
_PARAM: Final = re.compile(r"(?P<name>[^\s=\]\"]{1,80})=\"(?P<value>(?:\\.|[^\"\\])*)\"", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([\"\\\]])")
_SEVERITIES: Final = (
    "critical",
    "critical",
    "critical",
    "critical",
    "warning",
    "notice",
    "info",
    "info",
)
# Parameters of a structured element that are fields of an event, by the names people use.
_FIELDS: Final = {
    "actor": "actor.name", "user": "actor.name", "actor_id": "actor.id", "email": "actor.email",
    "ip": "origin.ip", "src": "origin.ip", "method": "method", "endpoint": "endpoint",
    "operation": "operation", "status": "status", "outcome": "outcome", "target": "target.id",
    "target_type": "target.type", "target_name": "target.name", "category": "category",
    "request_id": "context.request_id", "session_id": "context.session_id", "reason": "reason",
}  # fmt: skip
_OUTCOMES: Final = frozenset({"success", "failure", "denied", "unknown"})


class NotFramed(ValueError):
    """A stream that is no syslog; the connection cannot go on."""


class Framer:
    """Cuts the bytes of one connection into messages: counted, or one a line."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now. Raises NotFramed."""
        self._held += data
        found: list[bytes] = []
        while self._held:
            message = self._next()
            if message is None:
                break
            if message.strip():
                found.append(message)
        return found

    def rest(self) -> bytes:
        """What is left of a message that was cut off."""
        held = bytes(self._held)
        self._held.clear()
        return held

    def _next(self) -> bytes | None:
        held = self._held
        if held[:1].isdigit():
            count = _COUNT.match(held)
            if count is None:
                if len(held) > 8:
                    raise NotFramed("a frame begins with its length and a space")
                return None
            size = int(count[0])
            if size > MAX_MESSAGE_BYTES:
                raise NotFramed(f"a message of {size} bytes is longer than {MAX_MESSAGE_BYTES}")
            end = count.end() + size
            if len(held) < end:
                return None
            message = bytes(held[count.end() : end])
            del held[:end]
            return message
        end = held.find(b"\n")
        if end < 0:
            if len(held) > MAX_MESSAGE_BYTES:
                raise NotFramed(f"a line is longer than {MAX_MESSAGE_BYTES} bytes")
            return None
        message = bytes(held[:end])
        del held[: end + 1]
        return message


def read_syslog(message: bytes, peer_ip: str) -> bytes:
    """One message as an event."""
    text = message.decode("utf-8", "replace").rstrip("\r\n\0")
    found = _HEADER.match(text)
    if found is None or int(found["pri"]) > 191:
        return encode_json(
            {
                "operation": "SyslogMessage",
                "stream": "system",
                "origin": {"peer_ip": peer_ip},
                "context": {"source": "syslog"},
                "metadata": {"message": text, "note": "not a message of RFC 5424"},
            }
        )
    facility, severity = divmod(int(found["pri"]), 8)
    elements, message_text = _structured(found["rest"])
    event: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, params in elements.items():
        for key, value in params.items():
            if not _put(event, key, value):
                rest.setdefault(name, {})[key] = value
    if "target" in event:
        event["targets"] = [event.pop("target")]
    app, host = _given(found["app"]), _given(found["host"])
    event.setdefault("operation", _given(found["msg"]) or app or "SyslogMessage")
    event["stream"] = "user" if "actor" in event else "system"
    event.setdefault("severity", _SEVERITIES[severity])
    event.setdefault("origin", {})["peer_ip"] = peer_ip
    event["context"] = {
        **event.get("context", {}),
        **present({"source": app or "syslog", "source_instance": host}),
    }
    # An ill-formed time is kept where it does no harm.
    at = _given(found["time"])
    if at is not None and re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", at
    ):
        event["occurred_at"] = at
    elif at is not None:
        rest["time"] = at
    event["metadata"] = present(
        {
            "message": message_text.removeprefix("\ufeff") or None,
            "facility": facility,
            "process": _given(found["proc"]),
            **rest,
        }
    )
    return encode_json(event)


def _put(event: dict[str, Any], key: str, value: str) -> bool:
    path = _FIELDS.get(key.lower())
    if path is None or not value:
        return False
    kept: Any = value
    if path == "status":
        if not value.isdecimal() or int(value) > 999:
            return False
        kept = int(value)
    elif path == "outcome" and value not in _OUTCOMES:
        return False
    *parents, name = path.split(".")
    if path == "actor.name" and "@" in value:
        name = "email"
    for parent in parents:
        event = event.setdefault(parent, {})
    if name in event:
        return False
    event[name] = kept
    return True


def _structured(rest: str) -> tuple[dict[str, dict[str, str]], str]:
    """The structured elements, and the message behind them."""
    if rest.startswith("-"):
        return {}, rest[1:].removeprefix(" ")
    elements: dict[str, dict[str, str]] = {}
    at = 0
    while found := _ELEMENT.match(rest, at):
        params = elements.setdefault(found["id"], {})
        for param in _PARAM.finditer(found["params"]):
            params[param["name"]] = _ESCAPED.sub(r"\1", param["value"])
        at = found.end()
    return elements, rest[at:].removeprefix(" ")


def _given(text: str) -> str | None:
    return None if text == "-" else text
