"""
How a person likes their screen: the columns of the list, its density, its times.

Kept by key, so that two tabs that change different things do not undo each other; of two that
change the same thing the last one wins. It says nothing about the log and is no event of it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from indelible.clock import Clock
from indelible.codec import decode_json, encode_json
from indelible.errors import InvalidRequest
from indelible.server.access.control import ControlDatabase

MAX_COLUMNS = 40
MAX_BYTES = 4096
"""Of one value as it is stored."""

# The columns themselves are the screen's: it leaves out the ones that it does not know (any more).
ColumnName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z_]{0,31}(?!\n)$")]
Width = Annotated[int, msgspec.Meta(ge=48, le=900)]
ColumnNames = Annotated[tuple[ColumnName, ...], msgspec.Meta(max_length=MAX_COLUMNS)]
Shown = Annotated[tuple[ColumnName, ...], msgspec.Meta(min_length=1, max_length=MAX_COLUMNS)]
Widths = Annotated[dict[ColumnName, Width], msgspec.Meta(max_length=MAX_COLUMNS)]


class ColumnsPreference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns in their order, which of them stay in sight, and chosen widths in pixels."""

    shown: Shown
    pinned: ColumnNames
    widths: Widths


class Preferences(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a person chose; what is absent was never chosen."""

    columns: ColumnsPreference | msgspec.UnsetType = msgspec.UNSET
    density: Literal["compact", "cosy"] | msgspec.UnsetType = msgspec.UNSET
    times: Literal["absolute", "relative"] | msgspec.UnsetType = msgspec.UNSET


class PreferenceStore:
    """The preferences of all people. Safe for several threads, as the control database is."""

    def __init__(self, control: ControlDatabase, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def get(self, tenant_id: int, person: str) -> Preferences:
        """What the person chose; a value that this version cannot read is left out."""
        rows = self._control.read(
            "SELECT name, value FROM preference WHERE tenant = ? AND person = ?",
            (tenant_id, person),
        )
        found = Preferences()
        for name, value in rows:
            try:
                one = msgspec.convert({name: decode_json(value)}, Preferences)
            except msgspec.ValidationError:
                continue
            found = msgspec.structs.replace(found, **_chosen(one))
        return found

    def change(self, tenant_id: int, person: str, changes: Preferences) -> None:
        """
        Keeps what is in `changes` and leaves the rest as it is. Raises InvalidRequest.

        The last one who changes a key wins.
        """
        now_us = self._clock.now_us()
        rows = []
        for name, value in _chosen(changes).items():
            text = encode_json(value).decode()
            if len(text) > MAX_BYTES:
                raise InvalidRequest(f"{name} has more than {MAX_BYTES} bytes", parameter=name)
            rows.append((tenant_id, person, name, text, now_us))
        if not rows:
            return
        with self._control.write() as transaction:
            transaction.executemany(
                "INSERT OR REPLACE INTO preference VALUES(?, ?, ?, ?, ?)",
                rows,
            )


def _chosen(preferences: Preferences) -> dict[str, object]:
    values = msgspec.structs.asdict(preferences)
    return {name: value for name, value in values.items() if value is not msgspec.UNSET}
