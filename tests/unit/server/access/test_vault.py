"""Secrets of accounts at rest: sealed, bound to their account, useless without the key file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from indelible.clock import FixedClock
from indelible.errors import StorageError
from indelible.server.access.control import ControlDatabase
from indelible.server.access.factors import Factors
from indelible.server.access.vault import MARK, Vault


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlDatabase]:
    made = ControlDatabase(tmp_path / "control.sqlite3")
    with made.write() as transaction:
        for person in ("p_a", "p_b"):
            transaction.execute(
                "INSERT INTO person(id, tenant, email, email_folded, name, role, password,"
                " created_us) VALUES(?1, 1, ?1, ?1, ?1, 'admin', '', 0)",
                (person,),
            )
    yield made
    made.close()


def factors_of(control: ControlDatabase, tmp_path: Path) -> Factors:
    vault = Vault(tmp_path / "keys" / "accounts.key", os.urandom)
    return Factors(control, FixedClock(1_700_000_000_000_000), os.urandom, vault)


def code_of(secret: str) -> str:
    return pyotp.TOTP(secret).at(1_700_000_000)


def confirm(factors: Factors, person: str, code: str) -> None:
    factors.confirm(1, person, code, {"id": "x", "operation": "SetUpSecondFactor"})


def test_a_secret_is_sealed_and_bound_to_its_account(
    control: ControlDatabase, tmp_path: Path
) -> None:
    factors = factors_of(control, tmp_path)
    secret, other = factors.begin("p_a"), factors.begin("p_b")
    key = tmp_path / "keys" / "accounts.key"
    assert (key.stat().st_mode & 0o777, len(key.read_bytes())) == (0o600, 32)
    assert sorted(path.name for path in key.parent.iterdir()) == ["accounts.key"]
    rows: dict[str, str] = dict(control.read("SELECT person, secret FROM totp"))
    assert all(text.startswith(MARK) and secret not in text for text in rows.values())
    confirm(factors, "p_a", code_of(secret))
    with control.write() as transaction:
        transaction.execute("UPDATE totp SET secret = ? WHERE person = 'p_b'", (rows["p_a"],))
    with pytest.raises(StorageError, match="not the key"):
        confirm(factors, "p_b", code_of(other))


def test_without_its_key_nothing_opens_and_no_other_key_is_made(
    control: ControlDatabase, tmp_path: Path
) -> None:
    factors = factors_of(control, tmp_path)
    secret = factors.begin("p_a")
    key = tmp_path / "keys" / "accounts.key"
    kept = key.read_bytes()
    key.unlink()
    for act in (lambda: confirm(factors, "p_a", code_of(secret)), lambda: factors.begin("p_b")):
        with pytest.raises(StorageError):
            act()
        assert not key.exists()
    key.write_bytes(kept[:7])
    with pytest.raises(StorageError, match="damaged"):
        confirm(factors, "p_a", code_of(secret))
    key.write_bytes(kept)
    confirm(factors, "p_a", code_of(secret))


def test_what_an_older_version_left_in_the_clear_is_sealed(
    control: ControlDatabase, tmp_path: Path
) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with control.write() as transaction:
        transaction.execute("INSERT INTO totp(person, secret) VALUES('p_a', ?)", (secret,))
    factors = factors_of(control, tmp_path)
    assert (factors.seal_old(), factors.seal_old()) == (1, 0)
    confirm(factors, "p_a", code_of(secret))
    control.close()
    found = b"".join(path.read_bytes() for path in tmp_path.glob("control.sqlite3*"))
    assert secret.encode() not in found
