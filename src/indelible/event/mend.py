"""
Mends ill-formed values so that no event is lost for text that an end user could choose.

The fast decoder refuses a whole event for one lone surrogate, NaN, over-long text or deep nesting.
Here such an event is read tolerantly: what cannot stand is cut or replaced and named in the marks.
A wrong type, an unknown key or an unknown enum value is the sender's mistake and stays an error.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 32
MAX_FREE_STRING = 16_384  # a string inside changes or metadata
MAX_MARKS = 50
_MOST_DIGITS = 1000
_SHORTEST_LIMIT = 64  # no text of this length or less is too long anywhere

# Path pattern → longest text. The same numbers as in model.py; a test compares the two.
_LIMITS: dict[str, int] = {
    "operation": 200, "category": 200, "method": 200, "endpoint": 4000, "reason": 4000,
    "actor.id": 256, "actor.email": 320, "actor.name": 500,
    "actor.on_behalf_of.id": 256, "actor.on_behalf_of.email": 320, "actor.on_behalf_of.name": 500,
    "origin.ip": 64, "origin.peer_ip": 64, "origin.device_id": 256, "origin.user_agent": 4000,
    "targets[].type": 200, "targets[].id": 256, "targets[].name": 500, "changes[].path": 500,
    "context.request_id": 256, "context.session_id": 256, "context.trace_id": 256,
    "context.source": 200, "context.source_version": 200, "context.source_instance": 256,
    "job.id": 256, "job.root_id": 256, "job.parent_id": 256, "job.queue": 200, "job.worker": 200,
}  # fmt: skip
_LIST_LIMITS = {"targets": 100, "changes": 500}

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def read_tolerantly(raw: bytes) -> tuple[Any, list[str]]:
    """
    The JSON value of `raw` with ill-formed values replaced, and the marks that say which.

    Raises:
        ValueError: the bytes are not JSON even so (a missing brace, no value).
    """
    marks: list[str] = []
    shallow, was_cut = _cut_depth(raw)
    if was_cut:
        marks.append(f"(event): nested deeper than {MAX_DEPTH}, cut")
    text = shallow.decode("utf-8", "surrogateescape")
    if _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
        marks.append("(event): bytes that are not UTF-8, replaced")

    def integer(digits: str) -> int | str:
        # Python's conversion grows with the square of the length, and refuses at some length.
        if len(digits) <= _MOST_DIGITS:
            return int(digits)
        marks.append(f"(event): a number of {len(digits)} digits, kept as text")
        return digits

    value = json.loads(text, strict=False, parse_int=integer)
    return value, marks


def _cut_depth(raw: bytes) -> tuple[bytes, bool]:
    """Replaces whatever is nested deeper than MAX_DEPTH; iterative, so depth costs no stack."""
    depth = 0
    pieces: list[bytes] = []
    kept_to = 0
    cut_from = -1
    for token in _TOKEN.finditer(raw):
        first = raw[token.start()]
        if first in b"[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                cut_from = token.start()
        elif first in b"]}":
            depth -= 1
            if depth == MAX_DEPTH and cut_from >= 0:
                pieces.append(raw[kept_to:cut_from])
                pieces.append(b'"[cut: nested too deep]"')
                kept_to = token.end()
                cut_from = -1
    if not pieces:
        return raw, False
    pieces.append(raw[kept_to:])
    return b"".join(pieces), True


def mend(value: dict[str, Any], marks: list[str]) -> dict[str, Any]:
    """
    A copy of the event's JSON with over-long and ill-formed values cut or replaced.

    `marks` (given, extended) names each path; at most MAX_MARKS, the last says how many more.
    """
    mended: dict[str, Any] = {str(key): _mend(item, str(key), marks) for key, item in value.items()}
    if len(marks) > MAX_MARKS:
        more = len(marks) - MAX_MARKS + 1
        del marks[MAX_MARKS - 1 :]
        marks.append(f"and {more} more")
    return mended


def _mend(value: Any, path: str, marks: list[str]) -> Any:
    if isinstance(value, str):
        return _mend_text(value, path, marks)
    if isinstance(value, float) and not math.isfinite(value):
        marks.append(f"{path}: not a finite number, replaced by null")
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        if _is_free(path):
            marks.append(f"{path}: over 64 bits, kept as text")
            return str(value)
        return value
    if isinstance(value, dict):
        return {
            _mend_text(str(key), f"{path}.(key)", marks): _mend(item, f"{path}.{key[:80]}", marks)
            for key, item in value.items()
        }
    if isinstance(value, list):
        limit = _LIST_LIMITS.get(path)
        if limit is not None and len(value) > limit:
            marks.append(f"{path}: cut from {len(value)} to {limit} items")
            value = value[:limit]
        return [_mend(item, f"{path}[{position}]", marks) for position, item in enumerate(value)]
    return value


def _is_free(path: str) -> bool:
    return path.startswith("metadata") or ".before" in path or ".after" in path


_POSITION = re.compile(r"\[\d+\]")


def _mend_text(text: str, path: str, marks: list[str]) -> str:
    if text.isascii():
        if len(text) <= _SHORTEST_LIMIT:
            return text
    elif _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
        marks.append(f"{path}: lone surrogate, replaced")
    limit = _LIMITS.get(_POSITION.sub("[]", path))
    if limit is None and _is_free(path):
        limit = MAX_FREE_STRING
    if limit is not None and len(text) > limit:
        marks.append(f"{path}: cut from {len(text)} to {limit} characters")
        text = text[: limit - 1] + "…"
    return text


def shrink(value: dict[str, Any], marks: list[str], max_bytes: int) -> dict[str, Any]:
    """
    Leaves out the largest free parts (metadata, then values of changes) until the event fits.

    Each part left out is named in `marks`.
    """
    if _size(value) <= max_bytes:
        return value
    value = dict(value)
    if "metadata" in value:
        marks.append(f"metadata: left out, {_size(value['metadata'])} bytes are too many")
        value["metadata"] = {}
    if _size(value) > max_bytes and isinstance(value.get("changes"), list):
        marks.append("changes: values left out, too many bytes")
        value["changes"] = [
            {"path": change["path"]} if isinstance(change, dict) and "path" in change else change
            for change in value["changes"]
        ]
    return value


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
