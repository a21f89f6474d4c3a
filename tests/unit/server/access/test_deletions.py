"""The table of deletions: one at a time, steps once; and what goes with a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from indelible.errors import Conflict, NotFound
from indelible.server.access.approvals import Somebody
from indelible.server.access.control import ControlDatabase
from indelible.server.access.deletions import Deletion, DeletionTable
from indelible.server.access.outbox import OwnEvent, waiting

# Rows that belong to no tenant: of the folder, or of all tenants, and those of people, by cascade.
OF_NOBODY = {
    "alembic_version", "attempt", "logout_token", "tenant_deletion", "sqlite_sequence",
    # With people, by themselves or in `forget_tenant`:
    "session", "totp", "recovery_code", "passkey", "login_step", "scim_member",
}  # fmt: skip
NEW = Deletion(
    id="td_1", leaving=2, name="acme", origin="host.example/acme", home=1, state="announced",
    approval="ap_1", reason="ended", asker=Somebody("u_1", "Ana"), asked_us=1,
    approver=Somebody("u_2", "Bea"), approved_us=2, due_us=3, numbers={"events": 7},
)  # fmt: skip


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlDatabase]:
    made = ControlDatabase(tmp_path / "control.sqlite3")
    yield made
    made.close()


def told(before: Deletion, after: Deletion) -> OwnEvent:
    return {"id": f"{before.state}-{after.state}"}


def test_one_at_a_time_and_each_step_once(control: ControlDatabase) -> None:
    table = DeletionTable(control)
    table.add(NEW, told)
    with pytest.raises(Conflict):
        table.add(msgspec.structs.replace(NEW, id="td_2", approval="ap_2"), told)
    assert (table.of_tenant(2), table.of_approval("ap_1"), table.one("td_1")) == (NEW, NEW, NEW)
    assert table.closed() == frozenset()
    with pytest.raises(Conflict) as early:
        table.certificate("td_1")
    assert early.value.code == "not-deleted"
    closing = table.move(NEW, "closing")
    with pytest.raises(Conflict):
        table.move(NEW, "withdrawn", event=told)
    assert table.closed() == frozenset({2})
    removing = table.move(closing, "removing", certificate=b'{"a":1}')
    table.move(removing, "deleted", event=told, ended_us=9)
    assert table.certificate("td_1") == b'{"a":1}'
    assert table.one("td_1").ended_us == 9
    assert table.open() == []
    assert [item.event["id"] for item in waiting(control)] == [
        "announced-announced", "removing-deleted",
    ]  # fmt: skip
    assert {item.tenant_id for item in waiting(control)} == {1}
    with pytest.raises(NotFound):
        table.one("td_9")


def test_after_a_withdrawal_it_can_be_asked_for_anew(control: ControlDatabase) -> None:
    table = DeletionTable(control)
    table.add(NEW, told)
    table.move(NEW, "withdrawn", event=told, ended_us=4)
    again = msgspec.structs.replace(NEW, id="td_2", approval="ap_2", approved_us=5)
    table.add(again, told)
    assert table.of_tenant(2) == again
    assert [one.id for one in table.open()] == ["td_2"]


def test_every_table_says_whose_its_rows_are(control: ControlDatabase) -> None:
    """A new table without `tenant` has to be looked at here: do its rows go with a tenant?"""
    tables = {
        name for (name,) in control.read("SELECT name FROM sqlite_schema WHERE type = 'table'")
    }
    with_tenant = {
        name
        for name in tables
        if any(row[1] == "tenant" for row in control.read(f"PRAGMA table_info({name})"))
    }
    assert tables - with_tenant == OF_NOBODY & tables
    assert not with_tenant & OF_NOBODY


def test_what_a_tenant_has_goes_and_what_others_have_stays(control: ControlDatabase) -> None:
    with control.write() as run:
        for tenant in (1, 2):
            run.execute(
                "INSERT INTO person(id, tenant, email, email_folded, name, role, password,"
                " created_us) VALUES(?, ?, ?, ?, 'x', 'admin', '', 1)",
                (f"u_{tenant}", tenant, f"a@{tenant}.example", f"a@{tenant}.example"),
            )
            run.execute(
                "INSERT INTO session(token_hash, id, person, created_us, seen_us)"
                " VALUES(?, ?, ?, 1, 1)",
                (bytes([tenant]), f"s_{tenant}", f"u_{tenant}"),
            )
            run.execute("INSERT INTO totp(person, secret) VALUES(?, 'x')", (f"u_{tenant}",))
            run.execute(
                "INSERT INTO login_step VALUES(?, 'tenant', ?, 9)",
                (bytes([tenant]), f'{{"person":"u_{tenant}"}}'),
            )
            run.execute("INSERT INTO own_event(tenant, event) VALUES(?, '{}')", (tenant,))
    table = DeletionTable(control)
    table.end_access(2)
    assert control.read("SELECT person FROM session") == [("u_1",)]
    assert control.read("SELECT active FROM person WHERE tenant = 2") == [(0,)]
    table.forget_tenant(2)
    table.forget_tenant(2)
    for name in ("person", "session", "totp", "login_step", "own_event"):
        assert control.read(f"SELECT count(*) FROM {name}") == [(1,)], name
