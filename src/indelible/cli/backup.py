"""`indelible backup` and `indelible restore`: a copy of everything but the index, and back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indelible.cli.data import (
    command_event,
    data_option,
    open_access,
    read_origin,
)
from indelible.cli.output import give, json_option, on_terminal, pairs, say
from indelible.clock import SystemClock
from indelible.errors import Error, SettingsError

if TYPE_CHECKING:
    from indelible.server.ops.manifest import Manifest


@click.command()
@click.argument("target", metavar="DIR|FILE.tar.zst", type=click.Path(path_type=Path))
@data_option
@json_option
def backup(target: Path, data_dir: Path, as_json: bool) -> int:
    """
    Copy everything but the search index, also while the service runs.

    Into a new folder, or into one file when the name ends in .tar.zst. The copy is read back and
    its log verified. It holds the signing keys. Status 1 when the log in it does not verify.
    """
    from indelible.server.ops.archive import SUFFIX, pack
    from indelible.server.ops.backup import make_backup

    data_dir, target = data_dir.absolute(), target.absolute()
    _check_target(target, data_dir)
    tenants = _tenant_ids(data_dir)
    stage = target.with_name(target.name + ".copy")
    _remove_left_over(stage)
    # Each log tells of itself alone: it is nobody else's business how many others there are.
    jobs: dict[int, str] = {}
    for tenant_id in tenants:
        job = command_event("BackUpLog", "indelible backup", stream="task")
        jobs[tenant_id] = job["id"]
        _record(data_dir, tenant_id, job | {"job": {"id": job["id"], "state": "started"}})
    try:
        manifest = make_backup(data_dir, stage, SystemClock(), _progress("copied", "pages"))
        status = _verify(stage)
        if target.name.endswith(SUFFIX):
            pack(stage, manifest, target)
            shutil.rmtree(stage)
        else:
            stage.replace(target)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        for tenant_id, job_id in jobs.items():
            _try_to_record_end(data_dir, tenant_id, job_id, "failed", {})
        raise
    for log in manifest.logs:
        told = {log.origin: {"size": log.size, "root": log.root}}
        if log.tenant in jobs:
            _try_to_record_end(data_dir, log.tenant, jobs[log.tenant], "succeeded", {"logs": told})
    say("the backup holds the signing keys: who has it can sign in the name of the log")
    if status:
        say("error: the copy is exact, but the log in it does not verify: see `indelible verify`")
    give(
        {"backup": str(target), "verified": status == 0, **_facts(manifest)},
        pairs({"Backup": str(target), **_shown(manifest), "Verified": _answer(status)}),
        as_json=as_json,
    )
    return status


@click.command()
@click.argument("source", metavar="BACKUP", type=click.Path(exists=True, path_type=Path))
@data_option
@click.option(
    "--guard",
    type=click.Path(exists=True, path_type=Path),
    help="What says how far the log was signed: the original's data folder, guard folder or file.",
)
@click.option(
    "--nothing-newer",
    is_flag=True,
    help="You state that nothing was signed after this backup. Recorded.",
)
@click.option("--as-new-origin", metavar="NAME", help="Go on as a new log of this origin.")
@json_option
def restore(
    source: Path,
    data_dir: Path,
    guard: Path | None,
    nothing_newer: bool,
    as_new_origin: str | None,
    as_json: bool,
) -> int:
    """
    Write a backup into a new data folder, exactly, and verify it.

    Its log goes on under its name only when nothing was signed after the backup. When the original
    folder or its --guard says so, or you state it, `serve` takes the folder; else it refuses, and
    the folder can be read and verified only. Status 1 when the log does not verify.
    """
    from indelible.server.ops.restore import restore_files

    if nothing_newer and as_new_origin:
        raise SettingsError("--nothing-newer and --as-new-origin exclude each other")
    data_dir, source = data_dir.absolute(), source.absolute()
    if as_new_origin is not None:
        return _restore_as_new(source, data_dir, read_origin(as_new_origin), guard, as_json)
    manifest = restore_files(source, data_dir)
    status = _verify(data_dir)
    continues, reason = False, "the restored log does not verify: see `indelible verify`"
    if status == 0:
        continues, reason = _settle(data_dir, manifest, guard, nothing_newer)
    if not continues:
        say(f"the log must not go on under its name: {reason}")
        say(_WAYS)
    give(
        {
            "data": str(data_dir),
            "verified": status == 0,
            "continues": continues,
            "reason": reason,
            **_facts(manifest),
        },
        pairs(
            {
                "Data folder": str(data_dir),
                **_shown(manifest),
                "Verified": _answer(status),
                "Continues": f"yes: {reason}" if continues else f"no: {reason}",
            }
        ),
        as_json=as_json,
    )
    return status


_WAYS = """\
the folder can be read and verified; `serve` refuses it. To go on, restore into another folder with
  --guard PATH            the original's data folder, guard folder or guard file, kept elsewhere
  --nothing-newer         you state that nothing was signed after the backup
  --as-new-origin NAME    a new log with the same events: new keys, new proofs
