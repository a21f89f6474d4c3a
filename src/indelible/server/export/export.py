"""
Exports the whole filtered set: never a silent cap, the count stated first, memory flat.

All rows come from one snapshot of the index. When the stream breaks it ends without its final
chunk, so that a client sees the failure.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

import msgspec

from indelible.clock import to_datetime
from indelible.errors import InvalidRequest
from indelible.server.export import compress
from indelible.server.export.cef import cef_line
from indelible.server.export.columns import STANDARD, Form, parse_columns, select_list
from indelible.server.export.compress import Compression, compressed
from indelible.server.export.csv import SEPARATORS, Separator, csv_form, csv_lines
from indelible.server.export.ecs import ecs_line
from indelible.server.export.evidence import INDEX_FORM, evidence_lines
from indelible.server.export.jsonl import JSONL_COLUMNS, event_lines, jsonl_line
from indelible.server.export.ocsf import ocsf_line
from indelible.server.index import IndexProcess
from indelible.server.query import Filter, Query, stats
from indelible.server.query.periods import Range
from indelible.server.query.prepare import Prepared
from indelible.server.query.request import one_of

Format = Literal["csv", "jsonl", "parquet", "xlsx", "ocsf", "ecs", "cef", "evidence"]
OnRows = Callable[[int], None]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
WISH_NAMES: Final = frozenset({"format", "csv", "columns", "separator", "bom", "compress", "order"})
MEDIA: Final = {
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ocsf": "application/x-ndjson",
    "ecs": "application/x-ndjson",
    "cef": "text/plain; charset=utf-8",
    "evidence": "application/x-ndjson",
}
_ENDINGS: Final = {
    "csv": "csv",
    "jsonl": "jsonl",
    "parquet": "parquet",
    "xlsx": "xlsx",
    "ocsf": "ocsf.jsonl",
    "ecs": "ecs.jsonl",
    "cef": "cef",
    "evidence": "evidence",
}
_LINES: Final = {"jsonl": jsonl_line, "ocsf": ocsf_line, "ecs": ecs_line, "cef": cef_line}
_PACKED: Final = ("parquet", "xlsx")
_TABLES: Final = ("csv", "xlsx", "parquet")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the file is to be like."""

    format: Format = "csv"
    form: Form = "safe"
    columns: tuple[str, ...] = STANDARD
    separator: Separator = "comma"
    bom: bool = False
    compress: Compression = "none"
    order: Literal["desc", "asc"] = "desc"

    @property
    def media(self) -> str:
        return MEDIA[self.format] if self.compress == "none" else compress.MEDIA[self.compress]

    @property
    def ending(self) -> str:
        return _ENDINGS[self.format] + compress.ENDINGS[self.compress]


def parse_wish(parameters: Mapping[str, str]) -> Wish:
    """The wish of a request. Raises InvalidRequest."""
    # one_of has checked each of these
    format_ = cast("Format", one_of(parameters, "format", FORMATS, "csv"))
    packing = cast("Compression", one_of(parameters, "compress", tuple(compress.ENDINGS), "none"))
    if packing != "none" and format_ in _PACKED:
        raise InvalidRequest(
            f"{format_} is compressed already", parameter="compress", expected="none"
        )
    if parameters.get("columns") and format_ not in _TABLES:
        raise InvalidRequest(
            f"{format_} holds every field; columns are chosen for {', '.join(_TABLES)}",
            parameter="columns",
        )
    return Wish(
        format=format_,
        form=cast("Form", one_of(parameters, "csv", ("safe", "raw"), "safe")),
        columns=parse_columns(parameters.get("columns") or ("all" if format_ == "parquet" else "")),
        separator=cast("Separator", one_of(parameters, "separator", tuple(SEPARATORS), "comma")),
        bom=one_of(parameters, "bom", ("yes", "no"), "no") == "yes",
        compress=packing,
        order=cast("Literal['desc', 'asc']", one_of(parameters, "order", ("desc", "asc"), "desc")),
    )


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """An export that is ready to be read, and what is known of it before."""

    file_name: str
    media: str
    count: int
    indexed_through: int
    chunks: AsyncGenerator[bytes]


