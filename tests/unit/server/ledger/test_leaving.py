"""A tenant leaves the ledger: for good, whole, and without a trace of its values in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.server.ledger.conftest import append_to

from indelible.clock import FixedClock
from indelible.errors import Conflict, Denied, NotFound
from indelible.server.ledger import Ledger, LedgerReader
from indelible.server.ledger.leaving import delete_files

SECRET = "zanzibar-secret-value"
TABLES = ("piece", "record", "entry", "run", "seen", "alias", "tile", "checkpoint", "head")


def fill(ledger: Ledger, tenant_id: int, count: int) -> None:
    for n in range(count):
        event = {
            "operation": "Act",
            "reason": f"{SECRET} {tenant_id} {n}",
            "actor": {"email": f"{n}@t{tenant_id}.example"},
        }
        append_to(ledger, event, tenant_id=tenant_id)


def rows_of(data_dir: Path, tenant_id: int) -> dict[str, int]:
    reader = LedgerReader(data_dir / "ledger.sqlite3")
    try:
        run = reader._connection
        return {
            name: run.execute(
                f"SELECT count(*) FROM {name} WHERE tenant = ?", (tenant_id,)
            ).fetchone()[0]
            for name in TABLES
        }
    finally:
        reader.close()


def bytes_of(data_dir: Path, tenant_id: int) -> list[bytes]:
    """What only this tenant has: sealed pieces, seeds, hashes, stand-ins, ids, signatures."""
    reader = LedgerReader(data_dir / "ledger.sqlite3")
    try:
        found: list[bytes] = []
        for sql in (
            "SELECT data FROM piece",
            "SELECT seed FROM piece",
            "SELECT hashes FROM tile",
            "SELECT alias FROM alias",
            "SELECT keys FROM seen",
            "SELECT note FROM checkpoint",
        ):
            for (value,) in reader._connection.execute(f"{sql} WHERE tenant = ?", (tenant_id,)):
                whole = value.encode() if isinstance(value, str) else bytes(value)
                found.append(whole[-96:-48] if len(whole) > 96 else whole)
        return [one for one in found if len(one) >= 16]
    finally:
        reader.close()


def found_in(data_dir: Path, value: bytes) -> bool:
    return any(value in path.read_bytes() for path in data_dir.rglob("ledger*") if path.is_file())


@pytest.fixture
def pair(data_dir: Path, clock: FixedClock) -> Path:
    Ledger.create(data_dir, clock, tenant="acme", origin="host.example/acme")
    return data_dir


def test_a_tenant_leaves_and_nothing_of_it_stays(pair: Path, clock: FixedClock) -> None:
    ledger = Ledger.open(pair, clock=clock)
    fill(ledger, 1, 2)
    fill(ledger, 2, 5)
    before = rows_of(pair, 1)
    size_before = ledger.size(1)
    stored = bytes_of(pair, 2)
    assert len(stored) > 20
    assert [one for one in stored if not found_in(pair, one)] == []
    ledger.close_tenant(2)
    with pytest.raises(Denied) as refused:
        fill(ledger, 2, 1)
    assert refused.value.code == "tenant-deleted"
    ledger.retire(2)
    ledger.retire(2)  # done again it changes nothing
    with pytest.raises(NotFound):
        ledger.act_and_wait(2, lambda desk: None)
    with pytest.raises(NotFound):
        ledger.vkeys(2)
    assert [tenant.id for tenant in ledger.tenants()] == [1]
    assert ledger.adopt() == []
    delete_files(pair, 2)
    ledger.close()

    # A crash here leaves rows of nobody; the next start goes on with them.
    assert rows_of(pair, 2)["piece"] > 0
    ledger = Ledger.open(pair, clock=clock)
    while ledger.delete_some(2):
        pass
    assert set(rows_of(pair, 2).values()) == {0}
    assert {**rows_of(pair, 1), "checkpoint": 1} == {**before, "checkpoint": 1}
    assert ledger.size(1) == size_before
    fill(ledger, 1, 1)
    assert ledger.make_physical()
    ledger.close()
    # Free pages and the write-ahead log included: of what was stored no byte string is left.
    assert [one for one in stored if found_in(pair, one)] == []
    assert sorted(path.name for path in (pair / "keys").iterdir()) == ["1.key"]
    assert [path.name for path in (pair / "guard").iterdir()] == ["1.json"]


def test_id_name_and_origin_are_never_used_again(pair: Path, clock: FixedClock) -> None:
    ledger = Ledger.open(pair, clock=clock)
    ledger.close_tenant(2)
    ledger.retire(2)
    gone = ledger.reader.deleted_tenants()
    assert [(one.id, one.name, one.origin) for one in gone] == [(2, "acme", "host.example/acme")]
    ledger.close()
    for name, origin in (("acme", "host.example/new"), ("new", "host.example/acme")):
        with pytest.raises(Conflict) as refused:
            Ledger.create(pair, clock, tenant=name, origin=origin)
        assert refused.value.code == "tenant-deleted"
    Ledger.create(pair, clock, tenant="new", origin="host.example/new")
    reader = LedgerReader(pair / "ledger.sqlite3")
    assert [tenant.id for tenant in reader.tenants()] == [1, 3]
    reader.close()


def test_one_that_is_there_is_not_taken_apart(ledger: Ledger) -> None:
    with pytest.raises(Conflict):
        ledger.delete_some(1)
    assert ledger.size(1) == 2
