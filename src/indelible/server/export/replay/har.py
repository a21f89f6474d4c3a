"""Steps as a HAR 1.2 file, for tools that import what a browser recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from indelible.server.export.replay.call import Call, Hole, Pieces, call_of
from indelible.server.export.replay.head import Head, about
from indelible.server.query.steps import Step

_HOST = "http://127.0.0.1:8000"


def to_har(head: Head, steps: Sequence[Step]) -> str:
    """The file's text, ASCII. What the log does not know has the empty values that HAR asks for."""
    entries = [_entry(step, call) for step in steps if (call := call_of(step)) is not None]
    log = {
        "version": "1.2",
        "creator": {"name": "Indelible", "version": head.version},
        "comment": " ".join(head.lines(len(steps))),
        "entries": entries,
    }
    return json.dumps({"log": log}, indent=1) + "\n"


def _entry(step: Step, call: Call) -> dict[str, Any]:
    target, event = _text(call.target), step.event
    headers = [{"name": "Authorization", "value": "Bearer $TOKEN"}]
    request: dict[str, Any] = {
        "method": call.method,
        "url": _HOST + target,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(target.partition("?")[2], keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": -1,
    }
    if call.body is not None:
        headers.append({"name": "Content-Type", "value": "application/json"})
        request["postData"] = {"mimeType": "application/json", "text": _text(call.body)}
    return {
        "startedDateTime": event["occurred_at"],
        "time": 0,
        "request": request,
        "response": {
            "status": call.status or 0,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "content": {"size": 0, "mimeType": ""},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "comment": ("FAILED: " if step.failed else "") + about(step),
    }


def _text(pieces: Pieces) -> str:
    return "".join(f"${piece.name}" if isinstance(piece, Hole) else piece for piece in pieces)
