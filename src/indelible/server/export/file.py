"""
The files of background exports: a folder that only the service's account may enter.

A file has its final name only when it is whole, on disk, and its manifest is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from indelible.codec import encode_json
from indelible.errors import StorageError

FOLDER = "exports"
_WORK = "work"
_LOOK_EVERY_BYTES = 16 * 1024 * 1024
_BYTES_PER_ROW = 250  # of CSV, measured; enough to refuse what can never fit


class ExportFiles:
    """Owns the folder."""

    def __init__(self, data_dir: Path, reserve_mb: int) -> None:
        self._folder = data_dir / FOLDER
        self._reserve = reserve_mb * 1024 * 1024

    @property
    def work(self) -> Path:
        """Where formats that cannot stream are made."""
        return self._folder / _WORK

    def prepare(self) -> None:
        """Makes the folder; removes what an earlier process did not finish."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(mode=0o700)
        for part in self._folder.glob("*.part"):
            part.unlink(missing_ok=True)

    def path(self, job_id: str) -> Path:
        """The file of a job that is done."""
        return self._folder / job_id

    def manifest_path(self, job_id: str) -> Path:
        """What lies beside it."""
        return self._folder / f"{job_id}.manifest.json"

    def check_room(self, rows: int = 0) -> None:
        """Raises StorageError when the disk has no room for so many rows and the reserve."""
        free = shutil.disk_usage(self._folder).free
        if free < self._reserve + rows * _BYTES_PER_ROW:
            raise StorageError(
                f"the disk has no room for this export ({free // 1024**2} MB are free)",
                hint="make room, narrow the export, or lower export.reserve_mb",
                code="no-room",
            )

    def begin(self, job_id: str) -> PartFile:
        """A file to write to."""
        return PartFile(self._folder / f"{job_id}.part", self)

    def finish(self, job_id: str, part: PartFile, manifest: dict[str, Any]) -> None:
        """Gives a whole file its name, after its manifest; durable on return."""
        waiting = self._folder / f"{job_id}.manifest.part"
        with _create(waiting) as file:
            file.write(encode_json(manifest) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        waiting.rename(self.manifest_path(job_id))
        part.path.rename(self.path(job_id))
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, job_id: str) -> None:
        """Removes file and manifest, whole or not."""
        for path in (
            self.path(job_id),
            self.manifest_path(job_id),
            self._folder / f"{job_id}.part",
        ):
            path.unlink(missing_ok=True)


class PartFile:
    """A file while it is written: hashed as it grows. Used by one thread at a time."""

    def __init__(self, path: Path, files: ExportFiles) -> None:
        self.path = path
        self.size = 0
        self._files = files
        self._hash = hashlib.sha256()
        self._file = _create(path)
        self._looked = 0

    def write(self, data: bytes) -> None:
        """Raises StorageError when the disk is full, or soon will be."""
        try:
            self._file.write(data)
        except OSError as error:
            raise StorageError(f"the file cannot be written: {error.strerror}") from error
        self._hash.update(data)
        self.size += len(data)
        if self.size - self._looked >= _LOOK_EVERY_BYTES:
            self._looked = self.size
            self._files.check_room()

    def close(self) -> str:
        """Makes it durable; returns its SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hash.hexdigest()

    def discard(self) -> None:
        """Removes it."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _create(path: Path) -> Any:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "wb")
