"""
One byte changed anywhere in what a small ledger stores: `verify` finds it, and says where.

Flips lie on a grid that reaches every row and column; a flip inside compressed bytes that still
decompresses to the same content has changed nothing, and is counted apart.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from tests.sample_ledger import DAY, SampleLedger, sample_events

from indelible.verify import CannotCheck, Report, verify_folder

RUNS = (7, 1, 40, 213)
TABLES = {
    "run": ("first", ("layout",)),
    "piece": ("rowkey", ("seed", "data")),
    "entry": ("idx", ("leaf",)),
    "tile": ("rowkey", ("hashes",)),
    "checkpoint": ("size", ("note",)),
    "head": ("tenant", ("frontier",)),
}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tiles, several runs, one checkpoint in the middle, two at the end."""
    sample = SampleLedger(tmp_path_factory.mktemp("ledger")).start()
    sample.sign()
    for number, count in enumerate(RUNS):
        sample.add_run(sample_events(sample.size, count), DAY + number // 2)
        if number > 1:
            sample.sign(1_700_000_000_000_000 + number)
    assert verify_folder(sample.data_dir).exit_code == 0
    return sample.close()


@pytest.fixture
def copy(ledger: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ledger, tmp_path / "data"))


def rows(db: sqlite3.Connection, table: str, column: str) -> list[tuple[str, bytes]]:
    """(WHERE text, bytes) of each row."""
    if table == "piece":
        keys = db.execute(f"SELECT first, category, part, {column} FROM piece").fetchall()
        return [(f"first={f} AND category={c} AND part={p}", data) for f, c, p, data in keys]
    if table == "tile":
        keys = db.execute("SELECT level, n, hashes FROM tile").fetchall()
        return [(f"level={level} AND n={n}", data) for level, n, data in keys]
    key = TABLES[table][0]
    found = db.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
    return [(f"{key}={k}", v.encode() if isinstance(v, str) else v) for k, v in found]


def flips(data: bytes, wanted: int) -> Iterator[tuple[int, bytes]]:
    """Positions spread over the bytes, first and last among them, each with another bit."""
    step = max(1, len(data) // wanted)
    for number, at in enumerate([*range(0, len(data), step), len(data) - 1]):
        changed = bytearray(data)
        changed[at] ^= 1 << number % 8
        yield at, bytes(changed)


def same_content(before: bytes, after: bytes) -> bool:
    try:
        inflate = zstandard.ZstdDecompressor().decompress
        return inflate(before) == inflate(after, allow_extra_data=False)
    except zstandard.ZstdError:
        return False


def run_of(where: str) -> int:
    return int(where.split("first=")[1].split(" ", maxsplit=1)[0])


def named(report: Report) -> list[tuple[int, int]]:
    (tenant,) = report.tenants
    return [(f.index, f.stop) for f in tenant.findings if f.index is not None and f.stop]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("table", "column", "wanted"),
    [
        ("run", "layout", 12),
        ("piece", "seed", 2),
        ("piece", "data", 3),
        ("entry", "leaf", 40),
        ("tile", "hashes", 20),
        ("checkpoint", "note", 60),
        ("head", "frontier", 10),
    ],
)
def test_a_flipped_byte_is_found(copy: Path, table: str, column: str, wanted: int) -> None:
    db = sqlite3.connect(copy / "ledger.sqlite3", isolation_level=None)
    tried = unchanged = 0
    for where, data in rows(db, table, column):
        update = f"UPDATE {table} SET {column} = ? WHERE {where}"
        for at, changed in flips(data, wanted):
            place = f"{table}.{column} {where}, byte {at}"
            if column in ("layout", "data") and same_content(data, changed):
                unchanged += 1
                continue
            try:
                value = changed.decode() if table == "checkpoint" else changed
            except UnicodeDecodeError:
                continue
            db.execute(update, (value,))
            report = verify_folder(copy)
            assert report.exit_code == 1, place
            if table in ("run", "piece"):
                first = run_of(where)
                stop = (
                    first
                    + db.execute("SELECT count FROM run WHERE first = ?", (first,)).fetchone()[0]
                )
                spans = named(report)
                assert spans, place
                assert all(first <= low and high <= stop for low, high in spans), place
            if table == "entry":
                index = int(where.split("=")[1])
                assert (index, index + 1) in named(report), place
            tried += 1
        db.execute(update, (data.decode() if table == "checkpoint" else data,))
    db.close()
    assert verify_folder(copy).exit_code == 0
    assert tried > 10
    assert unchanged < tried


