"""Tenants of a folder: added whole, taken up by an open ledger, refused where one is taken."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from indelible.clock import SystemClock
from indelible.errors import Conflict, InvalidRequest, SettingsError
from indelible.server.folder import create_folder, finish_folder
from indelible.server.ledger import Ledger
from indelible.server.settings import load_settings
from indelible.server.tenants import add_tenant, check_tenants, pick_tenant, tenants_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    create_folder(data)
    Ledger.create(data, SystemClock(), tenant="main", origin="host.example/main")
    finish_folder(data)
    return data


def test_an_open_ledger_takes_up_what_is_whole(folder: Path) -> None:
    ledger = Ledger.open(folder, clock=SystemClock())
    try:
        assert ledger.adopt() == []
        made = add_tenant(folder, "acme", None, SystemClock())
        assert (made.id, made.origin) == (2, "host.example/acme")
        # Whoever makes it signs it first: before that it is somebody's who may be still at it.
        with closing(sqlite3.connect(folder / "ledger.sqlite3", isolation_level=None)) as other:
            note = other.execute("SELECT * FROM checkpoint WHERE tenant = 2").fetchone()
            other.execute("DELETE FROM checkpoint WHERE tenant = 2")
            assert ledger.adopt() == []
            other.execute("INSERT INTO checkpoint VALUES(?, ?, ?, ?)", note)
        assert ledger.adopt() == [made]
        assert [tenant.name for tenant in ledger.tenants()] == ["main", "acme"]
        keys = ledger.vkeys(1) + ledger.vkeys(2)
        assert len(set(keys)) == len(keys)
        assert ledger.act_and_wait(2, lambda desk: desk.next_index) == 2
    finally:
        ledger.close()


@pytest.mark.parametrize("name", ["", "Acme", "a b", "-a", "a-", "ä", "a" * 41, "../x", "a\n"])
def test_what_cannot_be_a_name(folder: Path, name: str) -> None:
    with pytest.raises(InvalidRequest):
        add_tenant(folder, name, None, SystemClock())


def test_names_and_origins_are_taken_once(folder: Path) -> None:
    with pytest.raises(Conflict, match="a tenant main already"):
        add_tenant(folder, "main", None, SystemClock())
    with pytest.raises(Conflict, match="is the origin of main"):
        add_tenant(folder, "acme", "host.example/main", SystemClock())
    assert [tenant.name for tenant in tenants_of(folder)] == ["main"]
    assert not (folder / "keys" / "2.key").exists()


def test_which_one_is_said_where_there_are_several(folder: Path) -> None:
    tenants = tenants_of(folder)
    assert pick_tenant(tenants, None).name == "main"
    add_tenant(folder, "acme", None, SystemClock())
    tenants = tenants_of(folder)
    assert pick_tenant(tenants, "acme").id == 2
    with pytest.raises(SettingsError, match="2 tenants"):
        pick_tenant(tenants, None)
    with pytest.raises(SettingsError, match="no tenant 'other'"):
        pick_tenant(tenants, "other")


def test_a_setting_that_names_nobody_stops_the_start(folder: Path) -> None:
    tenants = {tenant.id: tenant for tenant in tenants_of(folder)}
    check_tenants(folder, load_settings(None, {"INDELIBLE_SYSLOG_TENANT": "main"}), tenants)
    with pytest.raises(SettingsError, match=r"oidc\.tenant: there is no tenant acme"):
        check_tenants(folder, load_settings(None, {"INDELIBLE_OIDC_TENANT": "acme"}), tenants)
