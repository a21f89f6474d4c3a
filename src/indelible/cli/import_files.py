"""`indelible import FORMAT FILE…`: foreign log files into a data folder or a service."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from indelible.cli.data import data_option, tenant_option
from indelible.cli.import_sinks import FolderSink, Sink, UrlSink
from indelible.cli.output import give, json_option, on_terminal, pairs, say
from indelible.clock import SystemClock
from indelible.codec import encode_json
from indelible.errors import Error, SettingsError
from indelible.importers import FORMATS, BadRecord, Reader, read_csv, read_map

_BATCH_EVENTS = 1000
_BATCH_BYTES = 4 * 1024 * 1024
_SHOWN_ERRORS = 20
_ENDINGS = {"cloudtrail": (".json",), "jsonl": (".jsonl",), "csv": (".csv",)}


class Counts(msgspec.Struct):
    """What became of all records of a run."""

    files: int = 0
    read: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    skipped: int = 0
    user: int = 0
    system: int = 0
    task: int = 0


@click.command("import")
@click.argument("format_name", metavar="FORMAT", type=click.Choice(sorted(FORMATS)))
@click.argument(
    "paths",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@data_option
@tenant_option
@click.option(
    "--map",
    "map_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Column map (TOML) of csv; without one the columns are those of our own exports.",
)
@click.option("--url", help="Send to a running service instead of a data folder.")
@click.option("--key", envvar="INDELIBLE_KEY", help="API key of kind a, with --url.")
@json_option
def import_files(
    format_name: str,
    paths: tuple[Path, ...],
    data_dir: Path,
    tenant_name: str | None,
    map_file: Path | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> int:
    """
    Import log files: FORMAT is cloudtrail, csv, django-auditlog, github, jsonl or okta; .gz is
    unpacked, folders are searched.

    Original times are kept. Running it again stores nothing twice, so a broken run is resumed by
    repeating it. Status 1 when a record could not be stored; the others are.
    """
    from indelible.server.ids import id_maker

    reader = _reader(format_name, map_file)
    import_id = id_maker(SystemClock(), os.urandom)()
    files = list(_find_files(paths, format_name))
    if url is not None and not key:
        raise SettingsError(
            "--url needs --key", hint="make one with `indelible keys create --kind a`"
        )
    sink: Sink = (
        UrlSink(url, key, format_name, import_id)
        if url is not None and key
        else FolderSink(data_dir.absolute(), format_name, import_id, tenant_name)
    )
    counts = Counts(files=len(files))
    with sink:
        sink.tell("started", {"files": len(files)})
        try:
            _Run(sink, reader, counts).files(files)
        except BaseException:
            _try_to_tell(sink, counts)
            raise
        sink.tell("succeeded", _told(counts))
    text = pairs({name.capitalize(): f"{value:,}" for name, value in _pairs(counts).items()})
    give({"import": import_id, **_pairs(counts)}, text, as_json=as_json)
    return 1 if counts.rejected else 0


def _reader(format_name: str, map_file: Path | None) -> Reader:
    if map_file is None:
        return FORMATS[format_name]
    if format_name != "csv":
        raise SettingsError("--map is for csv only")
    columns = read_map(map_file.read_text(encoding="utf-8"))
    return lambda file: read_csv(file, columns)


def _pairs(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in counts.__struct_fields__}


def _told(counts: Counts) -> dict[str, Any]:
    told = _pairs(counts)
    return {name: told[name] for name in ("files", "stored", "duplicates", "rejected")}


def _try_to_tell(sink: Sink, counts: Counts) -> None:
    """The run fails for another reason, which is the one to report."""
    try:
        sink.tell("failed", _told(counts))
    except Error as error:
        say(f"the end of the import could not be recorded: {error.message}")


def _find_files(paths: Sequence[Path], format_name: str) -> Iterator[Path]:
    endings = _ENDINGS.get(format_name, (".json", ".jsonl", ".ndjson"))
    for path in paths:
        if path.is_dir():
            found = sorted(
                file
                for file in path.rglob("*")
                if file.is_file() and file.name.removesuffix(".gz").endswith(endings)
            )
            if not found:
                raise SettingsError(f"{path} has no files that end in {' or '.join(endings)}")
            yield from found
        else:
            yield path


class _Run:
    """One pass over all files."""

    def __init__(self, sink: Sink, reader: Reader, counts: Counts) -> None:
        self._sink = sink
        self._reader = reader
        self._counts = counts
        self._batch: list[bytes] = []
        self._places: list[tuple[Path, int]] = []
        self._bytes = 0

    def files(self, files: Sequence[Path]) -> None:
        """Reads the files in order; returns when all their events are durable."""
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[stored]:,} stored"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not on_terminal(),
        )
        with progress:
            task = progress.add_task(
                "Importing", total=sum(file.stat().st_size for file in files) or 1, stored=0
            )
            for path in files:
                self._file(path)
                progress.update(task, advance=path.stat().st_size, stored=self._counts.stored)
            self._send()
            progress.update(task, stored=self._counts.stored)

    def _file(self, path: Path) -> None:
        try:
            with path.open("rb") as raw, _unpacked(path, raw) as file:
                for record in self._reader(file):
                    self._take(path, record.number, record)
        except (OSError, EOFError) as error:
            self._reject(path, 0, f"cannot read: {error}")

    def _take(self, path: Path, number: int, record: Any) -> None:
        self._counts.read += 1
        if isinstance(record, BadRecord):
            self._reject(path, number, record.reason)
            return
        stream = record.event.get("stream") or "user"
        if stream in ("user", "system", "task"):
            setattr(self._counts, stream, getattr(self._counts, stream) + 1)
        event = encode_json(record.event)
        if len(self._batch) >= _BATCH_EVENTS or self._bytes + len(event) > _BATCH_BYTES:
            self._send()
        self._batch.append(event)
        self._places.append((path, number))
        self._bytes += len(event)

    def _send(self) -> None:
        if not self._batch:
            return
        outcome = self._sink.store(self._batch)
        self._counts.stored += outcome.stored
        self._counts.duplicates += outcome.duplicates
        self._counts.skipped += outcome.skipped
        for wrong in outcome.rejected:
            self._reject(*self._places[wrong.position], wrong.detail)
        self._batch, self._places, self._bytes = [], [], 0

    def _reject(self, path: Path, number: int, reason: str) -> None:
        self._counts.rejected += 1
        if self._counts.rejected <= _SHOWN_ERRORS:
            where = f"record {number}" if number else "the file"
            say(f"{path}: {where}: {_shown(reason)}")
        elif self._counts.rejected == _SHOWN_ERRORS + 1:
            say("more records could not be stored; only the count follows")


def _unpacked(path: Path, raw: IO[bytes]) -> IO[bytes]:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    return raw


def _shown(text: str) -> str:
    """Texts from foreign files must not steer the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)
