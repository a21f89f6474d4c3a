"""
Follows the ledger of every tenant, in order, and remembers how far it is.

    1. Each tenant's progress is read, and what the index holds since the last count is counted.
       A count that is wrong is repaired under a raised epoch, or the tenant is made anew.
    2. A batch that was under way is sent again with its old boundaries.
    3. New entries are read, their boundaries written down, then inserted. Back to 3.

Erasure and expiry are entries too, so they reach the index here and nowhere else, in order.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from indelible.clock import Clock, day_of, to_datetime
from indelible.errors import StorageError
from indelible.server.index import schema as table
from indelible.server.index.engine import Client
from indelible.server.index.insert import Inserter, Row, received_us, rows_of
from indelible.server.index.leaving import Leaver
from indelible.server.index.removing import ERASURE, EXPIRY, Removals, Remover
from indelible.server.index.rollup import BLOCK_ENTRIES, Rollup
from indelible.server.index.rows import LedgerEntry, stub_row
from indelible.server.index.state import Batch, Progress, ProgressFile
from indelible.server.index.status import IndexStatus

MAX_ENTRIES: Final = 20_000
READ_ENTRIES: Final = 4_096  # one read transaction of the ledger; these must stay short
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_ALERTS: Final = 20
LATE_AFTER_S: Final = 1.0  # a shorter lag is the usual beat of batches, not news


class Tenant(Protocol):
    """What is followed."""

    @property
    def id(self) -> int: ...


class Ledger(Protocol):
    """Read access to the ledger, as `server/ledger/reader.py` gives it."""

    def tenants(self) -> Sequence[Tenant]: ...
    def deleted_tenants(self) -> Sequence[Tenant]: ...
    def size(self, tenant_id: int, /) -> int: ...
    def read(self, tenant_id: int, start: int, stop: int, /) -> Sequence[LedgerEntry]: ...
    def removals(self, tenant_id: int, /) -> Removals: ...


class _Followed:
    """What is known of one tenant. Owned by the follower's thread."""

    def __init__(self, file: ProgressFile, progress: Progress) -> None:
        self.file = file
        self.progress = progress
        self.size = 0