"""


def _settle(
    data_dir: Path, manifest: Manifest, guard: Path | None, nothing_newer: bool
) -> tuple[bool, str]:
    """Whether the log may go on, and why; the decision is on disk when this returns."""
    from indelible.server.folder import Restored, write_restored
    from indelible.server.ops.restore import release
    from indelible.server.ops.standing import judge

    standing = judge(data_dir, manifest, guard.absolute() if guard else None)
    reason = standing.reason
    continues = standing.verdict == "continues"
    if standing.verdict == "unknown" and nothing_newer:
        continues, reason = True, "stated on the command line: nothing was signed after the backup"
    if not continues:
        write_restored(data_dir, Restored(made_at=manifest.made_at, reason=reason))
        return False, reason

    def record() -> None:
        with open_access(data_dir) as access:
            for log in manifest.logs:
                event = command_event(
                    "RestoreBackup",
                    "indelible restore",
                    targets=[{"type": "log", "id": log.origin}],
                    metadata={
                        "made_at": manifest.made_at,
                        "basis": reason,
                        "logs": {log.origin: {"size": log.size, "root": log.root}},
                    },
                )
                event["severity"] = "warning"
                access.put_own_event(log.tenant, event)

    release(data_dir, record)
    return True, reason


def _erased_since(guard: Path | None, manifest: Manifest) -> dict[int, int] | None:
    """What the original's journal says was erased; None, and a warning, without one."""
    from indelible.server.ledger.journal import erased_parts, journal_file, read_journal

    if guard is None:
        say(
            "what was erased after this backup was made comes back: name the original's guard with"
            " --guard, or erase it again"
        )
        return None
    tenant = manifest.logs[0].tenant
    folder = guard if guard.is_dir() else guard.parent
    for place in (folder / "guard", folder):
        if journal_file(place, tenant).is_file():
            return erased_parts(read_journal(journal_file(place, tenant)))
    return {}


