"""
The list of what a backup holds: every file with its size and SHA-256, and where each log ended.

Only names of a data folder are allowed in it, so a foreign archive can write nowhere else.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from indelible.errors import StorageError
from indelible.server.folder import BACKUP_FILE

FORMAT = 1
MAX_MANIFEST_BYTES = 4 * 1024 * 1024
CHUNK = 1024 * 1024

_NAME = re.compile(
    r"format\.json|indelible\.toml|ledger\.sqlite3|control\.sqlite3"
    r"|(?:keys|guard)/[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
)


class LogEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a tenant's log ended when it was copied; `root` in hex."""

    tenant: int
    name: str
    origin: str
    size: int
    root: str


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the backup."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`folder` is where the data folder was: there the newest guard may still be found."""

    backup: int
    made_at: str
    version: str
    folder: str
    logs: tuple[LogEnd, ...]
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def encode_manifest(manifest: Manifest) -> bytes:
    """One line per file, for people."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def parse_manifest(data: bytes) -> Manifest:
    """Raises StorageError unless it is a manifest of a format and with names that we know."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise StorageError(f"{BACKUP_FILE} cannot be read: {error}", code="backup") from error
    if manifest.backup != FORMAT:
        raise StorageError(
            f"the backup has format {manifest.backup}, this version of Indelible knows {FORMAT}",
            hint="restore it with the version that made it",
            code="backup",
        )
    names = [file.name for file in manifest.files]
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong or len(set(names)) != len(names) or not {"format.json", "ledger.sqlite3"} <= {*names}:
        raise StorageError(
            f"{BACKUP_FILE} does not list the files of a data folder"
            + (f": {wrong[0][:80]!r}" if wrong else ""),
            code="backup",
        )
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup folder. Raises StorageError."""
    path = folder / BACKUP_FILE
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise StorageError(f"{path} is too long", code="backup")
        return parse_manifest(path.read_bytes())
    except FileNotFoundError as error:
        raise StorageError(
            f"{folder} is not a backup: it has no {BACKUP_FILE}",
            hint="name the folder or the .tar.zst file that `indelible backup` made",
            code="backup",
        ) from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error}", code="backup") from error


def describe(folder: Path, names: Iterable[str]) -> tuple[File, ...]:
    """Size and hash of each file, read from the disk."""
    return tuple(File(name, *digest_of(folder / name)) for name in names)


def digest_of(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file's content."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def check_files(folder: Path, manifest: Manifest) -> None:
    """Reads every file back. Raises StorageError naming the first that is not as listed."""
    for wanted in manifest.files:
        try:
            found = File(wanted.name, *digest_of(folder / wanted.name))
        except OSError as error:
            raise StorageError(
                f"the backup is damaged: cannot read {wanted.name}: {error}", code="backup"
            ) from error
        check_file(wanted, found)


def check_file(wanted: File, found: File) -> None:
    """Raises StorageError when a file is not as listed."""
    if found != wanted:
        what = "has another length" if found.size != wanted.size else "has other content"
        raise StorageError(
            f"the backup is damaged: {wanted.name} {what} than its list says",
            hint="use another backup",
            code="backup",
        )


def sync_folder(path: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
