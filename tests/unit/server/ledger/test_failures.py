"""What the ledger's writer does when something under it, or beside it, fails."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indelible.clock import FixedClock
from indelible.errors import FatalError, StorageError
from indelible.server.ledger import Ledger
from indelible.server.ledger.durable import write_durably

from .conftest import append_to, event


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A file that grows beyond takes a part of a write, then refuses (EFBIG), as a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_file_of_which_a_part_fits_is_not_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "guard.json"
    write_durably(path, b"old")
    with files_of_at_most(10), pytest.raises(OSError, match="File too large"):
        write_durably(path, b"new content of twenty-six")
    assert path.read_bytes() == b"old"
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_sync_that_fails_is_fatal() -> None:
    # A pipe takes bytes and cannot be synced.
    reading, writing = os.pipe()
    try:
        with pytest.raises(FatalError, match="could not be made durable"):
            _sync_of(writing)
    finally:
        os.close(reading)
        os.close(writing)


def _sync_of(handle: int) -> None:
    from indelible.server.ledger import durable

    durable._sync(handle, Path("guard.json"))


def test_a_listener_that_fails_does_not_store_events_twice(
    data_dir: Path, clock: FixedClock
) -> None:
    ledger = Ledger.open(data_dir, clock=clock)

    def fail(_tenant: int, _size: int) -> None:
        raise RuntimeError("the loop is closed")

    ledger.on_commit(fail)
    try:
        anonymous = {"operation": "Write"}
        assert append_to(ledger, anonymous).tree_size == 3
        assert append_to(ledger, anonymous).tree_size == 4
        assert ledger.size(1) == 4
        assert not ledger.failed
    finally:
        ledger.close()


def test_a_writer_that_cannot_even_roll_back_answers_and_stops(
    data_dir: Path, clock: FixedClock
) -> None:
    told: list[FatalError] = []
    ledger = Ledger.open(data_dir, clock=clock, on_fatal=told.append)
    append_to(ledger, event(1))
    # As a file system that went away: nothing can be done with this connection any more.
    ledger._storage.connection.close()
    with pytest.raises((FatalError, StorageError)):
        append_to(ledger, event(2))
    with pytest.raises((FatalError, StorageError)):
        append_to(ledger, event(3))
    assert ledger.failed
    assert len(told) == 1
    ledger._sequencer.stop()
    ledger.reader.close()
    ledger._alias_connection.close()
    again = Ledger.open(data_dir, clock=clock)
    assert again.size(1) == 3
    again.close()


def test_a_database_that_cannot_be_read_is_said_in_our_words(
    data_dir: Path, clock: FixedClock
) -> None:
    ledger = Ledger.open(data_dir, clock=clock)
    append_to(ledger, *(event(n) for n in range(300)))
    ledger.close()
    with sqlite3.connect(data_dir / "ledger.sqlite3") as edit:
        edit.execute("ALTER TABLE tile RENAME TO lost")
    edit.close()
    ledger = Ledger.open(data_dir, clock=clock)
    try:
        with pytest.raises(StorageError, match="cannot read the ledger: no such table"):
            append_to(ledger, event(400))
        assert not ledger.failed
    finally:
        ledger.close()
