"""
Takes removed parts out of the index: what erasures and expiries reach, in their place in the log.

Rows that lose a part are made anew from the ledger without it: the old ones are deleted, then the
new ones inserted. The list of a step is on disk before, so a crash between the two is mended by
doing the step again. Then the tables of values forget what no row has any more. Last, the engine's
old files must go, which it does by itself after a while: until then nothing counts as clean.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from indelible.server.index import schema as table
from indelible.server.index.engine import Client
from indelible.server.index.insert import Declared, Inserter, Row, rows_of
from indelible.server.index.rows import CONTENT, FACT, PERSON, LedgerEntry, stub_row
from indelible.server.index.state import Progress, Replacing

ERASURE: Final = 2
EXPIRY: Final = 3
_MOST: Final = 10_000  # rows of one step; the list of them is text in a statement
_GAP: Final = 64  # entries that are read along rather than asked for apart
_SPAN: Final = 4096

_PERSON_VALUES: Final = (
    "actor_id",
    "actor_email",
    "actor_name",
    "ip",
    "device_id",
    "user_agent",
    "endpoint",
)
_CONTENT_VALUES: Final = ("change_paths",)


class Removal(Protocol):
    """A removal entry, as `server/ledger/declared.py` gives it."""

    @property
    def index(self) -> int: ...
    @property
    def parts(self) -> int: ...
    @property
    def first(self) -> int: ...
    @property
    def stop(self) -> int: ...
    @property
    def category_id(self) -> int | None: ...
    @property
    def cutoff_day(self) -> int | None: ...


class Removals(Declared, Protocol):
    """What the ledger says of removals."""

    @property
    def removals(self) -> Sequence[Removal]: ...


Read = Callable[[int, int, int], Sequence[LedgerEntry]]
Write = Callable[[Progress], None]


class _Index(msgspec.Struct):
    idx: int


class _Name(msgspec.Struct):
    name: str


_decode_indices = msgspec.json.Decoder(_Index, strict=False).decode_lines
_decode_names = msgspec.json.Decoder(_Name).decode_lines


class Remover:
    """Used by the follower's thread only."""

    def __init__(self, client: Client, inserter: Inserter, folder: Path, read: Read) -> None:
        self._client = client
        self._inserter = inserter
        self._folder = folder
        self._read = read
        # Tenant → the engine's files that still hold what was removed. Made again after a restart.
        self._old_files: dict[int, set[str]] = {}

    def apply(
        self,
        tenant_id: int,
        removals: Sequence[Removal],
        declared: Removals,
        progress: Progress,
        write: Write,
        next_epoch: Callable[[int], int],
    ) -> Progress:
        """Takes out what these removals took; on return no row and no value is left of it."""
        is_touched = False
        parts = _union(removals)
        # A damaged engine that was put aside holds it, too, whatever the rows of this one have.
        shutil.rmtree(self._folder / "engine.broken", ignore_errors=True)
        for found in self._touched(tenant_id, removals, declared.names):
            indices = self._losing(tenant_id, found, parts, declared)
            if not indices:
                continue
            if not is_touched:
                # What was counted of these rows is counted anew afterwards.
                self._inserter.forget()
            is_touched = True
            progress = msgspec.structs.replace(
                progress,
                replacing=Replacing(indices),
                epoch=next_epoch(progress.epoch),
                forgetting=progress.forgetting | parts,
            )
            write(progress)
            self.replace(tenant_id, progress, declared)
            progress = msgspec.structs.replace(progress, replacing=None)
            write(progress)
        if progress.forgetting:
            # Of this round, or of one that a crash broke off after its rows.
            self._forget_values(tenant_id, progress.forgetting)
        last = max(one.index for one in removals) + 1
        progress = msgspec.structs.replace(progress, removed=last, forgetting=0)
        self._old_files[tenant_id] = inactive_files(self._client)
        return progress

    def replace(self, tenant_id: int, progress: Progress, declared: Declared) -> None:
        """Makes the rows of the step that is written down anew. Safe to do again."""
        step = progress.replacing
        if step is None or not step.indices:
            return
        wanted = set(step.indices)
        entries = [
            entry
            for start, stop in _spans(step.indices)
            for entry in self._read(tenant_id, start, stop)
            if entry.index in wanted
        ]
        alerts: list[str] = []
        rows = rows_of(tenant_id, entries, alerts, declared)
        listed = ", ".join(str(index) for index in step.indices)
        self._client.run(
            f"ALTER TABLE events DELETE WHERE tenant = {int(tenant_id)} AND idx IN ({listed}) "
            "SETTINGS mutations_sync = 1"
        )
        by_index = {entry.index: entry for entry in entries}

        def stub(index: int) -> Row:
            return stub_row(tenant_id, by_index[index])

        bounds = (step.indices[0], step.indices[-1] + 1)
        self._inserter.insert(tenant_id, progress.epoch, bounds, rows, stub, alerts, is_again=True)

    def clean(self, tenant_id: int, progress: Progress) -> Progress:
        """Says how far the files are clean, after a look at which of the old ones are left."""
        if progress.clean >= progress.removed:
            return progress
        inactive = inactive_files(self._client)
        old = self._old_files.setdefault(tenant_id, inactive)
        old &= inactive
        if old:
            return progress
        return msgspec.structs.replace(progress, clean=progress.removed)

    def _touched(
        self, tenant_id: int, removals: Sequence[Removal], names: dict[int, str]
    ) -> Iterator[list[int]]:
        """Rows that removals reach and that have the part still, in steps; held ones are too."""
        conditions = " OR ".join(_reach(one, names) for one in removals)
        at = 0
        while True:
            found = _decode_indices(
                self._client.query(
                    f"SELECT idx FROM events WHERE tenant = {{tenant:UInt32}} AND idx >= {at} "
                    f"AND ({conditions}) ORDER BY idx LIMIT {_MOST}",
                    {"tenant": tenant_id},
                )
            )
            if not found:
                return
            yield [row.idx for row in found]
            at = found[-1].idx + 1

    def _losing(
        self, tenant_id: int, indices: list[int], parts: int, declared: Declared
    ) -> list[int]:
        """Those that really lose a part: not what a hold or a longer promise spares."""
        wanted = set(indices)
        return [
            entry.index
            for start, stop in _spans(indices)
            for entry in self._read(tenant_id, start, stop)
            if entry.index in wanted
            and any(
                part & parts
                for part in declared.gone(entry.index, entry.category_id, entry.day, entry.parts)
            )
        ]

    def _forget_values(self, tenant_id: int, parts: int) -> None:
        """
        Values that no row has any more leave the tables from which search and lists take; the
        others are counted anew. Safe to do again.
        """
        columns = set(table.VALUE_COLUMNS) if parts & FACT else set()
        columns |= set(_PERSON_VALUES) if parts & PERSON else set()
        columns |= set(_CONTENT_VALUES) if parts & CONTENT else set()
        gone = " OR ".join(
            f"(col = '{name}' AND value NOT IN (SELECT DISTINCT {_value(name)} FROM events "
            f"WHERE tenant = {int(tenant_id)}))"
            for name in sorted(columns)
        )
        self._count_again(tenant_id, sorted(columns))
        self._client.run(
            f"ALTER TABLE known DELETE WHERE tenant = {int(tenant_id)} AND ({gone}) "
            "SETTINGS mutations_sync = 1"
        )
        self._inserter.forget()

    def _count_again(self, tenant_id: int, columns: Sequence[str]) -> None:
        """How many events have each value of these columns, as the rows say now."""
        listed = ", ".join(f"'{name}'" for name in columns)
        self._client.run(
            f"ALTER TABLE vals DELETE WHERE tenant = {int(tenant_id)} AND col IN ({listed}) "
            "SETTINGS mutations_sync = 1"
        )
        each = " UNION ALL ".join(
            f"SELECT '{name}' AS col, CAST({_counted(name)} AS String) AS value, count() AS n "
            f"FROM events WHERE tenant = {int(tenant_id)} GROUP BY value HAVING value != ''"
            for name in columns
        )
        # What is inserted again after a crash is the same, and must not be dropped for that.
        self._client.run(
            f"INSERT INTO vals (tenant, col, value, count) SETTINGS insert_deduplicate = 0 "
            f"SELECT {int(tenant_id)}, col, value, n FROM ({each})"
        )


