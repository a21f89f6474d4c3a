"""The control database: migrations, transactions, what another process sees."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from indelible.errors import SettingsError, StorageError
from indelible.server.access.control import ControlDatabase
from indelible.server.access.migrations.upgrade import SCHEMA_VERSION
from indelible.server.access.outbox import forget, put, waiting


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sqlite3"


def test_only_the_owner_may_read_it(path: Path) -> None:
    ControlDatabase(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_opening_again_changes_nothing(path: Path) -> None:
    ControlDatabase(path).close()
    again = ControlDatabase(path)
    assert again.read("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert again.read("PRAGMA synchronous") == [(2,)]
    assert again.read("PRAGMA journal_mode") == [("wal",)]
    again.close()


def test_a_file_of_a_later_version_is_refused(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version=999")
    raw.close()
    with pytest.raises(SettingsError, match="later version"):
        ControlDatabase(path)


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    control = ControlDatabase(path)

    def write_and(fail: Callable[[sqlite3.Connection], object]) -> None:
        with control.write() as transaction:
            put(transaction, 1, {"id": "a"})
            fail(transaction)

    with pytest.raises(StorageError):
        write_and(lambda transaction: transaction.execute("INSERT INTO nowhere VALUES(1)"))
    with pytest.raises(ZeroDivisionError):
        write_and(lambda transaction: 1 // 0)
    assert waiting(control) == []
    control.close()


def test_a_commit_of_another_process_is_noticed(path: Path) -> None:
    control, beside = ControlDatabase(path), ControlDatabase(path)
    version = control.version()
    assert control.version() == version
    with beside.write() as transaction:
        put(transaction, 1, {"id": "a"})
    assert control.version() != version
    assert [item.event for item in waiting(control)] == [{"id": "a"}]
    forget(control, [item.position for item in waiting(control)])
    assert waiting(beside) == []
    control.close()
    beside.close()


def test_what_was_overwritten_is_not_left_in_the_write_ahead_log(path: Path) -> None:
    control = ControlDatabase(path)
    with control.write() as connection:
        connection.execute("CREATE TABLE probe(id INTEGER PRIMARY KEY, value TEXT)")
    for value in ("quokka", ""):
        with control.write() as connection:
            connection.execute("INSERT OR REPLACE INTO probe VALUES (1, ?)", (value,))
    log = path.with_name(path.name + "-wal")
    assert b"quokka" in log.read_bytes()
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    with control.write() as connection:
        connection.execute("INSERT OR REPLACE INTO probe VALUES (1, 'later')")
    assert not control.empty_log()  # somebody reads what was before
    reader.close()
    assert control.empty_log()
    assert b"quokka" not in log.read_bytes() + path.read_bytes()
    control.close()
