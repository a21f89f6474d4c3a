"""
A batch of rows as Arrow columns, and the batch's part of the values table.

Columns are made once per batch, not once per event: this is where the index spends its time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, compress
from typing import Any, Final

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
_HEX: Final = re.compile("[0-9a-f-]*")
_FEW: Final = frozenset(table.FEW)
_LISTS: Final = frozenset(table.LISTS)
_POSITION: Final = {name: position for position, name in enumerate(table.COLUMNS)}
_OCCURRED: Final = _POSITION["occurred_us"]
_ENDPOINT: Final = _POSITION["endpoint"]
_ENDPOINT_SENT: Final = _POSITION["endpoint_sent"]

_FEW_DAYS: Final = 8

VALUE_NAMES: Final = ("tenant", "col", "folded", "value", "day", "count")
KNOWN_NAMES: Final = ("tenant", "col", "folded", "value", "first_day", "last_day")

Counted = tuple[str, str, int, int]
"""Column, value, day and how many events of that day have it."""
Span = tuple[str, str, int, int]
"""Column, value, first and last day."""


_fold = lru_cache(maxsize=100_000)(fold)  # the same values come again with each batch


class Columns:
    """The rows of one batch, turned round."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._columns = list(zip(*rows, strict=True))

    def events(self) -> bytes:
        """The rows of `events` as an Arrow stream."""
        arrays = []
        for name, column in zip(table.COLUMNS, self._columns, strict=True):
            if name in _FEW:
                arrays.append(pa.array(column, pa.string()).dictionary_encode())
            else:
                arrays.append(pa.array(column, _TYPES.get(name, pa.string())))
        return _stream(arrays, table.COLUMNS)

    def values(self) -> list[Counted]:
        """Each distinct value of each day, counted."""
        days = [at // US_PER_DAY for at in self._columns[_OCCURRED]]
        # Few days are cut out one after the other: counting one column in one go is the quickest.
        of_day = {day: [other == day for other in days] for day in _few(days)}
        found: list[Counted] = []
        for name in table.VALUE_COLUMNS:
            for value, day, count in self._distinct(name, days, of_day):
                if value and value != table.NO_STATUS:
                    found.append((name, str(value), day, count))
        for name, value in self._id_kinds():
            found.extend((name, value, day, 1) for day in set(days))
        return found

    def _id_kinds(self) -> list[tuple[str, str]]:
        """What the columns of ids hold; of one that is empty, nothing."""
        kinds = []
        for name in table.ID_COLUMNS:
            joined = "".join(self._columns[_POSITION[name]])
            if joined:
                kinds.append((name, table.HEX if _HEX.fullmatch(joined) else table.ANY))
        return kinds

    def _distinct(
        self, name: str, days: list[int], of_day: dict[int, list[bool]]
    ) -> list[tuple[Any, int, int]]:
        column: Sequence[Any] = self._columns[_POSITION[name]]
        if name == "endpoint" and any(self._columns[_ENDPOINT_SENT]):
            # A template stands for endpoints that differ from it: those are in `text`, whole.
            sent = self._columns[_ENDPOINT_SENT]
            column = ["" if other else own for own, other in zip(column, sent, strict=True)]
        if name in _LISTS:
            # Once per event, however many of its items say the same.
            column = [list_ if len(list_) < 2 else tuple(set(list_)) for list_ in column]
            if not of_day:
                items = [
                    (item, day) for list_, day in zip(column, days, strict=True) for item in list_
                ]
                return [(value, day, count) for (value, day), count in Counter(items).items()]
            return [
                (value, day, count)
                for day, here in of_day.items()
                for value, count in Counter(chain.from_iterable(compress(column, here))).items()
            ]
        if not of_day:
            pairs = Counter(zip(column, days, strict=True))
            return [(value, day, count) for (value, day), count in pairs.items()]
        return [
            (value, day, count)
            for day, here in of_day.items()
            for value, count in Counter(
                column if len(of_day) == 1 else compress(column, here)
            ).items()
        ]


def values_stream(tenant: int, found: Sequence[Counted]) -> bytes:
    """The rows of `vals` as an Arrow stream."""
    return _of_values(tenant, found, VALUE_NAMES, pa.uint64())


def known_stream(tenant: int, spans: Sequence[Span]) -> bytes:
    """The rows of `known` as an Arrow stream."""
    return _of_values(tenant, spans, KNOWN_NAMES, pa.int32())


def _of_values(
    tenant: int, rows: Sequence[tuple[str, str, int, int]], names: Sequence[str], last: Any
) -> bytes:
    columns, values, third, fourth = zip(*rows, strict=True)
    arrays = [
        pa.array([tenant] * len(rows), pa.uint32()),
        pa.array(columns, pa.string()).dictionary_encode(),
        pa.array([_fold(value) for value in values], pa.string()),
        pa.array(values, pa.string()),
        pa.array(third, pa.int32()),
        pa.array(fourth, last),
    ]
    return _stream(arrays, names)


def _few(days: list[int]) -> set[int]:
    """The days, if there are few of them; else none."""
    found = set(days)
    return found if len(found) <= _FEW_DAYS else set()


def _stream(arrays: list[Any], names: Sequence[str]) -> bytes:
    columns = pa.table(arrays, list(names))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, columns.schema) as writer:
        writer.write_table(columns)
    data: bytes = sink.getvalue().to_pybytes()
    return data
