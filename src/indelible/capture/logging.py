"""
Python's `logging` and structlog as a way to record: for products that log their audit events now.

    logging.getLogger("audit").addHandler(AuditHandler(audit))
    logging.getLogger("audit.groups").info("CreateGroup", extra={"audit": {"targets": […]}})

    structlog.configure(processors=[…, AuditProcessor(audit), structlog.processors.JSONRenderer()])
    log.info("CreateGroup", audit=True, targets=[…])

A record becomes an event if it has `audit`: a dict of the event's fields, or for structlog also
True, and then the keys of the entry that are fields of an event are taken. Others pass untouched.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

from indelible.client import Indelible
from indelible.client.fields import FIELD_NAMES, EventFields
from indelible.event.model import Severity

_SEVERITIES: tuple[tuple[int, Severity], ...] = (
    (logging.CRITICAL, "critical"),
    (logging.WARNING, "warning"),
    (logging.NOTSET, "info"),
)


class AuditHandler(logging.Handler):
    """
    Records what has `extra={"audit": {…}}`; with `everything=True` every record it is given.

    The message is the operation unless the dict names one. Records of the SDK itself are ignored.
    """

    def __init__(self, client: Indelible, *, everything: bool = False) -> None:
        super().__init__()
        self._client = client
        self._everything = everything

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging, in the thread that logs."""
        said = getattr(record, "audit", None)
        if record.name.startswith("indelible.") or not (self._everything or said):
            return
        fields = said if isinstance(said, Mapping) else {}
        try:
            text = record.getMessage()
            _record(self._client, text, fields, record.levelno, {"logger": record.name})
        except Exception as error:  # noqa: BLE001 - a log line must not break the host
            self._client.swallow(error, "could not record a log record")


class AuditProcessor:
    """A structlog processor; put it before the renderer. The entry goes on unchanged."""

    def __init__(self, client: Indelible) -> None:
        self._client = client

    def __call__(
        self, logger: object, method: str, entry: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        del logger
        said = entry.get("audit")
        if not said:
            return entry
        try:
            fields = said
            if not isinstance(said, Mapping):
                fields = {name: value for name, value in entry.items() if name in FIELD_NAMES}
            level = logging.getLevelNamesMapping().get(method.upper(), logging.INFO)
            _record(self._client, str(entry.get("event", "")), fields, level, {})
        except Exception as error:  # noqa: BLE001 - a log line must not break the host
            self._client.swallow(error, "could not record a log entry")
        return entry


def _record(
    client: Indelible, text: str, fields: Mapping[str, Any], level: int, metadata: dict[str, Any]
) -> None:
    event = {name: value for name, value in fields.items() if name in FIELD_NAMES}
    others = {name: value for name, value in fields.items() if name not in FIELD_NAMES}
    operation = others.pop("operation", None)
    if operation is None:
        # A sentence is no operation: it stays readable as the reason.
        operation = text if len(text) <= 100 and " " not in text else "LogRecord"
        if operation != text:
            event.setdefault("reason", text)
    event.setdefault("severity", next(name for least, name in _SEVERITIES if level >= least))
    more = {**metadata, **others, **(event.get("metadata") or {})}
    event["metadata"] = more or None
    client.record(str(operation) or "LogRecord", **cast("EventFields", event))
