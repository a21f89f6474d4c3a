"""Whether a tenant's product has sent events yet, and when the last came. Reads the ledger."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from indelible.clock import to_us
from indelible.event import decode_fact
from indelible.seal import EVENT

if TYPE_CHECKING:
    from indelible.server.ledger import LedgerReader

# Category `audit` is reserved: only Indelible writes it, and it writes nothing else.
_OWN_CATEGORY = 1
_SLICE = 512


class Activity:
    """Safe to call from several threads."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        # Guarded by _lock. Below this index all events are Indelible's own; None = found another.
        self._own_only_below: dict[int, int | None] = {}

    def has_events(self, tenant_id: int) -> bool:
        """Whether there is any event that is not Indelible's own. Each entry is looked at once."""
        with self._lock:
            start = self._own_only_below.get(tenant_id, 0)
            while start is not None:
                entries = self._reader.read(tenant_id, start, start + _SLICE)
                if not entries:
                    break
                if any(_is_foreign(entry.leaf_type, entry.category_id) for entry in entries):
                    start = None
                else:
                    start += len(entries)
            self._own_only_below[tenant_id] = start
            return start is None

    def last_event_us(self, tenant_id: int) -> int | None:
        """When the last event of the product was received, if it is among the newest entries."""
        size = self._reader.size(tenant_id)
        for entry in reversed(self._reader.read(tenant_id, max(0, size - _SLICE), size)):
            if _is_foreign(entry.leaf_type, entry.category_id) and entry.fact is not None:
                return to_us(decode_fact(entry.fact).received_at)
        return None


def _is_foreign(leaf_type: int, category_id: int) -> bool:
    return leaf_type == EVENT and category_id != _OWN_CATEGORY
