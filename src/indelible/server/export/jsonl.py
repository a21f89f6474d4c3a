"""JSONL of a whole filtered set: each line is an event as it reads over the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec

from indelible.codec import encode_json
from indelible.server.index.shown import ROW_SELECT, Row, row_to_json

JSONL_COLUMNS: Final = ROW_SELECT

_decode_rows = msgspec.json.Decoder(Row).decode_lines


async def jsonl_lines(rows: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Turns the engine's rows, which come in chunks cut anywhere, into lines of events."""
    rest = b""
    async with aclosing(rows):
        async for chunk in rows:
            data = rest + chunk
            end = data.rfind(b"\n") + 1
            rest = data[end:]
            if end:
                yield await asyncio.to_thread(_lines, data[:end])
    if rest:
        yield await asyncio.to_thread(_lines, rest)


def _lines(data: bytes) -> bytes:
    return b"".join(encode_json(row_to_json(row)) + b"\n" for row in _decode_rows(data))
