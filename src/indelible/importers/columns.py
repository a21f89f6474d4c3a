"""
Which column of a CSV file becomes which field of an event: a map in TOML (spec/import.md, csv).

    delimiter = ";"
    time_format = "%d.%m.%Y %H:%M"
    zone = "Europe/Berlin"

    [columns]
    "When" = "occurred_at"
    "Who" = "actor.email"
    "What" = "operation"

    [fixed]
    "context.source" = "legacy-erp"
"""

from __future__ import annotations

import tomllib
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from indelible.errors import SettingsError

FIELDS: Final = frozenset(
    {"id", "stream", "category", "operation", "method", "endpoint", "status", "outcome",
     "occurred_at", "severity", "reason",
     "actor.kind", "actor.id", "actor.email", "actor.name",
     "actor.on_behalf_of.id", "actor.on_behalf_of.email", "actor.on_behalf_of.name",
     "origin.address", "origin.ip", "origin.peer_ip", "origin.device_id", "origin.user_agent",
     "target.type", "target.id", "target.name",
     "change.path", "change.before", "change.after",
     "context.request_id", "context.session_id", "context.trace_id", "context.source",
     "context.source_version",
     "job.id", "job.root_id", "job.parent_id", "job.attempt", "job.state", "job.queue",
     "job.worker", "job.duration_ms"}
)  # fmt: skip
METADATA: Final = "metadata."
LEFT_OUT: Final = "-"


class ColumnMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Column → field. `origin.address` is an IP address or, where it is none, a device id.

    `metadata.x` keeps a column as free data, `-` leaves it out; a column that is not named goes to
    metadata under its own name. Times without a zone are of `zone`.
    """

    columns: dict[str, str]
    fixed: dict[str, str] = {}
    delimiter: str = ","
    time_format: str | None = None
    zone: str = "UTC"

    def __post_init__(self) -> None:
        for column, field in self.columns.items():
            if field not in FIELDS and not field.startswith(METADATA) and field != LEFT_OUT:
                raise ValueError(f"column {column!r}: there is no field {field!r}")
        for field in self.fixed:
            if field not in FIELDS and not field.startswith(METADATA):
                raise ValueError(f"fixed: there is no field {field!r}")
        if len(self.delimiter) != 1:
            raise ValueError(f"delimiter: expected one character, got {self.delimiter!r}")
        if "operation" not in (*self.columns.values(), *self.fixed):
            raise ValueError("no column becomes `operation`, which every event needs")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"zone: {self.zone!r} is no IANA time zone") from None


def read_map(text: str) -> ColumnMap:
    """A map from TOML. Raises SettingsError that names what is wrong in it."""
    try:
        return msgspec.convert(tomllib.loads(text), ColumnMap)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the column map is not TOML: {error}") from error
    except (msgspec.ValidationError, ValueError) as error:
        raise SettingsError(
            f"the column map is wrong: {error}",
            hint="fields are " + ", ".join(sorted(FIELDS)) + ", metadata.… and -",
        ) from error


OWN: Final = ColumnMap(
    columns={
        "Date": LEFT_OUT,
        "Occurred (UTC)": "occurred_at",
        "User Email": "actor.name",
        "User IP Address": "origin.address",
        "Method": "method",
        "Endpoint": "endpoint",
        "Status": "status",
        "Operation": "operation",
        "Stream": "stream",
        "Category": "category",
        "Outcome": "outcome",
        "Actor Kind": "actor.kind",
        "Actor Id": "actor.id",
        "Request Id": "context.request_id",
        "Source": "context.source",
        "Event Id": "id",
    },
)
"""The map of our own exports, used when none is given."""
