"""
Evidence: the events of a set with their leaves and salts, and the rest of the log as hashes.

Entries come in the order of the log. What is not asked for stands as the hash over it, so that the
lines of a bundle lead to the root of a signed checkpoint, whatever was chosen (spec/evidence.md).
Entries that are no events (policies, keys, holds, erasures, expiries) are always there: without
them nobody could tell whether a part that is gone went lawfully.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from indelible.errors import MissingEntry, StorageError
from indelible.seal import CONTENT, EVENT, FACT, PERSON
from indelible.seal.evidence import (
    EVIDENCE,
    End,
    EntryLine,
    Head,
    Recorded,
    Shown,
    SubtreeLine,
    encode_line,
)
from indelible.server.export.covering import covering_checkpoint
from indelible.server.export.jsonl import whole_lines
from indelible.server.ledger import LedgerReader
from indelible.server.ledger.reader import SealedEntry
from indelible.tlog.note import parse_note
from indelible.tlog.tile import TileReader

INDEX_FORM: Final = "TSV"
"""The engine writes one index a line."""

_BATCH = 2048
# Entries lie in runs of up to 256: neighbours are read together, and others are passed over.
_SPAN = 512


async def evidence_lines(
    rows: AsyncGenerator[bytes],
    reader: LedgerReader,
    tenant_id: int,
    through: int,
    statement: Mapping[str, Any],
) -> AsyncGenerator[bytes]:
    """The bundle of the events whose indices come, in order, from `rows`."""
    async with aclosing(rows):
        checkpoint = await covering_checkpoint(reader, tenant_id, through)
        origin = parse_note(checkpoint.note.encode()).text.partition("\n")[0]
        yield encode_line(Head(EVIDENCE, origin, checkpoint.size, checkpoint.note, dict(statement)))
        bundle = Bundle(reader, tenant_id, checkpoint.size)
        async with aclosing(whole_lines(rows)) as whole:
            async for data in whole:
                indices = [int(line) for line in data.split()]
                for start in range(0, len(indices), _BATCH):
                    batch = indices[start : start + _BATCH]
                    yield await asyncio.to_thread(bundle.take, batch)
        yield await asyncio.to_thread(bundle.finish)


class Bundle:
    """The lines after the head. Indices come in order; used by one thread at a time."""

    def __init__(self, reader: LedgerReader, tenant_id: int, size: int) -> None:
        self._reader = reader
        self._tenant_id = tenant_id
        self._size = size
        self._at = 0
        self._entries = self._events = self._subtrees = 0
        # Entries that are no events, and the records that some of them commit to.
        self._others = reader.declarations(tenant_id, size)
        self._records = reader.records(tenant_id, size)

    def take(self, indices: Sequence[int]) -> bytes:
        """The lines up to the last of these events."""
        if not indices:
            return b""
        last = indices[-1]
        others = [index for index in self._others if self._at <= index <= last]
        wanted = sorted({*indices, *others})
        return b"".join(self._lines(wanted))

    def finish(self) -> bytes:
        """The lines up to the end of the log, and the end."""
        others = [index for index in self._others if index >= self._at]
        lines = [*self._lines(others), *self._gap(self._size, self._tiles())]
        lines.append(encode_line(End(self._entries, self._events, self._subtrees)))
        return b"".join(lines)

    def _lines(self, wanted: Sequence[int]) -> Iterator[bytes]:
        tiles = self._tiles()
        for group in _near(wanted):
            chosen = set(group)
            for sealed in self._reader.sealed(self._tenant_id, group[0], group[-1] + 1):
                index = sealed.entry.index
                if index in chosen:
                    yield from self._gap(index, tiles)
                    yield self._entry(sealed)
                    self._at = index + 1

    def _tiles(self) -> TileReader:
        # One for some thousand entries: it keeps what it has read.
        return TileReader(self._size, lambda level, n: self._reader.tile(self._tenant_id, level, n))

    def _gap(self, stop: int, tiles: TileReader) -> Iterator[bytes]:
        """The largest whole subtrees that cover what lies before `stop` and is not shown."""
        while self._at < stop:
            level = (stop - self._at).bit_length() - 1
            if self._at:
                level = min(level, (self._at & -self._at).bit_length() - 1)
            try:
                found = tiles.subtree(level, self._at >> level)
            except MissingEntry as cause:
                raise StorageError(cause.message) from cause
            yield encode_line(SubtreeLine(level, found))
            self._subtrees += 1
            self._at += 1 << level

    def _entry(self, sealed: SealedEntry) -> bytes:
        entry = sealed.entry
        self._entries += 1
        self._events += entry.leaf_type == EVENT
        record = self._records.get(entry.index)
        return encode_line(
            EntryLine(
                entry.index,
                sealed.leaf,
                fact=_shown(sealed, FACT, entry.fact),
                person=_shown(sealed, PERSON, entry.person),
                content=_shown(sealed, CONTENT, entry.content),
                record=None if record is None else Recorded(*record),
            )
        )


def _shown(sealed: SealedEntry, part: int, data: bytes | None) -> Shown | None:
    if data is None:
        return None
    try:
        return Shown(sealed.salts[part], data.decode())
    except (KeyError, UnicodeDecodeError) as cause:
        raise StorageError(
            f"part {part} of entry {sealed.entry.index} cannot be read",
            hint="run `indelible verify` on the data folder",
        ) from cause


def _near(indices: Sequence[int]) -> Iterator[list[int]]:
    """Neighbours together, so that each run is read once."""
    group: list[int] = []
    for index in indices:
        if group and index - group[0] >= _SPAN:
            yield group
            group = []
        group.append(index)
    if group:
        yield group
