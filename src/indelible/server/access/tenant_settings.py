"""Settings of the screen, one set for each tenant, changed while the service runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from indelible.codec import decode_json, encode_json
from indelible.errors import InvalidRequest, SettingsError
from indelible.server.access.control import ControlDatabase
from indelible.server.access.outbox import OwnEvent, put
from indelible.server.setting_groups import ScreenSettings
from indelible.server.settings import TABLE, check_value

_ROWS = {row.name: row for row in TABLE if row.group == "screen"}


class TenantSettings:
    """Stored changes over the defaults of the settings table."""

    def __init__(self, control: ControlDatabase, defaults: ScreenSettings) -> None:
        self._control = control
        self._defaults = defaults

    def get(self, tenant_id: int) -> ScreenSettings:
        """The settings in force."""
        rows = self._control.read(
            "SELECT name, value FROM tenant_setting WHERE tenant = ?", (tenant_id,)
        )
        stored = {name: decode_json(value) for name, value in rows if name in _ROWS}
        return msgspec.structs.replace(self._defaults, **stored)

    @staticmethod
    def check(changes: dict[str, Any]) -> dict[str, Any]:
        """The changes in their own types. Raises InvalidRequest naming the setting."""
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            row = _ROWS.get(name)
            if row is None:
                raise InvalidRequest(f"unknown setting {name}", parameter=name)
            try:
                checked[name] = check_value(row, value, "request")
            except SettingsError as error:
                raise InvalidRequest(
                    f"{name}: {value!r} is not allowed", parameter=name, hint=error.hint
                ) from error
        return checked

    def change(
        self,
        tenant_id: int,
        wanted: dict[str, Any],
        make_event: Callable[[list[dict[str, Any]]], OwnEvent],
    ) -> None:
        """
        Stores checked settings; what really changes is told by one event.

        What was there before is read in the same transaction: of two changes at once, the second
        tells what the first one set.
        """
        with self._control.write() as transaction:
            stored = {
                name: decode_json(value)
                for name, value in transaction.execute(
                    "SELECT name, value FROM tenant_setting WHERE tenant = ?", (tenant_id,)
                )
            }
            before = {name: stored.get(name, getattr(self._defaults, name)) for name in wanted}
            changes = [
                {"path": name, "before": before[name], "after": value}
                for name, value in wanted.items()
                if before[name] != value
            ]
            if not changes:
                return
            transaction.executemany(
                "INSERT OR REPLACE INTO tenant_setting VALUES(?, ?, ?)",
                [(tenant_id, one["path"], encode_json(one["after"]).decode()) for one in changes],
            )
            put(transaction, tenant_id, make_event(changes))
