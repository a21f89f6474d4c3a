"""All checks of a data folder and its machine. Reads only; a running service is no hindrance."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import msgspec

from indelible.clock import Clock
from indelible.errors import Error
from indelible.server.ops.checks import folder, machine, stores
from indelible.server.ops.checks.check import Check, Finding, Subject, problem
from indelible.server.settings import Settings, load_settings

CHECKS: tuple[tuple[str, Check], ...] = (
    ("versions", machine.check_versions),
    ("data folder", folder.check_format),
    ("settings", folder.check_settings),
    ("permissions", folder.check_permissions),
    ("disk", folder.check_disk),
    ("ledger", stores.check_ledger),
    ("control database", stores.check_control),
    ("write-ahead log", stores.check_wal),
    ("guard", stores.check_guard),
    ("signing keys", stores.check_keys),
    ("signatures", machine.check_signatures),
    ("search index", stores.check_index),
    ("clock", stores.check_clock),
    ("time zones", machine.check_zones),
    ("open files", machine.check_open_files),
    ("port", machine.check_port),
)


class Result(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    finding: Finding


def examine(data_dir: Path, environment: Mapping[str, str], clock: Clock) -> list[Result]:
    """Every check, each whatever became of the ones before it."""
    settings: Settings | None = None
    try:
        settings = load_settings(data_dir, environment)
    except Error:
        pass  # the check of the settings tells
    subject = Subject(data_dir, environment, settings, clock)
    return [Result(name, _run(check, subject)) for name, check in CHECKS]


def _run(check: Check, subject: Subject) -> Finding:
    try:
        return check(subject)
    except Error as error:
        return problem(error.message, error.hint or "see docs/operations.md")
    except (OSError, sqlite3.Error) as error:
        return problem(f"cannot be looked at: {error}", "run it as the user of the service")