class Exporter:
    """Makes exports from the query side. `work` is where files are made that cannot stream."""

    def __init__(self, query: Query, index: IndexProcess, work: Path | None = None) -> None:
        self._query = query
        self._index = index
        self._work = work

    async def count(self, filter_: Filter, min_index: int | None = None) -> tuple[int, Prepared]:
        """How many events a filter holds, on the snapshot that comes with the number."""
        prepared = await self._query.prepare(filter_, min_index)
        return await stats.count(self._index, prepared), prepared

    async def export(
        self,
        filter_: Filter,
        wish: Wish,
        *,
        tenant: str,
        date_format: str = "dmy",
        min_index: int | None = None,
    ) -> Export:
        """Counts, then gives the stream. Raises what `Query.prepare` raises."""
        number, prepared = await self.count(filter_, min_index)
        return self.begin(prepared, wish, tenant=tenant, date_format=date_format, number=number)

    def begin(
        self,
        prepared: Prepared,
        wish: Wish,
        *,
        tenant: str,
        date_format: str,
        number: int,
        on_rows: OnRows | None = None,
        statement: Mapping[str, Any] | None = None,
    ) -> Export:
        """
        The stream of a set that was counted; `on_rows` is told of rows as they come. `statement`
        is what a bundle of evidence says of itself.
        """
        if wish.format == "evidence":
            chunks = self._evidence(prepared, on_rows, {**(statement or {}), "count": number})
        else:
            chunks = self._chunks(prepared, wish, tenant, date_format, on_rows)
        if wish.compress != "none":
            chunks = compressed(chunks, wish.compress)
        return Export(
            file_name=file_name(tenant, prepared.filter, wish.ending),
            media=wish.media,
            count=number,
            indexed_through=prepared.through,
            chunks=chunks,
        )

    def _evidence(
        self, prepared: Prepared, on_rows: OnRows | None, statement: Mapping[str, Any]
    ) -> AsyncGenerator[bytes]:
        rows = self._query.stream_indices(prepared, INDEX_FORM)
        if on_rows is not None:
            rows = counted_rows(rows, INDEX_FORM, on_rows)
        tenant_id = prepared.filter.tenant_id
        return evidence_lines(rows, self._query.reader, tenant_id, prepared.through, statement)

    def _chunks(
        self,
        prepared: Prepared,
        wish: Wish,
        tenant: str,
        date_format: str,
        on_rows: OnRows | None,
    ) -> AsyncGenerator[bytes]:
        def stream(columns: str, form: str) -> AsyncGenerator[bytes]:
            rows = self._query.stream(prepared, columns, form, wish.order)
            return rows if on_rows is None else counted_rows(rows, form, on_rows)

        if wish.format in ("csv", "xlsx"):
            columns = select_list(
                wish.columns,
                prepared.parameters,
                tenant=tenant,
                tz=prepared.filter.range.tz,
                date_format=date_format,
                # Cells of a workbook are texts by type: nothing in them is run.
                form=wish.form if wish.format == "csv" else "raw",
            )
            if wish.format == "xlsx":
                rows = stream(columns, "JSONCompactStringsEachRow")
                # Half of what a start takes would be the libraries of these two.
                from indelible.server.export.xlsx import xlsx_file

                return xlsx_file(rows, wish.columns, self._work)
            rows = stream(columns, csv_form(wish.separator))
            return csv_lines(rows, wish.columns, wish.separator, bom=wish.bom)
        rows = stream(JSONL_COLUMNS, "JSONEachRow")
        if wish.format == "parquet":
            from indelible.server.export.parquet import parquet_file

            return parquet_file(rows, wish.columns)
        return event_lines(rows, _LINES[wish.format])


async def counted_rows(
    rows: AsyncGenerator[bytes], form: str, on_rows: OnRows
) -> AsyncGenerator[bytes]:
    """The same chunks; tells how many rows each ends. In CSV, ends of lines in quotes are none."""
    quoted = False
    async with aclosing(rows):
        async for chunk in rows:
            if form != "CSV":
                on_rows(chunk.count(b"\n"))
            else:
                ended, quoted = count_csv_rows(chunk, quoted)
                on_rows(ended)
            yield chunk


def count_csv_rows(chunk: bytes, quoted: bool) -> tuple[int, bool]:
    """How many rows end in this piece of CSV, and whether the next begins in quotes as this may."""
    *lines, rest = chunk.split(b"\n")
    ended = 0
    for line in lines:
        # A line at a time: cells are a hundred times as many, and this is half of an export's work.
        quoted ^= line.count(b'"') & 1 == 1
        ended += not quoted
    return ended, quoted ^ (rest.count(b'"') & 1 == 1)


def file_name(tenant: str, filter_: Filter, ending: str) -> str:
    """`indelible-<tenant>-<stream>-<from>-<to>.csv`, in letters that every file system takes."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in tenant)
    stream = filter_.stream or "all"
    return f"indelible-{safe}-{stream}-{_days(filter_.range)}.{ending}"


def _days(range_: Range) -> str:
    def day(at_us: int | None, otherwise: str) -> str:
        if at_us is None:
            return otherwise
        return to_datetime(at_us).astimezone(range_.zone).strftime("%Y%m%d")

    end = None if range_.to_us is None else range_.to_us - 1
    return f"{day(range_.from_us, 'first')}-{day(end, 'last')}"
