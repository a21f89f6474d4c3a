"""The databases, what was signed, the keys, the index."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from indelible.clock import US_PER_DAY, day_of, format_us
from indelible.server.access.migrations.upgrade import SCHEMA_VERSION
from indelible.server.folder import CONTROL_FILE, LEDGER_FILE
from indelible.server.index import read_status
from indelible.server.ledger import LedgerReader
from indelible.server.ledger.checkpointing import Checkpointer, key_file
from indelible.server.ops.checks.check import Finding, Subject, ok, problem, size_text, warning
from indelible.tlog.tile import TileReader

_LONGEST_S = 60.0
_LARGE_WAL_BYTES = 512 * 1024**2
_MUCH_LAG_ENTRIES = 1_000_000


def check_ledger(subject: Subject) -> Finding:
    """The ledger's file is sound for SQLite. Whether its content holds is `indelible verify`."""
    return _quick_check(subject, LEDGER_FILE)


def check_control(subject: Subject) -> Finding:
    """The control database is sound, and of a version that we know."""
    path = subject.data_dir / CONTROL_FILE
    connection = _open(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        connection.close()
    if version > SCHEMA_VERSION:
        return problem(
            f"schema {version}, this version of Indelible knows {SCHEMA_VERSION}",
            "use the version that made it",
        )
    found = _quick_check(subject, CONTROL_FILE)
    if found.state == "ok" and version < SCHEMA_VERSION:
        return ok(f"{found.text}; schema {version} becomes {SCHEMA_VERSION} at the next start")
    return found


def check_wal(subject: Subject) -> Finding:
    """The write-ahead logs are folded in from time to time."""
    sizes = {
        name: path.stat().st_size
        for name in (LEDGER_FILE, CONTROL_FILE)
        if (path := subject.data_dir / f"{name}-wal").exists()
    }
    largest = max(sizes, key=lambda name: sizes[name], default=None)
    if largest is not None and sizes[largest] > _LARGE_WAL_BYTES:
        return warning(
            f"{largest}-wal has {size_text(sizes[largest])}",
            "something reads for long (a backup, a verify); if nothing does, restart the service",
        )
    return ok(f"{size_text(sum(sizes.values()))} of write-ahead logs")


def check_guard(subject: Subject) -> Finding:
    """The ledger has everything that was signed, and the same."""
    reader = LedgerReader(subject.data_dir / LEDGER_FILE)
    told: list[str] = []
    try:
        for tenant in reader.tenants():
            # The guard first: a service that runs may only go ahead of it.
            guard = Checkpointer(subject.data_dir, tenant.id, tenant.origin).guard()
            size = reader.size(tenant.id)
            if guard is None:
                told.append(f"{tenant.origin}: {size:,} entries, never signed")
                continue
            advice = "this is an older copy: see Restore in docs/operations.md"
            if guard.size > size:
                return problem(
                    f"{tenant.origin} has {size:,} entries, {guard.size:,} were signed", advice
                )
            if _root_at(reader, tenant.id, size, guard.size) != guard.root:
                return problem(
                    f"{tenant.origin} was signed with another root at {guard.size:,} entries",
                    "run `indelible verify`",
                )
            told.append(f"{tenant.origin}: {size:,} entries, signed up to {guard.size:,}")
    finally:
        reader.close()
    if not told:
        return problem("there is no log", "make it with `indelible init`")
    return ok("; ".join(told))


def _root_at(reader: LedgerReader, tenant_id: int, size: int, earlier: int) -> str:
    tiles = TileReader(size, lambda level, n: reader.tile(tenant_id, level, n))
    return tiles.frontier(earlier).root().hex()


def check_keys(subject: Subject) -> Finding:
    """The signing keys are there, can be read, and are of their log."""
    reader = LedgerReader(subject.data_dir / LEDGER_FILE)
    try:
        tenants = reader.tenants()
    finally:
        reader.close()
    signers = 0
    for tenant in tenants:
        path = key_file(subject.data_dir, tenant.id)
        if not path.exists():
            return problem(f"{path} is missing", "restore it: without it the log cannot go on")
        signers = len(Checkpointer(subject.data_dir, tenant.id, tenant.origin).vkeys())
    return ok(f"{len(tenants)} log{'s'[: len(tenants) != 1]}, {signers} keys each")


def check_clock(subject: Subject) -> Finding:
    """The machine's clock is not behind what it wrote itself."""
    now_us = subject.clock.now_us()
    reader = LedgerReader(subject.data_dir / LEDGER_FILE)
    try:
        days = [
            reader.entry(tenant.id, size - 1).day
            for tenant in reader.tenants()
            if (size := reader.size(tenant.id))
        ]
    finally:
        reader.close()
    last = max(days, default=0)
    if last > day_of(now_us):
        return problem(
            f"it is {format_us(now_us)}, but an entry was sealed on"
            f" {format_us(last * US_PER_DAY)[:10]}",
            "set the clock (NTP); until that day all entries get the day of the last one",
        )
    return ok(f"{format_us(now_us)[:19]}Z, last entry on {format_us(last * US_PER_DAY)[:10]}")


def check_index(subject: Subject) -> Finding:
    """The search index is there and not far behind."""
    found = read_status(subject.data_dir)
    if found is None:
        return ok("none yet; the service makes it when it starts")
    if found.state == "failed":
        return problem(f"failed: {found.detail}", "`indelible index rebuild` makes it anew")
    if found.alerts:
        return warning(found.alerts[0], "run `indelible verify`; then `indelible index rebuild`")
    reader = LedgerReader(subject.data_dir / LEDGER_FILE)
    try:
        behind = sum(
            max(0, reader.size(tenant.id) - found.indexed_through.get(tenant.id, 0))
            for tenant in reader.tenants()
        )
    finally:
        reader.close()
    text = f"{behind:,} entries behind"
    if behind > _MUCH_LAG_ENTRIES:
        return warning(text, "it catches up while the service runs; give it memory and time")
    return ok(text)


def _quick_check(subject: Subject, name: str) -> Finding:
    path = subject.data_dir / name
    connection = _open(path)
    clock = subject.clock
    end_s = clock.monotonic_s() + _LONGEST_S
    connection.set_progress_handler(lambda: int(clock.monotonic_s() > end_s), 100_000)
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            size = size_text(path.stat().st_size)
            return ok(f"{size}; no fault in {_LONGEST_S:.0f} s, not all looked at")
        raise
    finally:
        connection.close()
    if found != "ok":
        return problem(
            f"{name} is damaged: {found}", "stop the service, copy the folder, restore a backup"
        )
    return ok(f"sound, {size_text(path.stat().st_size)}")


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=10)
