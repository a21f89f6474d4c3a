"""Counting the rows of a CSV that comes in pieces: ends of lines in quotes end none."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from indelible.server.export.export import count_csv_rows

_CELL = st.text('ab",\n\r', max_size=6)
_ROWS = st.lists(st.lists(_CELL, min_size=3, max_size=3), max_size=6)


@given(rows=_ROWS, sizes=st.lists(st.integers(1, 9), min_size=1))
def test_rows_are_counted_wherever_the_pieces_end(rows: list[list[str]], sizes: list[int]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    left, quoted, counted, turn = text.getvalue().encode(), False, 0, 0
    while left:
        size = sizes[turn % len(sizes)]
        ended, quoted = count_csv_rows(left[:size], quoted)
        left, counted, turn = left[size:], counted + ended, turn + 1
    assert (counted, quoted) == (len(rows), False)
