"""Compressed exports: gzip or zstd of any format, made as it streams."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Literal, Protocol

import zstandard

Compression = Literal["none", "gzip", "zstd"]
ENDINGS: Final = {"none": "", "gzip": ".gz", "zstd": ".zst"}
MEDIA: Final = {"gzip": "application/gzip", "zstd": "application/zstd"}
_GZIP_WINDOW: Final = 31  # zlib's number for a gzip header and the largest window


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _compressor(compression: Compression) -> _Compressor:
    if compression == "gzip":
        return zlib.compressobj(6, zlib.DEFLATED, _GZIP_WINDOW)
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()


async def compressed(
    chunks: AsyncGenerator[bytes], compression: Compression
) -> AsyncGenerator[bytes]:
    """The chunks, compressed; whole only when the last one has come, which both forms can tell."""
    made = _compressor(compression)
    async with aclosing(chunks):
        async for chunk in chunks:
            if data := await asyncio.to_thread(made.compress, chunk):
                yield data
    yield made.flush()
