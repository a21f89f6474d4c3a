"""
Answers questions about events from the search index.

Lists, counts and exports come from the index; one event in detail and one entry come from the
ledger. Each answer says through which entry the index had followed the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec

from indelible.clock import format_us
from indelible.errors import NotFound
from indelible.server.index import IndexProcess
from indelible.server.index.shown import ROW_SELECT, Row, row_to_json
from indelible.server.ledger.reader import Entry, LedgerReader
from indelible.server.query import stats
from indelible.server.query.cursor import Cursor, encode_cursor, parse_cursor
from indelible.server.query.filter import Filter, Page
from indelible.server.query.gone import Explainer
from indelible.server.query.live import Newer
from indelible.server.query.masked import masked_entry, masked_event
from indelible.server.query.pattern import Parameters
from indelible.server.query.periods import Range
from indelible.server.query.prepare import Prepared, prepare, within
from indelible.server.query.reach import Reach

MIN_INDEX_WAIT_S: Final = 5.0

_decode_rows = msgspec.json.Decoder(Row).decode_lines


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events in the shape of the API."""

    events: list[dict[str, Any]]
    next_cursor: str | None
    prev_cursor: str | None
    indexed_through: int


class Nearest(msgspec.Struct, frozen=True, kw_only=True):
    """When the nearest matching events outside a range happened."""

    before: str | None
    after: str | None


class _Where(msgspec.Struct):
    idx: int


class _When(msgspec.Struct):
    at: int


