"""The data folder: format, permissions, room, settings."""

from __future__ import annotations

import os
import shutil
import stat

from indelible.server.folder import FORMAT, check_folder, check_may_continue
from indelible.server.ops.checks.check import Finding, Subject, ok, problem, size_text, warning
from indelible.server.settings import load_settings

_LOW_BYTES = 2 * 1024**3
_FULL_BYTES = 256 * 1024**2


def check_format(subject: Subject) -> Finding:
    """A data folder of a format that this version knows, and one that may be written."""
    check_folder(subject.data_dir)
    check_may_continue(subject.data_dir)
    return ok(f"{subject.data_dir}, format {FORMAT}")


def check_settings(subject: Subject) -> Finding:
    """All sources of settings, as `serve` reads them."""
    settings = load_settings(subject.data_dir, subject.environment)
    changed = [key for key, origin in settings.origins.items() if origin != "default"]
    return ok(f"valid; {len(changed)} of {len(settings.origins)} are not the default")


def check_permissions(subject: Subject) -> Finding:
    """Nobody else may enter the folder or read a key, and we may write."""
    folder = subject.data_dir
    for path in (folder, *sorted((folder / "keys").glob("*"))):
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        wanted = 0o700 if path.is_dir() else 0o600
        if mode & 0o077:
            return problem(
                f"{path} has mode {mode:04o}: others of this machine may read it",
                f"chmod {wanted:o} {path}",
            )
        if found.st_uid != os.geteuid():
            return warning(
                f"{path} belongs to user {found.st_uid}, this command runs as {os.geteuid()}",
                "run it as the user of the service",
            )
    for path in (folder, *(item for item in folder.iterdir() if item.is_file())):
        if not os.access(path, os.W_OK):
            return problem(f"{path} cannot be written", f"chown or chmod {path}, or remount")
    return ok("for the owner only, and writable")


def check_disk(subject: Subject) -> Finding:
    """Room for what comes."""
    usage = shutil.disk_usage(subject.data_dir)
    free = f"{size_text(usage.free)} free of {size_text(usage.total)}"
    if usage.free < _FULL_BYTES:
        return problem(free, "make room: a full disk refuses events until there is some")
    if usage.free < _LOW_BYTES or usage.free < usage.total // 20:
        return warning(free, "make room before it is full")
    return ok(free)
