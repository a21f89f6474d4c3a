"""What deleting a tenant comes to, in numbers, and what stands in its way."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from indelible.clock import day_of
from indelible.errors import Conflict
from indelible.server.access.approvals import Wanted
from indelible.server.access.control import ControlDatabase
from indelible.server.ledger import LedgerReader, Tenant
from indelible.server.ledger.policies import PolicyHistory
from indelible.server.retention.edit import day_text, floor_text
from indelible.server.retention.hold_table import HoldTable


class Obstacle(msgspec.Struct, frozen=True):
    """Why a tenant cannot be deleted now; `until` is the day from which this one is over."""

    code: str
    detail: str
    until: str | None = None


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """What would be gone. `floors` are those without a date: they end with the tenant."""

    events: int
    entries: int
    first_day: str | None
    last_day: str | None
    people: int
    keys: int
    viewer_tokens: int
    views: int
    exports: int
    holds: int
    floors: int


class DeletionNumbers:
    """Looks into ledger and control database. Every method may block: call it from a thread."""

    def __init__(
        self,
        reader: LedgerReader,
        control: ControlDatabase,
        policies: Callable[[int], PolicyHistory],
        named_in_settings: Callable[[str], str | None],
    ) -> None:
        self._reader = reader
        self._control = control
        self._holds = HoldTable(control)
        self._policies = policies
        self._named_in_settings = named_in_settings

    def count(self, tenant: Tenant) -> Numbers:
        """The numbers as of now."""
        events, first_day, last_day = self._reader.extent(tenant.id)
        floors = self._policies(tenant.id).newest.policy.floors
        return Numbers(
            events=events,
            entries=self._reader.size(tenant.id),
            first_day=None if first_day is None else day_text(first_day),
            last_day=None if last_day is None else day_text(last_day),
            people=self._rows("person", tenant.id),
            keys=self._rows("api_key", tenant.id, "AND revoked_us IS NULL"),
            viewer_tokens=self._rows("viewer_token", tenant.id, "AND revoked_us IS NULL"),
            views=self._rows("saved_view", tenant.id),
            exports=self._rows(
                "export_job", tenant.id, "AND state = 'done' AND way = 'background'"
            ),
            holds=len(self._holds.standing(tenant.id)),
            floors=sum(floor.until_day is None for floor in floors),
        )

    def obstacles(self, tenant: Tenant, home: int, now_us: int) -> list[Obstacle]:
        """What stands in its way now; none when it may be deleted."""
        if tenant.id == home:
            return [Obstacle("home-tenant", "the first tenant of a folder is never deleted")]
        found = [
            Obstacle("held", f"the hold {hold.name} stands: it must be released first")
            for hold in self._holds.standing(tenant.id)
        ]
        policy = self._policies(tenant.id).newest.policy
        names = {category.id: category.name for category in policy.categories}
        today = day_of(now_us)
        found += [
            Obstacle(
                "locked",
                f"a floor with a date has not passed: {names[floor.category]}, {floor_text(floor)}",
                day_text(floor.until_day),
            )
            for floor in policy.floors
            if floor.until_day is not None and floor.until_day > today
        ]
        setting = self._named_in_settings(tenant.name)
        if setting is not None:
            found.append(
                Obstacle(
                    "named-in-settings",
                    f"the setting {setting} names it: take that out and start the service anew",
                )
            )
        return found

    def _rows(self, table: str, tenant_id: int, more: str = "") -> int:
        sql = f"SELECT count(*) FROM {table} WHERE tenant = ? {more}"
        return int(self._control.read(sql, (tenant_id,))[0][0])


def wanted(tenant: Tenant, reason: str, numbers: Numbers, notice_days: int) -> Wanted:
    """The request for a second person."""
    return Wanted(
        kind="tenant_deletion",
        title=f"Delete the tenant {tenant.name}",
        reason=reason,
        target_type="tenant",
        target=tenant.name,
        act={"tenant": tenant.id},
        shown={**msgspec.to_builtins(numbers), "after_days": notice_days},
    )


def refusal(obstacles: list[Obstacle]) -> Conflict:
    """The error for what stands in the way; its code is that of the first."""
    first = obstacles[0]
    return Conflict(
        "it cannot be deleted: " + "; ".join(one.detail for one in obstacles),
        code=first.code,
        hint=None if first.until is None else f"this one is over on {first.until}",
    )