def _restore_as_new(
    source: Path, data_dir: Path, origin: str, guard: Path | None, as_json: bool
) -> int:
    from indelible.server.ops.new_log import continue_as
    from indelible.server.ops.restore import empty_folder, restore_files

    with empty_folder(data_dir):
        stage = data_dir / "old"
        manifest = restore_files(source, stage)
        status = _verify(stage)
        if status:
            raise SettingsError(
                "the log in the backup does not verify, so nothing new is made of it",
                hint="restore it without --as-new-origin, and see `indelible verify`",
            )
        erased = _erased_since(guard, manifest)
        replayed = continue_as(
            stage, data_dir, manifest, origin, SystemClock(), _progress("sealed", "entries"),
            erased or {},
        )  # fmt: skip
        shutil.rmtree(stage)
        old = manifest.logs[0]
        event = command_event(
            "ContinueAsNewLog",
            "indelible restore",
            targets=[{"type": "log", "id": origin}, {"type": "log", "id": old.origin}],
            metadata={
                "made_at": manifest.made_at,
                "old_size": old.size,
                "old_root": old.root,
                "events": replayed.events,
                "without_fact": replayed.without_fact,
                "erased_left_out": None if erased is None else len(erased),
            },
        )
        event["severity"] = "warning"
        _record(data_dir, _tenant_ids(data_dir)[0], event)
        status = _verify(data_dir)
    say(f"{origin} is a new log; keep the backup, it is the evidence of {old.origin}")
    give(
        {
            "data": str(data_dir),
            "origin": origin,
            "events": replayed.events,
            "without_fact": replayed.without_fact,
            "verified": status == 0,
            **_facts(manifest),
        },
        pairs(
            {
                "Data folder": str(data_dir),
                "New origin": origin,
                "Sealed anew": f"{replayed.events:,} events",
                "Left out": f"{replayed.without_fact:,} events whose facts were removed",
                "Verified": _answer(status),
                **{f"Old {name.lower()}": text for name, text in _shown(manifest).items()},
            }
        ),
        as_json=as_json,
    )
    return status


def _check_target(target: Path, data_dir: Path) -> None:
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise SettingsError(
            f"{target} is there already",
            hint="name a new folder or file: a backup never overwrites one",
        )
    if target.is_relative_to(data_dir):
        raise SettingsError(
            f"{target} lies in the data folder", hint="put backups somewhere else, best elsewhere"
        )
    if not target.parent.is_dir():
        raise SettingsError(f"{target.parent} is not a folder", hint="make it first")


def _remove_left_over(stage: Path) -> None:
    """What a backup that was killed has left."""
    if (stage / "keys").is_dir() or (stage / "guard").is_dir():
        shutil.rmtree(stage)


def _verify(folder: Path) -> int:
    from indelible.verify import verify_folder

    return verify_folder(folder, progress=_progress("verified", "entries")).exit_code


def _tenant_ids(data_dir: Path) -> list[int]:
    from indelible.server.tenants import tenants_of

    return [tenant.id for tenant in tenants_of(data_dir)]


def _record(data_dir: Path, tenant_id: int, event: dict[str, Any]) -> None:
    with open_access(data_dir) as access:
        access.put_own_event(tenant_id, event)


def _try_to_record_end(
    data_dir: Path, tenant_id: int, job_id: str, state: str, told: dict[str, Any]
) -> None:
    """The copy is there, or has failed for its own reason: neither changes by this."""
    event = command_event(
        "BackUpLog",
        "indelible backup",
        stream="task",
        outcome="success" if state == "succeeded" else "failure",
        job={"id": job_id, "state": state},
        metadata=told or None,
    )
    try:
        _record(data_dir, tenant_id, event)
    except Error as error:
        say(f"the end of the backup could not be recorded: {error.message}")


def _progress(done: str, things: str) -> Callable[[int, int], None] | None:
    """A line that counts up, on a terminal only."""
    if not on_terminal():
        return None

    def tell(count: int, total: int) -> None:
        click.echo(f"\r{done} {count:,} of {total:,} {things}", err=True, nl=count >= total)

    return tell


def _facts(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "version": manifest.version,
        "bytes": manifest.size,
        "files": len(manifest.files),
        "logs": [
            {"tenant": log.name, "origin": log.origin, "size": log.size, "root": log.root}
            for log in manifest.logs
        ],
    }


def _shown(manifest: Manifest) -> dict[str, str]:
    shown = {
        "Made": manifest.made_at,
        "Files": f"{len(manifest.files)}, {manifest.size:,} bytes",
    }
    for log in manifest.logs:
        shown[f"Log {log.origin}"] = f"{log.size:,} entries, root {log.root}"
    return shown


def _answer(status: int) -> str:
    return "yes, every entry" if status == 0 else "NO"