@pytest.mark.timeout(60)
def test_a_changed_number_is_found(copy: Path) -> None:
    """Every integer column of every table, one up and one down."""
    db = sqlite3.connect(copy / "ledger.sqlite3", isolation_level=None)
    columns = {
        "run": ("first", "count", "day"),
        "piece": ("first", "category", "part"),
        "entry": ("idx",),
        "tile": ("level", "n"),
        "checkpoint": ("size",),
        "head": ("size", "last_day", "policy_index"),
    }
    for table, names in columns.items():
        everything = db.execute(f"SELECT * FROM {table}").fetchall()
        for name in names:
            for change in (1, -1):
                db.execute("BEGIN")
                try:
                    # From the far end first, so that no two rows meet.
                    order = "DESC" if change > 0 else "ASC"
                    (value,) = db.execute(
                        f"SELECT max({name}) FROM {table}"
                        if order == "DESC"
                        else f"SELECT min({name}) FROM {table}"
                    ).fetchone()
                    db.execute(
                        f"UPDATE OR ABORT {table} SET {name} = {name} + ? WHERE {name} = ?",
                        (change, value),
                    )
                except sqlite3.IntegrityError:
                    db.execute("ROLLBACK")
                    continue
                db.execute("COMMIT")
                assert verify_folder(copy).exit_code == 1, (table, name, change)
                db.execute("BEGIN")
                db.execute(f"DELETE FROM {table}")
                marks = ",".join("?" * len(everything[0]))
                db.executemany(f"INSERT INTO {table} VALUES ({marks})", everything)
                db.execute("COMMIT")
    db.close()
    assert verify_folder(copy).exit_code == 0


@pytest.mark.timeout(60)
def test_a_missing_row_is_found(copy: Path) -> None:
    """Each row of each table taken away, one at a time."""
    db = sqlite3.connect(copy / "ledger.sqlite3", isolation_level=None)
    for table in ("run", "piece", "entry", "tile", "head"):
        everything = db.execute(f"SELECT * FROM {table}").fetchall()
        names = [item[0] for item in db.execute(f"SELECT * FROM {table}").description]
        for row in everything:
            where = " AND ".join(f"{name} IS ?" for name in names)
            db.execute(f"DELETE FROM {table} WHERE {where}", row)
            report = verify_folder(copy)
            assert report.exit_code == 1, (table, row[:4])
            verdicts = {f.verdict for t in report.tenants for f in t.findings}
            assert "MISSING" in verdicts, (table, row[:4])
            marks = ",".join("?" * len(row))
            db.execute(f"INSERT INTO {table} VALUES ({marks})", row)
    db.close()
    assert verify_folder(copy).exit_code == 0


@pytest.mark.timeout(120)
def test_a_flipped_byte_of_the_file_itself_never_passes_unless_nothing_changed(
    copy: Path,
) -> None:
    """Raw bytes of the database, whatever they mean: found, or the content is what it was."""
    path = copy / "ledger.sqlite3"
    good = path.read_bytes()
    before = dump(path)
    found = 0
    step = max(1, len(good) // 180)
    for at in range(100, len(good), step):
        changed = bytearray(good)
        changed[at] ^= 0x10
        path.write_bytes(changed)
        try:
            code = verify_folder(copy).exit_code
        except CannotCheck:
            code = 2
        if code == 0:
            assert dump(path) == before, at
        else:
            found += 1
    path.write_bytes(good)
    assert found > 20


def dump(path: Path) -> list[object]:
    """What the checked tables hold, decompressed; None for a table that cannot be read."""
    db = sqlite3.connect(path)
    content: list[object] = []
    inflate = zstandard.ZstdDecompressor().decompress
    for table, packed in (
        ("tenant", -1),
        ("run", 4),
        ("piece", 6),
        ("entry", -1),
        ("tile", -1),
        ("checkpoint", -1),
    ):
        columns = "id, name, origin" if table == "tenant" else "*"
        try:
            rows = db.execute(f"SELECT {columns} FROM {table}").fetchall()
            content += [[inflate(v) if k == packed else v for k, v in enumerate(r)] for r in rows]
        except (sqlite3.Error, zstandard.ZstdError):
            content.append(None)
    db.close()
    return content
