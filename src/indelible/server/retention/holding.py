"""What holds mean for retention: names and numbers, from the ledger and the table of holds."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from indelible.server.ledger import Declared, Ledger
from indelible.server.retention.held_counts import HeldCounts
from indelible.server.retention.hold import Holds


class HoldingView:
    """Safe to call from several threads."""

    def __init__(self, holds: Holds, ledger: Ledger) -> None:
        self._holds = holds
        self._ledger = ledger
        self._lock = threading.Lock()  # guards what is known
        self._known: dict[int, Declared] = {}

    def covering(
        self, tenant_id: int, places: Sequence[tuple[int, int, int]]
    ) -> Mapping[int, Sequence[str]]:
        """The names of open holds that cover these events, by entry index."""
        names = self._holds.names(tenant_id)
        with self._lock:
            declared = self._known.setdefault(tenant_id, Declared())
            self._ledger.reader.learn(declared, tenant_id)
            return {
                index: [
                    names.get(number, str(number))
                    for number in declared.held.covering(index, category_id, day)
                ]
                for index, category_id, day in places
            }

    def gone(self, tenant_id: int, place: tuple[int, int, int], parts: int) -> Mapping[int, str]:
        """For each of these parts of an event what took it away, as `expired 9100`."""
        with self._lock:
            declared = self._known.setdefault(tenant_id, Declared())
            self._ledger.reader.learn(declared, tenant_id)
            return dict(declared.gone(*place, parts))

    def counts(self, tenant_id: int) -> dict[int, dict[str, int]]:
        """For each category the holds that may cover events of it, and how many in all."""
        ids = self._ledger.category_ids(tenant_id)
        found: dict[int, dict[str, int]] = {}
        for hold in self._holds.table.open(tenant_id):
            chosen = hold.wish.categories or list(ids)
            for name in chosen:
                if name in ids:
                    found.setdefault(ids[name], {})[hold.name] = hold.matched
        return found

    async def kept(self, tenant_id: int, categories: Sequence[str]) -> dict[str, HeldCounts]:
        """How many events of these categories open holds keep now, by category."""
        return await self._holds.kept(tenant_id, categories)

    def ready_through(self, tenant_id: int) -> int:
        """The entry below which the ledger knows all that open holds cover."""
        return self._holds.ready_through(tenant_id)
