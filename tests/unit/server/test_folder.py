"""The data folder: made whole or not at all, known by its format, one writer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from indelible.errors import SettingsError
from indelible.server.folder import (
    FORMAT_FILE,
    FolderLock,
    check_folder,
    create_folder,
    finish_folder,
)


def test_a_half_made_folder_is_not_opened(tmp_path: Path) -> None:
    data = tmp_path / "data"
    create_folder(data)
    with pytest.raises(SettingsError, match="is not a data folder"):
        check_folder(data)
    finish_folder(data)
    check_folder(data)
    with pytest.raises(SettingsError, match="already"):
        create_folder(data)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 2}', b'{"format": "1"}'])
def test_an_unknown_format_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FORMAT_FILE).write_bytes(content)
    with pytest.raises(SettingsError):
        check_folder(tmp_path)


def test_settings_may_be_there_before_the_folder(tmp_path: Path) -> None:
    (tmp_path / "indelible.toml").touch()
    create_folder(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path, "`first`")
    with pytest.raises(SettingsError, match=rf"in use by `first`, process {os.getpid()}"):
        FolderLock(tmp_path, "`second`")
    lock.release()
    FolderLock(tmp_path, "`second`").release()


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib; from indelible.server.folder import FolderLock;"
        f"FolderLock(pathlib.Path({str(tmp_path)!r}), 'x'); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert done.returncode == -9
    FolderLock(tmp_path, "y").release()
