"""
How far the follower is, and the boundaries of the batch under way, on disk.

One small file per tenant beside the engine's folder. It is replaced, with fsync of file and folder,
before each batch is inserted; after a crash the same batch is sent again with the same boundaries
and so the same deduplication token, and the engine drops it when it has it already.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from indelible.codec import DecodeError, encode_json
from indelible.server.index.schema import INDEX_VERSION


class Batch(msgspec.Struct, frozen=True):
    """Entries [start, stop) of one insert; `rows` of them are events."""

    start: int
    stop: int
    rows: int


class Replacing(msgspec.Struct, frozen=True):
    """Rows that are being made anew without parts that were removed."""

    indices: list[int]


class Progress(msgspec.Struct, frozen=True):
    """
    What the index holds of one tenant.

    Every entry below `batch.start` is in the index; entries of `batch` may be, wholly or not.
    `rows` counts the events below `batch.start`; of these the first `verified_rows`, below
    `verified`, were counted in the index itself. `epoch` grows with each repair, so that no token
    is ever used for other bytes.
    """

    version: str
    epoch: int = 1
    batch: Batch = Batch(0, 0, 0)
    rows: int = 0
    verified: int = 0
    verified_rows: int = 0
    # While set, some of these rows may be missing: they are made again first of all.
    replacing: Replacing | None = None
    # Removals below this entry are out of the rows; out of all files only those below `clean`.
    removed: int = 0
    clean: int = 0
    # Bits of parts that left rows, while the tables of values may have what only these rows had.
    forgetting: int = 0

    def done(self) -> Progress:
        """The same after the batch is in the index."""
        stop = self.batch.stop
        return msgspec.structs.replace(
            self, rows=self.rows + self.batch.rows, batch=Batch(stop, stop, 0)
        )


_decode = msgspec.json.Decoder(Progress).decode


class ProgressFile:
    """The file of one tenant. Used by the follower's thread only."""

    def __init__(self, folder: Path, tenant_id: int) -> None:
        self._folder = folder
        self._path = folder / f"progress-{tenant_id}.json"

    def read(self) -> Progress | None:
        """What was written last; None when there is nothing, or nothing that can be read."""
        try:
            return _decode(self._path.read_bytes())
        except (FileNotFoundError, DecodeError, UnicodeDecodeError):
            return None

    def write(self, progress: Progress) -> None:
        """Replaces the file; it is on disk when this returns."""
        write_durably(self._path, encode_json(progress))

    def remove(self) -> None:
        """Takes the file away, where there is one: the tenant has left."""
        self._path.unlink(missing_ok=True)


def of_another_version(folder: Path) -> bool:
    """Whether the index was made with other tables, or with another folding of text."""
    for path in folder.glob("progress-*.json"):
        try:
            if _decode(path.read_bytes()).version != INDEX_VERSION:
                return True
        except (OSError, DecodeError, UnicodeDecodeError):
            return True
    return False


def write_durably(path: Path, data: bytes) -> None:
    """Replaces a file as one step that survives a power cut."""
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
