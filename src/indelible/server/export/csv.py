"""
CSV of a whole filtered set, made by the engine: columns, order and forms are those of api.md.

RFC 4180: CRLF, every text in quotes, quotes doubled. In `safe` form a cell that a spreadsheet
would take for a formula gets an apostrophe in front, also where a separator inside the cell could
start a new one; that alters data, so `raw` is there too, and JSONL. Spreadsheets that take the
separator from the country they run in, and bytes for an old encoding, want another separator and
the byte order mark.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Literal

import msgspec

from indelible.server.export.columns import STANDARD, titles
from indelible.server.export.jsonl import whole_lines

Separator = Literal["comma", "semicolon", "tab"]
SEPARATORS: Final = {"comma": ",", "semicolon": ";", "tab": "\t"}
HEADER: Final = titles(STANDARD)
HEADER_LINE: Final = (",".join(f'"{title}"' for title in HEADER) + "\r\n").encode()
_decode_rows = msgspec.json.Decoder(list[str]).decode_lines
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def csv_form(separator: Separator) -> str:
    """The engine's form: it writes commas only, since its sessions take no settings from us."""
    return "CSV" if separator == "comma" else "JSONCompactStringsEachRow"


async def csv_lines(
    rows: AsyncGenerator[bytes], keys: tuple[str, ...], separator: Separator, *, bom: bool
) -> AsyncGenerator[bytes]:
    """The head, then the rows as the engine wrote them."""
    head = SEPARATORS[separator].join(f'"{title}"' for title in titles(keys)) + "\r\n"
    yield (_BYTE_ORDER_MARK if bom else b"") + head.encode()
    if separator == "comma":
        async with aclosing(rows):
            async for chunk in rows:
                yield chunk
        return
    whole = whole_lines(rows)
    async with aclosing(whole):
        async for data in whole:
            yield await asyncio.to_thread(_lines, data, SEPARATORS[separator])


def _lines(data: bytes, sign: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=sign, quoting=csv.QUOTE_ALL).writerows(_decode_rows(data))
    return text.getvalue().encode()
