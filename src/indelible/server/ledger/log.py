"""
The state of one tenant's log in the writer thread: right edge, policy, seen ids.

`stage` works out what an append changes; the state moves only when the caller says `settle`, after
COMMIT. When the commit fails the staged change is dropped and the state is as before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from indelible.errors import SettingsError, StorageError
from indelible.seal import (
    MAX_RUN,
    PartedEvent,
    PolicyLeaf,
    SealedRun,
    parse_leaf,
    seal_run,
)
from indelible.server.ledger.catalogue import Catalogue, read_catalogue
from indelible.server.ledger.checkpointing import Checkpointer
from indelible.server.ledger.desk import Added, Desk, Standing
from indelible.server.ledger.policies import PolicyAt, PolicyHistory
from indelible.server.ledger.reader import Tenant
from indelible.server.ledger.seen import Seen
from indelible.server.ledger.storage import Head, SqliteStorage
from indelible.tlog.merkle import HASH_SIZE, Frontier, leaf_hash
from indelible.tlog.tile import HEIGHT, WIDTH, extend_tiles


class Staged(msgspec.Struct):
    """One append: what to write, and what becomes the state after it is durable."""

    first: int
    runs: list[SealedRun]
    leaf_hashes: list[bytes]
    frontier: Frontier
    last_day: int
    tiles: dict[tuple[int, int], bytes]
    standing: Standing
    # Entries of the service instead of events, and what is kept beside them.
    entries: list[Added] = []


class TenantLog:
    """Owned by the writer thread."""

    def __init__(self, data_dir: Path, tenant: Tenant, storage: SqliteStorage, now_us: int) -> None:
        self.tenant = tenant
        self._storage = storage
        head = storage.head(tenant.id)
        self.frontier = Frontier.from_bytes(head.frontier)
        if self.frontier.size != head.size:
            raise StorageError(f"the head of {tenant.name} does not fit its right edge")
        self.last_day = head.last_day
        self.checkpointed = storage.checkpoint_size(tenant.id)
        self.checkpointer = Checkpointer(data_dir, tenant.id, tenant.origin)
        self.seen = Seen(storage.connection, tenant.id, now_us)
        policies = self._read_policies(head.policy_index)
        self.standing = Standing(policies, self._read_catalogue(policies))
        self.category_ids = _ids_of(policies)
        self._edge: dict[tuple[int, int], bytes] = {}
        self._check_guard()

    @property
    def size(self) -> int:
        """Durable entries."""
        return self.frontier.size

    def stage(
        self,
        events: Sequence[PartedEvent],
        day: int,
        random_bytes: Callable[[int], bytes],
    ) -> Staged:
        """Seals the events in runs and works out the tree; changes nothing of ours."""
        # A clock set back must not write a day below an earlier one (Time rules).
        day = max(day, self.last_day)
        runs = [
            seal_run(events[at : at + MAX_RUN], day, random_bytes)
            for at in range(0, len(events), MAX_RUN)
        ]
        hashes = [leaf_hash for run in runs for leaf_hash in run.leaf_hashes]
        tiles = extend_tiles(self.size, hashes, self._tile)
        frontier = _extend(self.frontier.copy(), hashes, tiles)
        return Staged(self.size, runs, hashes, frontier, day, tiles, self.standing)

    def desk(self, day: int, now_us: int) -> Desk:
        """Where an act of today appends; within the open transaction."""
        return Desk(
            self._storage.connection,
            tenant_id=self.tenant.id,
            size=self.size,
            day=max(day, self.last_day),
            now_us=now_us,
            standing=self.standing,
        )

    def stage_entries(self, desk: Desk) -> Staged:
        """Works out the tree with what an act has appended; changes nothing of ours."""
        hashes = [leaf_hash(added.leaf) for added in desk.added]
        tiles = extend_tiles(self.size, hashes, self._tile)
        frontier = _extend(self.frontier.copy(), hashes, tiles)
        return Staged(
            self.size,
            [],
            hashes,
            frontier,
            desk.day,
            tiles,
            desk.standing,
            desk.added,
        )

    def write(self, staged: Staged) -> None:
        """Writes a staged append into the open transaction."""
        index = staged.first
        for run in staged.runs:
            self._storage.put_run(self.tenant.id, index, run)
            index += len(run.parts)
        for index, added in enumerate(staged.entries, staged.first):
            self._storage.put_entry(self.tenant.id, index, added.leaf)
            if added.record is not None:
                self._storage.put_record(
                    self.tenant.id, index, added.record.salt, added.record.data
                )
        self._storage.put_tiles(
            self.tenant.id, [(level, n, hashes) for (level, n), hashes in staged.tiles.items()]
        )
        self._storage.put_head(
            self.tenant.id,
            Head(
                staged.frontier.size,
                staged.last_day,
                staged.frontier.to_bytes(),
                staged.standing.policies.newest.index,
            ),
        )

    def settle(self, staged: Staged) -> None:
        """Makes a staged append the state; call after COMMIT."""
        self.frontier = staged.frontier
        self.last_day = staged.last_day
        if staged.standing is not self.standing:
            self.standing = staged.standing
            self.category_ids = _ids_of(staged.standing.policies)
        # Only right-edge tiles are read again; full ones go.
        self._edge.update(staged.tiles)
        self._edge = {key: hashes for key, hashes in self._edge.items() if len(hashes) < 32 * WIDTH}

    def _tile(self, level: int, n: int) -> bytes:
        cached = self._edge.get((level, n))
        return self._storage.tile(self.tenant.id, level, n) if cached is None else cached

    def _read_policies(self, newest_index: int) -> PolicyHistory:
        found = []
        for index, data in self._storage.policy_leaves(self.tenant.id):
            leaf = parse_leaf(data)
            if isinstance(leaf, PolicyLeaf):
                found.append(PolicyAt(index, leaf.header.day, leaf.policy))
        if not found or found[-1].index != newest_index:
            raise StorageError(f"entry {newest_index} of {self.tenant.name} is no policy")
        return PolicyHistory(found)

    def _read_catalogue(self, policies: PolicyHistory) -> Catalogue:
        newest = policies.newest
        data = self._storage.record(self.tenant.id, newest.index)
        return read_catalogue(data, newest.policy.rules)

    def _check_guard(self) -> None:
        """Refuses a database that is older than what was signed: it must not fork history."""
        guard = self.checkpointer.guard()
        if guard is None:
            return
        hint = "a restored older backup must not go on under the same name: see docs/operations.md"
        if guard.size > self.size:
            raise SettingsError(
                f"the ledger of {self.tenant.name} has {self.size} entries, but {guard.size} were"
                " signed",
                code="ledger-rolled-back",
                hint=hint,
            )
        if guard.size == self.size and guard.root != self.frontier.root().hex():
            raise SettingsError(
                f"the ledger of {self.tenant.name} has another root than the one signed at size"
                f" {self.size}",
                code="ledger-rolled-back",
                hint=hint,
            )


def _ids_of(policies: PolicyHistory) -> dict[str, int]:
    return {category.name: category.id for category in policies.newest.policy.categories}


def _extend(
    frontier: Frontier, hashes: list[bytes], tiles: dict[tuple[int, int], bytes]
) -> Frontier:
    """Adds leaves to a right edge; the roots of whole tiles are known from the tiles above them."""
    at = min(-frontier.size % WIDTH, len(hashes))
    frontier.append(hashes[:at])
    while len(hashes) - at >= WIDTH:
        n = frontier.size // WIDTH
        place = HASH_SIZE * (n % WIDTH)
        frontier.append_subtree(HEIGHT, tiles[1, n // WIDTH][place : place + HASH_SIZE])
        at += WIDTH
    frontier.append(hashes[at:])
    return frontier
