"""The fields of the query language, one file per family."""

from __future__ import annotations

from indelible.server.query.filters.base import Context, Family, Found, Lookup
from indelible.server.query.filters.codes import CODES
from indelible.server.query.filters.ids import IDS, EntryIndex, EventId
from indelible.server.query.filters.status import Status
from indelible.server.query.filters.texts import TEXTS

FAMILIES: dict[str, Family] = {
    **TEXTS,
    **CODES,
    **IDS,
    "status": Status(),
    "id": EventId(),
    "index": EntryIndex(),
}

__all__ = ["FAMILIES", "Context", "Family", "Found", "Lookup"]
