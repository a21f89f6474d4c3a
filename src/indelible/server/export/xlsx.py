"""
Workbooks: every cell a text that nothing runs, one sheet after another at the sheet's limit.

A workbook is a zip whose directory stands at its end, so it is made in a folder of its own and sent
when it is whole; memory stays flat all the same.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import msgspec
import xlsxwriter

from indelible.server.export.columns import titles
from indelible.server.export.jsonl import whole_lines

MOST_ROWS: Final = 1_048_576
MOST_TEXT: Final = 32_767
CUT: Final = " … [cut]"
_CHUNK: Final = 256 * 1024
_WIDTHS: Final = {"date": 19, "user": 32, "address": 18, "endpoint": 40, "operation": 28}

_decode_rows = msgspec.json.Decoder(list[str]).decode_lines


def cell_text(text: str) -> str:
    """Cut, and marked so, where a cell ends: counted in UTF-16, as spreadsheets do."""
    if len(text) * 2 <= MOST_TEXT:
        return text
    units = text.encode("utf-16-le")
    if len(units) // 2 <= MOST_TEXT:
        return text
    return units[: (MOST_TEXT - len(CUT)) * 2].decode("utf-16-le", "ignore") + CUT


class _Book:
    def __init__(self, path: Path, keys: tuple[str, ...], most_rows: int) -> None:
        self._keys = keys
        self._most_rows = most_rows
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": str(path.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._book.use_zip64()
        self._bold = self._book.add_format({"bold": True})
        self._sheets = 0
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._sheet: Any = self._book.add_worksheet(f"Events {self._sheets}")
        self._sheet.freeze_panes(1, 0)
        for position, (key, title) in enumerate(zip(self._keys, titles(self._keys), strict=True)):
            self._sheet.set_column(position, position, _WIDTHS.get(key, 16))
            self._sheet.write_string(0, position, title, self._bold)
        self._row = 1

    def add(self, data: bytes) -> None:
        for cells in _decode_rows(data):
            if self._row >= self._most_rows:
                self._begin_sheet()
            for position, text in enumerate(cells):
                if text:
                    self._sheet.write_string(self._row, position, cell_text(text))
            self._row += 1

    def close(self) -> None:
        self._book.close()


async def xlsx_file(
    rows: AsyncGenerator[bytes],
    keys: tuple[str, ...],
    work: Path | None,
    most_rows: int = MOST_ROWS,
) -> AsyncGenerator[bytes]:
    """The workbook in chunks, from rows as lines of JSON arrays. `work` is where it is made."""
    with tempfile.TemporaryDirectory(dir=work, prefix="xlsx-") as folder:
        path = Path(folder) / "book.xlsx"
        book = await asyncio.to_thread(_Book, path, keys, most_rows)
        whole = whole_lines(rows)
        async with aclosing(whole):
            async for data in whole:
                await asyncio.to_thread(book.add, data)
        await asyncio.to_thread(book.close)
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