def inactive_files(client: Client) -> set[str]:
    """The engine's files that are replaced and not deleted yet."""
    found = client.query(
        "SELECT concat(table, '/', name) AS name FROM system.parts "
        "WHERE active = 0 AND table IN ('events', 'vals', 'known', 'counts', 'pairs')",
        {},
    )
    return {row.name for row in _decode_names(found)}


def _union(removals: Sequence[Removal]) -> int:
    parts = 0
    for one in removals:
        parts |= one.parts
    return parts


def _reach(one: Removal, names: dict[int, str]) -> str:
    """Which rows a removal reaches, as SQL made of numbers and of names that the policy checked."""
    left = f"bitAnd(bitAnd(sealed, {int(one.parts)}), bitNot(bitShiftRight(flags, 4))) != 0"
    if one.category_id is None:
        return f"(idx >= {int(one.first)} AND idx < {int(one.stop)} AND {left})"
    name = names.get(one.category_id, "").replace("\\", "\\\\").replace("'", "\\'")
    before_us = int(one.cutoff_day or 0) * 86_400_000_000
    return (
        f"(category = '{name}' AND idx < {int(one.stop)} AND received_us < {before_us} AND {left})"
    )


def _value(name: str) -> str:
    if name in table.LISTS:
        return f"arrayJoin({name})"
    return f"toString({name})"


def _counted(name: str) -> str:
    """What `index/batch` counts of a row: lists once a value, no number for none, no templates."""
    if name in table.LISTS:
        return f"arrayJoin(arrayDistinct({name}))"
    if name == "status":
        return f"if(status = {table.NO_STATUS}, '', toString(status))"
    return "if(endpoint_sent = '', endpoint, '')" if name == "endpoint" else name


def _spans(indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges of entries to read that hold all of these."""
    start = stop = indices[0]
    for index in indices:
        if index - stop > _GAP or index - start >= _SPAN:
            yield start, stop
            start = index
        stop = index + 1
    yield start, stop
