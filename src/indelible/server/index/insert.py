"""
Puts one batch into the index, whatever is in it.

The tables are written with a deduplication token made of tenant, epoch and boundaries, the values
first: a value is known to search before its row can be seen. A batch that is refused for its
content is halved until the bad entry stands alone; that one becomes a stub and an alert.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
import pyarrow as pa

from indelible.server.index import schema as table
from indelible.server.index.batch import (
    KNOWN_NAMES,
    VALUE_NAMES,
    WEEK,
    Columns,
    Found,
    Span,
    known_stream,
    values_stream,
)
from indelible.server.index.engine import DAMAGED, Client, EngineError
from indelible.server.index.rollup import Rollup
from indelible.server.index.rows import EVENT, LedgerEntry, row_of, stub_row

# Refusals that the content of a batch cannot be the reason for: wait and try again, never bisect.
_SURROUNDINGS: Final = DAMAGED | {
    74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
    75,  # CANNOT_WRITE_TO_FILE_DESCRIPTOR
    95,  # CANNOT_READ_FROM_SOCKET
    159,  # TIMEOUT_EXCEEDED
    173,  # CANNOT_ALLOCATE_MEMORY
    236,  # ABORTED
    241,  # MEMORY_LIMIT_EXCEEDED
    242,  # TABLE_IS_READ_ONLY
    243,  # NOT_ENOUGH_SPACE
    252,  # TOO_MANY_PARTS
    394,  # QUERY_WAS_CANCELLED
    439,  # CANNOT_SCHEDULE_TASK
    677,  # THREAD_WAS_CANCELLED
    708,  # CANNOT_FSYNC and friends of newer engines
}

_COMES_UP: Final = ("actor_id", "endpoint")


class _Value(msgspec.Struct):
    col: str
    value: str


_decode_values = msgspec.json.Decoder(_Value).decode_lines

Row = tuple[Any, ...]
_MOST_KNOWN: Final = 50_000  # of one column
_RECEIVED: Final = table.COLUMNS.index("received_us")
_INDEX: Final = table.COLUMNS.index("idx")
BAD_BYTES: Final = (msgspec.MsgspecError, ValueError, TypeError, LookupError, ArithmeticError)


class Declared(Protocol):
    """What the ledger says of removed parts, as `server/ledger/declared.py` gives it."""

    @property
    def any(self) -> bool: ...
    @property
    def names(self) -> dict[int, str]: ...
    def gone(self, index: int, category_id: int, day: int, parts: int, /) -> Mapping[int, str]: ...


def rows_of(
    tenant_id: int,
    entries: Sequence[LedgerEntry],
    alerts: list[str],
    declared: Declared | None = None,
) -> list[Row]:
    """
    The rows of the events among the entries; one that cannot be read becomes a stub.

    Parts that are declared removed are left out, whether or not the ledger has them still.
    """
    rows = []
    if declared is not None and declared.any:
        return _rows_without(tenant_id, entries, alerts, declared)
    for entry in entries:
        if entry.leaf_type != EVENT:
            continue
        try:
            rows.append(row_of(tenant_id, entry))
        except BAD_BYTES as cause:
            alerts.append(f"entry {entry.index} cannot be read: {cause}")
            rows.append(stub_row(tenant_id, entry))
    return rows


def _rows_without(
    tenant_id: int, entries: Sequence[LedgerEntry], alerts: list[str], declared: Declared
) -> list[Row]:
    names = declared.names
    rows = []
    for entry in entries:
        if entry.leaf_type != EVENT:
            continue
        gone = declared.gone(entry.index, entry.category_id, entry.day, entry.parts)
        try:
            rows.append(row_of(tenant_id, entry, gone, names.get(entry.category_id, "")))
        except BAD_BYTES as cause:
            alerts.append(f"entry {entry.index} cannot be read: {cause}")
            rows.append(stub_row(tenant_id, entry))
    return rows


def received_us(row: Row) -> int:
    """When the row's event was received: decides its partition."""
    at: int = row[_RECEIVED]
    return at


