"""A backup as one file: a tar archive, compressed with zstd, its list first."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from indelible.errors import StorageError
from indelible.server.folder import BACKUP_FILE
from indelible.server.ops.manifest import (
    MAX_MANIFEST_BYTES,
    File,
    Manifest,
    parse_manifest,
    sync_folder,
)

SUFFIX = ".tar.zst"
_LEVEL = 3  # the parts inside are compressed already

Take = Callable[[File, IO[bytes]], None]
"""Called for each file in the archive's order, with its content."""


def pack(folder: Path, manifest: Manifest, target: Path) -> None:
    """
    Writes a backup folder as an archive, readable by its owner only, and reads it back.

    Under its name there is a whole archive or none. Raises StorageError.
    """
    part = target.with_name(target.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            writer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
            with (
                writer.stream_writer(file, closefd=False) as stream,
                tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                for name in (BACKUP_FILE, *(listed.name for listed in manifest.files)):
                    _add(archive, folder / name, name)
            file.flush()
            os.fsync(file.fileno())
        unpack(part, lambda _listed, content: _read_through(content))
        part.replace(target)
        sync_folder(target.absolute().parent)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error}", code="backup") from error
    finally:
        part.unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    info = tarfile.TarInfo(name)
    found = path.stat()
    info.size, info.mtime, info.mode = found.st_size, int(found.st_mtime), 0o600
    with path.open("rb") as content:
        archive.addfile(info, content)


def _read_through(content: IO[bytes]) -> None:
    while content.read(1024 * 1024):
        pass


def unpack(source: Path, take: Take) -> Manifest:
    """
    Reads an archive from front to end and hands each file to `take`, in the order of its list.

    Raises StorageError when anything is not as the list says. `take` must read the content; it is
    checked against the list before the next file comes.
    """
    try:
        with _open(source) as archive:
            members = iter(archive)
            first = next(members, None)
            if first is None or first.name != BACKUP_FILE or first.size > MAX_MANIFEST_BYTES:
                raise StorageError(f"{source} is not a backup of Indelible", code="backup")
            manifest = parse_manifest(_content(archive, first).read())
            for listed in manifest.files:
                member = next(members, None)
                if member is None or member.name != listed.name or member.size != listed.size:
                    raise StorageError(
                        f"the backup is damaged: {listed.name} is not where its list says",
                        hint="use another backup",
                        code="backup",
                    )
                take(listed, _content(archive, member))
            if next(members, None) is not None:
                raise StorageError("the backup holds more than its list says", code="backup")
            return manifest
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise StorageError(
            f"the backup is damaged: {source} cannot be read: {error}",
            hint="use another backup",
            code="backup",
        ) from error
    except OSError as error:
        raise StorageError(f"cannot read {source}: {error}", code="backup") from error


@contextmanager
def _open(source: Path) -> Iterator[tarfile.TarFile]:
    with (
        source.open("rb") as file,
        # Across frames: what follows the archive must not pass unread.
        zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        yield archive
        while stream.read(1024 * 1024):
            pass


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise StorageError(f"the backup holds {member.name[:80]!r}, not a file", code="backup")
    return content
