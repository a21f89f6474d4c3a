"""
Takes tenants that were deleted out of the index: rows, values, counts, and the engine's old files.

The ledger names them, for ever; so a start after a crash, or on an index that was put back, finds
out by itself whether something of one is left.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from indelible.server.index.engine import Client
from indelible.server.index.removing import inactive_files
from indelible.server.index.rollup import TABLES
from indelible.server.index.state import ProgressFile

_TABLES: Final = (*TABLES, "vals", "known", "events")


class Leaver:
    """Used by the follower's thread only."""

    def __init__(self, client: Client, folder: Path, forget: Callable[[int], None]) -> None:
        self._client = client
        self._folder = folder
        # Tells the others of the thread to drop what they know of a tenant.
        self._forget = forget
        self._old_files: dict[int, set[str]] = {}
        self.gone: set[int] = set()
        """Tenants of which nothing is left in any file of the index."""

    def step(self, deleted: Sequence[int]) -> None:
        """A look at each tenant that was deleted; safe to do again and again."""
        for tenant_id in deleted:
            if tenant_id in self.gone:
                continue
            old = self._old_files.get(tenant_id)
            if old is None:
                self._forget(tenant_id)
                # A damaged engine that was put aside holds it, too.
                shutil.rmtree(self._folder / "engine.broken", ignore_errors=True)
                self._delete(tenant_id)
                self._old_files[tenant_id] = inactive_files(self._client)
                continue
            # The engine deletes its old files by itself after a while.
            if old:
                old &= inactive_files(self._client)
            if not old:
                ProgressFile(self._folder, tenant_id).remove()
                del self._old_files[tenant_id]
                self.gone.add(tenant_id)

    def _delete(self, tenant_id: int) -> None:
        for name in _TABLES:
            if self._client.query(
                f"SELECT 1 AS n FROM {name} WHERE tenant = {{tenant:UInt32}} LIMIT 1",
                {"tenant": tenant_id},
            ):
                self._client.run(
                    f"ALTER TABLE {name} DELETE WHERE tenant = {int(tenant_id)} "
                    "SETTINGS mutations_sync = 1"
                )
