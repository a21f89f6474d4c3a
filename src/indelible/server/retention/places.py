"""
Where else a person stands: saved views, accounts, and backups of before. Listed, never changed: the
preview says what to do about each.
"""

from __future__ import annotations

from typing import Any

import msgspec

from indelible.codec import encode_json
from indelible.server.access.control import ControlDatabase
from indelible.server.index import IndexProcess
from indelible.server.query.pattern import Parameters
from indelible.server.query.reach import TENANT
from indelible.server.retention.subject import Matcher


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One such place; `goes` tells whether the erasure takes it away."""

    kind: str
    name: str
    at: int | None = None
    goes: bool = False


class _Backup(msgspec.Struct):
    at: int


def views_and_accounts(control: ControlDatabase, tenant_id: int, matcher: Matcher) -> list[Place]:
    """What the control database has of the person."""
    places = [
        Place(kind="account", name=name)
        for name, email in control.read(
            "SELECT name, email FROM person WHERE tenant = ?", (tenant_id,)
        )
        if matcher.matches(email) or matcher.matches(name)
    ]
    for name, address, owner in control.read(
        "SELECT name, address, owner_name FROM saved_view WHERE tenant = ?", (tenant_id,)
    ):
        if matcher.may_be_in(encode_json([name, address])):
            places.append(Place(kind="view", name=f"{name} ({owner})"))
    for name, wanted in control.read(
        "SELECT name, wanted FROM hold WHERE tenant = ? AND state <> 'released'", (tenant_id,)
    ):
        if matcher.may_be_in(encode_json(name) + wanted.encode()):
            places.append(Place(kind="hold", name=name))
    return places


async def backups(index: IndexProcess, tenant_id: int, limit: int = 20) -> list[Place]:
    """Backups that the service knows of, newest first: each has all that there was when made."""
    parameters = Parameters(tenant_id)
    operation = parameters.add("BackUpLog", "String")
    state = parameters.add("succeeded", "String")
    found = await index.query(
        f"SELECT occurred_us AS at FROM events WHERE {TENANT} AND operation = {operation}"
        f" AND job_state = {state} AND reported_by = 'service' ORDER BY occurred_us DESC"
        f" LIMIT {int(limit)}",
        parameters.values,
    )
    rows: list[Any] = msgspec.json.Decoder(_Backup).decode_lines(found)
    return [Place(kind="backup", name="indelible backup", at=row.at) for row in rows]
