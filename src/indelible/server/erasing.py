"""Puts approvals, holds and erasures together, and connects them with exports and the index."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from indelible.clock import Clock
from indelible.errors import Pushback
from indelible.server.access.approvals import Approval, Somebody
from indelible.server.access.door import Access
from indelible.server.export.forget import forget_in_exports
from indelible.server.export.jobs import ExportJobs
from indelible.server.folder import LEDGER_FILE
from indelible.server.index import IndexProcess
from indelible.server.ingest.own import OwnAudit
from indelible.server.ledger import Ledger
from indelible.server.query import Query
from indelible.server.retention.acts import Acts, told
from indelible.server.retention.erasure import Erasures
from indelible.server.retention.erasure_table import Erasure, ErasureTable
from indelible.server.retention.hold import Holds
from indelible.server.retention.hold_table import Hold, HoldTable
from indelible.server.retention.scan import Scanner
from indelible.server.retention.subject import Matcher

_INDEX_WAIT_S = 120.0
_LOOK_S = 0.5


class Erasing:
    """The three, from `start` to `stop`."""

    def __init__(
        self,
        data_dir: Path,
        access: Access,
        ledger: Ledger,
        query: Query,
        index: IndexProcess,
        own: OwnAudit,
        exports: ExportJobs,
        clock: Clock,
    ) -> None:
        self._index = index
        self._exports = exports
        self._own = own
        self.acts = Acts(access.approvals, own, clock)
        random_bytes = access.random_bytes
        self.holds = Holds(
            HoldTable(access.control), ledger, query, index, own, clock, random_bytes
        )
        self.erasures = Erasures(
            ErasureTable(access.control),
            ledger,
            Scanner(data_dir / LEDGER_FILE),
            self.holds,
            self._forget_index,
            self._clean_index,
            self._forget_exports,
            own,
            clock,
            random_bytes,
            data_dir / "guard",
        )
        self.acts.register("erasure", self.erasures.approved, self.erasures.ended)
        self.acts.register("hold_release", self._release)

    def start(self) -> None:
        """Goes on with what a stop or a crash broke off."""
        self.holds.start()
        self.erasures.start()
        self.acts.start()

    async def stop(self) -> None:
        """Ends; what is under way is taken up after the next start."""
        await self.acts.stop()
        await self.erasures.stop()
        await self.holds.stop()

    async def _forget_index(self, tenant_id: int, entry: int) -> None:
        if not await self._index.wait_for(tenant_id, entry, _INDEX_WAIT_S):
            raise Pushback("the search index has not come to the erasure yet")

    async def _clean_index(self, tenant_id: int, entry: int) -> None:
        # Old files of the engine linger for some ten seconds after its rows are made anew.
        for _ in range(int(_INDEX_WAIT_S / _LOOK_S)):
            if self._index.clean_through(tenant_id) > entry:
                return
            await asyncio.sleep(_LOOK_S)
        raise Pushback("old files of the search index are still there")

    async def _forget_exports(self, erasure: Erasure, _indices: Sequence[int]) -> list[str]:
        identifiers = erasure.asked.identifiers
        matcher = Matcher(identifiers) if identifiers else None
        return await forget_in_exports(self._exports, erasure.tenant_id, matcher)

    async def _release(self, approval: Approval) -> None:
        hold = self.holds.table.one(approval.tenant_id, int(approval.act["hold"]))
        number, name = approval.act["releaser"]

        def event(released: Hold) -> dict[str, object]:
            made = self.holds.mended(released)
            return {
                **made,
                **told(approval, approval),
                "targets": made["targets"],
                "changes": [{"path": "state", "before": "open", "after": "released"}],
                "metadata": {
                    "approval": approval.id,
                    "asked_by": approval.asker.id,
                    "approved_by": (approval.decider or approval.asker).id,
                    "entry": released.release_entry,
                },
            }

        await self.holds.release(hold, Somebody(number, name), str(approval.act["reason"]), event)
