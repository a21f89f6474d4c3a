"""
Writes a backup into a new data folder, exactly, and says whether its logs may go on.

A log that was signed beyond the backup must not continue under its name: there would be two
histories with one signature. How far it was signed stands in the guard of the original folder,
which the backup cannot know. Until that is settled a restored folder carries `restored.json`, and
whatever would write the ledger refuses (folder.py).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from indelible.errors import SettingsError, StorageError
from indelible.server.folder import (
    FORMAT_FILE,
    RESTORED_FILE,
    Restored,
    check_folder,
    write_restored,
)
from indelible.server.ops.archive import unpack
from indelible.server.ops.manifest import (
    CHUNK,
    File,
    Manifest,
    check_file,
    read_manifest,
    sync_folder,
)


def restore_files(source: Path, target: Path) -> Manifest:
    """
    Writes the files of a backup (a folder or an archive) into the new or empty folder `target`.

    Each is checked against the list while it is written. The format file comes last: a folder
    that was left half made is not a data folder. A failure leaves nothing. Raises StorageError or
    SettingsError.
    """
    with empty_folder(target):
        try:
            writer = _Writer(target)
            if source.is_dir():
                manifest = read_manifest(source)
                for listed in manifest.files:
                    with (source / listed.name).open("rb") as content:
                        writer.take(listed, content)
            else:
                manifest = unpack(source, writer.take)
            writer.finish(manifest)
        except OSError as error:
            raise StorageError(f"cannot restore: {error}", code="backup") from error
        check_folder(target)
    return manifest


@contextmanager
def empty_folder(target: Path) -> Iterator[None]:
    """A new or empty folder to fill; when the block fails it is as before."""
    made = _prepare(target)
    try:
        yield
    except BaseException:
        _undo(target, made)
        raise


class _Writer:
    """Writes and checks files; keeps the format file back until all others are there."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._format: bytes | None = None

    def take(self, listed: File, content: IO[bytes]) -> None:
        if listed.name == FORMAT_FILE:
            self._format = content.read(CHUNK)
            digest = hashlib.sha256(self._format).hexdigest()
            check_file(listed, File(listed.name, len(self._format), digest))
            return
        path = self._target / listed.name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        digest_, size = hashlib.sha256(), 0
        with os.fdopen(handle, "wb") as file:
            while chunk := content.read(CHUNK):
                digest_.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        check_file(listed, File(listed.name, size, digest_.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        write_restored(
            self._target,
            Restored(
                made_at=manifest.made_at,
                reason="nobody has said yet whether more was signed than this backup holds",
            ),
        )
        for folder in ("keys", "guard"):
            (self._target / folder).mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._target / folder)
        path = self._target / FORMAT_FILE
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(self._format or b"")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._target)


def _prepare(target: Path) -> bool:
    """Makes the folder where it is missing; whether it did."""
    try:
        if target.exists():
            if not target.is_dir() or any(target.iterdir()):
                raise SettingsError(
                    f"{target} is not empty",
                    hint="restore into a new folder: nothing is ever overwritten",
                    code="folder-not-empty",
                )
            target.chmod(0o700)
            return False
        target.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise StorageError(f"cannot make {target}: {error}", code="backup") from error
    return True


def _undo(target: Path, made: bool) -> None:
    for path in target.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if made:
        target.rmdir()


def release(target: Path, record: Callable[[], None]) -> None:
    """Lets the logs of a restored folder go on, after `record` has put that on record."""
    record()
    (target / RESTORED_FILE).unlink()
    sync_folder(target)
