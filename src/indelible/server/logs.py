"""
The service's own log lines on stderr, as text or JSON. Bodies of events never appear in them.

Whatever a sender controls (paths, names) is made printable, so that it cannot forge a line or
steer a terminal.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import Any

from indelible.clock import format_us
from indelible.codec import encode_json
from indelible.server.setting_groups import LogSettings

_EXTRA = ("request_id", "ms", "ip")


class _Formatter(logging.Formatter):
    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": format_us(int(record.created * 1_000_000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": printable(record.getMessage()),
        }
        line |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            cause_text = "".join(traceback.format_exception(*record.exc_info))
            line["cause"] = "\n".join(printable(one) for one in cause_text.splitlines())
        if self._as_json:
            return encode_json(line).decode()
        extra = "".join(f" {name}={line[name]}" for name in _EXTRA if line.get(name) is not None)
        # Each line of it is indented, so that none can pass for a log line of its own.
        cause = "".join(f"\n    {one}" for one in line.get("cause", "").splitlines())
        return f"{line['time']} {line['level']:7} {line['message']}{extra}{cause}"


# A key or a viewer token that somebody put into an address by mistake; its id may stand, its secret
# may not.
_KEY = re.compile(r"(ind_[a-z]_[0-9A-Za-z]{10}_)[0-9A-Za-z]+")


def printable(text: str) -> str:
    """
    Text in which control and bidirectional characters are written as their escapes, and the
    secrets of keys left out.
    """
    if "ind_" in text:
        text = _KEY.sub(r"\1[secret]", text)
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def configure_logs(settings: LogSettings) -> None:
    """Sends the log lines of all parts to stderr; called once, by the process that serves."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(as_json=settings.format == "json"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("indelible").setLevel(settings.level.upper())
