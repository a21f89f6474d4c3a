"""
CEF (ArcSight Common Event Format, version 0): one line per event.

In the head `\\` and `|` are escaped, in the extension `\\` and `=`; ends of lines become `\\n`. The
mapping stands in docs/how-to/export.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from indelible.clock import to_us
from indelible.codec import encode_json
from indelible.server.version import version

_SEVERITIES: Final = {"info": 3, "notice": 5, "warning": 7, "critical": 10}
_OUTCOMES: Final = {"success": 3, "unknown": 3, "failure": 6, "denied": 7}


def _head(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    """Backslashes doubled; what would end the line, or the head, is a space."""
    plain = text.replace("\\", "\\\\")
    return "".join(
        " " if ord(c) < 32 or ord(c) in (127, 0x85, 0x2028, 0x2029) else c for c in plain
    )


def _extension(text: str) -> str:
    # Real ends of lines have a form of their own here; all other control characters are spaces.
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\\n".join(_line(part).replace("=", "\\=") for part in parts)


def cef_line(event: dict[str, Any]) -> bytes:
    """The event as a line."""
    actor, origin = event["actor"], event["origin"] or {}
    context, job = event["context"] or {}, event["job"] or {}
    target = (event["targets"] or [{}])[0]
    severity = _SEVERITIES.get(event["severity"] or "", _OUTCOMES.get(event["outcome"], 3))
    fields: dict[str, Any] = {
        "rt": _ms(event["received_at"]),
        "start": _ms(event["occurred_at"]),
        "externalId": event["id"],
        "cat": event["category"],
        "act": event["operation"],
        "outcome": event["outcome"],
        "suser": actor["email"] or actor["name"],
        "suid": actor["id"],
        "src" if ":" not in (origin.get("ip") or "") else "c6a2": origin.get("ip"),
        "requestMethod": event["method"],
        "request": event["endpoint"],
        "requestClientApplication": origin.get("user_agent"),
        "duid": target.get("id"),
        "reason": event["reason"],
        "cn1": event["index"],
        "cn1Label": "ledgerIndex",
        "cs1": event["leaf_hash"],
        "cs1Label": "leafHash",
        "cs2": event["stream"],
        "cs2Label": "stream",
    }
    if ":" in (origin.get("ip") or ""):
        fields["c6a2Label"] = "Source IPv6 Address"
    labelled = (
        ("cn2", "status", event["status"]),
        ("cs3", "targets", event["targets"] or None),
        ("cs4", "changes", event["changes"] or None),
        ("cs5", "context", {name: value for name, value in {**context, **_job(job)}.items()
                            if value is not None} or None),
        ("cs6", "metadata", event["metadata"] or None),
    )  # fmt: skip
    for key, label, value in labelled:
        if value is not None:
            fields[key] = value if isinstance(value, int) else encode_json(value).decode()
            fields[f"{key}Label"] = label
    extension = " ".join(
        f"{key}={_extension(str(value))}"
        for key, value in fields.items()
        if value is not None and value != ""
    )
    operation = _head(event["operation"])
    return (
        f"CEF:0|Indelible|Indelible|{_head(version())}|{operation}|{operation}|{severity}|"
        f"{extension}"
    ).encode("utf-8", "replace")


def _job(job: dict[str, Any]) -> dict[str, Any]:
    return {f"job_{name}": value for name, value in job.items()}


def _ms(text: str) -> int:
    return to_us(datetime.fromisoformat(text)) // 1000
