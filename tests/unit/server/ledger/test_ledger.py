"""The ledger: append, read back, duplicates, checkpoints, and what a restart finds."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from indelible.clock import FixedClock
from indelible.errors import MissingEntry, NotFound, Pushback, SettingsError, StorageError
from indelible.event import join
from indelible.seal import EVENT, GENESIS, POLICY
from indelible.server.ledger import Ledger
from indelible.server.ledger.desk import Desk
from indelible.server.ledger.submission import Answer
from indelible.tlog.checkpoint import parse_checkpoint
from indelible.tlog.merkle import leaf_hash, root_of, verify_inclusion
from indelible.tlog.note import parse_note
from indelible.tlog.proof import prove_inclusion
from indelible.tlog.signature import open_checkpoint, parse_vkey

from .conftest import Append, append_to, event


def test_a_new_ledger_has_genesis_and_policy_and_is_signed(ledger: Ledger) -> None:
    found = ledger.reader.latest_checkpoint(1)
    assert found is not None
    assert found.size == 2
    entries = ledger.reader.read(1, 0, 10)
    assert [entry.leaf_type for entry in entries] == [GENESIS, POLICY]
    assert [leaf_hash(entry.leaf or b"") for entry in entries] == [
        entry.leaf_hash for entry in entries
    ]


def test_events_follow_in_order_and_read_back(ledger: Ledger, append: Append) -> None:
    stored = append(*(event(n, reason=f"r{n}") for n in range(700)))
    assert [receipt.index for receipt in stored.receipts] == list(range(2, 702))
    assert stored.tree_size == ledger.size(1) == 702
    entries = ledger.reader.read(1, 300, 600)
    assert [entry.index for entry in entries] == list(range(300, 600))
    assert {entry.leaf_type for entry in entries} == {EVENT}
    first = entries[0]
    assert first.fact is not None
    assert join(first.fact, first.person, first.content).reason == "r298"
    assert first.leaf_hash == stored.receipts[298].leaf_hash


def test_every_leaf_can_be_made_again_and_proven(ledger: Ledger, append: Append) -> None:
    for start in range(0, 600, 60):
        append(*(event(n, actor={"email": "a@b.c"}) for n in range(start, start + 60)))
    size = ledger.size(1)
    sealed = ledger.reader.sealed(1, 0, size)
    hashes = [leaf_hash(entry.leaf) for entry in sealed]
    root = root_of(hashes)
    for index in (0, 1, 2, 255, 256, 257, size - 1):
        path = prove_inclusion(index, size, lambda level, n: ledger.reader.tile(1, level, n))
        verify_inclusion(hashes[index], index, size, path, root)


def test_a_repeated_event_stores_nothing(ledger: Ledger, append: Append) -> None:
    first = append(event(1), event(2)).receipts
    again = append(event(2), event(1), event(3)).receipts
    assert [receipt.duplicate for receipt in again] == [True, True, False]
    assert [receipt.index for receipt in again[:2]] == [first[1].index, first[0].index]
    assert again[0].leaf_hash == first[1].leaf_hash
    assert ledger.size(1) == 5


def test_a_repeat_within_one_batch_stores_nothing(append: Append) -> None:
    one, two = append(event(1), event(1)).receipts
    assert (one.duplicate, two.duplicate) == (False, True)
    assert one.index == two.index


def test_another_key_may_use_the_same_id(append: Append) -> None:
    append(event(1), scope="k")
    assert not append(event(1), scope="other").receipts[0].duplicate


def test_other_content_is_stored_as_a_conflict_once(ledger: Ledger, append: Append) -> None:
    append(event(1))
    changed = event(1, reason="changed")
    (conflict,) = append(changed).receipts
    assert conflict.conflict_of == event(1)["id"]
    assert conflict.id != event(1)["id"]
    assert not conflict.duplicate
    (again,) = append(changed).receipts
    assert (again.duplicate, again.index) == (True, conflict.index)
    entry = ledger.reader.entry(1, conflict.index)
    assert entry.fact is not None
    assert join(entry.fact, None, None).conflict_of == event(1)["id"]


def test_duplicates_are_known_after_a_restart(data_dir: Path, clock: FixedClock) -> None:
    ledger = Ledger.open(data_dir, clock=clock)
    first = append_to(ledger, *(event(n) for n in range(600)))
    ledger.close()
    ledger = Ledger.open(data_dir, clock=clock)
    again = append_to(ledger, *(event(n) for n in range(600)))
    assert all(receipt.duplicate for receipt in again.receipts)
    assert [r.index for r in again.receipts] == [r.index for r in first.receipts]
    ledger.close()


def test_a_checkpoint_covers_everything_on_close(data_dir: Path, clock: FixedClock) -> None:
    ledger = Ledger.open(data_dir, clock=clock)
    keys = [parse_vkey(key) for key in ledger.vkeys(1)]
    append_to(ledger, *(event(n) for n in range(10)))
    ledger.close()
    ledger = Ledger.open(data_dir, clock=clock)
    found = ledger.reader.latest_checkpoint(1)
    assert found is not None
    checkpoint, opened = open_checkpoint(found.note.encode(), "host.example/default", keys)
    hashes = [entry.leaf_hash for entry in ledger.reader.read(1, 0, 12)]
    assert (checkpoint.size, checkpoint.root) == (12, root_of(hashes))
    assert len(opened.signers) == len(keys)
    ledger.close()


def test_a_database_older_than_what_was_signed_is_refused(
    data_dir: Path, clock: FixedClock
) -> None:
    ledger = Ledger.open(data_dir, clock=clock)
    append_to(ledger, event(1))
    ledger.close()
    backup = (data_dir / "ledger.sqlite3").read_bytes()
    ledger = Ledger.open(data_dir, clock=clock)
    append_to(ledger, event(2))
    ledger.close()
    (data_dir / "ledger.sqlite3").write_bytes(backup)
    with pytest.raises(SettingsError, match="were signed") as caught:
        Ledger.open(data_dir, clock=clock)
    assert caught.value.code == "ledger-rolled-back"


def test_a_lost_signing_key_is_said_plainly(data_dir: Path, clock: FixedClock) -> None:
    (data_dir / "keys" / "1.key").unlink()
    with pytest.raises(SettingsError, match="signing key"):
        Ledger.open(data_dir, clock=clock)


def test_key_files_are_for_the_owner_only(data_dir: Path) -> None:
    assert (data_dir / "keys" / "1.key").stat().st_mode & 0o777 == 0o600


def test_a_clock_set_back_never_lowers_the_day(
    ledger: Ledger, clock: FixedClock, append: Append
) -> None:
    append(event(1))
    clock.advance(-3 * 86_400)
    append(event(2))
    days = [entry.day for entry in ledger.reader.read(1, 0, 10)]
    assert days == sorted(days)


def test_many_threads_lose_and_double_nothing(ledger: Ledger) -> None:
    found: list[int] = []

    def write(worker: int) -> None:
        for number in range(20):
            stored = append_to(ledger, event(worker * 1000 + number))
            found.append(stored.receipts[0].index)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(2, 162))
    assert ledger.size(1) == 162


def test_a_full_queue_pushes_back(data_dir: Path, clock: FixedClock) -> None:
    ledger = Ledger(data_dir, clock, max_queued_events=1)  # its writer is not started
    answers: list[Answer] = []
    ledger.append(1, [], received_us=clock.now_us(), scope="k", notify=answers.append)
    ledger.append(1, [], received_us=clock.now_us(), scope="k", notify=answers.append)
    with pytest.raises(Pushback) as caught:
        ledger.append(
            1,
            [None, None],
            received_us=0,
            scope="k",
            notify=answers.append,  # type: ignore[list-item]
        )
    assert caught.value.retry_after_s >= 1
    ledger._sequencer.start()
    ledger.close()
    assert len(answers) == 2


def test_reading_beyond_the_end(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        ledger.reader.entry(1, 2)
    with pytest.raises(MissingEntry):
        ledger.reader.tile(1, 5, 0)
    assert ledger.reader.read(1, 2, 9) == []


def test_damaged_bytes_are_an_error_and_no_entry(
    ledger: Ledger, append: Append, data_dir: Path
) -> None:
    import sqlite3

    append(event(1, reason="x"))
    with closing(sqlite3.connect(data_dir / "ledger.sqlite3")) as connection, connection:
        connection.execute("UPDATE piece SET data = zeroblob(length(data)) WHERE part = 1")
    with pytest.raises(StorageError, match="damaged"):
        ledger.reader.read(1, 0, 3)


def test_the_note_is_signed_by_the_logs_own_name(data_dir: Path, clock: FixedClock) -> None:
    ledger = Ledger.open(data_dir, clock=clock)
    ledger.close()
    ledger = Ledger.open(data_dir, clock=clock)
    found = ledger.reader.latest_checkpoint(1)
    assert found is not None
    note = parse_note(found.note.encode())
    assert {line.name for line in note.signatures} == {"host.example/default"}
    assert parse_checkpoint(note.text).size == 2
    ledger.close()


def test_requests_that_come_together_share_a_commit_and_one_alone_does_not_wait(
    ledger: Ledger,
) -> None:
    """The writer gathers after a busy group, and never waits for what does not come."""
    groups: list[int] = []
    ledger.on_group(lambda events, _seconds: groups.append(events))
    begun, held = threading.Event(), threading.Event()

    def hold(_desk: Desk) -> None:
        begun.set()
        held.wait(60)

    busy = threading.Thread(target=lambda: ledger.act_and_wait(1, hold))
    busy.start()
    assert begun.wait(60)
    senders = [
        threading.Thread(target=append_to, args=(ledger, event(number))) for number in range(12)
    ]
    for sender in senders:
        sender.start()
    while ledger.queued_events < 12:
        time.sleep(0.001)
    held.set()
    for thread in (busy, *senders):
        thread.join()
    assert groups == [12]
    append_to(ledger, event(12))
    append_to(ledger, event(13))
    assert groups == [12, 1, 1]
