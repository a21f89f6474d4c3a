"""
Exports the whole filtered set: never a silent cap, the count stated first, memory flat.

All rows come from one snapshot of the index. When the stream breaks it ends without its final
chunk, so that a client sees the failure.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Literal

import msgspec

from indelible.clock import to_datetime
from indelible.server.export.csv import HEADER_LINE, Form, csv_columns
from indelible.server.export.jsonl import JSONL_COLUMNS, jsonl_lines
from indelible.server.index import IndexProcess
from indelible.server.query import Filter, Query, stats
from indelible.server.query.periods import Range

Format = Literal["csv", "jsonl"]
MEDIA: Final = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/x-ndjson"}


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """An export that is ready to be read, and what is known of it before."""

    file_name: str
    media: str
    count: int
    indexed_through: int
    chunks: AsyncGenerator[bytes]


class Exporter:
    """Makes exports from the query side."""

    def __init__(self, query: Query, index: IndexProcess) -> None:
        self._query = query
        self._index = index

    async def export(
        self,
        filter_: Filter,
        *,
        tenant: str,
        format_: Format,
        form: Form = "safe",
        date_format: str = "dmy",
        order: str = "desc",
        min_index: int | None = None,
    ) -> Export:
        """Counts, then gives the stream. Raises what `Query.prepare` raises."""
        prepared = await self._query.prepare(filter_, min_index)
        number = await stats.count(self._index, prepared)
        if format_ == "csv":
            columns = csv_columns(
                prepared.parameters,
                tenant=tenant,
                tz=filter_.range.tz,
                date_format=date_format,
                form=form,
            )
            chunks = _with_header(self._query.stream(prepared, columns, "CSV", order))
        else:
            chunks = jsonl_lines(self._query.stream(prepared, JSONL_COLUMNS, "JSONEachRow", order))
        return Export(
            file_name=file_name(tenant, filter_, format_),
            media=MEDIA[format_],
            count=number,
            indexed_through=prepared.through,
            chunks=chunks,
        )


async def _with_header(rows: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield HEADER_LINE
    async with aclosing(rows):
        async for chunk in rows:
            yield chunk


def file_name(tenant: str, filter_: Filter, format_: Format) -> str:
    """`indelible-<tenant>-<stream>-<from>-<to>.csv`, in letters that every file system takes."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in tenant)
    stream = filter_.stream or "all"
    return f"indelible-{safe}-{stream}-{_days(filter_.range)}.{format_}"


def _days(range_: Range) -> str:
    def day(at_us: int | None, otherwise: str) -> str:
        if at_us is None:
            return otherwise
        return to_datetime(at_us).astimezone(range_.zone).strftime("%Y%m%d")

    end = None if range_.to_us is None else range_.to_us - 1
    return f"{day(range_.from_us, 'first')}-{day(end, 'last')}"
