"""
Goes on from a stale backup as a new log: a new origin, new keys, a new tree.

Every event of the old log is sealed again, its parts byte by byte as they were, under the day on
which that is done. Indices stay the same; leaf hashes, proofs and checkpoints are new, and the old
ones stay valid for the old log only: the backup is the evidence of it.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from indelible.clock import Clock
from indelible.errors import SettingsError, StorageError
from indelible.event import Event, join
from indelible.seal import CONTENT, EVENT, FACT, PERSON, PartedEvent
from indelible.server.folder import ACCOUNTS_KEY, CONTROL_FILE, LEDGER_FILE, finish_folder
from indelible.server.ledger import Entry, Incoming, Ledger, LedgerReader
from indelible.server.ledger.categories import first_policy
from indelible.server.ops.manifest import LogEnd, Manifest
from indelible.server.settings import FILE_NAME

_BATCH = 2048
_FIRST_EVENT = 2  # after genesis and policy


class Replayed(msgspec.Struct, frozen=True):
    """What became of the old log's events."""

    events: int
    without_fact: int


def continue_as(
    old: Path,
    target: Path,
    manifest: Manifest,
    origin: str,
    clock: Clock,
    progress: Callable[[int, int], None] | None = None,
    erased: Mapping[int, int] = MappingProxyType({}),
) -> Replayed:
    """
    Makes a data folder in the empty folder `target` with the events of the restored folder `old`.

    Accounts, API keys and settings go along; parts in `erased` (index → bits), which the old log
    declared erased after the backup was made, do not. Raises SettingsError when the log cannot be
    taken over, and leaves a half-made folder, which is not a data folder, for the caller to remove.
    """
    if len(manifest.logs) != 1:
        raise SettingsError("--as-new-origin takes backups of one log only")
    end = manifest.logs[0]
    if origin == end.origin:
        raise SettingsError(
            f"{origin} is the origin of the old log", hint="a new log needs a name of its own"
        )
    shutil.copyfile(old / CONTROL_FILE, target / CONTROL_FILE)
    (target / CONTROL_FILE).chmod(0o600)
    if (old / FILE_NAME).is_file():
        shutil.copyfile(old / FILE_NAME, target / FILE_NAME)
    Ledger.create(target, clock, tenant=end.name, origin=origin)
    if (old / ACCOUNTS_KEY).is_file():
        # Without it the second factors of the accounts cannot be read.
        shutil.copyfile(old / ACCOUNTS_KEY, target / ACCOUNTS_KEY)
        (target / ACCOUNTS_KEY).chmod(0o600)
    if not erased:
        # Otherwise one of them could lead back to somebody who was erased: all are drawn anew.
        _copy_rows(old, target, "alias")
    reader = LedgerReader(old / LEDGER_FILE)
    try:
        replayed, same_places = _replay(reader, target, end, clock, progress, erased)
    finally:
        reader.close()
    if same_places:
        # The ids that were stored go along, so that a sender's retry still stores nothing twice.
        _copy_rows(old, target, "seen")
    finish_folder(target)
    return replayed


def _replay(
    reader: LedgerReader,
    target: Path,
    end: LogEnd,
    clock: Clock,
    progress: Callable[[int, int], None] | None,
    erased: Mapping[int, int],
) -> tuple[Replayed, bool]:
    ledger = Ledger.open(target, clock=clock)
    events = without_fact = 0
    same_places = True
    try:
        (tenant,) = ledger.tenants()
        names = {category.id: category.name for category in first_policy(0).categories}
        for start in range(_FIRST_EVENT, end.size, _BATCH):
            items: list[Incoming] = []
            for stored_entry in reader.read(end.tenant, start, start + _BATCH):
                entry = _without(stored_entry, erased.get(stored_entry.index, 0))
                if entry.leaf_type != EVENT or entry.fact is None:
                    # Other entries speak of the old tree; without a fact there is no event left.
                    without_fact += entry.leaf_type == EVENT
                    same_places = False
                    continue
                items.append(_incoming(entry, names))
            if items:
                stored = ledger.append_and_wait(
                    tenant.id, items, received_us=clock.now_us(), scope="replay"
                )
                events += len(stored.receipts)
            if progress is not None:
                progress(min(start + _BATCH, end.size), end.size)
    finally:
        ledger.close()
    return Replayed(events, without_fact), same_places


def _without(entry: Entry, parts: int) -> Entry:
    """The entry without these parts."""
    if not parts:
        return entry
    return msgspec.structs.replace(
        entry,
        fact=None if parts & FACT else entry.fact,
        person=None if parts & PERSON else entry.person,
        content=None if parts & CONTENT else entry.content,
    )


def _incoming(entry: Entry, names: dict[int, str]) -> Incoming:
    if entry.fact is None:
        raise StorageError(f"entry {entry.index} has no fact")
    event: Event = join(entry.fact, entry.person, entry.content)
    if names.get(entry.category_id) != event.category:
        raise SettingsError(
            f"category {event.category!r} of entry {entry.index} is not one of a new log",
            hint="restore with this backup's own origin to read it",
        )
    parted = PartedEvent(entry.category_id, entry.fact, entry.person, entry.content)
    return Incoming(event.id, parted)


def _copy_rows(old: Path, target: Path, table: str) -> None:
    """Copies a table of the ledger that is not part of the tree."""
    connection = sqlite3.connect(target / LEDGER_FILE, isolation_level=None)
    try:
        connection.execute("ATTACH ? AS old", (f"{old / LEDGER_FILE}",))
        connection.execute("PRAGMA main.synchronous=FULL")
        if table == "alias":
            connection.execute("INSERT INTO main.alias SELECT * FROM old.alias")
        else:
            connection.execute("INSERT OR IGNORE INTO main.seen SELECT * FROM old.seen")
    except sqlite3.Error as error:
        raise StorageError(f"cannot take over the {table} table: {error}") from error
    finally:
        connection.close()
