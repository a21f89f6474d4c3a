"""When the deletion of a tenant begins: on its day, by a clock that is trusted, with nothing new in
its way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indelible.clock import US_PER_DAY, FixedClock
from indelible.server.access.approvals import Somebody
from indelible.server.access.control import ControlDatabase
from indelible.server.access.deletions import Deletion, DeletionTable
from indelible.server.access.outbox import waiting
from indelible.server.ledger import Tenant
from indelible.server.retention.deletion import Deletions
from indelible.server.retention.deletion_numbers import Obstacle

NOW_US = 1_795_000_000_000_000
NEW = Deletion(
    id="td_1", leaving=2, name="acme", origin="host.example/acme", home=1, state="announced",
    approval="ap_1", reason="ended", asker=Somebody("u_1", "Ana"), asked_us=1,
    approver=Somebody("u_2", "Bea"), approved_us=2, due_us=NOW_US + US_PER_DAY, numbers={},
)  # fmt: skip

pytestmark = pytest.mark.anyio


class Closed(Exception):
    """It was about to be closed: no way back."""


class Own:
    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []

    def new_id(self) -> str:
        return "id"

    async def record(self, tenant_id: int, event: dict[str, Any]) -> None:
        self.told.append((tenant_id, event["operation"]))

    async def drain(self) -> None:
        pass


class World:
    """The real table; what stands around it says what the test wants."""

    def __init__(self, control: ControlDatabase) -> None:
        self.clock = FixedClock(NOW_US)
        self.table = DeletionTable(control)
        self.control = control
        self.is_trusted = True
        self.in_the_way: list[Obstacle] = []
        self.own = Own()
        rest: Any = self
        self.deletions = Deletions(
            self.table, rest, control, rest, rest, rest.own, self.close,
            self.clock_holds, rest.close, self.clock, rest, Path(), 7,
        )  # fmt: skip

    def tenant(self, tenant_id: int) -> Tenant:
        return Tenant(tenant_id, "acme", "host.example/acme")

    def obstacles(self, tenant: Tenant, home: int, now_us: int) -> list[Obstacle]:
        return self.in_the_way

    async def clock_holds(self, tenant_id: int) -> bool:
        assert tenant_id == 1
        return self.is_trusted

    async def close(self, tenant_id: int) -> None:
        raise Closed

    def operations(self) -> list[str]:
        return [item.event["operation"] for item in waiting(self.control)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    control = ControlDatabase(tmp_path / "control.sqlite3")
    made = World(control)
    made.table.add(NEW, lambda *_: {"operation": "Announce"})
    yield made
    control.close()


async def test_not_before_its_day_and_not_by_a_doubted_clock(world: World) -> None:
    await world.deletions.do_due()
    assert world.table.one("td_1").state == "announced"
    world.clock.advance(86_400)
    world.is_trusted = False
    await world.deletions.do_due()
    await world.deletions.do_due()
    assert world.table.one("td_1").state == "announced"
    assert world.own.told == []
    world.is_trusted = True
    with pytest.raises(Closed):
        await world.deletions.do_due()
    assert world.table.one("td_1").state == "closing"
    assert world.own.told == [(2, "CloseTenant")]


async def test_what_came_in_its_way_meanwhile_refuses_it(world: World) -> None:
    world.clock.advance(86_400)
    world.in_the_way = [Obstacle("held", "the hold Case 7 stands")]
    await world.deletions.do_due()
    ended = world.table.one("td_1")
    assert (ended.state, ended.note) == ("refused", "the hold Case 7 stands")
    assert world.operations() == ["Announce", "RefuseTenantDeletion"]
    world.in_the_way = []
    await world.deletions.do_due()
    assert world.table.one("td_1").state == "refused", "it has to be asked for anew"
