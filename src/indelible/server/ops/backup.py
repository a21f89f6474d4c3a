"""
Copies a data folder while the service runs on it, or while nothing does.

Order, which is what makes the copy consistent: guard, control database, ledger, keys. The guard
names what was signed and is never ahead of the ledger; an event of Indelible itself leaves the
control database only after the ledger has it. So in the copy each of them refers to nothing that
the ledger lacks. Both databases are copied by SQLite's online backup inside one read transaction:
writers go on, and the copy is one moment of each. The search index is left out: it is made anew.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from indelible.clock import Clock, format_us
from indelible.errors import StorageError
from indelible.server.folder import (
    BACKUP_FILE,
    CONTROL_FILE,
    FORMAT_FILE,
    LEDGER_FILE,
    check_folder,
)
from indelible.server.ops.manifest import (
    FORMAT,
    LogEnd,
    Manifest,
    check_files,
    describe,
    encode_manifest,
    sync_folder,
)
from indelible.server.settings import FILE_NAME
from indelible.server.version import version
from indelible.tlog.merkle import Frontier

_PAGES = 2048  # copied between two looks at the progress: 8 MiB

Progress = Callable[[int, int], None]
"""Told how many pages of the ledger are copied, of how many."""


def make_backup(
    data_dir: Path, target: Path, clock: Clock, progress: Progress | None = None
) -> Manifest:
    """
    Copies the data folder into the new folder `target` and lists what is there.

    On return all of it is on disk and was read back. A failure leaves nothing of `target`.
    Raises StorageError or SettingsError.
    """
    check_folder(data_dir)
    try:
        target.mkdir(mode=0o700)
    except OSError as error:
        raise StorageError(f"cannot make {target}: {error.strerror}", code="backup") from error
    try:
        return _fill(data_dir, target, clock, progress)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise StorageError(f"the backup failed: {error}", code="backup") from error
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _fill(data_dir: Path, target: Path, clock: Clock, progress: Progress | None) -> Manifest:
    made_us = clock.now_us()
    names = _copy_files(data_dir, target, "guard")
    copy_database(data_dir / CONTROL_FILE, target / CONTROL_FILE)
    copy_database(data_dir / LEDGER_FILE, target / LEDGER_FILE, progress)
    names += [CONTROL_FILE, LEDGER_FILE, *_copy_files(data_dir, target, "keys")]
    for name in (FORMAT_FILE, FILE_NAME):
        if (data_dir / name).is_file():
            _copy_file(data_dir / name, target / name)
            names.append(name)
    manifest = Manifest(
        backup=FORMAT,
        made_at=format_us(made_us),
        version=version(),
        folder=str(data_dir),
        logs=read_ends(target / LEDGER_FILE),
        files=describe(target, sorted(names)),
    )
    _write_file(target / BACKUP_FILE, encode_manifest(manifest))
    for folder in (target / "guard", target / "keys", target):
        sync_folder(folder)
    _drop_from_memory(target, manifest)
    check_files(target, manifest)
    return manifest


def copy_database(source: Path, target: Path, progress: Progress | None = None) -> None:
    """One moment of a database as a single file, complete and sound. Raises sqlite3.Error."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    reading = sqlite3.connect(f"file:{source}?mode=ro", uri=True, isolation_level=None, timeout=10)
    try:
        writing = sqlite3.connect(target, isolation_level=None)
        try:
            writing.execute("PRAGMA synchronous=OFF")  # synced as a whole, below
            # The open transaction holds one moment; without it each commit would begin anew.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()

            def tell(_status: int, left: int, pages: int) -> None:
                if progress is not None:
                    progress(pages - left, pages)

            reading.backup(writing, pages=_PAGES, progress=tell)
            reading.execute("COMMIT")
            # No files beside it: a copy can be read from where nothing can be written.
            writing.execute("PRAGMA journal_mode=DELETE")
            (found,) = writing.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise StorageError(
                    f"{source.name} is damaged: {found}",
                    hint="`indelible verify` names the entries; go on from an older backup",
                    code="backup",
                )
        finally:
            writing.close()
    finally:
        reading.close()
    _sync(target)


def read_ends(ledger: Path) -> tuple[LogEnd, ...]:
    """Where each log in a copied ledger ends."""
    connection = sqlite3.connect(f"file:{ledger}?mode=ro&immutable=1", uri=True)
    try:
        rows = connection.execute(
            "SELECT t.id, t.name, t.origin, h.frontier FROM tenant t JOIN head h ON h.tenant = t.id"
            " ORDER BY t.id"
        ).fetchall()
    finally:
        connection.close()
    ends = []
    for number, name, origin, edge in rows:
        frontier = Frontier.from_bytes(edge)
        ends.append(LogEnd(number, name, origin, frontier.size, frontier.root().hex()))
    return tuple(ends)


def _copy_files(data_dir: Path, target: Path, folder: str) -> list[str]:
    (target / folder).mkdir(mode=0o700)
    names = []
    for path in sorted((data_dir / folder).glob("*")):
        # A `.part` is a file that is being replaced at this moment.
        if path.is_file() and path.suffix != ".part":
            _copy_file(path, target / folder / path.name)
            names.append(f"{folder}/{path.name}")
    return names


def _copy_file(source: Path, target: Path) -> None:
    _write_file(target, source.read_bytes())


def _write_file(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _drop_from_memory(target: Path, manifest: Manifest) -> None:
    """Asks the kernel to forget what it holds of the files, so that they are read from the disk."""
    for listed in manifest.files:
        handle = os.open(target / listed.name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)
