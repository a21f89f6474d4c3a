"""The data folder: its format file, and the lock that lets one service own it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from indelible.codec import DecodeError, decode_json, encode_json
from indelible.errors import SettingsError

FORMAT = 1
FORMAT_FILE = "format.json"
LOCK_FILE = "service.lock"
TENANTS_LOCK_FILE = "tenants.lock"  # one tenant at a time is added, also beside the service
LEDGER_FILE = "ledger.sqlite3"
CONTROL_FILE = "control.sqlite3"
ACCOUNTS_KEY = "keys/accounts.key"
BACKUP_FILE = "backup.json"
RESTORED_FILE = "restored.json"
ALIVE_FILE = "alive"


class Restored(msgspec.Struct, frozen=True):
    """
    Why the logs of a restored folder must not go on. The file is there for as long as that holds.

    Reading, verifying and exporting by hand do no harm; signing anything new would.
    """

    made_at: str
    reason: str


def create_folder(path: Path) -> None:
    """Makes an empty data folder that only its owner may enter. Raises SettingsError if used."""
    if (path / FORMAT_FILE).exists():
        raise SettingsError(
            f"{path} is a data folder already", hint="name another folder with --data"
        )
    if path.exists() and any(item.name != "indelible.toml" for item in path.iterdir()):
        raise SettingsError(
            f"{path} is not empty and not a data folder",
            hint="name an empty or new folder; a broken off `init` leaves one to remove",
        )
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


def finish_folder(path: Path) -> None:
    """
    Writes the format file: the last step of `init`.

    A folder without it is not opened, so a half-made one is never served.
    """
    target = path / FORMAT_FILE
    temporary = path / (FORMAT_FILE + ".new")
    with temporary.open("wb") as file:
        file.write(encode_json({"format": FORMAT}) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(target)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_folder(path: Path) -> None:
    """Raises SettingsError unless this is a data folder of a format that we know."""
    if (path / BACKUP_FILE).exists():
        raise SettingsError(
            f"{path} is a backup, not a data folder in use",
            hint=f"`indelible restore {path} --data NEW` makes a data folder of it",
            code="is-backup",
        )
    try:
        content = decode_json((path / FORMAT_FILE).read_bytes())
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path} is not a data folder of Indelible",
            hint=f"make one with `indelible init --data {path}`",
        ) from error
    except (OSError, DecodeError) as error:
        raise SettingsError(f"cannot read {path / FORMAT_FILE}: {error}") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise SettingsError(
            f"{path} has format {found!r}, this version of Indelible knows {FORMAT}",
            hint="use the version that made it",
        )


def write_restored(path: Path, restored: Restored) -> None:
    """Marks a restored folder, durably, before it becomes a data folder."""
    temporary = path / (RESTORED_FILE + ".new")
    with temporary.open("wb") as file:
        file.write(encode_json(restored) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path / RESTORED_FILE)


def check_may_continue(path: Path) -> None:
    """Raises SettingsError when the folder was restored and its logs must not go on."""
    try:
        data = (path / RESTORED_FILE).read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise SettingsError(f"cannot read {path / RESTORED_FILE}: {error}") from error
    try:
        restored = msgspec.json.decode(data, type=Restored)
        why = f"{path} was restored from a backup of {restored.made_at}, and {restored.reason}"
    except msgspec.MsgspecError:
        why = f"{path} was restored from a backup, and {RESTORED_FILE} cannot be read"
    raise SettingsError(
        why,
        hint="a log must not be signed twice from one place: restore again with --guard,"
        " --nothing-newer or --as-new-origin (docs/operations.md, Restore)",
        code="ledger-rolled-back",
    )


def mark_alive(path: Path, now_us: int) -> None:
    """Writes down that the service runs. Not synced: it only dates a stop that nobody recorded."""
    temporary = path / (ALIVE_FILE + ".new")
    temporary.write_text(f"{now_us}\n", encoding="ascii")
    temporary.chmod(0o600)
    temporary.replace(path / ALIVE_FILE)


def mark_stopped(path: Path) -> None:
    """Takes the mark away: the stop is recorded in the log itself."""
    (path / ALIVE_FILE).unlink(missing_ok=True)


def last_alive_us(path: Path) -> int | None:
    """When a service that did not stop in order was last seen; None after one that did."""
    try:
        text = (path / ALIVE_FILE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() and len(text) < 18 else None


class FolderLock:
    """
    An exclusive lock on the data folder, held for the life of the process.

    The kernel frees it when the process ends in any way, so a crash leaves nothing to clean up.
    """

    def __init__(self, path: Path, purpose: str, name: str = LOCK_FILE) -> None:
        self._path = path / name
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SettingsError(
                f"{path} cannot be written: {error.strerror}",
                hint="the data folder belongs to the user that runs the service, on a disk that"
                " is mounted for writing; `indelible verify` can read it as it is",
                code="folder-not-writable",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._file, 200, 0).decode("utf-8", "replace").strip()
            os.close(self._file)
            raise SettingsError(
                f"{path} is in use by {holder or 'another process'}",
                hint="one process at a time may write a ledger: stop it, or send over HTTP",
                code="folder-in-use",
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{purpose}, process {os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Lets another process take the folder."""
        os.ftruncate(self._file, 0)
        os.close(self._file)
