"""Parquet: typed columns, written in row groups as the rows come."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from indelible.codec import encode_json
from indelible.server.export.jsonl import whole_lines
from indelible.server.index.shown import Row, row_to_json

_MOST_ROWS: Final = 20_000
_MOST_BYTES: Final = 16 * 1024 * 1024

_decode_rows = msgspec.json.Decoder(Row).decode_lines

Event = dict[str, Any]
Get = Callable[[Row, Event], Any]

_TEXT: Final = pa.string()
_MOMENT: Final = pa.timestamp("us", tz="UTC")
_TARGETS: Final = pa.list_(pa.struct([("type", _TEXT), ("id", _TEXT), ("name", _TEXT)]))
_CHANGES: Final = pa.list_(pa.struct([("path", _TEXT), ("before", _TEXT), ("after", _TEXT)]))


def _json(value: Any) -> str:
    return encode_json(value).decode()


def _within(part: str, name: str) -> Get:
    def get(_: Row, event: Event) -> Any:
        return (event[part] or {}).get(name)

    return get


def _of(name: str) -> Get:
    return lambda _, event: event[name]


def _address(_: Row, event: Event) -> Any:
    return (event["origin"] or {}).get("ip")


def _changes(_: Row, event: Event) -> list[dict[str, str]]:
    return [
        {"path": one["path"], "before": _json(one["before"]), "after": _json(one["after"])}
        for one in event["changes"]
    ]


# Key of the column, name in the file, type, where it comes from.
_FIELDS: Final[dict[str, tuple[str, Any, Get]]] = {
    "date": ("occurred_at", _MOMENT, lambda row, _: row.occurred_us),
    "user": ("actor_email", _TEXT, _within("actor", "email")),
    "address": ("ip", _TEXT, _address),
    "method": ("method", _TEXT, _of("method")),
    "endpoint": ("endpoint", _TEXT, _of("endpoint")),
    "status": ("status", pa.int32(), _of("status")),
    "operation": ("operation", _TEXT, _of("operation")),
    "stream": ("stream", _TEXT, _of("stream")),
    "category": ("category", _TEXT, _of("category")),
    "outcome": ("outcome", _TEXT, _of("outcome")),
    "actor_kind": ("actor_kind", _TEXT, _within("actor", "kind")),
    "actor_id": ("actor_id", _TEXT, _within("actor", "id")),
    "behalf": (
        "on_behalf_of", _TEXT,
        lambda _, event: _json(event["actor"]["on_behalf_of"])
        if event["actor"]["on_behalf_of"] else None,
    ),
    "targets": ("targets", _TARGETS, _of("targets")),
    "changes": ("changes", _CHANGES, _changes),
    "request_id": ("request_id", _TEXT, _within("context", "request_id")),
    "source": ("source", _TEXT, _within("context", "source")),
    "id": ("id", _TEXT, _of("id")),
    "received": ("received_at", _MOMENT, lambda row, _: row.received_us),
    "index": ("index", pa.int64(), _of("index")),
    "leaf_hash": ("leaf_hash", _TEXT, _of("leaf_hash")),
    "state": ("state", _TEXT, lambda _, event: _json(event["state"])),
    "occurred": ("occurred_at", _MOMENT, lambda row, _: row.occurred_us),
    "actor_name": ("actor_name", _TEXT, _within("actor", "name")),
    "actor_email": ("actor_email", _TEXT, _within("actor", "email")),
    "device": ("device_id", _TEXT, _within("origin", "device_id")),
    "user_agent": ("user_agent", _TEXT, _within("origin", "user_agent")),
    "session_id": ("session_id", _TEXT, _within("context", "session_id")),
    "trace_id": ("trace_id", _TEXT, _within("context", "trace_id")),
    "severity": ("severity", _TEXT, _of("severity")),
    "reason": ("reason", _TEXT, _of("reason")),
    "metadata": ("metadata", _TEXT, lambda _, event: _json(event["metadata"])),
    "job_id": ("job_id", _TEXT, _within("job", "id")),
    "job_state": ("job_state", _TEXT, _within("job", "state")),
    "queue": ("queue", _TEXT, _within("job", "queue")),
    "worker": ("worker", _TEXT, _within("job", "worker")),
    "attempt": ("attempt", pa.int64(), _within("job", "attempt")),
    "duration_ms": ("duration_ms", pa.int64(), _within("job", "duration_ms")),
    "reported_by": ("reported_by", _TEXT, _of("reported_by")),
}  # fmt: skip


class _Writer:
    """Makes the file in memory, piece by piece: what is made is taken out at once."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        chosen = {_FIELDS[key][0]: _FIELDS[key] for key in keys}
        self._gets = {name: get for name, (_, _, get) in chosen.items()}
        self._schema = pa.schema([(name, kind) for name, (_, kind, _) in chosen.items()])
        self._made = io.BytesIO()
        self._sink = _Sink(self._made)
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self._sink, mode="w"), self._schema, compression="zstd"
        )

    def add(self, rows: list[Row]) -> bytes:
        """One row group."""
        columns: dict[str, list[Any]] = {name: [] for name in self._gets}
        for row in rows:
            event = row_to_json(row)
            for name, get in self._gets.items():
                columns[name].append(get(row, event))
        table = pa.table(
            [pa.array(columns[field.name], field.type) for field in self._schema],
            schema=self._schema,
        )
        self._writer.write_table(table)
        return self._sink.take()

    def finish(self) -> bytes:
        """The footer, without which no reader takes the file."""
        self._writer.close()
        return self._sink.take()


class _Sink(io.RawIOBase):
    def __init__(self, made: io.BytesIO) -> None:
        super().__init__()
        self._made = made
        self._before = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._made.write(data)

    def tell(self) -> int:
        return self._before + self._made.tell()

    def take(self) -> bytes:
        data = self._made.getvalue()
        self._before += len(data)
        self._made.seek(0)
        self._made.truncate()
        return data


async def parquet_file(rows: AsyncGenerator[bytes], keys: tuple[str, ...]) -> AsyncGenerator[bytes]:
    """The file in chunks; a row group holds so many rows that memory stays flat."""
    writer = await asyncio.to_thread(_Writer, keys)
    held: list[Row] = []
    size = 0
    whole = whole_lines(rows)
    async with aclosing(whole):
        async for data in whole:
            held += await asyncio.to_thread(_decode_rows, data)
            size += len(data)
            if len(held) >= _MOST_ROWS or size >= _MOST_BYTES:
                yield await asyncio.to_thread(writer.add, held)
                held, size = [], 0
    if held:
        yield await asyncio.to_thread(writer.add, held)
    yield await asyncio.to_thread(writer.finish)
