"""What the web layer asks of retention: policies, the state of the sweeper, and what holds tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from indelible.server.access.approvals import Wanted
from indelible.server.access.removals import DoubtKind, RemovalNotes
from indelible.server.ingest.skips import Skips
from indelible.server.ledger import Ledger
from indelible.server.retention.kept import Kept, explain, kept_until, missing_parts
from indelible.server.retention.policies import Policies
from indelible.server.retention.preview import Holding


class LastRemoval(msgspec.Struct, frozen=True):
    """The newest removal that is done."""

    index: int
    at_us: int
    events: int


class SweeperState(msgspec.Struct, frozen=True, kw_only=True):
    """What the sweeper is about."""

    state: Literal["idle", "sweeping", "waiting", "stopped"] = "idle"
    detail: str | None = None
    last_sweep_us: int | None = None
    waits_for: str | None = None
    doubt: DoubtKind | None = None
    doubt_s: int = 0
    last: LastRemoval | None = None


class Sweeping(Protocol):
    """The sweeper, as the web layer sees it."""

    notes: RemovalNotes

    def state(self, tenant_id: int, /) -> SweeperState: ...
    def wanted_clock(self, tenant_id: int, reason: str, /) -> Wanted: ...


@dataclass
class Retention:
    """Put together in the composition root."""

    ledger: Ledger
    policies: Policies
    skips: Skips
    holding: Holding
    sweeper: Sweeping

    def kept(self, tenant_id: int, index: int) -> Kept:
        """Until when the event of an entry is kept. Raises NotFound."""
        entry = self.ledger.reader.entry(tenant_id, index)
        place = (entry.index, entry.category_id, entry.day)
        covering = self.holding.covering(tenant_id, [place])
        holds = sorted(covering.get(index, ()))
        standing = self.ledger.standing(tenant_id)
        explained = {}
        for part, why in self.holding.gone(tenant_id, place, missing_parts(entry)).items():
            how, _, at = why.partition(" ")
            leaf = self.ledger.reader.entry(tenant_id, int(at)).leaf
            explained[part] = explain(standing, how, int(at), leaf)
        return kept_until(standing, entry, holds, explained)

    def sweeper_state(self, tenant_id: int) -> SweeperState:
        """What the sweeper is about, for one tenant."""
        return self.sweeper.state(tenant_id)
