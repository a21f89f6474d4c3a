"""
Whether a restored log may go on under its name: what was signed, against what the backup holds.

Known is only what somebody kept: the guard of the original folder, or that folder itself. The
guard inside the backup is as old as the backup and tells nothing.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Literal

import msgspec

from indelible.codec import decode_json
from indelible.errors import SettingsError, StorageError, VerificationError
from indelible.server.folder import LEDGER_FILE, LOCK_FILE
from indelible.server.ledger import LedgerReader
from indelible.server.ledger.checkpointing import Guard
from indelible.server.ops.manifest import LogEnd, Manifest
from indelible.tlog.tile import TileReader


class Standing(msgspec.Struct, frozen=True):
    """
    `continues`: the backup holds all that was signed. `stale`: more was signed, or something else.
    `unknown`: nothing was found that could tell.
    """

    verdict: Literal["continues", "stale", "unknown"]
    reason: str


UNKNOWN = Standing(
    "unknown", "neither the original folder nor its guard is here to say how far the log was signed"
)


def judge(restored: Path, manifest: Manifest, evidence: Path | None) -> Standing:
    """
    Compares the restored logs with the guard at `evidence`: a guard file, a guard folder or a data
    folder. Without it the original folder is looked for where it was when the backup was made.

    Raises SettingsError when the named evidence cannot be read or is none.
    """
    original = Path(manifest.folder)
    if evidence is None:
        if original.absolute() == restored.absolute() or not (original / "guard").is_dir():
            return UNKNOWN
        if not _same_logs(original, manifest):
            return UNKNOWN
        evidence = original
    folder = evidence if (evidence / LEDGER_FILE).is_file() else None
    if folder is not None and _in_use(folder):
        return Standing(
            "stale",
            f"a service is running on the original folder {folder}: two would sign two histories",
        )
    if folder is not None:
        deleted = _judge_tenants(folder, manifest)
        if deleted is not None:
            return deleted
    reader = LedgerReader(restored / LEDGER_FILE)
    try:
        for end in manifest.logs:
            standing = _judge_log(reader, end, _guard(evidence, end, manifest))
            if standing is not None:
                return standing
    finally:
        reader.close()
    if folder is not None:
        return _judge_entries(folder, manifest)
    return Standing("continues", f"{evidence} says that nothing was signed beyond the backup")


def _judge_tenants(folder: Path, manifest: Manifest) -> Standing | None:
    """A backup must not bring back what the original has deleted since."""
    try:
        reader = LedgerReader(folder / LEDGER_FILE)
    except StorageError:
        return None
    try:
        gone = {tenant.origin for tenant in reader.deleted_tenants()}
    except StorageError:
        return None
    finally:
        reader.close()
    back = sorted(end.origin for end in manifest.logs if end.origin in gone)
    if not back:
        return None
    return Standing(
        "stale",
        f"the tenant of {back[0]} was deleted after the backup, which would bring it back",
    )


def _judge_log(reader: LedgerReader, end: LogEnd, guard: Guard | None) -> Standing | None:
    """None when all that the guard says was signed is in the backup."""
    if guard is None:
        return None
    if guard.size > end.size:
        return Standing(
            "stale",
            f"the log {end.origin} was signed at {guard.size:,} entries, the backup has"
            f" {end.size:,}",
        )
    tiles = TileReader(end.size, lambda level, n: reader.tile(end.tenant, level, n))
    try:
        root = tiles.frontier(guard.size).root().hex()
    except VerificationError as error:
        raise StorageError(f"the restored tree is damaged: {error.message}") from error
    if root != guard.root:
        return Standing(
            "stale",
            f"the log {end.origin} was signed with another root at {guard.size:,} entries: the"
            " backup is of another history",
        )
    return None


def _judge_entries(folder: Path, manifest: Manifest) -> Standing:
    """The original ledger, where it can be read, may hold more than was signed."""
    ends = {end.origin: end for end in manifest.logs}
    try:
        reader = LedgerReader(folder / LEDGER_FILE)
    except StorageError:
        return _nothing_newer(folder)
    try:
        for tenant in reader.tenants():
            size = reader.size(tenant.id)
            if tenant.origin in ends and size > ends[tenant.origin].size:
                return Standing(
                    "stale",
                    f"the original folder {folder} has {size:,} entries, the backup"
                    f" {ends[tenant.origin].size:,}: go on with the original",
                )
    except StorageError:
        # Damaged: then the guard is all that is known, and it has been asked.
        return _nothing_newer(folder)
    finally:
        reader.close()
    return _nothing_newer(folder)


def _nothing_newer(folder: Path) -> Standing:
    return Standing(
        "continues",
        f"the original folder {folder} holds nothing beyond the backup; never serve it again",
    )


def _guard(evidence: Path, end: LogEnd, manifest: Manifest) -> Guard | None:
    name = f"{end.tenant}.json"
    candidates = [evidence / "guard" / name, evidence / name]
    if evidence.is_file():
        if len(manifest.logs) > 1 and evidence.name != name:
            return None
        candidates = [evidence]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        if (evidence / LEDGER_FILE).is_file():
            return None  # a data folder whose log was never signed
        raise SettingsError(
            f"{evidence} has no guard of the log {end.origin}",
            hint=f"name the original's guard/{name}, its guard folder, or its data folder",
        )
    try:
        return msgspec.convert(decode_json(path.read_bytes()), Guard)
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(f"cannot read the guard {path}: {error}") from error


def _same_logs(original: Path, manifest: Manifest) -> bool:
    """Whether the folder at that place has the logs of the backup; true when it cannot be told."""
    try:
        reader = LedgerReader(original / LEDGER_FILE)
    except StorageError:
        return True
    try:
        found = {tenant.origin for tenant in (*reader.tenants(), *reader.deleted_tenants())}
    except StorageError:
        return True
    finally:
        reader.close()
    return {end.origin for end in manifest.logs} <= found


def _in_use(folder: Path) -> bool:
    try:
        handle = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
