"""
Makes files and names durable, and never takes a failed sync for a passing one.

After a failed fsync the kernel may have dropped the pages, and the next fsync may succeed without
them: so there is no second try, the process ends, and opening again finds out what is on disk.
"""

from __future__ import annotations

import os
from pathlib import Path

from indelible.errors import FatalError


def write_durably(path: Path, data: bytes) -> None:
    """
    Replaces a file, readable by its owner only; after a power cut the old or the new content is
    there whole. On return the content and the name are on disk.

    Raises OSError when the old content is still there and a later try may succeed (a full disk),
    FatalError when a sync failed: what is on disk then is unknown, and a second sync may lie.
    """
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        left = memoryview(data)
        while left:  # a disk that is nearly full takes a part only
            left = left[os.write(handle, left) :]
        _sync(handle, part)
    finally:
        os.close(handle)
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable. Raises FatalError as `write_durably`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _sync(handle, folder)
    finally:
        os.close(handle)


def _sync(handle: int, path: Path) -> None:
    try:
        os.fsync(handle)
    except OSError as cause:
        raise FatalError(f"{path} could not be made durable: {cause.strerror}") from cause
