"""Formats of one line per event: each row becomes the event as the API shows it, then a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

import msgspec

from indelible.codec import encode_json
from indelible.server.index.shown import ROW_SELECT, Row, row_to_json

JSONL_COLUMNS: Final = ROW_SELECT

Line = Callable[[dict[str, Any]], bytes]

_decode_rows = msgspec.json.Decoder(Row).decode_lines


def jsonl_line(event: dict[str, Any]) -> bytes:
    """The event as it reads over the API."""
    return encode_json(event)


async def whole_lines(chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Chunks that were cut anywhere, cut at ends of lines."""
    rest = b""
    async with aclosing(chunks):
        async for chunk in chunks:
            data = rest + chunk
            end = data.rfind(b"\n") + 1
            rest = data[end:]
            if end:
                yield data[:end]
    if rest:
        yield rest


async def event_lines(rows: AsyncGenerator[bytes], line: Line) -> AsyncGenerator[bytes]:
    """Turns the engine's rows into lines of events."""
    whole = whole_lines(rows)
    async with aclosing(whole):
        async for data in whole:
            yield await asyncio.to_thread(_lines, data, line)


def _lines(data: bytes, line: Line) -> bytes:
    return b"".join(line(row_to_json(row)) + b"\n" for row in _decode_rows(data))
