"""Settings of the screen, one set for each tenant, changed while the service runs."""

from __future__ import annotations

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

    def put(self, tenant_id: int, changes: dict[str, Any], event: OwnEvent) -> None:
        """Stores checked changes, with their event."""
        with self._control.write() as transaction:
            transaction.executemany(
                "INSERT OR REPLACE INTO tenant_setting VALUES(?, ?, ?)",
                [(tenant_id, name, encode_json(value).decode()) for name, value in changes.items()],
            )
            put(transaction, tenant_id, event)
