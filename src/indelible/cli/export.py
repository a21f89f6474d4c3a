"""`indelible export`: the whole filtered set in any format, streamed to a file or stdout."""

from __future__ import annotations

import asyncio
import http.client
import os
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import IO, cast

import click

from indelible.cli.data import data_option, machine_account, named_tenant, tenant_option
from indelible.cli.import_sinks import refused
from indelible.cli.output import TerminalWriter, give, json_option, say
from indelible.clock import SystemClock
from indelible.errors import SettingsError, StorageError

_TIMEOUT_S = 300.0
# As in server/export, which is loaded only when it is used; a test compares.
_FORMATS = ("csv", "jsonl", "parquet", "xlsx", "ocsf", "ecs", "cef", "evidence")
_LOOK_EVERY_S = 2.0


@click.command()
@data_option
@tenant_option
@click.option("--url", help="Export from a running service instead of a data folder.")
@click.option("--key", envvar="INDELIBLE_KEY", help="API key of kind r or a, with --url.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="csv")
@click.option("--csv", type=click.Choice(["safe", "raw"]), help="Guard formulas, or not.")
@click.option("--columns", help="Of tables: screen, standard, all, or keys with commas.")
@click.option("--separator", type=click.Choice(["comma", "semicolon", "tab"]), help="Of CSV.")
@click.option("--bom", type=click.Choice(["yes", "no"]), help="Byte order mark, for Excel.")
@click.option("--compress", type=click.Choice(["none", "gzip", "zstd"]))
@click.option("--order", type=click.Choice(["desc", "asc"]), help="Newest or oldest first.")
@click.option("--stream", type=click.Choice(["user", "system", "task", "all"]), default="all")
@click.option("--from", "from_", help="First moment (RFC 3339).")
@click.option("--to", help="First moment after the range (RFC 3339).")
@click.option("--period", type=click.Choice(["day", "week", "month"]))
@click.option("--date", help="A date in the period (YYYY-MM-DD).")
@click.option("--tz", help="IANA time zone of the dates.")
@click.option("--q", help="Search text.")
@click.option("--own", type=click.Choice(["show", "hide"]), help="Indelible's own events.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def export(
    data_dir: Path,
    tenant_name: str | None,
    url: str | None,
    key: str | None,
    format_: str,
    from_: str | None,
    output: Path | None,
    as_json: bool,
    **given: str | None,
) -> None:
    """
    Write events to stdout, or to a file with --output: csv, jsonl, parquet, xlsx, ocsf, ecs,
    cef, or evidence, which `indelible verify FILE` checks offline.

    From a data folder the service must not run: then use --url.
    """
    wanted = {"format": format_, "from": from_, **given}
    parameters = {name: value for name, value in wanted.items() if value is not None}
    if as_json and output is None:
        raise SettingsError("--json needs --output", hint="stdout carries the events otherwise")
    if url is not None and not key:
        raise SettingsError("--url needs --key", hint="make one: `indelible keys create --kind r`")
    with _target(output) as file:
        if url is not None and key:
            count = _from_service(url, key, parameters, file)
        else:
            count = asyncio.run(_from_folder(data_dir.absolute(), tenant_name, parameters, file))
    if as_json:
        give({"events": count, "output": str(output)}, "", as_json=True)
    else:
        say(f"{count:,} events")


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """The file appears under its name only when it is whole."""
    if output is None:
        on_screen = TerminalWriter(sys.stdout.buffer)
        yield cast("IO[bytes]", on_screen) if sys.stdout.isatty() else sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _from_service(url: str, key: str, parameters: dict[str, str], file: IO[bytes]) -> int:
    address = f"{url.rstrip('/')}/v1/export?{urllib.parse.urlencode(parameters)}"
    request = urllib.request.Request(  # noqa: S310 - the operator names the address
        address, headers={"authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310
            count = int(reply.headers["x-indelible-count"])
            shutil.copyfileobj(reply, file, 256 * 1024)
            return count
    except urllib.error.HTTPError as error:
        raise refused(error.code, error.read()) from error
    except (OSError, http.client.HTTPException) as error:
        raise StorageError(f"the export broke off: {error}") from error


async def _from_folder(
    data_dir: Path, tenant_name: str | None, parameters: dict[str, str], file: IO[bytes]
) -> int:
    from indelible.cli.data import read_settings
    from indelible.server.access.control import ControlDatabase
    from indelible.server.export import WISH_NAMES, Export, Exporter, parse_wish
    from indelible.server.export.direct import DirectExports
    from indelible.server.export.export import OnRows, file_name
    from indelible.server.export.job import Asked, JobTable, Who
    from indelible.server.export.told import Teller, statement_of
    from indelible.server.folder import CONTROL_FILE, FolderLock
    from indelible.server.ids import id_maker
    from indelible.server.index import IndexProcess
    from indelible.server.ingest import Ingest
    from indelible.server.ingest.own import OwnAudit
    from indelible.server.ledger import Ledger
    from indelible.server.query import Defaults, Query, Reach, parse_filter

    tenant = named_tenant(data_dir, tenant_name)
    settings = read_settings(data_dir)
    clock = SystemClock()
    lock = FolderLock(data_dir, "`indelible export`")
    ledger = Ledger.open(data_dir, clock=clock)
    control = ControlDatabase(data_dir / CONTROL_FILE)
    new_id = id_maker(clock, os.urandom)
    index = IndexProcess(data_dir, memory_mb=settings.index.memory_mb, clock=clock)
    try:
        await index.start()
        size = ledger.size(tenant.id)
        index.notify(tenant.id, size)
        while not await index.wait_for(tenant.id, size - 1, _LOOK_EVERY_S):
            if index.status().state == "failed":
                raise StorageError(
                    f"the search index has failed: {index.status().detail}",
                    hint="`indelible index rebuild` makes it anew",
                )
        defaults = Defaults(
            now_us=clock.now_us(),
            tz=settings.screen.zone,
            week_start="monday",
            date_format=settings.screen.date_format,
        )
        wish = parse_wish({name: parameters.pop(name, "") for name in WISH_NAMES})
        filter_ = parse_filter(parameters, Reach(tenant_id=tenant.id), defaults)
        exporter = Exporter(Query(index, ledger.reader), index)
        count, prepared = await exporter.count(filter_)
        own = OwnAudit(control, Ingest(ledger, new_id).record_own, clock, new_id)
        direct = DirectExports(JobTable(control), Teller(own, clock), own, clock)
        await direct.start()
        account = machine_account()
        job = await direct.begin(
            Asked(
                who=Who(
                    tenant_id=tenant.id,
                    kind="person",
                    id=f"os:{account}",
                    name=account,
                    command="indelible export",
                ),
                parameters=parameters,
                wish=wish,
                tenant=tenant.name,
                date_format=defaults.date_format,
                file_name=file_name(tenant.name, filter_, wish.ending),
                total=count,
                through=prepared.through,
                checkpoint=None,
            )
        )

        def make(on_rows: OnRows) -> Export:
            return exporter.begin(
                prepared,
                wish,
                tenant=tenant.name,
                date_format=defaults.date_format,
                number=count,
                on_rows=on_rows,
                statement=statement_of(job.asked),
            )

        try:
            async with aclosing(direct.send(job, make)) as chunks:
                async for chunk in chunks:
                    file.write(chunk)
        finally:
            await direct.stop()
        return count
    finally:
        await index.stop()
        control.close()
        await asyncio.to_thread(ledger.close)
        lock.release()