class Query:
    """Questions to one index. Belongs to the event loop of its index process."""

    def __init__(self, index: IndexProcess, reader: LedgerReader) -> None:
        self._index = index
        self._reader = reader
        self._explainer = Explainer(reader)

    async def prepare(self, filter_: Filter, min_index: int | None = None) -> Prepared:
        """
        The filter's condition on one snapshot of the index.

        Waits, up to a limit, until the index has entry `min_index`; then goes on regardless, and
        the answer's `indexed_through` tells. Raises IndexFailed while nothing is known of it.
        """
        tenant_id = filter_.tenant_id
        await self._index.wait_until_known(tenant_id)
        if min_index is not None:
            await self._index.wait_for(tenant_id, min_index, MIN_INDEX_WAIT_S)
        return await prepare(self._index, filter_, self._index.indexed_through(tenant_id))

    async def events(self, filter_: Filter, page: Page) -> Events:
        """One page, ordered by time of the event, then index: ties lose and double nothing."""
        cursor = None
        if page.cursor is not None:
            cursor = parse_cursor(page.cursor, filter_, page.order)
        prepared = await self.prepare(filter_, page.min_index)
        rows, more = await self._rows(prepared, page, cursor)
        backwards = cursor is not None and cursor.way == "prev"
        has_next = more if not backwards else True
        has_prev = more if backwards else cursor is not None
        ends: dict[str, str | None] = {"next": None, "prev": None}
        if rows:
            if has_next:
                last = rows[-1]
                ends["next"] = encode_cursor(
                    "next", last.occurred_us, last.idx, filter_, page.order
                )
            if has_prev:
                first = rows[0]
                ends["prev"] = encode_cursor(
                    "prev", first.occurred_us, first.idx, filter_, page.order
                )
        return Events(
            events=[row_to_json(row) for row in rows],
            next_cursor=ends["next"],
            prev_cursor=ends["prev"],
            indexed_through=prepared.through,
        )

    async def _rows(
        self, prepared: Prepared, page: Page, cursor: Cursor | None
    ) -> tuple[list[Row], bool]:
        """The page's rows in its order, and whether more lie beyond in the cursor's direction."""
        if prepared.empty:
            return [], False
        backwards = cursor is not None and cursor.way == "prev"
        newest_first = (page.order == "desc") != backwards
        where = prepared.where
        add = prepared.parameters.add
        if cursor is not None:
            sign = "<" if newest_first else ">"
            at, index = add(cursor.occurred_us, "Int64"), add(cursor.index, "UInt64")
            # The first part says the same once more, in a form that the primary key can use.
            where += f" AND occurred_us {sign}= {at} AND (occurred_us, idx) {sign} ({at}, {index})"
        way = "DESC" if newest_first else "ASC"
        order = f"ORDER BY tenant {way}, occurred_us {way}, idx {way} LIMIT {page.limit + 1}"
        data = await self._index.query(
            f"SELECT {ROW_SELECT} FROM events WHERE {where} {order}", prepared.parameters.values
        )
        rows = _decode_rows(data)
        more = len(rows) > page.limit
        del rows[page.limit :]
        if backwards:
            rows.reverse()
        return rows, more

    async def count(self, filter_: Filter) -> int:
        """How many events match, exactly."""
        return await stats.count(self._index, await self.prepare(filter_))

    async def total(self, filter_: Filter, min_index: int | None = None) -> stats.Stats:
        """The count alone."""
        prepared = await self.prepare(filter_, min_index)
        number = await stats.count(self._index, prepared)
        return stats.Stats(total=number, exact=True, indexed_through=prepared.through)

    async def group(
        self, filter_: Filter, name: str, limit: int, min_index: int | None = None
    ) -> stats.Stats:
        """Counts per value of a field of `stats.GROUPS`."""
        if name == "stream":
            # Counts for the tabs: what each would show, whichever is open.
            filter_ = msgspec.structs.replace(filter_, stream=None)
        prepared = await self.prepare(filter_, min_index)
        return await stats.group_by(self._index, prepared, name, limit)

    async def histogram(
        self, filter_: Filter, buckets: int, min_index: int | None = None
    ) -> stats.Stats:
        """Counts over time."""
        prepared = await self.prepare(filter_, min_index)
        return await stats.over_time(self._index, prepared, buckets)

    async def newer(self, filter_: Filter, after: int, most: int) -> Newer:
        """What has come since entry `after`: the newest of it, oldest first, and how many more."""
        prepared = await self.prepare(filter_)
        if prepared.empty:
            return Newer(events=[], skipped=0, through=prepared.through)
        since = prepared.parameters.add(after, "UInt64")
        where = f"{prepared.where} AND idx >= {since}"
        rows = _decode_rows(
            await self._index.query(
                f"SELECT {ROW_SELECT} FROM events WHERE {where} ORDER BY idx DESC LIMIT {most}",
                prepared.parameters.values,
            )
        )
        skipped = 0
        if len(rows) == most:
            found = await self._index.query(
                f"SELECT count() AS at FROM events WHERE {where}", prepared.parameters.values
            )
            skipped = msgspec.json.decode(found, type=_When).at - most
        return Newer(
            events=[row_to_json(row) for row in reversed(rows)],
            skipped=skipped,
            through=prepared.through,
        )

    async def nearest(self, filter_: Filter) -> Nearest:
        """The nearest matching events before and after the range."""
        from_us, to_us = filter_.range.from_us, filter_.range.to_us
        tz = filter_.range.tz
        before = after = None
        if from_us is not None:
            before = await self._edge(filter_, Range(tz=tz, to_us=from_us), "DESC")
        if to_us is not None:
            after = await self._edge(filter_, Range(tz=tz, from_us=to_us), "ASC")
        return Nearest(before=before, after=after)

    async def _edge(self, filter_: Filter, range_: Range, way: str) -> str | None:
        prepared = await self.prepare(msgspec.structs.replace(filter_, range=range_))
        if prepared.empty:
            return None
        data = await self._index.query(
            f"SELECT occurred_us AS at FROM events WHERE {prepared.where} "
            f"ORDER BY tenant {way}, occurred_us {way} LIMIT 1",
            prepared.parameters.values,
        )
        return format_us(msgspec.json.decode(data, type=_When).at) if data else None

    async def event(self, reach: Reach, event_id: str) -> dict[str, Any]:
        """One event in full, from the ledger. Raises NotFound."""
        await self._index.wait_until_known(reach.tenant_id)
        data = await self._place(reach, "id = {id:UUID}", id=event_id)
        if not data:
            status = self._index.status()
            behind = status.lag_entries > 0 or status.state != "ready"
            raise NotFound(
                f"there is no event {event_id}",
                hint="the search index is catching up; try again in a moment" if behind else None,
            )
        entry = await self._entry(reach.tenant_id, msgspec.json.decode(data, type=_Where).idx)
        shown = masked_event(entry, reach.masks)
        return await asyncio.to_thread(self._explainer.explain, reach.tenant_id, entry, shown)

    async def entry(self, reach: Reach, index: int) -> dict[str, Any]:
        """One entry of the ledger, of whatever type. Raises NotFound."""
        await self.require_entry(reach, index)
        entry = await self._entry(reach.tenant_id, index)
        shown = masked_entry(entry, reach.masks)
        return await asyncio.to_thread(self._explainer.explain, reach.tenant_id, entry, shown)

    async def require_entry(self, reach: Reach, index: int) -> None:
        """Raises NotFound for an entry that is out of reach; only events are in one of a part."""
        if reach.is_whole:
            return
        await self._index.wait_until_known(reach.tenant_id)
        if not await self._place(reach, "idx = {idx:UInt64}", idx=index):
            raise NotFound(f"there is no entry {index}")

    async def _place(self, reach: Reach, condition: str, **values: object) -> bytes:
        """Where the event is in the ledger, if the caller may see it."""
        parameters = Parameters(reach.tenant_id)
        bounds = await within(self._index, reach, parameters)
        return await self._index.query(
            f"SELECT idx FROM events WHERE {bounds} AND {condition} ORDER BY idx LIMIT 1",
            {**parameters.values, **values},
        )

    async def _entry(self, tenant_id: int, index: int) -> Entry:
        return await asyncio.to_thread(self._reader.entry, tenant_id, index)

    @property
    def reader(self) -> LedgerReader:
        """The ledger behind the index: proofs and single entries come from there."""
        return self._reader

    def stream_indices(self, prepared: Prepared, form: str) -> AsyncGenerator[bytes]:
        """The indices of the whole set in the order of the log, from one snapshot."""
        sql = f"SELECT idx FROM events WHERE {prepared.where} ORDER BY idx"
        return self._index.stream(sql, prepared.parameters.values, form)

    def stream(
        self, prepared: Prepared, columns: str, form: str, order: str
    ) -> AsyncGenerator[bytes]:
        """The whole set in chunks, from one snapshot, with flat memory."""
        way = "DESC" if order == "desc" else "ASC"
        # Of an empty set the condition is `0`, and the stream ends at once.
        sql = (
            f"SELECT {columns} FROM events WHERE {prepared.where} "
            f"ORDER BY tenant {way}, occurred_us {way}, idx {way}"
        )
        return self._index.stream(sql, prepared.parameters.values, form)