class Inserter:
    """Writes batches of one engine. Used by the follower's thread only."""

    def __init__(self, client: Client, rollup: Rollup) -> None:
        self._client = client
        self._rollup = rollup
        # What is in `known` for sure: tenant and column → value → first and last day.
        self._known: dict[tuple[int, str], dict[str, Span]] = {}

    def insert(
        self,
        tenant_id: int,
        epoch: int,
        bounds: tuple[int, int],
        rows: list[Row],
        stub: Callable[[int], Row],
        alerts: list[str],
        *,
        is_again: bool = False,
    ) -> None:
        """
        Durable on return. `bounds` are the batch's entries [start, stop); `stub` makes a stand-in
        for the row of an index. `is_again` says that these rows were counted before.

        Raises EngineError when the surroundings refuse (disk, memory, damage): then any part of
        the batch may be in the index, and the same call again completes it.
        """
        if not rows:
            return
        token = f"{tenant_id}-{epoch}-{bounds[0]}-{bounds[1]}"
        try:
            self._write(tenant_id, rows, token, is_again=is_again)
            return
        except EngineError as refusal:
            if refusal.number in _SURROUNDINGS or refusal.number == 0:
                raise
            reason = str(refusal)
        except (pa.ArrowException, *BAD_BYTES) as refusal:
            reason = str(refusal)
        if len(rows) == 1:
            index = rows[0][_INDEX]
            if rows[0] == stub(index):
                raise EngineError(f"the index refuses even a stub of entry {index}: {reason}")
            alerts.append(f"entry {index} is refused by the index: {reason[:200]}")
            self._write(tenant_id, [stub(index)], token + "-stub", is_again=is_again)
            return
        middle = len(rows) // 2
        cut = rows[middle][_INDEX]
        below, above = (bounds[0], cut), (cut, bounds[1])
        self.insert(tenant_id, epoch, below, rows[:middle], stub, alerts, is_again=is_again)
        self.insert(tenant_id, epoch, above, rows[middle:], stub, alerts, is_again=is_again)

    def forget(self) -> None:
        """Call when values may have left the index, or rows may be others."""
        self._known.clear()
        self._rollup.forget()

    def forget_tenant(self, tenant_id: int) -> None:
        """Drops from memory what is known of a tenant that has left."""
        for key in [key for key in self._known if key[0] == tenant_id]:
            del self._known[key]
        self._rollup.forget_tenant(tenant_id)

    def _write(self, tenant_id: int, rows: list[Row], token: str, *, is_again: bool) -> None:
        columns = Columns(rows)
        names, events = columns.events()
        found = columns.values()
        if is_again:
            found = self._unseen(tenant_id, found)
        self._make_known(tenant_id, columns, found, token)
        if found:
            self._client.insert("vals", VALUE_NAMES, values_stream(tenant_id, found), token)
        self._client.insert("events", names, events, token)

    def _unseen(self, tenant_id: int, found: Sequence[Found]) -> list[Found]:
        """Values that came up only now: an alias, or the template of an endpoint."""
        coming = {one.column: one.counts for one in found if one.column in _COMES_UP}
        texts = set().union(*coming.values())
        if not texts:
            return []
        rows = _decode_values(
            self._client.query(
                "SELECT DISTINCT col, value FROM vals WHERE tenant = {tenant:UInt32} "
                "AND col IN {columns:Array(String)} AND value IN {values:Array(String)}",
                {"tenant": tenant_id, "columns": list(_COMES_UP), "values": sorted(texts)},
            )
        )
        seen = {(row.col, row.value) for row in rows}
        unseen = [
            Found(column, {one: n for one, n in counts.items() if (column, one) not in seen})
            for column, counts in coming.items()
        ]
        return [one for one in unseen if one.counts]

    def _make_known(
        self, tenant_id: int, columns: Columns, found: Sequence[Found], token: str
    ) -> None:
        """Writes the values that this process has not yet written with these days."""
        first, last = columns.days
        listed: list[tuple[str, Collection[str]]] = [(one.column, one.counts) for one in found]
        listed += [(column, (kind,)) for column, kind in columns.kinds()]
        spans: list[tuple[str, str, Span]] = []
        for column, values in listed:
            known = self._known.setdefault((tenant_id, column), {})
            if len(known) > _MOST_KNOWN:
                known.clear()
            fresh = [
                value
                for value in values
                if (days := known.get(value)) is None or days[0] > first or days[1] < last
            ]
            if not fresh:
                continue
            if column in table.ID_COLUMNS:
                here = dict.fromkeys(fresh, (first, last | WEEK))
            else:
                here = columns.spans(column, fresh)
            for value, days in here.items():
                old = known.get(value, days)
                span = min(days[0], old[0]), max(days[1], old[1])
                if value not in known or span != old:
                    spans.append((column, value, span))
        if not spans:
            return
        self._client.insert("known", KNOWN_NAMES, known_stream(tenant_id, spans), token)
        for column, value, days in spans:
            self._known[tenant_id, column][value] = days
