"""Parts taken out of pieces: the tree still fits, neighbours stay, and no byte is left."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from indelible.clock import FixedClock
from indelible.errors import StorageError
from indelible.seal import CONTENT, FACT, PERSON, commitment, parse_leaf
from indelible.seal.leaf import EventLeaf
from indelible.server.ledger import Ledger
from indelible.server.ledger.dropping import drop_pieces
from indelible.server.ledger.removal import remove_parts
from indelible.server.ledger.schema import open_ledger
from indelible.tlog.merkle import leaf_hash
from indelible.verify import verify_folder

from .conftest import append_to, event

ALL = FACT | PERSON | CONTENT


@pytest.fixture
def closed(data_dir: Path, clock: FixedClock) -> Path:
    """A folder with 300 events in two runs, of two categories, some without person or content."""
    ledger = Ledger.open(data_dir, clock=clock)
    append_to(ledger, *(_event(n) for n in range(256)))
    append_to(ledger, *(_event(n) for n in range(256, 300)))
    ledger.close()
    return data_dir


def _event(n: int) -> dict[str, object]:
    more: dict[str, object] = {"category": "data" if n % 3 else "sharing"}
    if n % 2:
        more["actor"] = {"email": f"person{n}@example.com"}
    if n % 5:
        more["reason"] = f"secret-{n:04}"
    return event(n, **more)


def remove(folder: Path, targets: dict[int, int]) -> int:
    connection = open_ledger(folder / "ledger.sqlite3", read_only=False)
    try:
        connection.execute("BEGIN IMMEDIATE")
        gone = remove_parts(connection, 1, targets)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone
    finally:
        connection.close()


def parts_there(folder: Path, clock: FixedClock) -> dict[int, int]:
    """Reads every entry, its leaf and salts; returns the parts that are there, checked."""
    ledger = Ledger.open(folder, clock=clock)
    try:
        found = {}
        for sealed in ledger.reader.sealed(1, 2, ledger.size(1)):
            entry = sealed.entry
            assert leaf_hash(sealed.leaf) == entry.leaf_hash
            leaf = parse_leaf(sealed.leaf)
            assert isinstance(leaf, EventLeaf)
            wanted = iter(leaf.commitments)
            for part, data in (
                (FACT, entry.fact), (PERSON, entry.person), (CONTENT, entry.content)
            ):  # fmt: skip
                if not entry.parts & part:
                    assert data is None
                    continue
                expected = next(wanted)
                assert (data is None) == (part not in sealed.salts)
                if data is not None:
                    assert commitment(part, sealed.salts[part], data) == expected
                    found[entry.index] = found.get(entry.index, 0) | part
        return found
    finally:
        ledger.close()


def test_random_removals_one_after_the_other(closed: Path, clock: FixedClock) -> None:
    dice = random.Random(7)
    there = parts_there(closed, clock)
    for _ in range(6):
        targets = {index: dice.randint(1, 7) for index in dice.sample(range(2, 302), 60)}
        went = sum((there.get(i, 0) & parts).bit_count() for i, parts in targets.items())
        assert remove(closed, targets) == went
        for index, parts in targets.items():
            there[index] = there.get(index, 0) & ~parts
        there = {index: parts for index, parts in there.items() if parts}
        assert parts_there(closed, clock) == there
        assert remove(closed, targets) == 0
    # What nothing explains is missing, and nothing else is wrong.
    (closed / "format.json").write_text('{"format":1}')
    (report,) = verify_folder(closed).tenants
    assert {finding.verdict.value for finding in report.findings} == {"MISSING"}


def test_nothing_of_a_part_or_its_seed_is_left_on_disk(closed: Path) -> None:
    connection = open_ledger(closed / "ledger.sqlite3", read_only=True)
    seeds = [seed for (seed,) in connection.execute("SELECT seed FROM piece")]
    connection.close()
    # A piece with one item left keeps its salt; the others go whole.
    remove(closed, {index: ALL for index in range(2, 302) if index != 100})
    left = b"".join(path.read_bytes() for path in closed.glob("ledger.sqlite3*"))
    assert len(seeds) == 12
    assert [seed for seed in seeds if seed in left] == []
    connection = open_ledger(closed / "ledger.sqlite3", read_only=True)
    pieces = connection.execute("SELECT part, seed, length(salts) FROM piece").fetchall()
    connection.close()
    assert {seed for _, seed, _ in pieces} == {None}
    assert len(pieces) == 2  # entry 100 has a fact and a content


def test_a_leaf_that_does_not_fit_is_never_written_out(closed: Path) -> None:
    connection = open_ledger(closed / "ledger.sqlite3", read_only=False)
    connection.execute("UPDATE piece SET seed = zeroblob(32) WHERE first = 2 AND part = 1")
    connection.close()
    with pytest.raises(StorageError, match="does not fit its place in the tree"):
        remove(closed, {50: PERSON | CONTENT})


def test_a_piece_whose_leaves_do_not_fit_is_never_dropped(closed: Path) -> None:
    connection = open_ledger(closed / "ledger.sqlite3", read_only=False)
    connection.execute("UPDATE piece SET seed = zeroblob(32) WHERE first = 2 AND part = 1")
    (category,) = connection.execute("SELECT category FROM piece WHERE first = 2").fetchone()
    before = connection.execute("SELECT count(*) FROM piece").fetchone()
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="does not fit its place in the tree"):
        drop_pieces(connection, 1, 2, category, CONTENT)
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM piece").fetchone() == before
    connection.close()


def test_entries_that_are_no_events_are_passed_over(closed: Path) -> None:
    assert remove(closed, {0: ALL, 1: ALL, 9_999: ALL}) == 0
