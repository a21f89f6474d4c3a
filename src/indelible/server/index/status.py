"""
The state of the index, as the service and the command line see it, and the request to rebuild it.

Both go through small files in the index folder, so they work whether or not the service runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from indelible.codec import DecodeError, encode_json

FOLDER: Final = "index"
ENGINE_FOLDER: Final = "engine"
STATUS_FILE: Final = "status.json"
REBUILD_FILE: Final = "rebuild.request"

State = Literal["ready", "catching_up", "restarting", "failed"]


class IndexStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    How the index does. `indexed_through` is, per tenant id, the number of entries that it has.

    `alerts` are lasting troubles that stop nothing: entries that could not be read.
    """

    state: State
    indexed_through: dict[int, int] = {}
    # Below this entry no file of the index holds anything that was removed.
    clean_through: dict[int, int] = {}
    # Below this entry blocks are counted: questions over long times add up their numbers.
    counted_through: dict[int, int] = {}
    # Deleted tenants of which nothing is left in any file of the index.
    gone: list[int] = []
    lag_entries: int = 0
    lag_s: float = 0.0
    detail: str | None = None
    alerts: list[str] = []


_decode = msgspec.json.Decoder(IndexStatus).decode


def write_status(folder: Path, status: IndexStatus) -> None:
    """Replaces the status file. Not synced: it is only news."""
    temporary = folder / (STATUS_FILE + ".new")
    temporary.write_bytes(encode_json(status))
    temporary.replace(folder / STATUS_FILE)


def read_status(data_dir: Path) -> IndexStatus | None:
    """The last state that the index process wrote; None when there is no index yet."""
    try:
        return _decode((data_dir / FOLDER / STATUS_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError, DecodeError):
        return None


def request_rebuild(data_dir: Path) -> None:
    """
    Asks for the index to be made anew from the ledger.

    A running service starts within a second; a stopped one does it when it starts next.
    """
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / REBUILD_FILE).touch()


def rebuild_requested(folder: Path) -> bool:
    """Whether somebody asked for a rebuild that was not begun yet."""
    return (folder / REBUILD_FILE).exists()


def rebuild_begun(folder: Path) -> None:
    """Takes the request away; called after the old rows are gone."""
    (folder / REBUILD_FILE).unlink(missing_ok=True)
