"""
A batch of rows as Arrow columns, and the batch's part of the tables of values.

Columns are made once per batch, not once per event: this is where the index spends its time. What
no row of a batch has is not sent at all; the engine fills it with what stands for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import msgspec
import pyarrow as pa

from indelible.clock import US_PER_DAY
from indelible.server.index import schema as table
from indelible.server.index.folding import fold

_TYPES: Final[dict[str, Any]] = {
    "tenant": pa.uint32(),
    "idx": pa.uint64(),
    "occurred_us": pa.int64(),
    "received_us": pa.int64(),
    "leaf_hash": pa.binary(32),
    "status": pa.int16(),
    "flags": pa.uint8(),
    "sealed": pa.uint8(),
    "attempt": pa.int64(),
    "duration_ms": pa.int64(),
    **dict.fromkeys(table.LISTS, pa.list_(pa.string())),
}
_MOST_OTHERS: Final = 8
_FEW: Final = frozenset(table.FEW)
_LISTS: Final = frozenset(table.LISTS)
_POSITION: Final = {name: position for position, name in enumerate(table.COLUMNS)}
_OCCURRED: Final = _POSITION["occurred_us"]
_ENDPOINT: Final = _POSITION["endpoint"]
_ENDPOINT_SENT: Final = _POSITION["endpoint_sent"]

VALUE_NAMES: Final = ("tenant", "col", "value", "count")
KNOWN_NAMES: Final = ("tenant", "col", "folded", "value", "first_day", "last_day")

Span = tuple[int, int]
"""First day, and the last of the eight days among which the last one is."""
WEEK: Final = 7
"""Set in the number of a day, these bits give the last of its eight."""


class Found(msgspec.Struct, frozen=True):
    """The values of one column in a batch, and how many events have each."""

    column: str
    counts: dict[str, int]


_fold = lru_cache(maxsize=100_000)(fold)  # the same values come again with each batch


class Columns:
    """The rows of one batch, turned round."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._columns = list(zip(*rows, strict=True))
        self._days = [at // US_PER_DAY for at in self._columns[_OCCURRED]]
        self.days = (min(self._days), max(self._days))

    def events(self) -> tuple[list[str], bytes]:
        """The columns of `events` that hold anything, and the rows as an Arrow stream."""
        names, arrays = [], []
        for name, column in zip(table.COLUMNS, self._columns, strict=True):
            kind = _TYPES.get(name)
            if kind is None or name in _LISTS:
                if not any(column):
                    continue
            elif name in table.NUMBERS and column.count(table.NO_NUMBER) == len(column):
                continue
            names.append(name)
            array = pa.array(column, pa.string() if kind is None else kind)
            arrays.append(array.dictionary_encode() if name in _FEW else array)
        return names, _stream(arrays, names)

    def values(self) -> list[Found]:
        """Each distinct value of the columns that are searched by values, counted."""
        found = []
        for name in table.VALUE_COLUMNS:
            column = self._values_of(name)
            if name in _LISTS:
                column = list(chain.from_iterable(column))
            counts = Counter(column)
            counts.pop("", None)
            if counts:
                found.append(Found(name, counts))
        return found

    def kinds(self) -> list[tuple[str, str]]:
        """Which letters the columns of ids have; of one that is empty, nothing."""
        kinds = []
        for name in table.ID_COLUMNS:
            letters = set("".join(self._columns[_POSITION[name]]))
            if letters:
                others = sorted(letters - table.HEX_LETTERS)
                kind = table.AND_OTHERS + "".join(others) if others else table.HEX
                told = len(others) <= _MOST_OTHERS and kind.isascii()
                kinds.append((name, kind if told else table.ANY))
        return kinds

    def spans(self, name: str, values: Collection[str]) -> dict[str, Span]:
        """Since and until when the batch has these values of a column, as `known` tells it."""
        first, last = self.days
        if first == last:
            return dict.fromkeys(values, (first, last | WEEK))
        column, days = self._values_of(name), self._days
        if name in _LISTS:
            days = [day for day, list_ in zip(days, column, strict=True) for _ in list_]
            column = list(chain.from_iterable(column))
        if days != sorted(days):
            order = sorted(range(len(days)), key=days.__getitem__)
            days = [days[place] for place in order]
            column = [column[place] for place in order]
        # Of what comes twice the later one stays.
        firsts = dict(zip(reversed(column), reversed(days), strict=True))
        if first | WEEK == last | WEEK:
            return {value: (firsts[value], last | WEEK) for value in values}
        lasts = dict(zip(column, days, strict=True))
        return {value: (firsts[value], lasts[value] | WEEK) for value in values}

    def _values_of(self, name: str) -> Sequence[Any]:
        column: Sequence[Any] = self._columns[_POSITION[name]]
        if name == "status":
            return ["" if one == table.NO_STATUS else str(one) for one in column]
        if name == "endpoint" and any(self._columns[_ENDPOINT_SENT]):
            # A template stands for endpoints that differ from it: those are in `text`, whole.
            sent = self._columns[_ENDPOINT_SENT]
            return ["" if other else own for own, other in zip(column, sent, strict=True)]
        if name in _LISTS:
            # Once per event, however many of its items say the same.
            return [list_ if len(list_) < 2 else tuple(set(list_)) for list_ in column]
        return column


def values_stream(tenant: int, found: Sequence[Found]) -> bytes:
    """The rows of `vals` as an Arrow stream."""
    columns = [one.column for one in found for _ in one.counts]
    arrays = [
        pa.array([tenant] * len(columns), pa.uint32()),
        pa.array(columns, pa.string()).dictionary_encode(),
        pa.array([value for one in found for value in one.counts], pa.string()),
        pa.array([count for one in found for count in one.counts.values()], pa.uint64()),
    ]
    return _stream(arrays, VALUE_NAMES)


def known_stream(tenant: int, spans: Sequence[tuple[str, str, Span]]) -> bytes:
    """The rows of `known` as an Arrow stream, of column, value and days each."""
    columns, values, days = zip(*spans, strict=True)
    arrays = [
        pa.array([tenant] * len(spans), pa.uint32()),
        pa.array(columns, pa.string()).dictionary_encode(),
        pa.array([_fold(value) for value in values], pa.string()),
        pa.array(values, pa.string()),
        pa.array([first for first, _ in days], pa.int32()),
        pa.array([last for _, last in days], pa.int32()),
    ]
    return _stream(arrays, KNOWN_NAMES)


def _stream(arrays: list[Any], names: Sequence[str]) -> bytes:
    columns = pa.table(arrays, list(names))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, columns.schema) as writer:
        writer.write_table(columns)
    data: bytes = sink.getvalue().to_pybytes()
    return data
