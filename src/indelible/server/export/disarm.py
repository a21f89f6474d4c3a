"""Cells that a spreadsheet would take for a formula, made harmless, for tables written here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

from indelible.server.export.columns import STARTS_FORMULA, STARTS_INSIDE

_START: Final = re.compile(STARTS_FORMULA)
_INSIDE: Final = re.compile(STARTS_INSIDE)


def disarm(text: str) -> str:
    """The cell with an apostrophe wherever it, or a part behind a separator, starts a formula."""
    inside = _INSIDE.sub(r"\1'\2", text)
    return f"'{inside}" if _START.search(text) else inside


def safe_csv(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """RFC 4180 with every cell in quotes and disarmed."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    writer.writerows([disarm(cell) for cell in row] for row in rows)
    return file.getvalue()