class Follower:
    """Brings the index up to the ledger. `step` is called again and again, by one thread."""

    def __init__(
        self,
        ledger: Ledger,
        client: Client,
        folder: Path,
        clock: Clock,
        report: Callable[[IndexStatus], None],
        block_entries: int = BLOCK_ENTRIES,
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._rollup = Rollup(client, clock, block_entries)
        self._inserter = Inserter(client, self._rollup)
        self._remover = Remover(client, self._inserter, folder, self._read)
        self._leaver = Leaver(client, folder, self._forget_tenant)
        self._folder = folder
        self._clock = clock
        self._report = report
        self._tenants: dict[int, _Followed] = {}
        self._behind_since: float | None = None
        self._alerts: list[str] = []
        self.detail: str | None = None

    # -- start

    def create(self) -> None:
        """Makes the tables where they are missing."""
        for statement in table.CREATE:
            self._client.run(statement)
        self._rollup.create()

    def rebuild(self, reason: str) -> None:
        """Empties the index; the next steps fill it from the first entry."""
        self.detail = f"rebuilding: {reason}"
        self._inserter.forget()
        for statement in table.EMPTY:
            self._client.run(statement)
        for path in self._folder.glob("progress-*.json"):
            path.unlink()
        self._tenants.clear()
        self._alerts.clear()
        self.report_empty()

    def report_empty(self) -> None:
        """Says that the index has nothing of any tenant, whatever was said of it before."""
        self._report(
            IndexStatus(
                state="catching_up",
                indexed_through={tenant.id: 0 for tenant in self._ledger.tenants()},
                detail=self.detail,
            )
        )

    def _open(self, tenant_id: int) -> _Followed:
        """Steps 1 and 2 for one tenant."""
        file = ProgressFile(self._folder, tenant_id)
        progress = file.read()
        if progress is None:
            # Rows of unknown origin may be there when the file was lost.
            progress = self._from_nothing(tenant_id, 0)
        elif progress.version != table.INDEX_VERSION:
            self.detail = "rebuilding: made by another version"
            progress = self._from_nothing(tenant_id, progress.epoch)
        else:
            progress = self._replaced(tenant_id, progress)
            progress = self._verified(tenant_id, progress)
        followed = self._tenants[tenant_id] = _Followed(file, progress)
        followed.size = self._ledger.size(tenant_id)
        # What was there before can be searched; what is left to do may wait for a slow disk.
        self.report()
        file.write(progress)
        if progress.batch.stop > progress.batch.start:
            self._finish(tenant_id, followed)
        return followed

    def _replaced(self, tenant_id: int, progress: Progress) -> Progress:
        """Completes a step of a removal that was under way: some of its rows may be missing."""
        if progress.replacing is None:
            return progress
        progress = msgspec.structs.replace(progress, epoch=self._next_epoch(progress.epoch))
        self._remover.replace(tenant_id, progress, self._ledger.removals(tenant_id))
        return msgspec.structs.replace(progress, replacing=None)

    def _finish(self, tenant_id: int, followed: _Followed) -> None:
        """
        Step 2: completes the batch that was under way.

        Sent again it adds what is missing, and nothing when its token is known. When the rows are
        wrong even then, they were lost or doubled later: out with them, and again in a new epoch.
        """
        batch = followed.progress.batch
        if not self._holds(tenant_id, batch):
            entries = self._read(tenant_id, batch.start, batch.stop)
            self._insert(tenant_id, followed, entries)
        if self._holds(tenant_id, batch):
            if followed.progress.batch == batch:
                followed.progress = followed.progress.done()
            return
        self.detail = f"repairing from entry {batch.start}"
        self._delete(tenant_id, batch.start)
        followed.progress = msgspec.structs.replace(
            followed.progress,
            epoch=self._next_epoch(followed.progress.epoch),
            batch=Batch(batch.start, batch.start, 0),
            rows=followed.progress.rows - (batch.rows if followed.progress.batch != batch else 0),
        )
        followed.file.write(followed.progress)

    def _holds(self, tenant_id: int, batch: Batch) -> bool:
        """Whether the index has each row of a batch just once."""
        counts = msgspec.json.decode(
            self._client.query(
                "SELECT count() AS n, uniqExact(idx) AS kinds FROM events "
                "WHERE tenant = {tenant:UInt32} AND idx >= {start:UInt64} AND idx < {stop:UInt64}",
                {"tenant": tenant_id, "start": batch.start, "stop": batch.stop},
            )
        )
        return bool(counts["n"] == counts["kinds"] == batch.rows)

    def _verified(self, tenant_id: int, progress: Progress) -> Progress:
        """Compares what the index holds with what was written down; repairs what differs."""
        start, stop = progress.batch.start, progress.batch.stop
        if self._ledger.size(tenant_id) < stop:
            self.detail = "rebuilding: the ledger is shorter than the index"
            return self._from_nothing(tenant_id, progress.epoch)
        counts = msgspec.json.decode(
            self._client.query(
                """
                SELECT countIf(idx < {start:UInt64}) AS held,
                       countIf(idx >= {verified:UInt64} AND idx < {start:UInt64}) AS fresh,
                       uniqExactIf(idx, idx >= {verified:UInt64} AND idx < {start:UInt64}) AS kinds,
                       countIf(idx >= {stop:UInt64}) AS beyond
                FROM events WHERE tenant = {tenant:UInt32}
                """,
                {
                    "tenant": tenant_id,
                    "start": start,
                    "stop": stop,
                    "verified": progress.verified,
                },
            )
        )
        fresh = progress.rows - progress.verified_rows
        if counts["held"] - counts["fresh"] != progress.verified_rows or not self._same_log(
            tenant_id, progress.verified
        ):
            self.detail = "rebuilding: rows are missing, or are of another ledger"
            return self._from_nothing(tenant_id, progress.epoch)
        if counts["fresh"] != fresh or counts["kinds"] != fresh or counts["beyond"]:
            self.detail = f"repairing from entry {progress.verified}"
            self._delete(tenant_id, progress.verified)
            return Progress(
                version=table.INDEX_VERSION,
                epoch=self._next_epoch(progress.epoch),
                batch=Batch(progress.verified, progress.verified, 0),
                rows=progress.verified_rows,
                verified=progress.verified,
                verified_rows=progress.verified_rows,
                removed=min(progress.removed, progress.verified),
                clean=min(progress.clean, progress.verified),
                forgetting=progress.forgetting,
            )
        return msgspec.structs.replace(progress, verified=start, verified_rows=progress.rows)

    def _same_log(self, tenant_id: int, below: int) -> bool:
        """Whether the newest verified row has the leaf hash that the ledger has (a restore)."""
        found = self._client.query(
            "SELECT idx, lower(hex(leaf_hash)) AS leaf FROM events "
            "WHERE tenant = {tenant:UInt32} AND idx < {below:UInt64} ORDER BY idx DESC LIMIT 1",
            {"tenant": tenant_id, "below": below},
        )
        if not found:
            return True
        row = msgspec.json.decode(found)
        entries = self._read(tenant_id, row["idx"], row["idx"] + 1)
        return bool(entries and entries[0].leaf_hash.hex() == row["leaf"])

    def _from_nothing(self, tenant_id: int, epoch: int) -> Progress:
        self._delete(tenant_id, 0)
        return Progress(version=table.INDEX_VERSION, epoch=self._next_epoch(epoch))

    def _next_epoch(self, epoch: int) -> int:
        # From the clock, so that it is new even when the file that knew the last one is lost.
        return max(epoch + 1, self._clock.now_us())

    def _delete(self, tenant_id: int, from_index: int) -> None:
        self._client.run(
            f"ALTER TABLE events DELETE WHERE tenant = {int(tenant_id)} "
            f"AND idx >= {int(from_index)} SETTINGS mutations_sync = 1"
        )
        self._rollup.forget()
        if from_index == 0:
            self._inserter.forget()
            for name in ("vals", "known"):
                self._client.run(
                    f"ALTER TABLE {name} DELETE WHERE tenant = {int(tenant_id)} "
                    "SETTINGS mutations_sync = 1"
                )

    # -- following

    def step(self) -> int:
        """One batch of each tenant that has grown. Returns how many entries these held."""
        # A batch makes many small objects and no cycles; collecting among them costs a third.
        gc.disable()
        try:
            moved = self._step()
        finally:
            gc.enable()
        if not moved:
            self.detail = None
        self.report()
        return moved

    def _forget_tenant(self, tenant_id: int) -> None:
        self._tenants.pop(tenant_id, None)
        self._inserter.forget_tenant(tenant_id)

    def _step(self) -> int:
        moved = 0
        # Those that are there are asked for first: who is not among them, does not come back.
        tenants = self._ledger.tenants()
        deleted = {tenant.id for tenant in self._ledger.deleted_tenants()}
        self._leaver.step(sorted(deleted))
        for tenant in tenants:
            if tenant.id in deleted:
                continue
            followed = self._tenants.get(tenant.id)
            if followed is None:
                self.report()
                followed = self._open(tenant.id)
            followed.size = self._ledger.size(tenant.id)
            start = followed.progress.batch.stop
            if followed.size > start:
                entries = self._gather(tenant.id, start, followed.size)
                removals, entries = _up_to_removal(entries)
                if removals:
                    self._remove(tenant.id, followed, removals)
                else:
                    self._insert(tenant.id, followed, entries)
                moved += len(removals) + len(entries)
                self.report()
            elif followed.progress.clean < followed.progress.removed:
                followed.progress = self._remover.clean(tenant.id, followed.progress)
                followed.file.write(followed.progress)
        if not moved:
            # Counting comes last: what is not counted yet is looked at row by row.
            moved = sum(
                self._rollup.step(tenant_id, followed.progress.batch.start)
                for tenant_id, followed in self._tenants.items()
            )
        return moved

    def _gather(self, tenant_id: int, start: int, size: int) -> list[LedgerEntry]:
        """The next entries: bounded by count and bytes."""
        entries: list[LedgerEntry] = []
        weight = 0
        stop = min(size, start + MAX_ENTRIES)
        while start < stop and weight < MAX_BYTES:
            slice_ = self._read(tenant_id, start, min(stop, start + READ_ENTRIES))
            if not slice_:
                break
            entries.extend(slice_)
            start += len(slice_)
            weight += sum(
                len(entry.fact or b"") + len(entry.person or b"") + len(entry.content or b"")
                for entry in slice_
            )
        return entries

    def _remove(self, tenant_id: int, followed: _Followed, entries: Sequence[LedgerEntry]) -> None:
        """Takes out what these entries, which are all removals, took."""
        declared = self._ledger.removals(tenant_id)
        first, stop = entries[0].index, entries[-1].index + 1
        wanted = [one for one in declared.removals if first <= one.index < stop]
        progress = followed.progress
        if wanted:
            progress = self._remover.apply(
                tenant_id, wanted, declared, progress, followed.file.write, self._next_epoch
            )
        # Nothing of these is inserted, so there is nothing to be sent again.
        followed.progress = msgspec.structs.replace(progress, batch=Batch(stop, stop, 0))
        followed.file.write(followed.progress)

    def _read(self, tenant_id: int, start: int, stop: int) -> Sequence[LedgerEntry]:
        """Entries of the ledger; those that cannot be read come without their parts."""
        try:
            return self._ledger.read(tenant_id, start, stop)
        except StorageError as cause:
            if stop - start <= 1:
                self._alert(f"entry {start} cannot be read from the ledger: {cause}")
                return [_Lost(start, day_of(self._clock.now_us()))]
            middle = (start + stop) // 2
            return [
                *self._read(tenant_id, start, middle),
                *self._read(tenant_id, middle, stop),
            ]

    def _insert(self, tenant_id: int, followed: _Followed, entries: Sequence[LedgerEntry]) -> None:
        """Step 3, or step 2 when the entries are those of the batch that is written down."""
        alerts: list[str] = []
        first, stop = entries[0].index, entries[-1].index + 1
        rows = rows_of(tenant_id, entries, alerts, self._ledger.removals(tenant_id))
        progress = followed.progress
        if (progress.batch.start, progress.batch.stop) != (first, stop):
            rows, stop = _within_one_month(rows, stop)
            progress = msgspec.structs.replace(progress, batch=Batch(first, stop, len(rows)))
            # From here on a crash leaves these boundaries to be used again.
            followed.file.write(progress)
            followed.progress = progress

        def stub(index: int) -> Row:
            return stub_row(tenant_id, entries[index - first])

        self._inserter.insert(tenant_id, progress.epoch, (first, stop), rows, stub, alerts)
        for alert in alerts:
            self._alert(alert)
        followed.progress = progress.done()

    # -- state

    def _alert(self, text: str) -> None:
        if text not in self._alerts and len(self._alerts) < MAX_ALERTS:
            self._alerts.append(text)

    def report(self) -> None:
        """Tells how far each tenant is."""
        through = {
            tenant_id: followed.progress.batch.start
            for tenant_id, followed in self._tenants.items()
        }
        lag = sum(
            max(0, followed.size - followed.progress.batch.start)
            for followed in self._tenants.values()
        )
        now = self._clock.monotonic_s()
        if lag == 0:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        lag_s = 0.0 if self._behind_since is None else now - self._behind_since
        busy = self.detail is not None or lag_s > LATE_AFTER_S or not self._tenants
        self._report(
            IndexStatus(
                state="catching_up" if busy else "ready",
                indexed_through=through,
                clean_through={
                    tenant_id: through[tenant_id]
                    if followed.progress.clean >= followed.progress.removed
                    else followed.progress.clean
                    for tenant_id, followed in self._tenants.items()
                },
                counted_through={
                    tenant_id: self._rollup.counted_through(tenant_id)
                    for tenant_id in self._tenants
                },
                gone=sorted(self._leaver.gone),
                lag_entries=lag,
                lag_s=round(lag_s, 3),
                detail=self.detail,
                alerts=list(self._alerts),
            )
        )


class _Lost(msgspec.Struct, frozen=True):
    """An entry that the ledger could not give: only its place is known."""

    index: int
    day: int
    leaf_type: int = 1
    parts: int = 0
    category_id: int = 0
    fact: bytes | None = None
    person: bytes | None = None
    content: bytes | None = None
    leaf_hash: bytes = bytes(32)


def _up_to_removal(
    entries: list[LedgerEntry],
) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
    """The removals at the start of a batch, or else what comes before the first removal."""
    for position, entry in enumerate(entries):
        if entry.leaf_type in (ERASURE, EXPIRY):
            if position:
                return [], entries[:position]
            for other, next_ in enumerate(entries):
                if next_.leaf_type not in (ERASURE, EXPIRY):
                    return entries[:other], []
            return entries, []
    return [], entries


def _within_one_month(
    rows: list[tuple[object, ...]], stop: int
) -> tuple[list[tuple[object, ...]], int]:
    """Cuts a batch where the month of receipt changes, so that an insert makes one part."""
    if not rows or _month(rows[0]) == _month(rows[-1]):
        return rows, stop
    month = _month(rows[0])
    for position, row in enumerate(rows):
        if _month(row) != month:
            return rows[:position], int(str(row[1]))
    return rows, stop


def _month(row: tuple[object, ...]) -> tuple[int, int]:
    at = to_datetime(received_us(row))
    return at.year, at.month
